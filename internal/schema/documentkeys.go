package schema

import "slices"

// documentKey declares one half of a key.
func (b *builder) documentKey(k *keyDocument, role keyRole) {
	if k == nil {
		return
	}
	if k.Template != nil {
		if k.Type != kindS {
			b.report(ErrInvalidModel, k.Attribute, "a key with a template is of type S")
		}
		if text := nameProblem(k.Attribute); text != "" {
			b.report(ErrInvalidModel, role.String(), text)
		}
		b.templates = append(b.templates, draftTemplate{role: role, text: *k.Template, name: k.Attribute})
		return
	}
	at := slices.IndexFunc(b.attrs, func(d *draftAttribute) bool { return d.Name == k.Attribute })
	switch {
	case at < 0:
		b.report(ErrInvalidModel, role.String(), "names the attribute "+quote(k.Attribute)+", which is not listed in attributes")
	case documentType(b.attrs[at].Attribute) != k.Type:
		b.report(ErrInvalidModel, role.String(), "has the type "+quote(k.Type)+", but attribute "+quote(k.Attribute)+" is "+documentType(b.attrs[at].Attribute))
	default:
		b.attrs[at].roles = append(b.attrs[at].roles, role)
	}
}

// documentRolesMatch holds the roles pk and sk, where given, to what keys says.
func (b *builder) documentRolesMatch(d modelDocument) {
	for _, a := range d.Attributes {
		for role, key := range map[string]*keyDocument{"pk": d.Keys.Partition, "sk": d.Keys.Sort} {
			if slices.Contains(a.Roles, role) && (key == nil || key.Attribute != a.Attribute) {
				b.report(ErrInvalidModel, a.Attribute, "has the role "+quote(role)+", but keys names another attribute")
			}
		}
	}
}

func (b *builder) documentIndex(x indexDocument, partition *keyDocument) {
	local := x.Type == "LSI"
	if !local && x.Type != "GSI" {
		b.report(ErrInvalidModel, "", "index "+quote(x.Name)+" has the type "+quote(x.Type)+"; GSI and LSI are known")
	}
	if x.Name == "" {
		b.report(ErrInvalidModel, "", "an index has no name")
		return
	}
	if slices.ContainsFunc(b.attrs, func(d *draftAttribute) bool {
		return slices.ContainsFunc(d.roles, func(r keyRole) bool { return r.index == x.Name })
	}) || slices.ContainsFunc(b.templates, func(t draftTemplate) bool { return t.role.index == x.Name }) {
		b.report(ErrInvalidModel, "", "index "+quote(x.Name)+" stands twice")
		return
	}
	switch {
	case x.Partition == nil:
		b.report(ErrInvalidModel, "", "index "+quote(x.Name)+" has no partition key")
	case local:
		if !samePartition(partition, x.Partition) {
			b.report(ErrInvalidModel, "", "local index "+quote(x.Name)+" must have the partition key of the table")
		}
	default:
		b.documentKey(x.Partition, keyRole{index: x.Name})
	}
	if local && x.Sort == nil {
		b.report(ErrInvalidModel, "", "local index "+quote(x.Name)+" has no sort key")
	}
	b.documentKey(x.Sort, keyRole{index: x.Name, sort: true, local: local})
	if x.Projection != nil {
		b.documentProjection(x)
	}
}

func (b *builder) documentProjection(x indexDocument) {
	p := projectionWord{index: x.Name, kind: x.Projection.Type, names: x.Projection.Fields}
	switch p.kind {
	case ProjectAll, ProjectKeys:
		if len(p.names) > 0 {
			b.report(ErrInvalidModel, "", "index "+quote(x.Name)+" lists fields without the projection INCLUDE")
		}
		p.names = nil
	case ProjectInclude:
	default:
		b.report(ErrInvalidModel, "", "index "+quote(x.Name)+" has the projection "+quote(p.kind)+"; ALL, KEYS_ONLY and INCLUDE are known")
		return
	}
	b.projections = append(b.projections, p)
}

func (b *builder) writePolicy(d modelDocument) {
	if d.WritePolicy == nil {
		return
	}
	switch d.WritePolicy.Mode {
	case "mutable", "":
	case "write_once":
		b.plan.AppendOnly = true
	default:
		b.report(ErrInvalidModel, "", "write_policy has the mode "+quote(d.WritePolicy.Mode)+"; mutable and write_once are known")
	}
	for _, name := range d.WritePolicy.ProtectedAttributes {
		at := slices.IndexFunc(b.attrs, func(a *draftAttribute) bool { return a.Name == name })
		if at < 0 {
			b.report(ErrInvalidModel, "", "write_policy protects the unknown attribute "+quote(name)+didYouMean(name, namesOf(b.attrs)))
			continue
		}
		b.attrs[at].Immutable = true
	}
}

func namesOf(attrs []*draftAttribute) []string {
	names := make([]string, len(attrs))
	for i, d := range attrs {
		names[i] = d.Name
	}
	return names
}

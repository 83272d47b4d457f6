package schema

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/theorydb/theorydb/internal/keys"
)

// ErrMissingPrimaryKey is matched by the problem of a model without a
// partition key. errors.Is(ErrMissingPrimaryKey, ErrInvalidModel) holds.
var ErrMissingPrimaryKey error = missingPrimaryKey{}

type missingPrimaryKey struct{}

func (missingPrimaryKey) Error() string { return "theorydb: missing primary key" }
func (missingPrimaryKey) Unwrap() error { return ErrInvalidModel }

// indexName is what DynamoDB takes for the name of an index.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
var indexName = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// collectHalves finds what fills each half of each key, and the indexes.
func (b *builder) collectHalves() {
	b.halves, b.local = map[keyHalf]*half{}, map[string]bool{}
	for _, d := range b.attrs {
		for _, role := range d.roles {
			b.fill(role, d.Field, &half{attr: d})
		}
	}
	for i := range b.templates {
		t := &b.templates[i]
		b.fill(t.role, "key "+quote(t.text), &half{template: t})
	}
	prefixes := map[string]string{}
	for _, index := range b.indexes {
		prefix := indexPrefix(index)
		if !indexName.MatchString(index) || prefix == "" {
			b.report(ErrInvalidModel, "", "index name "+quote(index)+" is not possible: 3 to 255 of A-Z a-z 0-9 _ - . with a letter or digit")
		}
		if other, twice := prefixes[prefix]; twice {
			b.report(ErrInvalidModel, "", fmt.Sprintf("indexes %q and %q both store their keys as %sPK and %sSK; rename one", other, index, prefix, prefix))
		}
		prefixes[prefix] = index
	}
	for i := range b.templates {
		t := &b.templates[i]
		if t.name == "" {
			t.name = indexPrefix(t.role.index) + partitionName
			if t.role.sort {
				t.name = indexPrefix(t.role.index) + sortName
			}
		}
	}
}

func (b *builder) fill(role keyRole, by string, h *half) {
	if role.index != "" {
		if !slices.Contains(b.indexes, role.index) {
			b.indexes = append(b.indexes, role.index)
			b.local[role.index] = role.local
		}
		if b.local[role.index] != role.local {
			b.report(ErrInvalidModel, by, "index "+quote(role.index)+" is declared both local and global")
			return
		}
	}
	at := keyHalf{role.index, role.sort}
	if b.halves[at] != nil {
		b.report(ErrInvalidModel, by, "is a second "+role.String())
		return
	}
	b.halves[at] = h
}

func (b *builder) primaryKey() {
	if b.halves[keyHalf{}] == nil {
		b.report(ErrMissingPrimaryKey, "", "has no partition key; add a Key with pk, or the word pk to a field")
		return
	}
	b.plan.PK = b.part(keyHalf{})
	b.plan.SK = b.part(keyHalf{sort: true})
	for _, k := range []*KeyPart{b.plan.PK, b.plan.SK} {
		if k == nil {
			continue
		}
		for _, a := range k.Components {
			if !slices.Contains(b.plan.keyed, a) {
				b.plan.keyed = append(b.plan.keyed, a)
			}
		}
	}
}

func (b *builder) secondaryKeys() {
	for _, name := range b.indexes {
		x := &Index{Name: name, Local: b.local[name], Projection: ProjectAll}
		x.SK = b.part(keyHalf{name, true})
		x.PK = b.part(keyHalf{name, false})
		if x.Local {
			x.PK = b.plan.PK
			if b.halves[keyHalf{sort: true}] == nil {
				b.report(ErrInvalidModel, "", "local index "+quote(name)+" needs a table with a sort key")
			}
		} else if b.halves[keyHalf{name, false}] == nil {
			b.report(ErrInvalidModel, "", "index "+quote(name)+" has a sort key and no partition key")
		}
		x.Sparse = b.sparse(x.PK) || b.sparse(x.SK)
		b.plan.Indexes = append(b.plan.Indexes, x)
	}
}

// sparse reports whether a half may lack a component that no rule demands.
func (b *builder) sparse(k *KeyPart) bool {
	return k != nil && slices.ContainsFunc(k.Components, func(a *Attribute) bool {
		return a.Optional || !a.Required && !slices.Contains(b.plan.Scope, a) && !slices.Contains(b.plan.keyed, a) &&
			a != b.plan.CreatedAt && a != b.plan.UpdatedAt && (a.Type != kindN || a.Format == FormatUnixSeconds)
	})
}

// part builds one half; nil when it is not declared or can't be built.
func (b *builder) part(at keyHalf) *KeyPart {
	h := b.halves[at]
	if h == nil {
		return nil
	}
	limit := keys.MaxPartition
	if at.sort {
		limit = keys.MaxSort
	}
	if h.attr != nil {
		d := h.attr
		if d.broken {
			return nil
		}
		if d.JSON || d.Type != kindS && d.Type != kindN && d.Type != kindB {
			b.report(ErrInvalidModel, d.Field, "can't be a key: keys are texts, numbers or bytes")
			return nil
		}
		return &KeyPart{Name: d.Name, Type: d.Type, Components: []*Attribute{d.Attribute}, Max: limit}
	}
	t, err := keys.Parse(h.template.text, b.componentKind)
	if err != nil {
		b.templateProblems(h.template, err)
		return nil
	}
	k := &KeyPart{Name: h.template.name, Type: kindS, Template: t, Max: limit}
	for _, c := range t.Components() {
		k.Components = append(k.Components, b.plan.byName[c.Attr])
	}
	return k
}

// errComponent is what componentKind reports: the description, not the text
// of the template, is at fault.
type errComponent string

func (e errComponent) Error() string { return string(e) }

// componentKind answers keys.Parse: the kind of an attribute in a key.
func (b *builder) componentKind(name string) (keys.Kind, error) {
	a := b.plan.byName[name]
	switch {
	case a == nil:
		return 0, errComponent("is unknown" + didYouMean(name, b.plan.names))
	case a.Encrypted:
		return 0, errComponent("is encrypted and can't be part of a key")
	}
	switch a.Type + " " + a.Format {
	case kindS + " " + FormatNone, kindS + " " + FormatText:
		return keys.Text, nil
	case kindS + " " + FormatTime:
		return keys.Time, nil
	case kindN + " " + FormatInt, kindN + " " + FormatUnixSeconds:
		return keys.Int, nil
	case kindN + " " + FormatUint:
		return keys.Uint, nil
	}
	for _, d := range b.attrs {
		if d.Attribute == a && d.broken {
			return keys.Text, nil // reported already
		}
	}
	return 0, errComponent("can't be part of a key: a component is a string, an integer, a time or a type with MarshalText")
}

func (b *builder) templateProblems(t *draftTemplate, err error) {
	errs := []error{err}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		errs = j.Unwrap()
	}
	for _, e := range errs {
		sentinel := ErrInvalidTag
		var component errComponent
		if errors.As(e, &component) {
			sentinel = ErrInvalidModel
		}
		b.report(sentinel, t.name, e.Error())
	}
}

// project applies the projections that were asked for.
func (b *builder) project() {
	for i, p := range b.projections {
		at := slices.IndexFunc(b.plan.Indexes, func(x *Index) bool { return x.Name == p.index })
		if at < 0 {
			b.report(ErrInvalidModel, "", "project: names the unknown index "+quote(p.index)+didYouMean(p.index, b.indexes))
			continue
		}
		if slices.ContainsFunc(b.projections[:i], func(q projectionWord) bool { return q.index == p.index }) {
			b.report(ErrInvalidModel, "", "project: names the index "+quote(p.index)+" twice")
			continue
		}
		for _, name := range p.names {
			if b.plan.byName[name] == nil && !slices.Contains(libraryNames, name) && name != b.options.ttlName() {
				b.report(ErrInvalidModel, "", "project: names the unknown attribute "+quote(name)+didYouMean(name, b.plan.names))
			}
		}
		b.plan.Indexes[at].Projection, b.plan.Indexes[at].Fields = p.kind, p.names
	}
}

package schema

import "slices"

// checkPrimary refuses primary keys that two different records could share.
func (b *builder) checkPrimary() {
	free, lossy := 0, 0
	for _, k := range []*KeyPart{b.plan.PK, b.plan.SK} {
		if k == nil {
			continue
		}
		for i, a := range k.Components {
			if a.Optional {
				b.report(ErrInvalidModel, a.Field, "is part of the primary key and may be absent; a component is no pointer and not omitempty")
			}
			if k.Template == nil || slices.Contains(b.plan.Scope, a) {
				continue
			}
			free++
			if c := k.Template.Components()[i]; !c.Distinct() {
				lossy++
			}
		}
	}
	if free > 0 && free == lossy {
		b.report(ErrInvalidModel, "", "every component of the primary key behind the scope has a lossy modifier, so two records could share a key; add one without")
	}
}

// checkScope holds every partition key of a scoped model to begin with the
// scope, in order and without loss.
func (b *builder) checkScope() {
	if len(b.plan.Scope) == 0 {
		return
	}
	parts := []*KeyPart{b.plan.PK}
	for _, x := range b.plan.Indexes {
		if !x.Local && x.PK != nil {
			parts = append(parts, x.PK)
		}
	}
	for _, k := range parts {
		begins := k.Template != nil && len(k.Components) >= len(b.plan.Scope)
		for i := 0; begins && i < len(b.plan.Scope); i++ {
			begins = k.Components[i] == b.plan.Scope[i]
		}
		if !begins {
			b.report(ErrInvalidModel, k.Name, "does not begin with the scope attributes in the order of their declaration, as every partition key of a scoped model must")
		}
	}
	all := append(parts, b.plan.SK)
	for _, x := range b.plan.Indexes {
		all = append(all, x.SK)
	}
	for _, k := range all {
		if k == nil || k.Template == nil {
			continue
		}
		for i, c := range k.Template.Components() {
			if c.Lossy() && slices.Contains(b.plan.Scope, k.Components[i]) {
				b.report(ErrInvalidModel, k.Name, "has a lossy modifier on the scope attribute "+quote(c.Attr))
			}
		}
	}
}

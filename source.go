package theorydb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/theorydb/theorydb/internal/schema"
)

// source is what a query or a scan reads from: the table, or an index.
type source struct {
	secondary *schema.Index   // nil for the table
	pk, sk    *schema.KeyPart // of the table or the index; sk is nil without a sort key
}

// wanted says what is read of the rows.
type wanted int

const (
	wholeRecords wanted = iota
	partOfRecords
	keysOnly
	keysToDelete // expired ones too
)

// source finds the table, or the index of that name. None is ever guessed.
func (c *call) source(index string, wants wanted, consistent bool) (source, error) {
	m := c.model
	if index == "" {
		return source{pk: m.plan.PK, sk: m.plan.SK}, nil
	}
	var names []string
	var s source
	for _, each := range m.plan.Indexes {
		names = append(names, each.Name)
		if each.Name == index {
			s = source{each, each.PK, each.SK}
		}
	}
	switch {
	case s.secondary == nil:
		return s, fmt.Errorf("%w: %s has no index %q; it has %q", ErrInvalidQuery, m.plan.Entity, index, names)
	case consistent && !s.secondary.Local:
		return s, fmt.Errorf("%w: %q is a global index, which can't be read consistently", ErrInvalidQuery, index)
	case wants == wholeRecords && !m.projectsWhole(s.secondary):
		return s, fmt.Errorf("%w: index %q does not project every attribute of %s; Count works on it, and Select of what it does project",
			ErrInvalidQuery, index, m.plan.Entity)
	case wants == partOfRecords:
		return s, c.checkProjected(s)
	}
	return s, nil
}

// checkProjected refuses an index that lacks something a Select reads.
func (c *call) checkProjected(s source) error {
	for _, name := range c.partNames(&s) {
		if !c.model.projects(s.secondary, name) {
			return fmt.Errorf("%w: index %q does not project %q, which Select reads", ErrInvalidQuery, s.secondary.Name, name)
		}
	}
	return nil
}

// rowNames are the attributes that a row is known by: its key, its entity and its expiry.
func (c *call) rowNames(s *source) []string {
	var names []string
	for _, half := range s.halves(c.model) {
		names = append(names, half.Name)
	}
	return append(names, entityAttribute, c.model.lifetime.attribute)
}

// halves are the key attributes that a page ends with: those of the table, and of the index.
func (s *source) halves(m *model) []*schema.KeyPart {
	halves := m.halves()
	for _, half := range []*schema.KeyPart{s.pk, s.sk} {
		if half != nil && !slices.ContainsFunc(halves, func(h *schema.KeyPart) bool { return h.Name == half.Name }) {
			halves = append(halves, half)
		}
	}
	return halves
}

// isGlobal reports whether it is an index whose partitions are not those of the table.
func (s *source) isGlobal() bool { return s.secondary != nil && !s.secondary.Local }

// isKey reports whether an attribute is a half of the key that is read by.
func (s *source) isKey(name string) bool {
	return s.pk.Name == name || s.sk != nil && s.sk.Name == name
}

// covers refuses a filter that an index could not be asked: what it does not project is absent in all of it.
func (s *source) covers(m *model, filter Condition) error {
	for _, operand := range filter.operands {
		if err := s.covers(m, operand); err != nil {
			return err
		}
	}
	if s.secondary != nil && filter.attribute != "" && !m.projects(s.secondary, filter.attribute) {
		return fmt.Errorf("%w: Filter names %q, which index %q does not project", ErrInvalidQuery, filter.attribute, s.secondary.Name)
	}
	return nil
}

// readRow reads a row into record, and says whether it is one of the model's.
func (c *call) readRow(ctx context.Context, row Item, record any) (bool, error) {
	err := c.fromItem(ctx, row, record)
	if errors.Is(err, errNotOurs) {
		return false, nil
	}
	if err != nil {
		return false, c.fail(err)
	}
	return true, nil
}

// expectRows tells the opener, which there is, what will be read of some rows, so that their data keys are asked for together: those that
// are records of the model, up to the limit if there is one.
func (c *call) expectRows(ctx context.Context, rows []Item, limit, found int) {
	var read []Item
	for _, row := range rows {
		if limit > 0 && len(read) >= limit-found {
			break
		}
		if c.model.lifetime.isLive(row, c.now) && c.model.owns(row) {
			read = append(read, row)
		}
	}
	c.opener.expect(ctx, read)
}

package godriver

import (
	"context"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/contracttest/protocol"
)

// Verbs on a whole partition: collection reads it, clear deletes it.

// collection reads a partition for some models, in the order of the rows.
func collection(ctx context.Context, u use) (*protocol.Answer, error) {
	answer := &protocol.Answer{Items: []protocol.Item{}, Models: []string{}}
	list, err := u.operations()
	if err != nil {
		return nil, err
	}
	into := make([]theorydb.Destination, len(list))
	for i, one := range list {
		if one.Op != "into" {
			return nil, problem("a collection has no op %q", one.Op)
		}
		into[i] = one.Each(func(record *theorydb.Record) error {
			given, err := item(record)
			answer.Items, answer.Models = append(answer.Items, given), append(answer.Models, one.name)
			return err
		})
	}
	if err := u.table.db.Collection(ctx, u.Partition(u.record(u.Key), u.readOptions()...), into...); err != nil {
		return nil, err
	}
	return answer, nil
}

// clearRows deletes the rows of a partition, or with a retention what a query finds: all of it, or one page.
func clearRows(ctx context.Context, u use) (*protocol.Answer, error) {
	page := func(cursor string) (string, error) {
		return u.table.db.ClearPartition(ctx, u.Partition(u.record(u.Key)), cursor, u.Keep...)
	}
	if u.Retention != nil {
		wanted, err := u.query()
		if err != nil {
			return nil, err
		}
		page = func(cursor string) (string, error) {
			return u.model.Retention(*u.Retention).Clear(ctx, wanted, cursor)
		}
	}
	if u.Cursor != nil {
		next, err := page(*u.Cursor)
		return &protocol.Answer{Next: &next}, err
	}
	for cursor := ""; ; {
		next, err := page(cursor)
		if err != nil || next == "" {
			return nil, err
		}
		cursor = next
	}
}

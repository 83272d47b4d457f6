package godriver

import (
	"context"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/contracttest/protocol"
)

func (u use) readOptions() []theorydb.ReadOption {
	if u.Consistent {
		return []theorydb.ReadOption{theorydb.Consistent()}
	}
	return nil
}

func get(ctx context.Context, u use) (*protocol.Answer, error) {
	record, err := u.Get(ctx, u.record(u.Key), u.readOptions()...)
	if err != nil {
		return nil, err
	}
	given, err := item(record)
	return &protocol.Answer{Item: given}, err
}

// raw is the library's own look at a stored item.
func raw(ctx context.Context, u use) (*protocol.Answer, error) {
	stored, err := u.Raw(ctx, u.record(u.Key), u.readOptions()...)
	if err != nil {
		return nil, err
	}
	return &protocol.Answer{Stored: storedItem(stored)}, nil
}

// query ranges over the iterator, or reads one page where the request has a cursor.
func query(ctx context.Context, u use) (*protocol.Answer, error) {
	wanted, err := u.query()
	if err != nil {
		return nil, err
	}
	if u.Cursor != nil {
		return paged(u.QueryPage(ctx, wanted, *u.Cursor))
	}
	return listed(theorydb.Collect(u.Query(ctx, wanted)))
}

// scan reads a whole table or index in no order, or one page of it.
func scan(ctx context.Context, u use) (*protocol.Answer, error) {
	wanted := theorydb.Scan{
		Index: u.Index, Segments: u.Segments, Limit: u.Limit, PageSize: u.PageSize, Consistent: u.Consistent,
	}
	if u.Filter != nil {
		wanted.Filter = u.conditions(u.Filter)
	}
	if u.Cursor != nil {
		return paged(u.ScanPage(ctx, wanted, *u.Cursor))
	}
	return listed(theorydb.Collect(u.Scan(ctx, wanted)))
}

func count(ctx context.Context, u use) (*protocol.Answer, error) {
	wanted, err := u.query()
	if err != nil {
		return nil, err
	}
	n, err := u.Count(ctx, wanted)
	if err != nil {
		return nil, err
	}
	return &protocol.Answer{Count: &n}, nil
}

// explain compiles a query and sends nothing; what it gives is for people.
func explain(_ context.Context, u use) (*protocol.Answer, error) {
	wanted, err := u.query()
	if err != nil {
		return nil, err
	}
	_, err = u.Explain(wanted)
	return nil, err
}

func paged(page *theorydb.Page[theorydb.Record], err error) (*protocol.Answer, error) {
	if err != nil {
		return nil, err
	}
	answer, err := listed(page.Items, nil)
	if answer != nil {
		answer.Next = &page.Next
	}
	return answer, err
}

func listed(found []*theorydb.Record, err error) (*protocol.Answer, error) {
	if err != nil {
		return nil, err
	}
	items := make([]protocol.Item, len(found))
	for i, record := range found {
		if items[i], err = item(record); err != nil {
			return nil, err
		}
	}
	return &protocol.Answer{Items: items}, nil
}

func (u use) query() (theorydb.Query[theorydb.Record], error) {
	wanted := theorydb.Query[theorydb.Record]{
		Key: u.record(u.Key), Index: u.Index, Descending: u.Descending, Consistent: u.Consistent,
		Limit: u.Limit, PageSize: u.PageSize,
	}
	if u.Shard != nil {
		wanted.Shard = theorydb.Shard(*u.Shard)
	}
	if u.Filter != nil {
		wanted.Filter = u.conditions(u.Filter)
	}
	var err error
	if u.Sort != nil {
		wanted.Sort, err = sortCondition(u.Sort)
	}
	return wanted, err
}

func sortCondition(s *protocol.Sort) (theorydb.SortCondition, error) {
	wanted := 1
	if s.Operator == "between" {
		wanted = 2
	}
	if len(s.Values) != wanted {
		return theorydb.SortCondition{}, problem("%s takes %d values", s.Operator, wanted)
	}
	values := make([]any, len(s.Values))
	for i, value := range s.Values {
		values[i] = attribute{Type: "N", Format: "int"}.number(value) // which type it has to be the library knows
	}
	switch s.Operator {
	case "is":
		return theorydb.Is(values[0]), nil
	case "between":
		return theorydb.Between(values[0], values[1]), nil
	case "at_least":
		return theorydb.AtLeast(values[0]), nil
	case "after":
		return theorydb.After(values[0]), nil
	case "at_most":
		return theorydb.AtMost(values[0]), nil
	case "before":
		return theorydb.Before(values[0]), nil
	case "has_prefix":
		prefix, ok := values[0].(string)
		if !ok {
			return theorydb.SortCondition{}, problem("has_prefix takes a text")
		}
		return theorydb.HasPrefix(prefix), nil
	}
	return theorydb.SortCondition{}, problem("unknown sort operator %q", s.Operator)
}

package theorydb

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Partition is one partition of a table: all rows of one partition key, whichever models they belong to. Model.Partition
// makes it, Collection and ClearPartition take it. It is a value without a connection and can be kept and used again.
type Partition struct {
	model      *model
	key        types.AttributeValue
	consistent bool
	problem    error // why it can't be used, told when it is
}

// Partition names the table partition that key belongs to. The key is given by example: every component of the partition
// key is set; those that only the sort key has are left zero. With Consistent its reads are strongly consistent.
//
// Whatever is wrong is an error of the verb that takes the partition: ErrKeyIncomplete where a component is missing,
// ErrInvalidQuery where key gives a part of the sort key, which would look as if less were read or deleted. Of a scoped
// model only partitions of its scope can be named.
func (m *Model[T]) Partition(key T, options ...ReadOption) Partition {
	return m.core.partition(&key, readOptionsOf(options))
}

func (m *model) partition(example any, o readOptions) Partition {
	if m == nil {
		return Partition{problem: errZeroModel}
	}
	p := Partition{model: m, consistent: o.consistent}
	p.key, p.problem = m.partitionKey(example)
	return p
}

func (m *model) partitionKey(example any) (types.AttributeValue, error) {
	if err := m.checkScope(); err != nil {
		return nil, err
	}
	if err := m.accept(example); err != nil {
		return nil, err
	}
	if m.plan.SK != nil {
		for _, attribute := range m.plan.SK.Components {
			if !slices.Contains(m.plan.PK.Components, attribute) && !attribute.IsZero(example) {
				return nil, fmt.Errorf("%w: Partition gives %q, which is of the sort key; a partition is named without it", ErrInvalidQuery, attribute.Name)
			}
		}
	}
	return m.plan.PK.Value(example)
}

// check refuses a partition that can't be used with a DB.
func (p Partition) check(db *DB) error {
	switch {
	case p.problem != nil:
		return p.problem
	case p.model == nil:
		return fmt.Errorf("%w: the zero Partition; make it with Model.Partition", ErrInvalidQuery)
	case p.model.db != db:
		return fmt.Errorf("%w: the partition is one of another DB", ErrInvalidQuery)
	}
	return nil
}

// entity names the model that the partition was made with.
func (p Partition) entity() string {
	if p.model == nil {
		return "?"
	}
	return p.model.plan.Entity
}

// admits refuses a model that is confined to another scope than the partition.
func (p Partition) admits(m *model) error {
	same := m.scope == p.model.scope
	if p.model.scope.IsZero() { // named through a model without scope; its key says whose it is
		same = m.keyInScope(Item{p.model.plan.PK.Name: p.key})
	}
	if same || m.scope.IsZero() {
		return nil
	}
	return fmt.Errorf("%w: %s is confined to another scope than the partition", ErrScopeMismatch, m.plan.Entity)
}

// page sends one request for a page of the partition. It returns the rows, and the key the page ended with; nil after
// the last one.
func (p Partition) page(ctx context.Context, a *account, request *dynamodb.QueryInput) (rows []Item, last Item, err error) {
	db := p.model.db
	output, seen, err := send(ctx, db, resendAlways, db.config.DynamoDB.Query, request)
	a.attempts += seen.count
	if err != nil {
		return nil, nil, cleanError(err)
	}
	a.consumed(output.ConsumedCapacity)
	if len(output.LastEvaluatedKey) > 0 {
		last = output.LastEvaluatedKey
	}
	return output.Items, last, nil
}

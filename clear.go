package theorydb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
	"github.com/theorydb/theorydb/internal/schema"
)

// clearPageSize is how many rows one call looks at: a few requests, so that a caller with a deadline can stop and go on
// later.
const clearPageSize = 100

// ClearPartition deletes the rows of a partition, a page of up to 100 rows a call. It begins with an empty cursor, and
// the partition is cleared when next is empty:
//
//	cursor := ""
//	for {
//		if cursor, err = db.ClearPartition(ctx, users.Partition(User{ID: id}), cursor); err != nil || cursor == "" {
//			break
//		}
//	}
//
// Rows are deleted unread, and sealed values unopened: expired ones, rows of entities that no model stands for and rows
// of other writers too. Two kinds stay: rows of the entities that keep names, and rows of append_only models registered
// for the table, which only Retention deletes. A row that names no entity stays when it fits the keys of a model whose
// rows stay; a model with plain keys fits every row. A name in keep that no registered model of the table has is
// ErrInvalidQuery, since what it was meant to keep would be lost.
//
// Rows are found by a strongly consistent read and deleted without a condition: what is written to the partition
// meanwhile may be deleted or not. That includes a record of a model whose rows stay, if it is created under the very key
// of a row that is being deleted; keys of templates can't be so shared, plain keys can. On an error some of the page may be deleted, and next is the cursor that was given:
// the call can be made again. A cursor is bound to the table, the partition and the names in keep; any other is
// ErrInvalidCursor. It shows the key after which the next page begins.
func (db *DB) ClearPartition(ctx context.Context, partition Partition, cursor string, keep ...string) (next string, err error) {
	c := &clearing{
		account:   newAccount("ClearPartition", partition.entity(), instant{db.now()}),
		db:        db,
		partition: partition,
	}
	defer func() { db.observe(ctx, &c.account, err) }()
	if err := c.prepare(keep); err != nil {
		return cursor, c.fail(err)
	}
	next, err = c.page(ctx, cursor)
	if err != nil {
		return cursor, c.fail(err)
	}
	return next, nil
}

// clearing is one call of ClearPartition.
type clearing struct {
	account
	db        *DB
	partition Partition
	keep      []string // as they were given, sorted and each once
	stays     []*model // whose rows are not deleted
}

func (c *clearing) prepare(keep []string) error {
	if err := c.partition.check(c.db); err != nil {
		return err
	}
	c.keep = slices.Compact(slices.Sorted(slices.Values(keep)))
	models := c.db.modelsOf(c.partition.model.table)
	names := make([]string, len(models))
	for i, m := range models {
		names[i] = m.plan.Entity
		if m.plan.AppendOnly || slices.Contains(c.keep, m.plan.Entity) {
			c.stays = append(c.stays, m)
		}
	}
	for _, name := range c.keep {
		if slices.Contains(names, name) {
			continue
		}
		if near := schema.Nearest(name, names); near != "" {
			return fmt.Errorf("%w: keep names %q, which is no model of the table; did you mean %q?", ErrInvalidQuery, name, near)
		}
		return fmt.Errorf("%w: keep names %q, which is no model of the table; it has %q", ErrInvalidQuery, name, names)
	}
	return nil
}

func (c *clearing) page(ctx context.Context, cursor string) (next string, err error) {
	begin, err := c.resume(cursor)
	if err != nil {
		return "", err
	}
	rows, last, err := c.partition.page(ctx, &c.account, c.request(begin))
	if err != nil {
		return "", err
	}
	m := c.partition.model
	var keys []Item
	for _, row := range rows {
		if !c.keeps(row) {
			keys = append(keys, m.tableKey(row))
		}
	}
	if err := deleteRows(ctx, &c.account, m, keys); err != nil || last == nil {
		return "", err
	}
	return c.cursorAfter(last)
}

// request asks for the keys of a page and for what tells whose the rows are.
func (c *clearing) request(begin Item) *dynamodb.QueryInput {
	m, b := c.partition.model, &expr.Builder{}
	condition := b.Compare(m.plan.PK.Name, "=", c.partition.key)
	wanted := []string{b.Name(entityAttribute)}
	for _, half := range m.halves() {
		wanted = append(wanted, b.Name(half.Name))
	}
	return &dynamodb.QueryInput{
		TableName:                 aws.String(m.table),
		KeyConditionExpression:    aws.String(condition.String()),
		ProjectionExpression:      aws.String(strings.Join(wanted, ",")),
		ExpressionAttributeNames:  b.Names(),
		ExpressionAttributeValues: b.Values(),
		ExclusiveStartKey:         begin,
		Limit:                     aws.Int32(clearPageSize),
		ConsistentRead:            aws.Bool(true),
		ReturnConsumedCapacity:    c.db.meter(),
	}
}

// keeps says whether a row stays. Without a name it is as if it were of every model that it fits.
func (c *clearing) keeps(row Item) bool {
	_, named := row[entityAttribute].(*types.AttributeValueMemberS)
	return slices.ContainsFunc(c.stays, func(m *model) bool {
		if named {
			return m.owns(row)
		}
		return m.fits(row)
	})
}

// tableKey is the table's key of a row.
func (m *model) tableKey(row Item) Item {
	key := Item{}
	for _, half := range m.halves() {
		key[half.Name] = row[half.Name]
	}
	return key
}

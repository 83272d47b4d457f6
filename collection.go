package theorydb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
)

// Collection reads a whole partition of the table, one request a page, and brings each live record to the destination of
// its model: a user with its sessions and its credentials in one pass.
//
// A row belongs to the entity that it names; one that names none, of another writer, to the only model of the table whose
// keys it fits. Rows of entities without a destination are left out and never opened, and so are unknown rows, of which
// no model or several can say that they are theirs. A record that can't be read fails the whole read.
//
// The destinations are of models of this DB in the partition's table, each model once and at most 100 of them;
// ErrInvalidQuery otherwise. A destination that is confined to another scope than the partition is ErrScopeMismatch. The
// *OpError names the models of all destinations, joined by ", ".
func (db *DB) Collection(ctx context.Context, partition Partition, into ...Destination) (err error) {
	c := &collection{
		account:   newAccount("Collection", namesOf(partition, into), instant{db.now()}),
		db:        db,
		partition: partition,
		byEntity:  map[string]*collected{},
	}
	defer func() {
		c.close()
		db.observe(ctx, &c.account, err)
	}()
	if err := c.prepare(into); err != nil {
		return c.fail(err)
	}
	return c.read(ctx)
}

// namesOf are the names of the models of a collection, in the order of its destinations.
func namesOf(partition Partition, into []Destination) string {
	if len(into) == 0 {
		return partition.entity()
	}
	names := make([]string, len(into))
	for i, destination := range into {
		names[i] = destination.entity()
	}
	return strings.Join(names, ", ")
}

// collection is one use of Collection.
type collection struct {
	account
	db        *DB
	partition Partition
	models    []*model // of the table
	parts     []*collected
	byEntity  map[string]*collected
}

// collected is the part that one model has in a collection.
type collected struct {
	*call
	receiver
	slice any
	rows  []Item // of the page at hand
}

// prepare checks everything that can be known before a request is sent, and begins the part of every model.
func (c *collection) prepare(into []Destination) error {
	if err := c.partition.check(c.db); err != nil {
		return err
	}
	if len(into) == 0 || len(into) > maxIn {
		return fmt.Errorf("%w: a collection has %d destinations and takes 1 to %d", ErrInvalidQuery, len(into), maxIn)
	}
	for _, destination := range into {
		if err := c.add(destination); err != nil {
			return err
		}
	}
	c.models = c.db.modelsOf(c.partition.model.table)
	return nil
}

func (c *collection) add(d Destination) error {
	if err := d.check(c.db); err != nil {
		return err
	}
	switch {
	case d.model.table != c.partition.model.table:
		return fmt.Errorf("%w: %s is in another table than the partition", ErrInvalidQuery, d.entity())
	case c.byEntity[d.entity()] != nil:
		return fmt.Errorf("%w: %s has two destinations", ErrInvalidQuery, d.entity())
	case slices.ContainsFunc(c.parts, func(other *collected) bool { return d.slice != nil && other.slice == d.slice }):
		return fmt.Errorf("%w: Into of %s shares its slice with another one, and would replace what that one found", ErrInvalidQuery, d.entity())
	}
	begun, err := d.model.beginAt(c.op, c.now)
	if err != nil {
		return errors.Unwrap(err) // of the OpError of one model; the verb's own names them all
	}
	part := &collected{call: begun, receiver: d.open(), slice: d.slice}
	c.parts = append(c.parts, part)
	c.byEntity[d.entity()] = part
	return c.partition.admits(d.model)
}

func (c *collection) close() {
	for _, part := range c.parts {
		part.close()
	}
}

func (c *collection) read(ctx context.Context) error {
	request := c.request()
	for {
		rows, last, err := c.partition.page(ctx, &c.account, request)
		if err != nil {
			return c.fail(err)
		}
		if err := c.deliver(ctx, rows); err != nil {
			return err
		}
		if last == nil {
			break
		}
		c.turnPage()
		request = c.request()
		request.ExclusiveStartKey = last
	}
	for _, part := range c.parts {
		part.done()
	}
	return nil
}

// turnPage reads the clock for another page: a destination may have taken long over the one before.
func (c *collection) turnPage() {
	c.turn(c.db)
	for _, part := range c.parts {
		part.now = c.now
	}
}

// request is the request of every page, but for where it begins. It leaves to DynamoDB what needs no look at a key.
func (c *collection) request() *dynamodb.QueryInput {
	m, b := c.partition.model, &expr.Builder{}
	condition := b.Compare(m.plan.PK.Name, "=", c.partition.key)
	names := make([]types.AttributeValue, len(c.parts))
	for i, part := range c.parts {
		names[i] = text(part.entity)
	}
	filter := expr.Or(b.NotExists(entityAttribute), b.In(entityAttribute, names))
	// What is expired for one model is so for all. DynamoDB refuses a filter on a key; then only reading the row decides.
	if expiry := (lifetime{attribute: m.lifetime.attribute}); !m.hasKey(expiry.attribute) {
		filter = expr.And(expiry.live(b, c.now), filter)
	}
	return &dynamodb.QueryInput{
		TableName:                 aws.String(m.table),
		KeyConditionExpression:    aws.String(condition.String()),
		FilterExpression:          aws.String(filter.String()),
		ExpressionAttributeNames:  b.Names(),
		ExpressionAttributeValues: b.Values(),
		ConsistentRead:            aws.Bool(c.partition.consistent),
		ReturnConsumedCapacity:    m.db.meter(),
	}
}

// hasKey reports whether an attribute is a half of the table's key.
func (m *model) hasKey(name string) bool {
	for _, half := range m.halves() {
		if half.Name == name {
			return true
		}
	}
	return false
}

// deliver brings the rows of a page to their destinations. The data keys of a page are asked for together.
func (c *collection) deliver(ctx context.Context, rows []Item) error {
	owners := make([]*collected, len(rows))
	for i, row := range rows {
		part := c.byEntity[entityOf(row, c.models)]
		if part != nil && part.model.lifetime.isLive(row, c.now) {
			owners[i] = part
			part.rows = append(part.rows, row)
		}
	}
	for _, part := range c.parts {
		if part.opener != nil {
			part.opener.expect(ctx, part.rows)
		}
		part.rows = nil
	}
	for i, part := range owners {
		if part == nil {
			continue
		}
		if err := part.fromItem(ctx, rows[i], part.fresh()); err != nil {
			return c.fail(err)
		}
		c.items++
		if err := part.take(); err != nil {
			return err
		}
	}
	return nil
}

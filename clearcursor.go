package theorydb

import (
	"fmt"

	"github.com/theorydb/theorydb/internal/schema"
)

// The cursor of ClearPartition has the form of a query's, without an index; lastKey is the key after which the next page
// begins. What q digests is compact JSON with the members "keep" (the names in order, each once), "partition" (the
// partition key as DynamoDB JSON), "table" (the logical name) and "verb". A partition key of a scoped model has its scope
// in it.

// digest names what is cleared, and what stays.
func (c *clearing) digest() (string, error) {
	partition, err := keyJSON(c.partition.key)
	if err != nil {
		return "", err
	}
	return digestOf(map[string]any{
		"keep":      append([]string{}, c.keep...), // never null
		"partition": partition,
		"table":     c.partition.model.logicalTable(),
		"verb":      c.op,
	})
}

// cursorAfter is the cursor that begins after a key.
func (c *clearing) cursorAfter(key Item) (string, error) {
	m := c.partition.model
	var after cursor
	var err error
	if after.Query, err = c.digest(); err != nil {
		return "", err
	}
	if after.LastKey, err = membersOf(key, m.halves()); err != nil {
		return "", err
	}
	return m.encodeCursor(after)
}

// resume is the key that a cursor begins after; nil for the empty one.
func (c *clearing) resume(encoded string) (Item, error) {
	if encoded == "" {
		return nil, nil
	}
	m := c.partition.model
	var given cursor
	if err := m.decodeCursor(encoded, maxCursor, &given); err != nil {
		return nil, err
	}
	digest, err := c.digest()
	if err != nil {
		return nil, err
	}
	if given.Query != digest || given.Index != "" {
		return nil, fmt.Errorf("%w: it belongs to another partition, or to other names in keep", ErrInvalidCursor)
	}
	key, err := given.LastKey.key(m.halves())
	if err != nil {
		return nil, err
	}
	if !schema.Equal(key[m.plan.PK.Name], c.partition.key) {
		return nil, fmt.Errorf("%w: its key is in another partition", ErrInvalidCursor)
	}
	return key, nil
}

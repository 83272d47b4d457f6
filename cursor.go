package theorydb

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/schema"
)

// A cursor is base64url without padding of compact JSON. That of a query has the members
//
//	index    the index of the query; absent for the table
//	lastKey  the key after which the next page begins, as DynamoDB JSON with sorted members
//	q        the first 8 bytes of the SHA-256 of the canonical query, in lower-case hex
//
// The canonical query is compact JSON with sorted members and no HTML escaping: "descending", "entity", "filter",
// "partition" (the partition key as DynamoDB JSON), "sort" (operator and bounds) and "table" (the logical name); "index"
// and "scope" where there is one.
// Limit, PageSize and Consistent are not part of it: a caller may change them from page to page.
//
// That of a scan has "index" and "q" alike, and between them in the order of their names
//
//	segments  a list with an entry for each segment, in the order of their numbers: the key after which the segment goes
//	          on, {} for one that has not begun, null for one that is finished
//
// Its canonical form has the members "entity", "filter", "segments" (their number), "table", and "index" where there is
// one. At least one segment has a key or is finished, and at least one is not finished: what else could be written is the
// beginning, which is the empty cursor, or the end, which has none.
//
// A cursor is taken only by the query or scan that gave it, and only with a key that it could have read: a forged one
// can't reach another partition, nor leave the range. With Config.CursorKey the JSON is sealed; see cursorForm.
type cursor struct {
	Index   string     `json:"index,omitempty"`
	LastKey keyMembers `json:"lastKey"`
	Query   string     `json:"q"`
}

// keyMembers is a key in a cursor: DynamoDB JSON by attribute name.
type keyMembers map[string]json.RawMessage

// maxCursor is more than any key takes in a cursor: a key is at most 3,072 bytes, and that of an index with it as many
// again, each at most six bytes of JSON, and three of those four bytes of base64.
const maxCursor = 64 << 10

// cursorAfter is the cursor that follows a row.
func (r *queryRun) cursorAfter(row Item) (string, error) {
	c := cursor{Index: r.index}
	var err error
	if c.Query, err = r.digest(); err != nil {
		return "", r.fail(err)
	}
	if c.LastKey, err = membersOf(row, r.halves(r.model)); err != nil {
		return "", r.fail(err)
	}
	return r.encoded(c)
}

// encoded is the text of a cursor.
func (c *call) encoded(content any) (string, error) {
	text, err := c.model.encodeCursor(content)
	if err != nil {
		return "", c.fail(err)
	}
	return text, nil
}

func membersOf(row Item, halves []*schema.KeyPart) (keyMembers, error) {
	members := keyMembers{}
	for _, half := range halves {
		encoded, err := keyJSON(row[half.Name])
		if err != nil {
			return nil, err
		}
		members[half.Name] = encoded
	}
	return members, nil
}

// key reads a key back. Another way to write it, and a member more or less, is an error.
func (k keyMembers) key(halves []*schema.KeyPart) (Item, error) {
	key := Item{}
	for _, half := range halves {
		value, err := parseKeyJSON(k[half.Name], half.Type)
		if err != nil || len(keyText(value)) > half.Max {
			return nil, errCursorDamaged
		}
		canonical, err := keyJSON(value)
		if err != nil || !bytes.Equal(canonical, k[half.Name]) {
			return nil, errCursorDamaged
		}
		key[half.Name] = value
	}
	if len(k) != len(key) {
		return nil, errCursorDamaged
	}
	return key, nil
}

func (m *model) encodeCursor(content any) (string, error) {
	encoded, err := schema.CompactJSON(content)
	if err != nil {
		return "", err
	}
	return m.db.cursors.encode(encoded, m.logicalTable()), nil
}

// decodeCursor reads a cursor of at most some bytes into what it is made of. There is one way to write a cursor; whatever
// else decodes to the same is not ours.
func (m *model) decodeCursor(encoded string, most int64, content any) error {
	if int64(len(encoded)) > most {
		return errCursorDamaged
	}
	decoded, err := m.db.cursors.decode(encoded, m.logicalTable())
	if err != nil {
		return err
	}
	if err := json.Unmarshal(decoded, content); err != nil {
		return errCursorDamaged
	}
	if again, err := schema.CompactJSON(content); err != nil || !bytes.Equal(again, decoded) {
		return errCursorDamaged
	}
	return nil
}

// resume makes the run begin after a cursor. An empty one means the beginning.
func (r *queryRun) resume(encoded string) error {
	if encoded == "" {
		return nil
	}
	last, err := r.parseCursor(encoded)
	if err != nil {
		return r.fail(err)
	}
	r.last = last
	return nil
}

var errCursorElsewhere = fmt.Errorf("%w: it belongs to another query", ErrInvalidCursor)

func (r *queryRun) parseCursor(encoded string) (Item, error) {
	var c cursor
	if err := r.model.decodeCursor(encoded, maxCursor, &c); err != nil {
		return nil, err
	}
	digest, err := r.digest()
	if err != nil {
		return nil, err
	}
	if c.Query != digest || c.Index != r.index {
		return nil, errCursorElsewhere
	}
	last, err := c.LastKey.key(r.halves(r.model))
	if err != nil {
		return nil, err
	}
	switch {
	case !schema.Equal(last[r.pk.Name], r.partition):
		return nil, fmt.Errorf("%w: its key is in another partition", ErrInvalidCursor)
	// A page of a global index may end with a row of another entity, which is left out and whose key is of no scope or of
	// another. There the index's partition confines the query.
	case !r.isGlobal() && !r.model.keyInScope(last):
		return nil, fmt.Errorf("%w: its key is of another scope", ErrInvalidCursor)
	case r.sk != nil && !r.sortRange.contains(last[r.sk.Name]):
		return nil, fmt.Errorf("%w: its key is outside the query's range", ErrInvalidCursor)
	}
	return last, nil
}

// digest names the query.
func (r *queryRun) digest() (string, error) {
	partition, err := keyJSON(r.partition)
	if err != nil {
		return "", err
	}
	sort := []any{r.sortRange.operator}
	for _, bound := range []types.AttributeValue{r.sortRange.low, r.sortRange.high, r.sortRange.except} {
		if bound == nil {
			sort = append(sort, nil)
			continue
		}
		encoded, err := keyJSON(bound)
		if err != nil {
			return "", err
		}
		sort = append(sort, encoded)
	}
	filter, err := r.model.canonical(r.filter)
	if err != nil {
		return "", err
	}
	members := map[string]any{
		"descending": r.descending,
		"entity":     r.model.plan.Entity,
		"filter":     filter,
		"partition":  partition,
		"sort":       sort,
		"table":      r.model.logicalTable(),
	}
	if r.index != "" {
		members["index"] = r.index
	}
	if r.wants == keysToDelete {
		members["verb"] = r.op // a cursor of a list must not make a deletion spare what is before it
	}
	if !r.model.scope.IsZero() {
		members["scope"] = r.model.scope.keyText()
	}
	return digestOf(members)
}

// digestOf is the digest of a canonical query or scan.
func digestOf(members map[string]any) (string, error) {
	canonical, err := schema.CompactJSON(members)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:8]), nil
}

// logicalTable is the table's name as cursors know it. A model that names its own table has no other.
func (m *model) logicalTable() string {
	if m.plan.Table != "" {
		return m.plan.Table
	}
	return m.db.config.LogicalTable
}

// contains says whether a sort key is in the range.
func (r *sortRange) contains(key types.AttributeValue) bool {
	switch r.operator {
	case "":
		return true
	case "=":
		return compareKeys(key, r.low) == 0
	case "<":
		return compareKeys(key, r.low) < 0
	case "<=":
		return compareKeys(key, r.low) <= 0
	case ">":
		return compareKeys(key, r.low) > 0
	case ">=":
		return compareKeys(key, r.low) >= 0
	case "BETWEEN":
		return compareKeys(key, r.low) >= 0 && compareKeys(key, r.high) <= 0
	case "begins_with":
		return strings.HasPrefix(keyText(key), keyText(r.low))
	}
	return false
}

// compareKeys orders two key values of one type as DynamoDB does: text and binary by bytes, numbers by value.
func compareKeys(a, b types.AttributeValue) int {
	if number, ok := a.(*types.AttributeValueMemberN); ok {
		x, _ := new(big.Rat).SetString(number.Value)
		y, _ := new(big.Rat).SetString(keyText(b))
		if x != nil && y != nil {
			return x.Cmp(y)
		}
	}
	return strings.Compare(keyText(a), keyText(b))
}

// keyText is the text, digits or bytes of a key value.
func keyText(value types.AttributeValue) string {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberB:
		return string(v.Value)
	}
	return ""
}

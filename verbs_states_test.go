package theorydb_test

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb"
)

// rowState is what is stored under a key before a write: the row of the model that the caller holds, changed by one
// thing. It gives nil where nothing is stored.
type rowState func(row theorydb.Item) theorydb.Item

// rowStates are the columns of the grids.
var rowStates = map[string]rowState{
	"absent":   func(theorydb.Item) theorydb.Item { return nil },
	"live":     with("", nil),
	"expired":  with("ttl", seconds(cellNow.Add(-time.Second))),
	"leftover": both(with("ttl", seconds(cellNow.Add(-time.Second))), with("_t", str("Elsewhere"))),
	"entity":   with("_t", str("Elsewhere")),
	"version":  with("version", num("4")),
	"no-ver":   without("version"),
	"reborn":   with("createdAt", storedTime(cellBorn.Add(time.Nanosecond))),
	"no-born":  without("createdAt"),
	"foreign":  with("createdAt", str(cellBorn.Format(time.RFC3339))),
	"untyped":  both(without("_t"), without("_w")),
	"bad-ttl":  with("ttl", str("soon")),
	"no-ttl":   without("ttl"),
	"owner":    with("owner", str("bob")),
	"no-owner": without("owner"),
}

func with(name string, value types.AttributeValue) rowState {
	return func(row theorydb.Item) theorydb.Item {
		if name != "" {
			row[name] = value
		}
		return row
	}
}

func without(name string) rowState {
	return func(row theorydb.Item) theorydb.Item {
		delete(row, name)
		return row
	}
}

func both(first, second rowState) rowState {
	return func(row theorydb.Item) theorydb.Item { return second(first(row)) }
}

func seconds(at time.Time) types.AttributeValue { return num(strconv.FormatInt(at.Unix(), 10)) }

// row is a live row as the model stored it, with an attribute that some other program added.
func (b *cellBench) row(s *subject, id string) theorydb.Item {
	record := s.record()
	row := theorydb.Item{
		"PK": str(s.entity + "#" + id), "SK": str("ROW"), "_t": str(s.entity), "_w": writer(storedWriter),
		"id": str(id), "text": str("old"), "note": str("kept"), "theirs": str("not ours to touch"),
	}
	if has(record, "Version") {
		row["version"] = num(strconv.Itoa(heldVersion))
	}
	if has(record, "CreatedAt") {
		row["createdAt"] = storedTime(cellBorn)
	}
	if has(record, "UpdatedAt") {
		row["updatedAt"] = storedTime(cellBorn)
	}
	if has(record, "Owner") {
		row["owner"] = str("ann")
	}
	if has(record, "ExpiresAt") {
		row["ttl"] = seconds(cellLater)
	}
	return row
}

// holds is a record as the caller holds it: read from that row, then changed.
func (b *cellBench) holds(s *subject, id string) any {
	record := s.record()
	assign(record, "ID", id)
	assign(record, "Text", "new")
	assign(record, "Version", int64(heldVersion))
	assign(record, "CreatedAt", cellBorn)
	assign(record, "UpdatedAt", cellBorn)
	assign(record, "Owner", "ann")
	assign(record, "ExpiresAt", cellLater)
	return record
}

func (b *cellBench) nextID() string {
	b.rows++
	return fmt.Sprintf("row-%d", b.rows)
}

func writer(id string) types.AttributeValue { return &types.AttributeValueMemberB{Value: []byte(id)} }

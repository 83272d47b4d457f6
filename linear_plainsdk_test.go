package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb"
)

// sdkStore does deeds as a careful program does them that uses the SDK alone: every condition is there, and
// the SDK sends a request again when it got no answer. It is a control: its histories must be found illegal.
type sdkStore struct {
	kind   linearKind
	client *dynamodb.Client
	caller *linearClient
	table  func(context.Context) error
}

func (s *sdkStore) createTable(ctx context.Context) error { return s.table(ctx) }

// condition is what a deed needs to find; nil for anything.
func (s *sdkStore) condition(verb linearVerb) *string {
	const nothing, something = "attribute_not_exists(PK)", "attribute_exists(PK)"
	same := something
	switch {
	case s.kind.born:
		same = "version = :version AND born = :born"
	case s.kind.versioned:
		same = "version = :version"
	}
	switch {
	case verb == verbCreate:
		return ptr(nothing)
	case verb == verbAdd:
		return ptr(something)
	case verb == verbUpdate:
		return &same
	case verb == verbChange && s.kind.versioned:
		return ptr("version = :version")
	case verb == verbChange:
		return ptr(something)
	case verb == verbDeleteAny, !s.kind.versioned:
		return nil
	}
	return ptr(nothing + " OR " + same)
}

// held are the values that the condition of a verb names.
func (s *sdkStore) held(d linearDeed) theorydb.Item {
	values := theorydb.Item{}
	condition := aws.ToString(s.condition(d.verb))
	for name, value := range map[string]int64{":version": d.held.version, ":born": d.held.born} {
		if strings.Contains(condition, name) {
			values[name] = sdkNumber(value)
		}
	}
	return values
}

func (s *sdkStore) run(ctx context.Context, h *linearHistory, deeds []linearDeed) []linearVerdict {
	d := deeds[0]
	s.caller.Now()
	d.now = s.caller.clock
	row, err := s.send(ctx, h, d)
	var failed *types.ConditionalCheckFailedException
	switch {
	case err == nil && d.verb == verbGet && !row.exists:
		return []linearVerdict{{told: toldNotFound}}
	case err == nil:
		return []linearVerdict{{told: toldOK, row: row}}
	case errors.As(err, &failed):
		stored := sdkRow(failed.Item)
		_, told := d.on(s.kind, stored)
		return []linearVerdict{{told: told, stored: stored.version, err: err}}
	case d.verb == verbGet:
		return []linearVerdict{{told: toldNothing, err: err}}
	case s.caller.current.faults.firstLost() == faultNone:
		return []linearVerdict{{told: toldRefused, err: err}}
	}
	return []linearVerdict{{told: toldUnknown, err: err}} // the program is in doubt, more often than it would think itself
}

// send sends the one request of a deed and returns the row that it leaves.
func (s *sdkStore) send(ctx context.Context, h *linearHistory, d linearDeed) (linearRow, error) {
	table, condition, held := linearTable, s.condition(d.verb), s.held(d)
	key := theorydb.Item{"PK": str(d.id(h)), "SK": str("ROW")}
	const old = types.ReturnValuesOnConditionCheckFailureAllOld

	switch d.verb {
	case verbGet:
		output, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key, ConsistentRead: ptr(true)})
		if err != nil {
			return linearRow{}, err
		}
		return sdkRow(output.Item), nil
	case verbCreate, verbPut:
		before := d.held
		if d.verb == verbCreate {
			before = linearRow{}
		}
		row := d.first(s.kind, before)
		_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &table, Item: joinItems(key, theorydb.Item{
				"version": sdkNumber(row.version), "born": sdkNumber(row.born), "val": sdkNumber(row.value), "n": sdkNumber(row.count),
			}),
			ConditionExpression: condition, ExpressionAttributeValues: valuesOrNone(held), ReturnValuesOnConditionCheckFailure: old,
		})
		return row, err
	case verbDelete, verbDeleteAny:
		_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &table, Key: key,
			ConditionExpression: condition, ExpressionAttributeValues: valuesOrNone(held), ReturnValuesOnConditionCheckFailure: old,
		})
		return linearRow{}, err
	case verbUpdate, verbChange, verbAdd:
		expression, values := s.update(d, held)
		output, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &table, Key: key, UpdateExpression: &expression,
			ReturnValues:        types.ReturnValueAllNew,
			ConditionExpression: condition, ExpressionAttributeValues: valuesOrNone(values), ReturnValuesOnConditionCheckFailure: old,
		})
		if err != nil {
			return linearRow{}, err
		}
		return sdkRow(output.Attributes), nil
	case verbCheck, verbTransact:
	}
	return linearRow{}, fmt.Errorf("%s is no verb of a store", d.verb)
}

// update is what a deed changes in a row, and the values that its expressions name.
func (s *sdkStore) update(d linearDeed, held theorydb.Item) (string, theorydb.Item) {
	var sets, adds []string
	values := joinItems(held)
	if d.verb != verbAdd {
		sets = append(sets, "val = :val")
		values[":val"] = sdkNumber(d.value)
	}
	if d.verb == verbUpdate {
		sets = append(sets, "n = :n")
		values[":n"] = sdkNumber(d.count)
	} else {
		adds = append(adds, "n :one")
	}
	if s.kind.versioned {
		adds = append(adds, "version :one")
	}
	var expression []string
	if len(sets) > 0 {
		expression = append(expression, "SET "+strings.Join(sets, ", "))
	}
	if len(adds) > 0 {
		expression = append(expression, "ADD "+strings.Join(adds, ", "))
		values[":one"] = sdkNumber(1)
	}
	return strings.Join(expression, " "), values
}

// valuesOrNone is nil for none: DynamoDB refuses an empty map of values.
func valuesOrNone(values theorydb.Item) theorydb.Item {
	if len(values) == 0 {
		return nil
	}
	return values
}

func joinItems(parts ...theorydb.Item) theorydb.Item {
	item := theorydb.Item{}
	for _, part := range parts {
		for name, value := range part {
			item[name] = value
		}
	}
	return item
}

func sdkNumber(n int64) types.AttributeValue { return num(strconv.FormatInt(n, 10)) }

func sdkRow(item theorydb.Item) linearRow {
	if item == nil {
		return linearRow{}
	}
	number := func(name string) int64 {
		stored, ok := item[name].(*types.AttributeValueMemberN)
		if !ok {
			return 0
		}
		n, _ := strconv.ParseInt(stored.Value, 10, 64)
		return n
	}
	return linearRow{exists: true, version: number("version"), born: number("born"), value: number("val"), count: number("n")}
}

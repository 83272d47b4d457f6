package localaws

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// Call is one request to DynamoDB that reached the engine, whether it was carried out or
// refused.
type Call struct {
	Operation        string
	Table            string                          // empty for a batch or transaction over several tables
	Key              map[string]types.AttributeValue // of the item, for operations on one item
	Targets          []Target                        // the items of a batch or transaction
	Committed        bool                            // a write took effect; deleting an absent item has none
	ErrorCode        string                          // such as ConditionalCheckFailedException; empty on success
	Attempt          int                             // as the SDK counts, from 1
	InvocationID     string                          // the SDK's; the same for all attempts of one call
	ConsumedCapacity float64                         // units
}

// Target is one item that a batch or a transaction names. Those of a
// transaction come in the order of its actions, those of a batch in the order
// of the names of their tables and then in that of the request.
type Target struct {
	Table string
	Key   map[string]types.AttributeValue
}

// Calls gives every request to DynamoDB that reached the engine since New or ResetCalls,
// in the order in which they took effect.
func (a *AWS) Calls() []Call {
	log := a.dynamoDB.Calls()
	calls := make([]Call, len(log))
	for i, c := range log {
		calls[i] = Call{
			Operation: c.Operation, Table: c.Table, Key: toSDK(c.Key), Committed: c.Committed, ErrorCode: c.ErrorCode,
			Attempt: c.Attempt, InvocationID: c.InvocationID, ConsumedCapacity: c.Capacity,
		}
		for _, target := range c.Targets {
			calls[i].Targets = append(calls[i].Targets, Target{Table: target.Table, Key: toSDK(target.Key)})
		}
	}
	return calls
}

// ResetCalls empties the logs of calls, of DynamoDB and of KMS. Histories
// stay.
func (a *AWS) ResetCalls() {
	a.dynamoDB.ResetCalls()
	a.kms.ResetCalls()
}

// Version is one committed write of a key.
type Version struct {
	WriteID   []byte // the bytes of the stored attribute _w; nil when there is none
	Deleted   bool
	Operation string                          // such as PutItem or TransactWriteItems, or SweepTTL for a deletion by TTL
	Item      map[string]types.AttributeValue // a copy of the item after the write; nil when deleted
}

// History gives every committed write of a key, oldest first. key holds the
// table's key attributes and nothing else. It is nil for a key never written
// or a table that does not exist; deleting a table deletes its histories.
func (a *AWS) History(table string, key map[string]types.AttributeValue) []Version {
	engineKey, ok := fromSDK(key)
	if !ok {
		return nil
	}
	var versions []Version
	for _, v := range a.dynamoDB.History(table, engineKey) {
		version := Version{Deleted: v.Deleted, Operation: v.Operation, Item: toSDK(v.Item)}
		if id, ok := v.Item["_w"]; ok && id.Kind == attribute.Binary {
			version.WriteID = []byte(id.Text)
		}
		versions = append(versions, version)
	}
	return versions
}

// Items gives copies of the stored items of a table in key order, expired
// ones too; nil when the table does not exist.
func (a *AWS) Items(table string) []map[string]types.AttributeValue {
	var items []map[string]types.AttributeValue
	for _, item := range a.dynamoDB.Items(table) {
		items = append(items, toSDK(item))
	}
	return items
}

func toSDK(item attribute.Item) map[string]types.AttributeValue {
	if item == nil {
		return nil
	}
	values := make(map[string]types.AttributeValue, len(item))
	for name, v := range item {
		values[name] = toSDKValue(v)
	}
	return values
}

func toSDKValue(v attribute.Value) types.AttributeValue {
	switch v.Kind {
	case attribute.String:
		return &types.AttributeValueMemberS{Value: v.Text}
	case attribute.Number:
		return &types.AttributeValueMemberN{Value: v.Number.String()}
	case attribute.Binary:
		return &types.AttributeValueMemberB{Value: []byte(v.Text)}
	case attribute.Bool:
		return &types.AttributeValueMemberBOOL{Value: v.Bool}
	case attribute.Null:
		return &types.AttributeValueMemberNULL{Value: true}
	case attribute.Map:
		return &types.AttributeValueMemberM{Value: toSDK(attribute.Item(v.Members))}
	case attribute.List:
		list := make([]types.AttributeValue, len(v.Elements))
		for i, e := range v.Elements {
			list[i] = toSDKValue(e)
		}
		return &types.AttributeValueMemberL{Value: list}
	case attribute.StringSet:
		return &types.AttributeValueMemberSS{Value: elementTexts(v)}
	case attribute.NumberSet:
		return &types.AttributeValueMemberNS{Value: elementTexts(v)}
	case attribute.BinarySet:
		set := make([][]byte, len(v.Elements))
		for i, e := range v.Elements {
			set[i] = []byte(e.Text)
		}
		return &types.AttributeValueMemberBS{Value: set}
	}
	return nil
}

func elementTexts(v attribute.Value) []string {
	texts := make([]string, len(v.Elements))
	for i, e := range v.Elements {
		texts[i] = e.Text
		if e.Kind == attribute.Number {
			texts[i] = e.Number.String()
		}
	}
	return texts
}

// fromSDK reads key attributes, which can only be scalars; false when one is
// not.
func fromSDK(key map[string]types.AttributeValue) (attribute.Item, bool) {
	item := attribute.Item{}
	for name, v := range key {
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			item[name] = attribute.Value{Kind: attribute.String, Text: v.Value}
		case *types.AttributeValueMemberB:
			item[name] = attribute.Value{Kind: attribute.Binary, Text: string(v.Value)}
		case *types.AttributeValueMemberN:
			number, err := attribute.ParseDecimal(v.Value)
			if err != nil {
				return nil, false
			}
			item[name] = attribute.Value{Kind: attribute.Number, Number: number}
		default:
			return nil, false
		}
	}
	return item, true
}

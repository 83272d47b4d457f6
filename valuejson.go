package theorydb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/schema"
)

// DynamoDB JSON is how a value travels with its type: {"S":"text"}, {"N":"1"}, {"B":"base64"}, and so on.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html#Programming.LowLevelAPI.DataTypeDescriptors

// keyJSON is the DynamoDB JSON of a key value.
func keyJSON(value types.AttributeValue) (json.RawMessage, error) {
	switch value.(type) {
	case *types.AttributeValueMemberS, *types.AttributeValueMemberN, *types.AttributeValueMemberB:
		return schema.CompactJSON(valueJSON(value))
	}
	return nil, fmt.Errorf("%w: a key is a text, a number or binary", ErrInvalidValue)
}

var errNotKeyJSON = errors.New("not the DynamoDB JSON of a key value")

// parseKeyJSON reads a key value of one type back.
func parseKeyJSON(encoded json.RawMessage, keyType string) (types.AttributeValue, error) {
	var member struct {
		S, N *string
		B    []byte
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&member); err != nil {
		return nil, errNotKeyJSON
	}
	switch {
	case keyType == "S" && member.S != nil && *member.S != "":
		return &types.AttributeValueMemberS{Value: *member.S}, nil
	case keyType == "N" && member.N != nil && schema.IsNumber(*member.N):
		return &types.AttributeValueMemberN{Value: *member.N}, nil
	case keyType == "B" && len(member.B) > 0:
		return &types.AttributeValueMemberB{Value: member.B}, nil
	}
	return nil, errNotKeyJSON
}

// valueJSON is a value in a form that json.Marshal turns into DynamoDB JSON. Sets are sorted: they have no order.
func valueJSON(value types.AttributeValue) any {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberB:
		return map[string]any{"B": v.Value}
	case *types.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": v.Value}
	case *types.AttributeValueMemberSS:
		return map[string]any{"SS": slices.Sorted(slices.Values(v.Value))}
	case *types.AttributeValueMemberNS:
		return map[string]any{"NS": slices.Sorted(slices.Values(v.Value))}
	case *types.AttributeValueMemberBS:
		return map[string]any{"BS": slices.SortedFunc(slices.Values(v.Value), bytes.Compare)}
	case *types.AttributeValueMemberL:
		list := make([]any, len(v.Value))
		for i, element := range v.Value {
			list[i] = valueJSON(element)
		}
		return map[string]any{"L": list}
	case *types.AttributeValueMemberM:
		members := make(map[string]any, len(v.Value))
		for name, member := range v.Value {
			members[name] = valueJSON(member)
		}
		return map[string]any{"M": members}
	}
	return map[string]any{"NULL": true}
}

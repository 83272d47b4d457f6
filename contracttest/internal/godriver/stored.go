package godriver

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// storedItem is a stored item as the protocol says it.
func storedItem(values map[string]types.AttributeValue) protocol.Item {
	return protocol.Item(storedMembers(values))
}

func storedMembers(values map[string]types.AttributeValue) map[string]any {
	members := make(map[string]any, len(values))
	for name, value := range values {
		members[name] = storedValue(value)
	}
	return members
}

func storedValue(value types.AttributeValue) any {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return protocol.Number(v.Value)
	case *types.AttributeValueMemberB:
		return v.Value
	case *types.AttributeValueMemberBOOL:
		return v.Value
	case *types.AttributeValueMemberSS:
		return v.Value
	case *types.AttributeValueMemberNS:
		numbers := make([]protocol.Number, len(v.Value))
		for i, digits := range v.Value {
			numbers[i] = protocol.Number(digits)
		}
		return numbers
	case *types.AttributeValueMemberBS:
		return v.Value
	case *types.AttributeValueMemberL:
		list := make([]any, len(v.Value))
		for i, element := range v.Value {
			list[i] = storedValue(element)
		}
		return list
	case *types.AttributeValueMemberM:
		return storedMembers(v.Value)
	}
	return nil // NULL
}

package theorydb

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// maxItemSize is DynamoDB's limit in bytes, attribute names included.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
const maxItemSize = 409_600

func checkSize(item Item) error {
	if size := itemSize(item); size > maxItemSize {
		return fmt.Errorf("%w: %d bytes with attribute names, and DynamoDB's limit is %d", ErrItemTooLarge, size, maxItemSize)
	}
	return nil
}

func itemSize(item Item) int {
	size := 0
	for name, value := range item {
		size += len(name) + valueSize(value)
	}
	return size
}

// valueSize counts as DynamoDB does; its size of a number is documented as approximate.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func valueSize(value types.AttributeValue) int {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return numberSize(v.Value)
	case *types.AttributeValueMemberBOOL, *types.AttributeValueMemberNULL:
		return 1
	case *types.AttributeValueMemberSS:
		return sumOf(v.Value, func(s string) int { return len(s) })
	case *types.AttributeValueMemberNS:
		return sumOf(v.Value, numberSize)
	case *types.AttributeValueMemberBS:
		return sumOf(v.Value, func(b []byte) int { return len(b) })
	case *types.AttributeValueMemberL:
		return 3 + len(v.Value) + sumOf(v.Value, valueSize)
	case *types.AttributeValueMemberM:
		return 3 + len(v.Value) + itemSize(v.Value)
	}
	return 0
}

// numberSize is one byte for two significant digits, one for the exponent, one for a minus sign.
func numberSize(digits string) int {
	mantissa, _, _ := strings.Cut(strings.ToUpper(digits), "E")
	negative := strings.HasPrefix(mantissa, "-")
	mantissa = strings.Trim(strings.ReplaceAll(strings.TrimLeft(mantissa, "+-"), ".", ""), "0")
	size := (len(mantissa)+1)/2 + 1
	if negative {
		size++
	}
	return size
}

func sumOf[T any](values []T, size func(T) int) int {
	sum := 0
	for _, value := range values {
		sum += size(value)
	}
	return sum
}

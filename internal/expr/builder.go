package expr

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Builder collects the placeholders of one request. Its zero value is ready to use; it is not safe for concurrent use.
type Builder struct {
	byAttribute map[string]string
	names       map[string]string
	values      map[string]types.AttributeValue
}

// Name returns the placeholder of an attribute. The same attribute always gets the same placeholder; dots in its name
// mean nothing, since a placeholder stands for one whole name.
func (b *Builder) Name(attribute string) string {
	if placeholder, ok := b.byAttribute[attribute]; ok {
		return placeholder
	}
	if b.byAttribute == nil {
		b.byAttribute = map[string]string{}
		b.names = map[string]string{}
	}
	placeholder := "#" + strconv.FormatInt(int64(len(b.names)), 36)
	b.byAttribute[attribute] = placeholder
	b.names[placeholder] = attribute
	return placeholder
}

// Value returns a new placeholder for a value. Equal values get different placeholders: sharing one between two
// places would tie together what the caller gave apart.
func (b *Builder) Value(value types.AttributeValue) string {
	if b.values == nil {
		b.values = map[string]types.AttributeValue{}
	}
	placeholder := ":" + strconv.FormatInt(int64(len(b.values)), 36)
	b.values[placeholder] = value
	return placeholder
}

// Projection is a projection expression of attributes, each named once however often it is given: DynamoDB refuses one
// that stands in it twice.
func (b *Builder) Projection(attributes []string) string {
	var placeholders []string
	for _, attribute := range attributes {
		if placeholder := b.Name(attribute); !slices.Contains(placeholders, placeholder) {
			placeholders = append(placeholders, placeholder)
		}
	}
	return strings.Join(placeholders, ",")
}

// Names returns ExpressionAttributeNames, nil when no name was used: DynamoDB refuses an empty map.
func (b *Builder) Names() map[string]string { return b.names }

// Values returns ExpressionAttributeValues, nil when no value was used.
func (b *Builder) Values() map[string]types.AttributeValue { return b.values }

package schema

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/keys"
)

// Sharded returns the attribute whose value decides the shard, and how many
// shards there are; nil and 0 for a key that has no shard, or more than one.
func (k *KeyPart) Sharded() (*Attribute, int) {
	if k.Template == nil {
		return nil, 0
	}
	at, ok := k.Template.Sharded()
	if !ok {
		return nil, 0
	}
	return k.Components[at], k.Template.Components()[at].Shards()
}

// ShardValue is Value for shard n of a sharded key, whatever rec has for the
// component that decides the shard. A shard that the key has not wraps
// ErrInvalidValue; other errors are those of Value.
func (k *KeyPart) ShardValue(rec any, n int) (types.AttributeValue, error) {
	if k.Template == nil {
		return nil, fmt.Errorf("%s: %w: a plain key has no shards", k.Name, ErrInvalidValue)
	}
	texts, err := k.Texts(rec)
	if err != nil {
		return nil, err
	}
	text, err := k.Template.RenderShard(texts, n)
	if err == nil {
		err = keys.CheckLength(text, k.Max)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	return &types.AttributeValueMemberS{Value: text}, nil
}

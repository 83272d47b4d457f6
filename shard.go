package theorydb

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/schema"
)

// ShardNumber is one of the partitions over which the modifier shard:N of a key template spreads records. Make it with
// Shard; the zero ShardNumber is none.
type ShardNumber struct {
	given  bool
	number int
}

// Shard is the shard of that number, counted from 0, for Query.Shard. A query refuses one that its partition key does
// not have.
func Shard(number int) ShardNumber { return ShardNumber{given: true, number: number} }

// Shards returns how many shards the partition key of an index has, or of the table with an empty name: the N of the
// modifier shard:N in its template. A list over all records is one query for each of Shard(0) to Shard(N-1). It is
// ErrInvalidQuery where there is no such index, and where its partition key has no shard or more than one. It sends no
// request.
func (m *Model[T]) Shards(index string) (int, error) {
	c, err := m.core.beginUnopened("Shards")
	if err != nil {
		return 0, err
	}
	s, err := c.source(index, keysOnly, false)
	if err != nil {
		return 0, c.fail(err)
	}
	attribute, shards := s.pk.Sharded()
	if attribute == nil {
		return 0, c.fail(errNoShards(s.pk))
	}
	return shards, nil
}

func errNoShards(half *schema.KeyPart) error {
	return fmt.Errorf("%w: the partition key %q does not have one component with the modifier shard", ErrInvalidQuery, half.Name)
}

// partition is the partition key that a query's Key gives, or the one of its shard. Then Key can't give the component
// that decides the shard: it would say a second time, and perhaps otherwise, where to read.
func (s ShardNumber) partition(half *schema.KeyPart, key any) (types.AttributeValue, error) {
	if !s.given {
		return half.Value(key)
	}
	attribute, shards := half.Sharded()
	switch {
	case attribute == nil:
		return nil, errNoShards(half)
	case s.number < 0 || s.number >= shards:
		return nil, fmt.Errorf("%w: Shard is %d, and %q has %d, counted from 0", ErrInvalidQuery, s.number, half.Name, shards)
	case !attribute.IsZero(key):
		return nil, fmt.Errorf("%w: Key gives %q, which decides the shard, and Shard does too; give one of them", ErrInvalidQuery, attribute.Name)
	}
	return half.ShardValue(key, s.number)
}

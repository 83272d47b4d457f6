package identity

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/theorydb/theorydb"
)

// listSize is how many records a page of a list has at most.
const listSize = 100

// pageOverShards reads a page of a list that is spread over the shards of an index, one shard after the other. Its cursor
// is the number of the shard, a dot and the cursor in that shard.
func pageOverShards[T any](ctx context.Context, model *theorydb.Model[T], index, cursor string) (*theorydb.Page[T], error) {
	shards, err := model.Shards(index)
	if err != nil {
		return nil, err
	}
	shard, inside, err := shardOf(cursor, shards)
	if err != nil {
		return nil, err
	}
	all := &theorydb.Page[T]{}
	for {
		page, err := model.QueryPage(ctx, theorydb.Query[T]{
			Index: index, Shard: theorydb.Shard(shard), Limit: listSize - len(all.Items),
		}, inside)
		if err != nil {
			return nil, err
		}
		all.Items = append(all.Items, page.Items...)
		all.Capacity += page.Capacity
		if inside = page.Next; inside == "" {
			shard++
		}
		switch {
		case shard == shards:
			return all, nil
		case len(all.Items) == listSize:
			all.Next = strconv.Itoa(shard) + "." + inside
			return all, nil
		}
	}
}

// shardOf reads a cursor of pageOverShards. What follows the dot is for the query to judge.
func shardOf(cursor string, shards int) (shard int, inside string, err error) {
	if cursor == "" {
		return 0, "", nil
	}
	number, inside, found := strings.Cut(cursor, ".")
	shard, err = strconv.Atoi(number)
	if !found || err != nil || strconv.Itoa(shard) != number || shard < 0 || shard >= shards {
		return 0, "", fmt.Errorf("identity: a list: %w", theorydb.ErrInvalidCursor)
	}
	return shard, inside, nil
}

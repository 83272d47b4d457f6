package identity

import (
	"context"

	"github.com/theorydb/theorydb"
)

// listSize is how many records a page of a list has at most.
const listSize = 100

// pageOverShards reads a page of a list that is spread over the shards of an index, one shard after the other. Its cursor
// is a waypoint of the verb: the number of the shard and the cursor in that shard.
func pageOverShards[T any](
	ctx context.Context, p *project, verb string, model *theorydb.Model[T], index, cursor string,
) (*theorydb.Page[T], error) {
	at, err := p.waypointFrom(verb, "", cursor)
	if err != nil {
		return nil, err
	}
	shards, err := model.Shards(index)
	if err != nil {
		return nil, err
	}
	if at.number >= shards {
		return nil, foreignCursor(verb)
	}
	all := &theorydb.Page[T]{}
	for {
		page, err := model.QueryPage(ctx, theorydb.Query[T]{
			Index: index, Shard: theorydb.Shard(at.number), Limit: listSize - len(all.Items),
		}, at.inner)
		if err != nil {
			return nil, err
		}
		all.Items = append(all.Items, page.Items...)
		all.Capacity += page.Capacity
		if at.inner = page.Next; at.inner == "" {
			at.number++
		}
		switch {
		case at.number == shards:
			return all, nil
		case len(all.Items) == listSize:
			all.Next = p.waypointText(verb, "", at)
			return all, nil
		}
	}
}

package identity

import (
	"context"

	"github.com/theorydb/theorydb"
)

// listPage is how many users a page of List has.
const listPage = 100

// List reads a page of 100 users, from the beginning with an empty cursor and otherwise from where the page that gave the
// cursor ended; its Next is empty after the last one. Users come in no order that means something. Those that are disabled
// or being erased are among them.
//
// They are read from an index, which may be a little behind the table: decide nothing by it. The users of a project are in
// 64 partitions of the index, and a page reads as many of them as it takes to be full, one request each. KMS is not needed,
// and no page holds an address.
//
// A cursor of another project or list, or a damaged one, is theorydb.ErrInvalidCursor. It shows the id of a user, unless
// theorydb.Config.CursorKey is set.
func (u *Users) List(ctx context.Context, cursor string) (*theorydb.Page[User], error) {
	if err := u.ready(); err != nil {
		return nil, err
	}
	at, err := u.waypointFrom("Users.List", "", cursor)
	if err != nil {
		return nil, err
	}
	shards, err := u.users.Shards("gsi1")
	if err != nil {
		return nil, err
	}
	page := &theorydb.Page[User]{}
	for ; at.number < shards; at = (waypoint{number: at.number + 1}) {
		missing := listPage - len(page.Items)
		if missing == 0 {
			page.Next = u.waypointText("Users.List", "", at)
			return page, nil
		}
		part, err := u.users.QueryPage(ctx, theorydb.Query[User]{Index: "gsi1", Shard: theorydb.Shard(at.number), Limit: missing}, at.inner)
		if err != nil {
			return nil, err
		}
		page.Items = append(page.Items, part.Items...)
		page.Capacity += part.Capacity
		if part.Next != "" {
			page.Next = u.waypointText("Users.List", "", waypoint{number: at.number, inner: part.Next})
			return page, nil
		}
	}
	return page, nil
}

package identity

import (
	"context"

	"github.com/theorydb/theorydb"
)

// List reads a page of up to 100 users, from the beginning with an empty cursor and otherwise from where the page that gave
// the cursor ended; its Next is empty after the last one. Users come in no order that means something. Those that are
// disabled or being erased are among them.
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
	return pageOverShards(ctx, u.project, "Users.List", u.users, "gsi1", cursor)
}

package identity

import (
	"context"

	"github.com/theorydb/theorydb"
)

// ListByTarget reads a page of up to 100 members of a target in the order of their user ids, strongly, from the beginning
// with an empty cursor and otherwise from where the page that gave it ended.
func (m *Memberships) ListByTarget(ctx context.Context, target Target, cursor string) (*theorydb.Page[Membership], error) {
	if err := m.ready(); err != nil {
		return nil, err
	}
	if err := target.check(); err != nil {
		return nil, err
	}
	return m.memberships.QueryPage(ctx, m.of(target), cursor)
}

// ListByUser reads a page of up to 100 memberships of a user. It reads an index, which may be a little behind: what a
// decision hangs on is asked with Get or Require.
func (m *Memberships) ListByUser(ctx context.Context, userID, cursor string) (*theorydb.Page[Membership], error) {
	if err := m.ready(); err != nil {
		return nil, err
	}
	if err := checkID("userID", userID); err != nil {
		return nil, err
	}
	query := m.ofUser(userID)
	query.Limit = listSize
	return m.memberships.QueryPage(ctx, query, cursor)
}

// of asks for the members of a target.
func (p *project) of(target Target) theorydb.Query[Membership] {
	return theorydb.Query[Membership]{Key: p.key(target, ""), Limit: listSize, Consistent: true}
}

// ofUser asks for all memberships of a user.
func (p *project) ofUser(userID string) theorydb.Query[Membership] {
	return theorydb.Query[Membership]{Key: Membership{UserID: userID}, Index: "gsi1"}
}

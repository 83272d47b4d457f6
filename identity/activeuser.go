package identity

import "github.com/theorydb/theorydb"

// activeUser is the condition that a user exists and is active, for a transaction that gives the user something.
func (p *project) activeUser(userID string) theorydb.TransactOp {
	return p.users.CheckOp(User{ID: userID}, theorydb.Equal("status", UserActive))
}

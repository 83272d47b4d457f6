package identity

import "github.com/theorydb/theorydb"

// activeUser is the condition that a user exists and is active, for a transaction that gives the user something. Where it
// fails the transaction is ErrUserInactive.
func (p *project) activeUser(userID string, conditions ...theorydb.Condition) theorydb.TransactOp {
	conditions = append([]theorydb.Condition{theorydb.Equal("status", UserActive)}, conditions...)
	return theorydb.FailAs(p.users.CheckOp(User{ID: userID}, conditions...), ErrUserInactive)
}

// userAtEpoch is activeUser of a user who had no sessions ended since that epoch.
func (p *project) userAtEpoch(userID string, epoch int64) theorydb.TransactOp {
	return p.activeUser(userID, theorydb.Equal("sessionEpoch", epoch))
}

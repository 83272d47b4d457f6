package identity

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestStepUpGivesANewSecretAndRaisesTheLevel(t *testing.T) {
	eachSessBench(t, func(t *testing.T, b *sessBench) {
		grant := b.signIn(t, b.user(t, "u1"))
		b.clock.Advance(time.Minute)
		session, token, err := b.Sessions.StepUp(t.Context(), grant.Session, 2, "otp", "hwk")
		require.NoError(t, err)
		require.Equal(t, session, b.stored(t, grant.Session))
		require.Equal(t, []string{"hwk", "otp"}, session.AMR)
		require.Equal(t, []string{"hwk"}, grant.Session.AMR)
		require.EqualValues(t, 2, session.AAL)
		require.Equal(t, grant.Session.ID, session.ID)
		require.True(t, session.AuthnAt.After(grant.Session.AuthnAt))
		_, err = b.AuthenticateSession(t.Context(), grant.Token)
		require.Equal(t, ErrInvalidToken, err, "the token of before is worth nothing")
		_, err = b.AuthenticateSession(t.Context(), token)
		require.NoError(t, err)
		_, _, err = b.Sessions.StepUp(t.Context(), session, 1)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, _, err = b.Sessions.StepUp(t.Context(), grant.Session, 3)
		require.ErrorIs(t, err, theorydb.ErrVersionConflict)
	})
}

// Nobody is told that an ended session goes on, only because its last use was written a moment ago.
func TestTouchRefusesAnEndedSessionInsideTheIntervalToo(t *testing.T) {
	b := openSessBench(t)
	user := b.user(t, "u1")
	grant := b.signIn(t, user, func(n *NewSession) { n.Absolute = 30 * time.Second })
	b.clock.Set(grant.Session.AbsExpiresAt)
	_, err := b.Sessions.Touch(t.Context(), grant.Session)
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)

	revoked := b.signIn(t, user)
	require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", revoked.Session.ID, "test"))
	_, err = b.Sessions.Touch(t.Context(), b.stored(t, revoked.Session))
	require.ErrorIs(t, err, theorydb.ErrConditionFailed)
}

func TestASessionOfAShortIdleTimeLivesWhileItIsUsed(t *testing.T) {
	b := openSessBench(t)
	session := b.signIn(t, b.user(t, "u1"), func(n *NewSession) { n.Idle = 20 * time.Second }).Session
	written := session.Version
	for range 30 { // of 5 s each, every other of which is written
		b.clock.Advance(5 * time.Second)
		var err error
		session, err = b.Sessions.Touch(t.Context(), session)
		require.NoError(t, err)
	}
	require.InDelta(t, 15, session.Version-written, 1)
	require.Equal(t, session, b.stored(t, session))
	b.clock.Advance(20 * time.Second)
	_, err := b.Sessions.Touch(t.Context(), session)
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
}

func TestGateIsAskedBeforeASessionIsMadeRefreshedOrSteppedUp(t *testing.T) {
	refused := errors.New("the policy says no")
	var asked []string
	refuse := false
	b := openSessBench(t, func(o *Options) {
		o.Gate = func(_ context.Context, r GateRequest) error {
			asked = append(asked, r.Action+" "+r.Session.UserID+" "+r.Scope.Project())
			if refuse {
				return refused
			}
			return nil
		}
	})
	user := b.user(t, "u1")
	grant := b.signIn(t, user)
	b.refresh(t, grant.Refresh)
	stepped, _, err := b.Sessions.StepUp(t.Context(), b.stored(t, grant.Session), 2)
	require.NoError(t, err)
	require.Equal(t, []string{"create u1 prod", "refresh u1 prod", "step_up u1 prod"}, asked)

	refuse = true
	before := b.aws.Items(b.table)
	b.aws.ResetCalls()
	_, err = b.Sessions.Create(t.Context(), NewSession{User: user, AAL: 1})
	require.Equal(t, refused, err)
	_, _, err = b.Sessions.StepUp(t.Context(), stepped, 3)
	require.Equal(t, refused, err)
	require.Empty(t, b.aws.Calls())
	_, err = b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
	require.Equal(t, refused, err, "inside the grace too")
	require.Equal(t, before, b.aws.Items(b.table))
}

func TestNewSessionIsCheckedBeforeAnythingIsSent(t *testing.T) {
	b := openSessBench(t)
	user := b.user(t, "u1")
	b.aws.ResetCalls()
	for field, change := range map[string]func(*NewSession){
		"User.ID":           func(n *NewSession) { n.User.ID = "a#U#b" },
		"OrgID":             func(n *NewSession) { n.OrgID = "a b" },
		"AAL":               func(n *NewSession) { n.AAL = 0 },
		"AMR":               func(n *NewSession) { n.AMR = []string{"\xff"} },
		"AuthnAt":           func(n *NewSession) { n.AuthnAt = b.clock.Now().Add(2 * time.Minute) },
		"IP":                func(n *NewSession) { n.IP = "localhost" },
		"Idle":              func(n *NewSession) { n.Idle = 15 * 24 * time.Hour },
		"Absolute":          func(n *NewSession) { n.Absolute = 31 * 24 * time.Hour },
		"Family.ClientID":   func(n *NewSession) { n.Family.ClientID = "" },
		"Family.Resource":   func(n *NewSession) { n.Family.Resource = strings.Repeat("x", 2049) },
		"Family.TokenScope": func(n *NewSession) { n.Family.TokenScope = "\xff" },
	} {
		n := NewSession{User: user, AAL: 1, Family: &NewFamily{ClientID: "app"}}
		change(&n)
		_, err := b.Sessions.Create(t.Context(), n)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, field)
		require.ErrorContains(t, err, field)
	}
	foreign := user
	foreign.ProjectID = "test"
	_, err := b.Sessions.Create(t.Context(), NewSession{User: foreign, AAL: 1})
	require.ErrorIs(t, err, theorydb.ErrScopeMismatch)
	_, err = b.Sessions.Get(t.Context(), "a#b", "s")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	require.ErrorIs(t, b.Sessions.Revoke(t.Context(), "u1", "s", ""), theorydb.ErrInvalidValue)
	_, err = b.For(Scope{}).Sessions.Create(t.Context(), NewSession{})
	require.ErrorIs(t, err, theorydb.ErrScopeRequired)
	_, err = b.For(Scope{}).RefreshTokens.Refresh(t.Context(), theorydb.NewSecret("x"), "app")
	require.ErrorIs(t, err, theorydb.ErrScopeRequired)
	require.Empty(t, b.aws.Calls())

	grant := b.signIn(t, user, func(n *NewSession) { n.UserAgent = "a\xff" + strings.Repeat("é", 200) })
	require.LessOrEqual(t, len(grant.Session.UserAgent), 200)
	require.True(t, strings.HasPrefix(grant.Session.UserAgent, "a\uFFFDé"))
	require.Equal(t, grant.Session, b.stored(t, grant.Session))
}

func TestSessionWithoutAnEndIsNeitherWrittenNorRead(t *testing.T) {
	eachSessBench(t, func(t *testing.T, b *sessBench) {
		b.user(t, "u1")
		endless := Session{UserID: "u1", ID: "s1"}
		require.ErrorIs(t, b.raw.sessions.Create(t.Context(), &endless), theorydb.ErrInvalidValue)
		require.Equal(t, SessionExpired, SessionState(endless, User{ID: "u1", Status: "active"}, SessionPolicy{}, b.clock.Now()))
	})
}

func TestADisabledUserGetsNoSessionWhateverTheEpoch(t *testing.T) {
	eachSessBench(t, func(t *testing.T, b *sessBench) {
		user := b.user(t, "u1")
		grant := b.signIn(t, user)
		disable := func() {
			_, err := b.raw.users.Modify(t.Context(), User{ID: "u1"}, func(u *User) error { u.Status = "disabled"; return nil })
			require.NoError(t, err)
		}
		b.faults.On("TransactWriteItems").Error(400, "TransactionInProgressException", "busy").Then(disable)
		_, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app") // read while the user was active
		var status *SessionError
		require.ErrorAs(t, err, &status)
		require.Equal(t, SessionDisabled, status.Status)
		family, err := b.raw.families.Get(t.Context(), RefreshFamily{UserID: "u1", SessionID: grant.Session.ID}, theorydb.Consistent())
		require.NoError(t, err)
		require.EqualValues(t, 1, family.Gen)
		_, err = b.Sessions.Create(t.Context(), NewSession{User: user, AAL: 1})
		require.ErrorIs(t, err, ErrUserInactive)
		list, err := b.Sessions.ListByUser(t.Context(), "u1")
		require.NoError(t, err)
		require.Len(t, list, 1)
	})
}

package identity

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// manyItems gives a user everything that a partition can hold: sessions with families, 5 credentials, 3 identifiers and
// the rest.
func manyItems(t testing.TB, b *bench, id string, sessions int) {
	stores := b.For(b.scope)
	p := stores.Users.project
	_, err := stores.Users.Create(t.Context(), User{ID: id}, NewUser{
		Identifiers: []NewIdentifier{{Kind: KindEmail, Value: id + "@example.com"}, {Kind: KindPhone, Value: "+4915123456" + fmt.Sprint(len(id))}, {Kind: KindExternal, Value: "of " + id}},
		Profile:     &Profile{Name: theorydb.NewSecret("Name of " + id)},
	})
	require.NoError(t, err)
	for n := range sessions {
		session := testSession(b, id, fmt.Sprint("s", n), 0)
		require.NoError(t, p.db.Transact(t.Context(), p.sessions.CreateOp(session), p.families.CreateOp(&RefreshFamily{
			UserID: id, SessionID: session.ID, Gen: 1, RotatedAt: session.AuthnAt, BoundSecret: theorydb.NewSecret([]byte("bound secret of " + id)),
			ClientID: "c", AbsExpiresAt: session.AbsExpiresAt,
		})))
	}
	for n := range 5 {
		require.NoError(t, p.credentials.Create(t.Context(), &Credential{UserID: id, Type: "oauth_token", ID: fmt.Sprint("c", n), Secret: theorydb.NewSecret([]byte("credential of " + id))}))
	}
	credentialID := "passkey-of-" + id
	require.NoError(t, p.db.Transact(t.Context(), p.passkeys.CreateOp(&Passkey{UserID: id, CredentialID: credentialID, RPID: "example.com"}),
		p.passkeyLocators.CreateOp(&PasskeyLocator{CredentialID: credentialID, UserID: id})))
	require.NoError(t, p.enrolments.Create(t.Context(), &MFAEnrolment{UserID: id, ID: "m", Status: "pending", Seed: theorydb.NewSecret([]byte("seed of " + id))}))
	require.NoError(t, p.recoverySets.Create(t.Context(), &RecoverySet{UserID: id, SetID: "set", Salt: []byte("salt")}))
	require.NoError(t, p.recoveryCodes.Create(t.Context(), &RecoveryCode{UserID: id, SetID: "set", Number: 1, PHC: "phc of " + id}))
	require.NoError(t, p.subjectPII.Create(t.Context(), &SubjectPII{
		UserID: id, EventID: "e", Nonce: []byte("nonce"),
		Data: theorydb.NewSecret(map[string]string{"ip": "secret of " + id}), TTL: testSession(b, id, "x", 0).ExpiresAt,
	}))
	_, err = stores.Identities.Link(t.Context(), id, "https://idp.example", "subject-of-"+id)
	require.NoError(t, err)
	_, err = stores.Bindings.Bind(t.Context(), Binding{UserID: id, Issuer: "https://up.example", Subject: "subject-of-" + id, ClientID: "c", Resource: "r", RefreshToken: theorydb.NewSecret("token of " + id)})
	require.NoError(t, err)
}

// testSession is a session as the models take it.
func testSession(b *bench, userID, id string, epoch int64) *Session {
	later := b.clock.Now().Add(time.Hour).Truncate(time.Second)
	return &Session{
		UserID: userID, ID: id, SecretHash: "of " + id, Epoch: epoch, AuthnAt: b.clock.Now(), LastSeenAt: b.clock.Now(),
		IdleExpiresAt: later, AbsExpiresAt: later, ExpiresAt: later,
	}
}

// eraseAll goes on with an erasure to its end and counts the calls.
func eraseAll(t testing.TB, users *Users, id, cursor string) (calls int) {
	for done := false; !done; calls++ {
		var err error
		cursor, done, err = users.Erase(t.Context(), id, cursor)
		require.NoError(t, err)
		require.Less(t, calls, 20)
	}
	return calls
}

func TestEraseLeavesAnIdentifierThatAnotherUserHasByNow(t *testing.T) {
	b := openBench(t)
	users := b.For(b.scope).Users
	manyItems(t, b, "alice", 3)
	cursor, _, err := users.Erase(t.Context(), "alice", "")
	require.NoError(t, err)
	_, _, err = users.Erase(t.Context(), "alice", cursor)
	require.NoError(t, err)
	newUser(t, b.For(b.scope), "carol", "alice@example.com")
	eraseAll(t, users, "alice", cursor) // the step again, as after a crash
	found, err := users.GetByIdentifier(t.Context(), KindEmail, "alice@example.com")
	require.NoError(t, err)
	require.Equal(t, "carol", found.ID)
}

func TestExportGivesEverythingButWhatProves(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		users := b.For(b.scope).Users
		manyItems(t, b, "alice", 60)
		manyItems(t, b, "bob", 60)
		require.NoError(t, users.memberships.Create(t.Context(), &Membership{TargetType: "org", TargetID: "o", UserID: "alice", Role: "member", Status: "active"}))
		counts := map[string]int{}
		for exported, err := range users.Export(t.Context(), "alice") {
			require.NoError(t, err)
			counts[exported.Entity]++
			switch record := exported.Record.(type) {
			case *Profile:
				require.Equal(t, "Name of alice", record.Name.Reveal())
			case *SubjectPII:
				require.Equal(t, "secret of alice", record.Data.Reveal()["ip"])
			case *Session:
				require.Empty(t, record.SecretHash)
			case *Credential:
				require.False(t, record.Secret.IsSet())
			case *RefreshFamily:
				require.False(t, record.BoundSecret.IsSet())
			case *MFAEnrolment:
				require.False(t, record.Seed.IsSet())
			case *RecoveryCode:
				require.Empty(t, record.PHC)
			case *Binding:
				require.False(t, record.RefreshToken.IsSet())
			case *Identifier:
				require.Equal(t, "alice", record.UserID)
			}
		}
		require.Equal(t, map[string]int{
			"User": 1, "Profile": 1, "Session": 60, "RefreshFamily": 60, "Credential": 5, "Passkey": 1, "MFAEnrolment": 1,
			"RecoverySet": 1, "RecoveryCode": 1, "SubjectPII": 1, "UserIdentity": 1, "Binding": 1, "Identifier": 3, "Membership": 1,
		}, counts)

		n := 0
		for _, err := range users.Export(t.Context(), "alice") {
			require.NoError(t, err)
			if n++; n == 3 {
				break
			}
		}
		require.Equal(t, 3, n)
		require.ErrorIs(t, exportError(t.Context(), users, "nobody"), theorydb.ErrItemNotFound)
		b.kmsFaults.On("").Always().DropBefore()
		require.ErrorIs(t, exportError(t.Context(), users, "alice"), theorydb.ErrEncryption)
	})
}

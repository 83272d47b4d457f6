package identity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
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

// namesUser gives the entities of stored items that hold a user's id, in a key or elsewhere.
func namesUser(t testing.TB, b *bench, id string) []string {
	var all []string
	for _, item := range usersItems(t, b) {
		for _, value := range item {
			for _, text := range usersTexts(value) {
				if s := string(text); s == id || strings.Contains(s, "#U#"+id) || strings.HasSuffix(s, "-of-"+id) {
					name, _ := item["_t"].(*types.AttributeValueMemberS)
					all = append(all, name.Value)
				}
			}
		}
	}
	return all
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

func TestContractErase(t *testing.T) {
	t.Run("id.user.erase_many_items", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			users := b.For(b.scope).Users
			manyItems(t, b, "alice", 60)
			manyItems(t, b, "bob", 60)
			bobs := len(namesUser(t, b, "bob"))
			require.Greater(t, bobs, 130)
			cursor, done, err := users.Erase(t.Context(), "alice", "")
			require.NoError(t, err)
			require.False(t, done)
			require.NotEmpty(t, cursor) // and then the process crashes, and the cursor is lost
			user, err := users.Get(t.Context(), "alice")
			require.NoError(t, err)
			require.Equal(t, UserDeleting, user.Status)
			require.Equal(t, int64(1), user.SessionEpoch)
			_, err = users.Enable(t.Context(), "alice")
			require.ErrorIs(t, err, ErrUserInactive)
			_, err = b.For(b.scope).Identities.Link(t.Context(), "alice", "i", "s")
			require.ErrorIs(t, err, ErrUserInactive)
			require.Positive(t, eraseAll(t, users, "alice", ""))
			require.Empty(t, namesUser(t, b, "alice"))
			require.Len(t, namesUser(t, b, "bob"), bobs, "nothing of another user's")
			usersHoldNoneOf(t, b, "alice")
			_, err = users.Get(t.Context(), "alice")
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
			_, err = users.GetByIdentifier(t.Context(), KindEmail, "alice@example.com")
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
			next, done, err := users.Erase(t.Context(), "alice", cursor)
			require.NoError(t, err)
			require.True(t, done, "an erasure that was finished, of which the caller does not know")
			require.Empty(t, next)
			_, _, err = users.Erase(t.Context(), "alice", "")
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
			_, _, err = users.Erase(t.Context(), "bob", cursor)
			require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
			newUser(t, b.For(b.scope), "carol", "alice@example.com")
		})
	})
	t.Run("id.user.erase_crash_at_every_request", func(t *testing.T) {
		for _, effect := range []string{"before", "after"} {
			for crash := 1; ; crash++ {
				b := openBench(t)
				users := b.For(b.scope).Users
				manyItems(t, b, "alice", 3)
				down := b.faults.On("").Nth(crash).Always()
				if effect == "before" {
					down.DropBefore()
				} else {
					down.CommitThenDrop()
				}
				cursor, done, err := "", false, error(nil)
				for !done && err == nil {
					cursor, done, err = users.Erase(t.Context(), "alice", cursor)
				}
				if err == nil {
					require.Greater(t, crash, 15, "there are so many requests")
					break
				}
				b.faults = newFaults(b)
				if crash%2 == 0 {
					cursor = "" // lost
				}
				if _, err := users.Get(t.Context(), "alice"); err == nil {
					eraseAll(t, users, "alice", cursor)
				}
				require.Empty(t, namesUser(t, b, "alice"), "%s, request %d", effect, crash)
				usersHoldNoneOf(t, b, "alice")
			}
		}
	})
	t.Run("id.erase.audit_shred", func(t *testing.T) { // as far as users go
		b := openBench(t)
		users := b.For(b.scope).Users
		manyItems(t, b, "alice", 3)
		event := &AuditEvent{EventType: "auth.signed_in", Month: "2030-03", CreatedAt: b.clock.Now(), Seq: 1, ID: "e", Actor: "alice", Subject: "alice", Hash: "h", PIIHash: "p"}
		require.NoError(t, users.events.Create(t.Context(), event))
		b.kmsFaults.On("").Always().DropBefore()
		eraseAll(t, users, "alice", "")
		b.kmsFaults = newFaults(b)
		stored, err := users.events.Get(t.Context(), *event, theorydb.Consistent())
		require.NoError(t, err)
		require.Equal(t, event, stored)
		_, err = users.subjectPII.Get(t.Context(), SubjectPII{UserID: "alice", EventID: "e"}, theorydb.Consistent())
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		require.Zero(t, usersOf(t, b, "SubjectPII"))
		require.Equal(t, 1, usersOf(t, b, "AuditEvent"))
	})
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

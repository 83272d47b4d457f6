package identitysuite

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

// costlyAddress is an address that users of costs have.
const costlyAddress = "someone@example.com"

// userCosts are those of Users, Profiles and what users sign in with.
var userCosts = []cost{
	{
		name: "user create, one e-mail and profile", requests: []string{"TransactWriteItems"}, write: 6, index: 1, kms: []string{"GenerateDataKey"},
		prepare: func(t *testing.T, b *bench) func() error {
			b.addressed(t, "first", "first@example.com") // the key's ARN is found once
			return func() error { b.addressed(t, costlyUser, costlyAddress); return nil }
		},
	},
	{
		name: "user by e-mail", requests: []string{"GetItem", "GetItem"}, read: 2,
		prepare: onAddressed(func(t *testing.T, b *bench) error {
			_, err := b.Users.GetByIdentifier(t.Context(), identity.KindEmail, costlyAddress)
			return err
		}),
	},
	{
		name: "user disable", requests: []string{"GetItem", "UpdateItem"}, read: 1, write: 1, index: 1,
		prepare: onAddressed(func(t *testing.T, b *bench) error {
			_, err := b.Users.Disable(t.Context(), costlyUser)
			return err
		}),
	},
	{
		name: "user disable with its event", requests: []string{"GetItem", "GetItem", "TransactWriteItems"}, read: 2, write: 2 + 6, index: 1 + 2,
		prepare: onAddressed(func(t *testing.T, b *bench) error {
			_, err := b.Users.Disable(t.Context(), costlyUser, identity.WithAudit(identity.Event{Actor: costlyUser}))
			return err
		}),
	},
	{
		name: "profile", requests: []string{"GetItem"}, read: 1, kms: []string{"Decrypt"},
		prepare: onAddressed(func(t *testing.T, b *bench) error {
			_, err := b.Profiles.Get(t.Context(), costlyUser)
			return err
		}),
	},
	{
		name: "one-time token issue", requests: []string{"PutItem"}, write: 1,
		prepare: func(t *testing.T, b *bench) func() error { return func() error { b.costlyLink(t); return nil } },
	},
	{
		name: "one-time token consume", requests: []string{"UpdateItem"}, write: 1,
		prepare: func(t *testing.T, b *bench) func() error {
			link := b.costlyLink(t)
			return func() error { _, err := b.OneTimeTokens.Consume(t.Context(), identity.KindMagicLink, link); return err }
		},
	},
	{
		name: "one-time token consume, with a session made", requests: []string{"GetItem", "TransactWriteItems"}, read: 1, write: 2 + 4,
		prepare: func(t *testing.T, b *bench) func() error {
			user, link := b.user(t, costlyUser), b.costlyLink(t)
			return func() error {
				_, err := b.OneTimeTokens.ConsumeWith(t.Context(), identity.KindMagicLink, link, func(identity.OneTimeToken) ([]theorydb.TransactOp, error) {
					grant, ops, err := b.Sessions.CreateOps(t.Context(), identity.NewSession{User: user, AAL: 1})
					if err == nil {
						b.handedOut(t, grant.Token)
					}
					return ops, err
				})
				return err
			}
		},
	},
	{
		name: "code verify", requests: []string{"UpdateItem", "UpdateItem"}, write: 2,
		prepare: func(t *testing.T, b *bench) func() error {
			code, err := b.OneTimeTokens.IssueCode(t.Context(), "flow", identity.CodeSpec{Kind: "email", Subject: costlyUser})
			require.NoError(t, err)
			b.keepSecret(code.Reveal())
			return func() error { _, err := b.OneTimeTokens.VerifyCode(t.Context(), "flow", code); return err }
		},
	},
	{
		name: "TOTP verify", requests: []string{"Query", "UpdateItem", "UpdateItem"}, read: 1, write: 2, kms: []string{"Decrypt"},
		prepare: func(t *testing.T, b *bench) func() error {
			b.user(t, costlyUser)
			app := b.confirmed(t, costlyUser)
			b.clock.Advance(time.Hour)
			return func() error {
				return b.MFA.VerifyTOTP(t.Context(), costlyUser, app.code(stepOf(b.clock.Now())))
			}
		},
	},
	{
		name: "recovery code consume", requests: []string{"GetItem", "Query", "TransactWriteItems"}, read: 2, write: 4,
		prepare: func(t *testing.T, b *bench) func() error {
			b.user(t, costlyUser)
			codes, err := b.RecoveryCodes.Generate(t.Context(), costlyUser)
			require.NoError(t, err)
			for _, code := range codes {
				b.keepSecret(code.Reveal())
			}
			return func() error { _, err := b.RecoveryCodes.Consume(t.Context(), costlyUser, codes[3]); return err }
		},
	},
}

// costlyLink issues a magic link, which is kept secret.
func (b *bench) costlyLink(t testing.TB) theorydb.Secret[string] {
	t.Helper()
	link, err := b.OneTimeTokens.Issue(t.Context(), identity.KindMagicLink, identity.TokenSpec{Subject: costlyUser})
	require.NoError(t, err)
	b.keepSecret(link.Reveal())
	return link
}

// onAddressed is an operation on a user with an address.
func onAddressed(run func(*testing.T, *bench) error) func(*testing.T, *bench) func() error {
	return func(t *testing.T, b *bench) func() error {
		b.addressed(t, costlyUser, costlyAddress)
		return func() error { return run(t, b) }
	}
}

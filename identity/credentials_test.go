package identity

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// tokensWithoutKey is a service whose DB has no key, on an engine that is told of every request.
func tokensWithoutKey(t testing.TB) (*localaws.AWS, *Stores) {
	t.Helper()
	aws := localaws.New()
	db, err := theorydb.New(theorydb.Config{DynamoDB: aws.DynamoDB(), Table: "identity"})
	require.NoError(t, err)
	service, err := New(db, Options{IndexKey: make([]byte, keySize), OTPKey: make([]byte, keySize)})
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))
	scope, err := NewScope("acme", "prod")
	require.NoError(t, err)
	require.NoError(t, service.models.in(scope).users.Create(t.Context(), &User{ID: "u1", Status: "active"}))
	aws.ResetCalls()
	return aws, service.For(scope)
}

func deposit(text string) theorydb.Secret[[]byte] { return theorydb.NewSecret([]byte(text)) }

func (b *bench) deposited(t testing.TB, userID, id, secret string) *Credentials {
	t.Helper()
	credentials := b.For(b.scope).Credentials
	require.NoError(t, credentials.Register(t.Context(), userID, CredentialOAuthToken, id, deposit(secret)))
	return credentials
}

// stored gives the item with an attribute of that value.
func (b *bench) storedWith(t testing.TB, attribute, value string) map[string]types.AttributeValue {
	t.Helper()
	for _, item := range b.tokensStored(t) {
		if text, ok := item[attribute].(*types.AttributeValueMemberS); ok && text.Value == value {
			return item
		}
	}
	t.Fatalf("no item whose %s is %s", attribute, value)
	return nil
}

func TestContractCredentials(t *testing.T) {
	t.Run("id.enc.write_without_key", func(t *testing.T) {
		aws, stores := tokensWithoutKey(t)
		err := stores.Credentials.Register(t.Context(), "u1", CredentialOAuthToken, "c1", deposit("tok-1"))
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		err = stores.Credentials.Replace(t.Context(), "u1", CredentialOAuthToken, "c1", 1, deposit("tok-1"))
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		_, _, err = stores.MFA.Enroll(t.Context(), "u1", NewAuthenticator{Issuer: "Acme", Account: "a"})
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		_, err = stores.Credentials.Secret(t.Context(), "u1", CredentialOAuthToken, "c1")
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		require.ErrorIs(t, stores.MFA.VerifyTOTP(t.Context(), "u1", theorydb.NewSecret("123456")), theorydb.ErrEncryption)
		require.Empty(t, aws.Calls())
	})
	t.Run("id.enc.tx_write_without_key", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			b.tokensUser(t, "u1")
			b.kmsFaults.On("").DropBefore().Always()
			sent := b.tokensRequests()
			m := b.models.in(b.scope)
			err := b.db.Transact(t.Context(),
				m.users.CreateOp(&User{ID: "u2", Status: "active"}),
				m.credentials.CreateOp(&Credential{UserID: "u2", Type: CredentialOAuthToken, ID: "c1", Secret: deposit("tok-1")}),
				m.passkeyLocators.CreateOp(&PasskeyLocator{CredentialID: "aaaa", UserID: "u2"}),
			)
			require.ErrorIs(t, err, theorydb.ErrEncryption)
			require.ErrorIs(t, b.For(b.scope).Credentials.Register(t.Context(), "u1", CredentialOAuthToken, "c1", deposit("tok-1")), theorydb.ErrEncryption)
			require.Empty(t, sent())
			require.Len(t, b.tokensStored(t), 1)
		})
	})
	t.Run("id.enc.read_kms_down", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			credentials := b.deposited(t, b.tokensUser(t, "u1"), "c1", "tok-secret-1")
			b.kmsFaults.On("Decrypt").DropBefore().Always()
			secret, err := credentials.Secret(t.Context(), "u1", CredentialOAuthToken, "c1")
			require.ErrorIs(t, err, theorydb.ErrEncryption)
			require.NotErrorIs(t, err, theorydb.ErrItemNotFound)
			require.False(t, secret.IsSet())
			list, err := credentials.List(t.Context(), "u1")
			require.NoError(t, err, "a list opens nothing")
			require.Len(t, list, 1)
			require.Equal(t, CredentialInfo{Type: CredentialOAuthToken, ID: "c1", Version: 1, CreatedAt: list[0].CreatedAt, UpdatedAt: list[0].UpdatedAt}, list[0])
			require.NoError(t, credentials.Delete(t.Context(), "u1", CredentialOAuthToken, "c1"))
		})
	})
	t.Run("id.enc.read_key_revoked", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			credentials := b.deposited(t, b.tokensUser(t, "u1"), "c1", "tok-secret-1")
			a := b.confirmedTOTP(t, "u1")
			code := a.code(t, totpStep(b.clock.Now()))
			for _, state := range []localaws.KeyState{localaws.KeyDisabled, localaws.KeyPendingDeletion, localaws.KeyUnavailable} {
				require.NoError(t, b.aws.SetKeyState("alias/identity", state))
				secret, err := credentials.Secret(t.Context(), "u1", CredentialOAuthToken, "c1")
				require.ErrorIs(t, err, theorydb.ErrEncryption, state)
				require.NotErrorIs(t, err, theorydb.ErrItemNotFound)
				require.False(t, secret.IsSet())
				require.ErrorIs(t, b.For(b.scope).MFA.VerifyTOTP(t.Context(), "u1", code), theorydb.ErrEncryption)
			}
			require.NoError(t, b.aws.SetKeyState("alias/identity", localaws.KeyEnabled))
			b.kmsFaults.On("Decrypt").Error(http.StatusBadRequest, "AccessDeniedException", "no")
			_, err := credentials.Secret(t.Context(), "u1", CredentialOAuthToken, "c1")
			require.ErrorIs(t, err, theorydb.ErrEncryption)
			require.NoError(t, b.For(b.scope).MFA.VerifyTOTP(t.Context(), "u1", code))
		})
	})
	t.Run("id.enc.bitflip", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			credentials := b.deposited(t, b.tokensUser(t, "u1"), "c1", "tok-secret-1")
			a := b.confirmedTOTP(t, "u1")
			for _, flipped := range []struct {
				attribute, id string
				read          func() error
			}{
				{"secret", "c1", func() error {
					_, err := credentials.Secret(t.Context(), "u1", CredentialOAuthToken, "c1")
					return err
				}},
				{"seed", a.id, func() error {
					return b.For(b.scope).MFA.VerifyTOTP(t.Context(), "u1", a.code(t, totpStep(b.clock.Now())))
				}},
			} {
				whole := b.storedWith(t, "id", flipped.id)
				sealed := whole[flipped.attribute].(*types.AttributeValueMemberM).Value
				for name, member := range sealed {
					bytes, ok := member.(*types.AttributeValueMemberB)
					if !ok {
						continue
					}
					damaged := append([]byte{}, bytes.Value...)
					damaged[len(damaged)-1] ^= 1
					item, members := maps.Clone(whole), maps.Clone(sealed)
					members[name] = &types.AttributeValueMemberB{Value: damaged}
					item[flipped.attribute] = &types.AttributeValueMemberM{Value: members}
					b.plant(t, item)
					require.ErrorIs(t, flipped.read(), theorydb.ErrEncryption, name)
				}
				b.plant(t, whole)
				require.NoError(t, flipped.read(), "the control")
			}
		})
	})
	t.Run("id.enc.swap_attr", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			credentials := b.deposited(t, b.tokensUser(t, "u1"), "c1", "tok-secret-1")
			b.deposited(t, "u1", "c2", "tok-secret-2")
			b.deposited(t, b.tokensUser(t, "u2"), "c3", "tok-secret-3")
			a := b.confirmedTOTP(t, "u1")
			own := b.storedWith(t, "id", "c1")
			for _, from := range []struct{ attribute, id string }{{"secret", "c2"}, {"secret", "c3"}, {"seed", a.id}} {
				item := maps.Clone(own)
				item["secret"] = b.storedWith(t, "id", from.id)[from.attribute]
				b.plant(t, item)
				_, err := credentials.Secret(t.Context(), "u1", CredentialOAuthToken, "c1")
				require.ErrorIs(t, err, theorydb.ErrEncryption)
			}
			seed := b.storedWith(t, "id", a.id)
			seed["seed"] = own["secret"]
			b.plant(t, seed)
			require.ErrorIs(t, b.For(b.scope).MFA.VerifyTOTP(t.Context(), "u1", theorydb.NewSecret("123456")), theorydb.ErrEncryption)
			delete(own, "secret")
			b.plant(t, own)
			_, err := credentials.Secret(t.Context(), "u1", CredentialOAuthToken, "c1")
			require.ErrorIs(t, err, theorydb.ErrEncryption, "removed is not absent")
		})
	})
	t.Run("id.enc.no_env_switch", func(t *testing.T) {
		for _, name := range []string{
			"DISABLE_ENCRYPTION", "THEORYDB_DISABLE_ENCRYPTION", "THEORYDB_ENCRYPTION", "ENCRYPTION_DISABLED", "SKIP_ENCRYPTION", "NO_KMS",
			"INSECURE", "DEBUG", "TEST", "CI", "GO_TEST",
		} {
			t.Setenv(name, "1")
		}
		for _, name := range []string{"GO_ENV", "APP_ENV", "ENV", "ENVIRONMENT", "STAGE", "NODE_ENV"} {
			t.Setenv(name, "test")
		}
		aws, stores := tokensWithoutKey(t)
		require.ErrorIs(t, stores.Credentials.Register(t.Context(), "u1", CredentialOAuthToken, "c1", deposit("tok-1")), theorydb.ErrEncryption)
		require.Empty(t, aws.Calls())
		b := openBench(t)
		credentials := b.deposited(t, b.tokensUser(t, "u1"), "c1", "tok-secret-1")
		b.tokensHoldNoneOf(t, "tok-secret-1")
		b.kmsFaults.On("Decrypt").DropBefore().Always()
		secret, err := credentials.Secret(t.Context(), "u1", CredentialOAuthToken, "c1")
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		require.False(t, secret.IsSet())
	})
	t.Run("id.cred.no_password", func(t *testing.T) {
		b := openBench(t)
		b.tokensUser(t, "u1")
		credentials := b.For(b.scope).Credentials
		sent := b.tokensRequests()
		refused := func(kind, id, secret string) {
			t.Helper()
			err := credentials.Register(t.Context(), "u1", kind, id, deposit(secret))
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			require.NotContains(t, fmt.Sprint(err), secret)
			err = credentials.Replace(t.Context(), "u1", kind, id, 1, deposit(secret))
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		}
		for _, kind := range []string{"password", "Password", "password_hash", "webauthn", "", "totp"} {
			refused(kind, "c1", "a-secret")
		}
		for _, id := range []string{"password", "passwordHash", "password_hash", "user-password", "passwd", "pass_word", "PWD", "pass-phrase", "bcrypt", "argon2id", "hash", "pw.hash"} {
			refused(CredentialOAuthToken, id, "a-secret")
		}
		for _, value := range []string{
			"$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW", "$2a$10$x", phcExample, "$argon2i$v=19$m=1", "$6$salt$x", "$1$s$x",
			"$y$j9T$x", "$pbkdf2-sha256$29000$x", "$scrypt$ln=16$x", "$7$C6..../....x", "pbkdf2_sha256$260000$x", "argon2$argon2id$v=19", "bcrypt_sha256$$2b$12$x",
		} {
			refused(CredentialOAuthToken, "c1", value)
		}
		refused(CredentialOAuthToken, "c#1", "a-secret")
		require.ErrorIs(t, credentials.Register(t.Context(), "u1", CredentialOAuthToken, "c1", theorydb.Secret[[]byte]{}), theorydb.ErrInvalidValue)
		require.ErrorIs(t, credentials.Register(t.Context(), "u1", CredentialOAuthToken, "c1", theorydb.NewSecret(make([]byte, maxCredential+1))), theorydb.ErrInvalidValue)
		require.ErrorIs(t, b.For(Scope{}).Credentials.Delete(t.Context(), "u1", CredentialOAuthToken, "c1"), theorydb.ErrScopeRequired)
		require.Empty(t, sent())
		for _, id := range []string{"google", "hashicorp", "c-1", "compass"} {
			require.NoError(t, credentials.Register(t.Context(), "u1", CredentialOAuthToken, id, deposit("ya29.$token$")), id)
		}
	})
}

func TestCredentialIsReplacedByOneOfThoseThatHoldItsVersion(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		credentials := b.deposited(t, b.tokensUser(t, "u1"), "c1", "tok-secret-1")
		secret, err := credentials.Secret(t.Context(), "u1", CredentialOAuthToken, "c1")
		require.NoError(t, err)
		require.Equal(t, "tok-secret-1", string(secret.Reveal()))
		require.Equal(t, "[REDACTED]", fmt.Sprintf("%v", secret))
		err = credentials.Register(t.Context(), "u1", CredentialOAuthToken, "c1", deposit("tok-secret-2"))
		require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
		errs := tokensAtOnce(16, func(i int) error {
			return credentials.Replace(t.Context(), "u1", CredentialOAuthToken, "c1", 1, deposit(fmt.Sprintf("tok-secret-new-%d", i)))
		})
		tokensOneWinner(t, errs, theorydb.ErrVersionConflict)
		secret, err = credentials.Secret(t.Context(), "u1", CredentialOAuthToken, "c1")
		require.NoError(t, err)
		for i, err := range errs {
			if err == nil {
				require.Equal(t, fmt.Sprintf("tok-secret-new-%d", i), string(secret.Reveal()))
			}
		}
		require.ErrorIs(t, credentials.Replace(t.Context(), "u1", CredentialOAuthToken, "c9", 1, deposit("x")), theorydb.ErrItemNotFound)
		require.ErrorIs(t, credentials.Register(t.Context(), "nobody", CredentialOAuthToken, "c1", deposit("x")), ErrUserInactive)
		b.tokensHoldNoneOf(t, "tok-secret-1", "tok-secret-new", string(secret.Reveal()))
	})
}

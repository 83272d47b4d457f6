package identitysuite

import (
	"maps"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

// What is sealed of a user's sign-in: deposited credentials and the seeds of authenticators.
var credentialSealing = []Scenario{
	{ID: "id.enc.write_without_key", Of: "credential", run: nothingIsSentForASecretWithoutAKey},
	{ID: "id.enc.tx_write_without_key", Of: "credential", run: aTransactionWithASecretIsNotSentWithoutAKey},
	{ID: "id.enc.read_kms_down", Of: "credential", run: aSecretIsNotReadWhileKMSIsDown},
	{ID: "id.enc.read_key_revoked", Of: "credential", run: aSecretIsNotReadWhenItsKeyIsRevoked},
	{ID: "id.enc.bitflip", Of: "credential", run: aDamagedSecretIsNotRead},
	{ID: "id.enc.swap_attr", Of: "credential", run: aMovedSecretIsNotRead},
	{ID: "id.enc.no_env_switch", run: noVariableOfTheEnvironmentTurnsSealingOff},
	{ID: "id.enc.other_region_no_key", Of: "credential", run: aSecretIsNotReadInARegionWithoutItsKey},
}

// requireNoSecret requires that a credential can't be read, that the error says why, and that it gives nothing.
func (b *bench) requireNoSecret(t testing.TB, from *identity.Stores, userID, id string) {
	t.Helper()
	secret, err := from.Credentials.Secret(t.Context(), userID, tokenType, id)
	require.ErrorIs(t, b.tells(err), theorydb.ErrEncryption)
	require.NotErrorIs(t, err, theorydb.ErrItemNotFound)
	require.False(t, secret.IsSet())
	require.Nil(t, secret.Reveal())
}

// requireSecret requires that a credential is read as it was deposited.
func (b *bench) requireSecret(t testing.TB, userID, id, text string) {
	t.Helper()
	secret, err := b.Credentials.Secret(t.Context(), userID, tokenType, id)
	require.NoError(t, err)
	require.Equal(t, text, string(secret.Reveal()))
}

// withoutKey is a service on the bench's table whose DB has neither KMS nor a key.
func (b *bench) withoutKey(t testing.TB) *identity.Stores {
	t.Helper()
	service, _ := b.serve(t, func(c *theorydb.Config) { c.KMS, c.KeyID = nil, "" }, nil)
	return service.For(b.scope)
}

// requireNothingIsSentWithoutKey requires that a service without a key neither stores nor reads a secret.
func (b *bench) requireNothingIsSentWithoutKey(t testing.TB, userID string) {
	t.Helper()
	stores, deposit := b.withoutKey(t), b.toDeposit("tok-without-a-key")
	require.Empty(t, b.faults.during(func() {
		require.ErrorIs(t, stores.Credentials.Register(t.Context(), userID, tokenType, "c1", deposit), theorydb.ErrEncryption)
		require.ErrorIs(t, stores.Credentials.Replace(t.Context(), userID, tokenType, "c1", 1, deposit), theorydb.ErrEncryption)
		id, text, err := stores.MFA.Enroll(t.Context(), userID, identity.NewAuthenticator{Issuer: "Acme", Account: "a"})
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		require.Empty(t, id)
		require.False(t, text.IsSet())
		b.requireNoSecret(t, stores, userID, "c1")
		require.ErrorIs(t, stores.MFA.VerifyTOTP(t.Context(), userID, theorydb.NewSecret("123456")), theorydb.ErrEncryption)
	}))
}

func nothingIsSentForASecretWithoutAKey(t *testing.T, b *bench) {
	b.requireNothingIsSentWithoutKey(t, b.user(t, "depositor").ID)
	require.Empty(t, b.itemsOf(t, "Credential"))
	require.Empty(t, b.itemsOf(t, "MFAEnrolment"))
}

func aTransactionWithASecretIsNotSentWithoutAKey(t *testing.T, b *bench) {
	b.user(t, "depositor")
	before := b.stored(t)
	b.kmsFaults.On("").DropBefore().Always()
	deposit := b.toDeposit("tok-secret-1")
	require.Empty(t, b.faults.during(func() {
		err := b.db.Transact(t.Context(),
			rows[identity.User](t, b).CreateOp(&identity.User{ID: "another", Status: "active"}),
			rows[identity.Credential](t, b).CreateOp(&identity.Credential{UserID: "another", Type: tokenType, ID: "c1", Secret: deposit}),
			rows[identity.PasskeyLocator](t, b).CreateOp(&identity.PasskeyLocator{CredentialID: "aaaa", UserID: "another"}),
		)
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		require.ErrorIs(t, b.Credentials.Register(t.Context(), "depositor", tokenType, "c1", deposit), theorydb.ErrEncryption)
	}))
	require.Equal(t, before, b.stored(t))
	b.kmsFaults.mend()
}

func aSecretIsNotReadWhileKMSIsDown(t *testing.T, b *bench) {
	b.deposited(t, b.user(t, "depositor").ID, "c1", "tok-secret-1")
	b.kmsFaults.On("Decrypt").DropBefore().Always()
	b.requireNoSecret(t, b.Stores, "depositor", "c1")
	list, err := b.Credentials.List(t.Context(), "depositor")
	require.NoError(t, err, "a list opens nothing")
	require.Len(t, list, 1)
	require.Equal(t, identity.CredentialInfo{
		Type: tokenType, ID: "c1", Version: 1, CreatedAt: list[0].CreatedAt, UpdatedAt: list[0].UpdatedAt,
	}, list[0])
	require.NoError(t, b.Credentials.Delete(t.Context(), "depositor", tokenType, "c1"))
	b.kmsFaults.mend()
}

func aSecretIsNotReadWhenItsKeyIsRevoked(t *testing.T, b *bench) {
	b.deposited(t, b.user(t, "depositor").ID, "c1", "tok-secret-1")
	a := b.confirmed(t, "depositor")
	code, before := a.code(stepOf(b.clock.Now())), b.stored(t)
	for _, state := range []localaws.KeyState{localaws.KeyDisabled, localaws.KeyPendingDeletion, localaws.KeyUnavailable} {
		require.NoError(t, b.kms.SetKeyState(keyAlias, state))
		b.requireNoSecret(t, b.Stores, "depositor", "c1")
		require.ErrorIs(t, b.MFA.VerifyTOTP(t.Context(), "depositor", code), theorydb.ErrEncryption, state)
	}
	require.NoError(t, b.kms.SetKeyState(keyAlias, localaws.KeyEnabled))
	b.kmsFaults.On("Decrypt").Error(http.StatusBadRequest, "AccessDeniedException", "no")
	b.requireNoSecret(t, b.Stores, "depositor", "c1")
	require.Equal(t, before, b.stored(t), "no try was counted")
	require.NoError(t, b.MFA.VerifyTOTP(t.Context(), "depositor", code))
	b.requireSecret(t, "depositor", "c1", "tok-secret-1")
}

// itemOf is the stored item of an entity with that id.
func (b *bench) itemOf(t testing.TB, entity, id string) map[string]types.AttributeValue {
	t.Helper()
	for _, item := range b.itemsOf(t, entity) {
		if text, ok := item["id"].(*types.AttributeValueMemberS); ok && text.Value == id {
			return item
		}
	}
	require.Fail(t, "no such item", "%s %s", entity, id)
	return nil
}

func aDamagedSecretIsNotRead(t *testing.T, b *bench) {
	b.deposited(t, b.user(t, "depositor").ID, "c1", "tok-secret-1")
	a := b.confirmed(t, "depositor")
	for _, sealed := range []struct {
		entity, id, attribute string
		read                  func() error
	}{
		{"Credential", "c1", "secret", func() error {
			secret, err := b.Credentials.Secret(t.Context(), "depositor", tokenType, "c1")
			require.Equal(t, err == nil, secret.IsSet())
			return err
		}},
		{"MFAEnrolment", a.id, "seed", func() error {
			return b.MFA.VerifyTOTP(t.Context(), "depositor", a.code(stepOf(b.clock.Now())))
		}},
	} {
		whole := b.itemOf(t, sealed.entity, sealed.id)
		envelope, ok := whole[sealed.attribute].(*types.AttributeValueMemberM)
		require.True(t, ok)
		damaged := 0
		for name, member := range envelope.Value {
			binary, ok := member.(*types.AttributeValueMemberB)
			if !ok {
				continue
			}
			for _, at := range []int{0, len(binary.Value) / 2, len(binary.Value) - 1} {
				flipped := append([]byte{}, binary.Value...)
				flipped[at] ^= 1
				item, members := maps.Clone(whole), maps.Clone(envelope.Value)
				members[name] = &types.AttributeValueMemberB{Value: flipped}
				item[sealed.attribute] = &types.AttributeValueMemberM{Value: members}
				b.overwrite(t, item)
				require.ErrorIs(t, sealed.read(), theorydb.ErrEncryption, "byte %d of %s", at, name)
				damaged++
			}
		}
		require.Equal(t, 5*3, damaged, "ciphertext, nonce, commitment, wrapped key and its selector")
		b.overwrite(t, whole)
		require.NoError(t, sealed.read(), "the control")
	}
}

func aMovedSecretIsNotRead(t *testing.T, b *bench) {
	b.deposited(t, b.user(t, "depositor").ID, "c1", "tok-secret-1")
	b.deposited(t, "depositor", "c2", "tok-secret-2")
	b.deposited(t, b.user(t, "another").ID, "c3", "tok-secret-3")
	a := b.confirmed(t, "depositor")
	own, enrolment := b.itemOf(t, "Credential", "c1"), b.itemOf(t, "MFAEnrolment", a.id)
	for _, other := range []types.AttributeValue{
		b.itemOf(t, "Credential", "c2")["secret"], b.itemOf(t, "Credential", "c3")["secret"], enrolment["seed"],
	} {
		item := maps.Clone(own)
		item["secret"] = other
		b.overwrite(t, item)
		b.requireNoSecret(t, b.Stores, "depositor", "c1")
	}
	moved := maps.Clone(enrolment)
	moved["seed"] = own["secret"]
	b.overwrite(t, moved)
	require.ErrorIs(t, b.MFA.VerifyTOTP(t.Context(), "depositor", theorydb.NewSecret("123456")), theorydb.ErrEncryption)

	without := maps.Clone(own)
	delete(without, "secret")
	b.overwrite(t, without)
	b.requireNoSecret(t, b.Stores, "depositor", "c1") // removed is not absent

	b.overwrite(t, own)
	b.overwrite(t, enrolment)
	b.requireSecret(t, "depositor", "c1", "tok-secret-1")
	require.NoError(t, b.MFA.VerifyTOTP(t.Context(), "depositor", a.code(stepOf(b.clock.Now()))))
}

func noVariableOfTheEnvironmentTurnsSealingOff(t *testing.T, b *bench) {
	for _, name := range []string{
		"DISABLE_ENCRYPTION", "THEORYDB_DISABLE_ENCRYPTION", "THEORYDB_ENCRYPTION", "ENCRYPTION_DISABLED", "SKIP_ENCRYPTION", "NO_KMS",
		"INSECURE", "DEBUG", "TEST", "CI", "GO_TEST",
	} {
		t.Setenv(name, "1")
	}
	for _, name := range []string{"GO_ENV", "APP_ENV", "ENV", "ENVIRONMENT", "STAGE", "NODE_ENV"} {
		t.Setenv(name, "test")
	}
	b.requireNothingIsSentWithoutKey(t, b.user(t, "depositor").ID)

	service, _ := b.serve(t, nil, nil) // made in this environment
	stores := service.For(b.scope)
	require.NoError(t, stores.Credentials.Register(t.Context(), "depositor", tokenType, "c1", b.toDeposit("tok-secret-1")))
	require.IsType(t, &types.AttributeValueMemberM{}, b.itemOf(t, "Credential", "c1")["secret"], "sealed")
	b.kmsFaults.On("Decrypt").DropBefore().Always()
	b.requireNoSecret(t, stores, "depositor", "c1")
	b.kmsFaults.mend()
}

// A service in another region, on the same table. It is told the key by its alias, which names nothing there, by the ARN
// that it has at home, and by an alias that names another key there.
func aSecretIsNotReadInARegionWithoutItsKey(t *testing.T, b *bench) {
	b.deposited(t, b.user(t, "depositor").ID, "c1", "tok-secret-1")
	a := b.confirmed(t, "depositor")
	code := a.code(stepOf(b.clock.Now()))
	away := b.kms.KMSIn("eu-west-1")
	in := func(keyID string) *identity.Stores {
		service, _ := b.serve(t, func(c *theorydb.Config) { c.KMS, c.KeyID = away, keyID }, nil)
		return service.For(b.scope)
	}
	made, err := away.CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	_, err = away.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/away"), TargetKeyId: made.KeyMetadata.KeyId})
	require.NoError(t, err)
	for _, keyID := range []string{keyAlias, b.kms.KMSKeyARN(keyAlias), "alias/away"} {
		stores, before := in(keyID), b.stored(t)
		b.requireNoSecret(t, stores, "depositor", "c1")
		require.ErrorIs(t, stores.MFA.VerifyTOTP(t.Context(), "depositor", code), theorydb.ErrEncryption)
		if keyID != "alias/away" { // where there is a key, something new can be sealed
			require.ErrorIs(t, stores.Credentials.Register(t.Context(), "depositor", tokenType, "c2", b.toDeposit("tok-secret-2")), theorydb.ErrEncryption)
		}
		require.Equal(t, before, b.stored(t))
		list, err := stores.Credentials.List(t.Context(), "depositor")
		require.NoError(t, err, "what opens nothing works without the key")
		require.Len(t, list, 1)
	}
	b.requireSecret(t, "depositor", "c1", "tok-secret-1")
	require.NoError(t, b.MFA.VerifyTOTP(t.Context(), "depositor", code))
}

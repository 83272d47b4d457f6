package localaws_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/localaws"
)

const identityKey = "alias/identity"

// withKey gives an engine with the key alias/identity, and its client.
func withKey() (*localaws.AWS, *kms.Client) {
	a := localaws.New()
	a.KMSKey(identityKey)
	return a, a.KMS()
}

func seal(t require.TestingT, client *kms.Client, keyID, plaintext string, encryptionContext map[string]string) []byte {
	answer, err := client.Encrypt(context.Background(), &kms.EncryptInput{
		KeyId: aws.String(keyID), Plaintext: []byte(plaintext), EncryptionContext: encryptionContext,
	})
	require.NoError(t, err)
	return answer.CiphertextBlob
}

// open decrypts with the key named, or without naming one.
func open(client *kms.Client, keyID string, blob []byte, encryptionContext map[string]string) (*kms.DecryptOutput, error) {
	input := &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: encryptionContext}
	if keyID != "" {
		input.KeyId = aws.String(keyID)
	}
	return client.Decrypt(context.Background(), input)
}

// requireCode checks an error by its code: some codes of KMS have no Go type.
func requireCode(t require.TestingT, code string, err error) {
	var refused smithy.APIError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, code, refused.ErrorCode())
}

func TestDataKeyIsOpenedAgainUnderItsContext(t *testing.T) {
	a, client := withKey()
	ctx := context.Background()
	arn := a.KMSKeyARN(identityKey)
	encryptionContext := map[string]string{"table": "identity", "tenant": "acme"}
	for _, input := range []*kms.GenerateDataKeyInput{
		{KeySpec: types.DataKeySpecAes256},
		{KeySpec: types.DataKeySpecAes128},
		{NumberOfBytes: aws.Int32(1)},
		{NumberOfBytes: aws.Int32(1024)},
	} {
		input.KeyId, input.EncryptionContext = aws.String(identityKey), encryptionContext
		made, err := client.GenerateDataKey(ctx, input)
		require.NoError(t, err)
		require.Equal(t, arn, aws.ToString(made.KeyId), "the key's ARN, whatever name the request had")
		opened, err := open(client, identityKey, made.CiphertextBlob, encryptionContext)
		require.NoError(t, err)
		require.Equal(t, made.Plaintext, opened.Plaintext)
		require.Equal(t, arn, aws.ToString(opened.KeyId))
		require.Equal(t, made.KeyMaterialId, opened.KeyMaterialId)
		require.Len(t, made.CiphertextBlob, len(made.Plaintext)+152)
	}
	hidden, err := client.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{
		KeyId: aws.String(identityKey), KeySpec: types.DataKeySpecAes256,
	})
	require.NoError(t, err)
	opened, err := open(client, "", hidden.CiphertextBlob, nil)
	require.NoError(t, err, "the blob names its key")
	require.Len(t, opened.Plaintext, 32)
	require.Equal(t, arn, aws.ToString(opened.KeyId))
}

func TestDataKeyTakesASpecOrASizeInItsLimits(t *testing.T) {
	_, client := withKey()
	for _, input := range []*kms.GenerateDataKeyInput{
		{},
		{KeySpec: types.DataKeySpecAes256, NumberOfBytes: aws.Int32(32)},
		{NumberOfBytes: aws.Int32(0)},
		{NumberOfBytes: aws.Int32(1025)},
		{KeySpec: "AES_512"},
	} {
		input.KeyId = aws.String(identityKey)
		_, err := client.GenerateDataKey(context.Background(), input)
		requireCode(t, "ValidationException", err)
	}
}

func TestPlaintextAndBlobHaveTheirLimits(t *testing.T) {
	_, client := withKey()
	blob := seal(t, client, identityKey, string(make([]byte, 4096)), nil)
	opened, err := open(client, "", blob, nil)
	require.NoError(t, err)
	require.Len(t, opened.Plaintext, 4096)
	_, err = client.Encrypt(context.Background(), &kms.EncryptInput{KeyId: aws.String(identityKey), Plaintext: make([]byte, 4097)})
	requireCode(t, "ValidationException", err)
	_, err = client.Encrypt(context.Background(), &kms.EncryptInput{KeyId: aws.String(identityKey), Plaintext: []byte{}})
	requireCode(t, "ValidationException", err)
	_, err = open(client, "", make([]byte, 6145), nil)
	requireCode(t, "ValidationException", err)
	_, err = open(client, "", make([]byte, 6144), nil)
	requireCode(t, "InvalidCiphertextException", err)
}

func TestOtherContextIsInvalidCiphertext(t *testing.T) {
	_, client := withKey()
	blob := seal(t, client, identityKey, "secret", map[string]string{"a": "bc", "tenant": "acme"})
	_, err := open(client, identityKey, blob, map[string]string{"tenant": "acme", "a": "bc"})
	require.NoError(t, err)
	for _, other := range []map[string]string{
		nil,
		{},
		{"a": "bc"},
		{"ab": "c", "tenant": "acme"},
		{"a": "bc", "tenant": "Acme"},
		{"A": "bc", "tenant": "acme"},
		{"a": "bc", "tenant": "acme", "more": ""},
		{"a": "bctenantacme"},
	} {
		_, err := open(client, identityKey, blob, other)
		var invalid *types.InvalidCiphertextException
		require.ErrorAs(t, err, &invalid, "%v", other)
	}
}

var contexts = rapid.MapOfN(rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00\x01é")), 0, 4, -1), rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00\x01é")), 0, 4, -1), 0, 3)

// TestBlobOpensUnderEqualContextsOnly draws contexts of few letters, so that
// their texts often differ in nothing but the place of a boundary.
func TestBlobOpensUnderEqualContextsOnly(t *testing.T) {
	_, client := withKey()
	rapid.Check(t, func(t *rapid.T) {
		sealedUnder, openedUnder := contexts.Draw(t, "sealed under"), contexts.Draw(t, "opened under")
		blob := seal(t, client, identityKey, "secret", sealedUnder)
		_, err := open(client, identityKey, blob, sealedUnder)
		require.NoError(t, err)
		_, err = open(client, identityKey, blob, openedUnder)
		if fmt.Sprint(sealedUnder) == fmt.Sprint(openedUnder) {
			require.NoError(t, err)
		} else {
			requireCode(t, "InvalidCiphertextException", err)
		}
	})
}

func TestEveryChangedByteOfABlobIsRefused(t *testing.T) {
	_, client := withKey()
	blob := seal(t, client, identityKey, "secret", map[string]string{"a": "b"})
	for _, keyID := range []string{"", identityKey} {
		for i := range blob {
			changed := append([]byte{}, blob...)
			changed[i] ^= 1 << (i % 8)
			_, err := open(client, keyID, changed, map[string]string{"a": "b"})
			var invalid *types.InvalidCiphertextException
			require.ErrorAs(t, err, &invalid, "byte %d", i)
		}
		for n := 1; n < len(blob); n++ {
			_, err := open(client, keyID, blob[:n], map[string]string{"a": "b"})
			requireCode(t, "InvalidCiphertextException", err)
		}
		_, err := open(client, keyID, append(append([]byte{}, blob...), 0), map[string]string{"a": "b"})
		requireCode(t, "InvalidCiphertextException", err)
	}
}

func TestNamedKeyMustBeTheOneOfTheBlob(t *testing.T) {
	a, client := withKey()
	blob := seal(t, client, identityKey, "secret", nil)
	_, err := open(client, a.KMSKey("alias/other"), blob, nil)
	var incorrect *types.IncorrectKeyException
	require.ErrorAs(t, err, &incorrect)
	_, err = open(client, "alias/nothing", blob, nil)
	var notFound *types.NotFoundException
	require.ErrorAs(t, err, &notFound)
}

func TestReEncryptChangesKeyAndContext(t *testing.T) {
	a, client := withKey()
	a.KMSKey("alias/next")
	blob := seal(t, client, identityKey, "secret", map[string]string{"v": "1"})
	a.ResetCalls()
	moved, err := client.ReEncrypt(context.Background(), &kms.ReEncryptInput{
		CiphertextBlob: blob, SourceKeyId: aws.String(identityKey), SourceEncryptionContext: map[string]string{"v": "1"},
		DestinationKeyId: aws.String("alias/next"), DestinationEncryptionContext: map[string]string{"v": "2"},
	})
	require.NoError(t, err)
	require.Equal(t, a.KMSKeyARN(identityKey), aws.ToString(moved.SourceKeyId))
	require.Equal(t, a.KMSKeyARN("alias/next"), aws.ToString(moved.KeyId))
	require.Equal(t, []localaws.KMSCall{{
		Operation: "ReEncrypt", Region: "us-east-1", KeyARN: a.KMSKeyARN(identityKey), EncryptionContext: map[string]string{"v": "1"},
		Attempt: 1, InvocationID: a.KMSCalls()[0].InvocationID,
	}}, a.KMSCalls())

	opened, err := open(client, "alias/next", moved.CiphertextBlob, map[string]string{"v": "2"})
	require.NoError(t, err)
	require.Equal(t, "secret", string(opened.Plaintext))
	_, err = open(client, identityKey, moved.CiphertextBlob, map[string]string{"v": "2"})
	requireCode(t, "IncorrectKeyException", err)

	for code, input := range map[string]*kms.ReEncryptInput{
		"InvalidCiphertextException": {CiphertextBlob: blob, DestinationKeyId: aws.String("alias/next")},
		"NotFoundException":          {CiphertextBlob: blob, DestinationKeyId: aws.String("alias/nothing"), SourceEncryptionContext: map[string]string{"v": "1"}},
		"IncorrectKeyException":      {CiphertextBlob: blob, SourceKeyId: aws.String("alias/next"), DestinationKeyId: aws.String("alias/next"), SourceEncryptionContext: map[string]string{"v": "1"}},
	} {
		_, err := client.ReEncrypt(context.Background(), input)
		requireCode(t, code, err)
	}
}

func TestFixturesOpenInAnotherRunWithTheSameSeed(t *testing.T) {
	a, client := withKey()
	blob := seal(t, client, identityKey, "secret", nil)

	later := localaws.New()
	later.KMSKey("alias/made-first")
	later.KMSKey(identityKey)
	require.Equal(t, a.KMSKeyARN(identityKey), later.KMSKeyARN(identityKey), "whatever other keys there are")
	opened, err := open(later.KMS(), identityKey, blob, nil)
	require.NoError(t, err)
	require.Equal(t, "secret", string(opened.Plaintext))

	other := localaws.New(localaws.WithSeed(2))
	other.KMSKey(identityKey)
	require.NotEqual(t, a.KMSKeyARN(identityKey), other.KMSKeyARN(identityKey))
	_, err = open(other.KMS(), "", blob, nil)
	requireCode(t, "InvalidCiphertextException", err)
}

func TestRequestsForWhatTheEngineLacksAreRefused(t *testing.T) {
	_, client := withKey()
	ctx := context.Background()
	_, err := client.Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(identityKey), Plaintext: []byte("x"), DryRun: aws.Bool(true)})
	requireCode(t, "DryRunOperationException", err)
	_, err = client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: aws.String(identityKey), KeySpec: types.DataKeySpecAes256, DryRun: aws.Bool(true)})
	requireCode(t, "DryRunOperationException", err)
	blob := seal(t, client, identityKey, "secret", nil)
	_, err = client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: blob, DryRun: aws.Bool(true)})
	requireCode(t, "DryRunOperationException", err)
	_, err = client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: blob, Recipient: &types.RecipientInfo{AttestationDocument: []byte("x")}})
	requireCode(t, "UnsupportedOperationException", err)
	_, err = client.Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(identityKey), Plaintext: []byte("x"), GrantTokens: []string{"x"}})
	requireCode(t, "InvalidGrantTokenException", err)
	_, err = client.Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(identityKey), Plaintext: []byte("x"), EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha256})
	requireCode(t, "InvalidKeyUsageException", err)
	_, err = client.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: types.KeySpecRsa2048, KeyUsage: types.KeyUsageTypeSignVerify})
	requireCode(t, "UnsupportedOperationException", err)
	_, err = client.ListKeys(ctx, &kms.ListKeysInput{})
	requireCode(t, "UnknownOperationException", err)
}

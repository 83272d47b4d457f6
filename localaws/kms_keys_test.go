package localaws_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

func TestKeyIsNamedByIDAliasAndARN(t *testing.T) {
	a, client := withKey()
	arn := a.KMSKeyARN(identityKey)
	prefix, id, _ := strings.Cut(arn, "key/")
	blob := seal(t, client, identityKey, "secret", nil)
	for _, name := range []string{id, arn, identityKey, prefix + identityKey} {
		opened, err := open(client, name, blob, nil)
		require.NoError(t, err, name)
		require.Equal(t, arn, aws.ToString(opened.KeyId))
		described, err := client.DescribeKey(context.Background(), &kms.DescribeKeyInput{KeyId: aws.String(name)})
		require.NoError(t, err, name)
		require.Equal(t, arn, aws.ToString(described.KeyMetadata.Arn))
		require.Equal(t, id, aws.ToString(described.KeyMetadata.KeyId))
		require.Equal(t, types.KeyStateEnabled, described.KeyMetadata.KeyState)
	}
	for name, code := range map[string]string{
		"alias/nothing":                         "NotFoundException",
		"nothing":                               "NotFoundException",
		"key/" + id:                             "NotFoundException",
		strings.Replace(arn, "east", "west", 1): "NotFoundException",
		strings.Replace(arn, "000000000000", "111111111111", 1): "AccessDeniedException",
		"arn:aws:kms":                "InvalidArnException",
		"arn:aws:dynamodb:" + prefix: "InvalidArnException",
	} {
		_, err := open(client, name, blob, nil)
		requireCode(t, code, err)
	}
	_, err := client.DisableKey(context.Background(), &kms.DisableKeyInput{KeyId: aws.String(identityKey)})
	requireCode(t, "NotFoundException", err)
}

func TestKMSKeyMakesOneKeyForAnAlias(t *testing.T) {
	a := localaws.New()
	require.Equal(t, identityKey, a.KMSKey(identityKey))
	first := a.KMSKeyARN(identityKey)
	require.Regexp(t, `^arn:aws:kms:us-east-1:000000000000:key/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, first)
	a.KMSKey(identityKey)
	require.Equal(t, first, a.KMSKeyARN(identityKey))

	require.NoError(t, a.PointAlias(identityKey, a.KMSKey("alias/other")))
	require.Equal(t, a.KMSKeyARN("alias/other"), a.KMSKeyARN(identityKey))
	_, err := a.KMS().DeleteAlias(context.Background(), &kms.DeleteAliasInput{AliasName: aws.String(identityKey)})
	require.NoError(t, err)
	require.Empty(t, a.KMSKeyARN(identityKey))
	a.KMSKey(identityKey)
	require.NotEqual(t, first, a.KMSKeyARN(identityKey), "a new key, the first one is still there")

	require.Equal(t, "identity", a.KMSKey("identity"))
	require.Empty(t, a.KMSKeyARN("identity"), "no alias name, no key")
	require.Error(t, a.PointAlias("identity", first))
	require.Error(t, a.PointAlias(identityKey, "alias/nothing"))
	require.Error(t, a.SetKeyState("alias/nothing", localaws.KeyDisabled))
	require.Error(t, a.SetKeyState(identityKey, "Sleeping"))
}

func TestStateDecidesWhatAKeyCanDo(t *testing.T) {
	for state, code := range map[localaws.KeyState]string{
		localaws.KeyDisabled:        "DisabledException",
		localaws.KeyPendingDeletion: "KMSInvalidStateException",
		localaws.KeyPendingImport:   "KMSInvalidStateException",
		localaws.KeyUnavailable:     "KeyUnavailableException",
	} {
		t.Run(string(state), func(t *testing.T) {
			a, client := withKey()
			ctx := context.Background()
			arn := a.KMSKeyARN(identityKey)
			blob := seal(t, client, identityKey, "secret", nil)
			elsewhere := seal(t, client, a.KMSKey("alias/other"), "secret", nil)
			require.NoError(t, a.SetKeyState(identityKey, state))
			a.ResetCalls()
			_, generate := client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: aws.String(arn), KeySpec: types.DataKeySpecAes256})
			_, encrypt := client.Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(arn), Plaintext: []byte("x")})
			_, decrypt := open(client, arn, blob, nil)
			_, unnamed := open(client, "", blob, nil)
			_, from := client.ReEncrypt(ctx, &kms.ReEncryptInput{CiphertextBlob: blob, DestinationKeyId: aws.String("alias/other")})
			_, to := client.ReEncrypt(ctx, &kms.ReEncryptInput{CiphertextBlob: elsewhere, DestinationKeyId: aws.String(arn)})
			_, rotate := client.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: aws.String(arn)})
			for _, err := range []error{generate, encrypt, decrypt, unnamed, from, to, rotate} {
				requireCode(t, code, err)
			}
			attempts := 1
			if state == localaws.KeyUnavailable {
				attempts = 3 // status 500: the SDK tries again
			}
			require.Len(t, a.KMSCalls(), 7*attempts)

			described, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(arn)})
			require.NoError(t, err)
			require.Equal(t, types.KeyState(state), described.KeyMetadata.KeyState)
			require.False(t, described.KeyMetadata.Enabled)

			require.NoError(t, a.SetKeyState(arn, localaws.KeyEnabled))
			opened, err := open(client, arn, blob, nil)
			require.NoError(t, err)
			require.Equal(t, "secret", string(opened.Plaintext))
		})
	}
}

func TestKeyIsDisabledAndEnabledBetweenWriteAndRead(t *testing.T) {
	a, client := withKey()
	ctx := context.Background()
	arn := a.KMSKeyARN(identityKey)
	blob := seal(t, client, identityKey, "secret", nil)
	_, err := client.DisableKey(ctx, &kms.DisableKeyInput{KeyId: aws.String(arn)})
	require.NoError(t, err)
	_, err = open(client, identityKey, blob, nil)
	var disabled *types.DisabledException
	require.ErrorAs(t, err, &disabled)
	_, err = client.EnableKey(ctx, &kms.EnableKeyInput{KeyId: aws.String(arn)})
	require.NoError(t, err)
	_, err = open(client, identityKey, blob, nil)
	require.NoError(t, err)
}

func TestDeletedKeyIsGoneWhenItsWaitIsOver(t *testing.T) {
	a, client := withKey()
	ctx := context.Background()
	arn := a.KMSKeyARN(identityKey)
	blob := seal(t, client, identityKey, "secret", nil)
	schedule := func(days int32) (*kms.ScheduleKeyDeletionOutput, error) {
		return client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(arn), PendingWindowInDays: aws.Int32(days)})
	}
	_, err := schedule(6)
	requireCode(t, "ValidationException", err)
	scheduled, err := schedule(7)
	require.NoError(t, err)
	require.Equal(t, types.KeyStatePendingDeletion, scheduled.KeyState)
	require.WithinDuration(t, a.Clock.Now().Add(7*24*time.Hour), aws.ToTime(scheduled.DeletionDate), time.Second)
	_, err = schedule(7)
	requireCode(t, "KMSInvalidStateException", err)
	_, err = client.EnableKey(ctx, &kms.EnableKeyInput{KeyId: aws.String(arn)})
	requireCode(t, "KMSInvalidStateException", err)
	_, err = client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/late"), TargetKeyId: aws.String(arn)})
	requireCode(t, "KMSInvalidStateException", err)

	_, err = client.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: aws.String(arn)})
	require.NoError(t, err)
	_, err = client.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: aws.String(arn)})
	requireCode(t, "KMSInvalidStateException", err)
	_, err = open(client, arn, blob, nil)
	requireCode(t, "DisabledException", err)

	_, err = schedule(7)
	require.NoError(t, err)
	a.Clock.Advance(7*24*time.Hour - time.Minute)
	_, err = open(client, arn, blob, nil)
	requireCode(t, "KMSInvalidStateException", err)
	a.Clock.Advance(time.Minute)
	_, err = open(client, arn, blob, nil)
	requireCode(t, "NotFoundException", err)
	_, err = open(client, identityKey, blob, nil)
	requireCode(t, "NotFoundException", err)
	_, err = open(client, "", blob, nil)
	requireCode(t, "AccessDeniedException", err)
}

func TestRotationKeepsOldBackingKeys(t *testing.T) {
	a, client := withKey()
	ctx := context.Background()
	arn := a.KMSKeyARN(identityKey)
	var blobs [][]byte
	materials := map[string]bool{}
	for range 26 {
		blobs = append(blobs, seal(t, client, identityKey, "secret", nil))
		described, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(arn)})
		require.NoError(t, err)
		materials[aws.ToString(described.KeyMetadata.CurrentKeyMaterialId)] = true
		_, err = client.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: aws.String(arn)})
		if len(blobs) == 26 {
			requireCode(t, "LimitExceededException", err)
		} else {
			require.NoError(t, err)
		}
	}
	require.Len(t, materials, 26)
	for _, blob := range blobs {
		opened, err := open(client, identityKey, blob, nil)
		require.NoError(t, err)
		require.Equal(t, "secret", string(opened.Plaintext))
		require.Equal(t, arn, aws.ToString(opened.KeyId), "rotation changes no name")
		delete(materials, aws.ToString(opened.KeyMaterialId))
	}
	require.Empty(t, materials, "every blob was opened by the backing key that sealed it")
}

func TestRetargetedAliasSealsUnderItsNewKey(t *testing.T) {
	a, client := withKey()
	before := a.KMSKeyARN(identityKey)
	blob := seal(t, client, identityKey, "secret", nil)
	require.NoError(t, a.PointAlias(identityKey, a.KMSKey("alias/next")))
	_, err := open(client, identityKey, blob, nil)
	requireCode(t, "IncorrectKeyException", err)
	_, err = open(client, before, blob, nil)
	require.NoError(t, err)
	opened, err := open(client, "alias/next", seal(t, client, identityKey, "secret", nil), nil)
	require.NoError(t, err)
	require.Equal(t, a.KMSKeyARN("alias/next"), aws.ToString(opened.KeyId))
}

func TestAliasesAreMadeMovedAndDeleted(t *testing.T) {
	a, client := withKey()
	ctx := context.Background()
	made, err := client.CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("second")})
	require.NoError(t, err)
	second := aws.ToString(made.KeyMetadata.Arn)
	create := func(name, target string) error {
		_, err := client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String(name), TargetKeyId: aws.String(target)})
		return err
	}
	require.NoError(t, create("alias/second", second))
	require.Equal(t, second, a.KMSKeyARN("alias/second"))
	requireCode(t, "AlreadyExistsException", create("alias/second", second))
	requireCode(t, "ValidationException", create("alias/third", "alias/second"))
	requireCode(t, "ValidationException", create("third", second))
	requireCode(t, "InvalidAliasNameException", create("alias/a b", second))
	requireCode(t, "InvalidAliasNameException", create("alias/", second))
	requireCode(t, "NotAuthorizedException", create("alias/aws/dynamodb", second))
	requireCode(t, "NotFoundException", create("alias/third", "nothing"))

	_, err = client.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: aws.String(identityKey), TargetKeyId: aws.String(second)})
	require.NoError(t, err)
	require.Equal(t, second, a.KMSKeyARN(identityKey))
	_, err = client.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: aws.String("alias/nothing"), TargetKeyId: aws.String(second)})
	requireCode(t, "NotFoundException", err)
	_, err = client.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String("alias/second")})
	require.NoError(t, err)
	_, err = client.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String("alias/second")})
	requireCode(t, "NotFoundException", err)
	require.Equal(t, second, a.KMSKeyARN(second), "the key stays")
}

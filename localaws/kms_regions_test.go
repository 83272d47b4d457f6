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

func TestRegionsAreTwoKeyStores(t *testing.T) {
	a, east := withKey()
	west := a.KMSIn("eu-west-1")
	blob := seal(t, east, identityKey, "secret", nil)
	_, err := open(west, "", blob, nil)
	requireCode(t, "AccessDeniedException", err)
	for _, name := range []string{identityKey, a.KMSKeyARN(identityKey)} {
		_, err = open(west, name, blob, nil)
		requireCode(t, "NotFoundException", err)
	}
	calls := a.KMSCalls()
	require.Equal(t, []string{"us-east-1", "eu-west-1"}, []string{calls[0].Region, calls[1].Region})
	made, err := west.CreateKey(context.Background(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	require.Contains(t, aws.ToString(made.KeyMetadata.Arn), "arn:aws:kms:eu-west-1:000000000000:key/")
	require.NoError(t, a.SetKeyState(aws.ToString(made.KeyMetadata.Arn), localaws.KeyDisabled), "an ARN names its region")
}

func TestReplicaOpensWhatItsPrimarySealed(t *testing.T) {
	a := localaws.New()
	ctx := context.Background()
	east, west := a.KMS(), a.KMSIn("eu-west-1")
	made, err := east.CreateKey(ctx, &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	require.NoError(t, err)
	id, primary := aws.ToString(made.KeyMetadata.KeyId), aws.ToString(made.KeyMetadata.Arn)
	require.Regexp(t, "^mrk-[0-9a-f]{32}$", id)
	old := seal(t, east, id, "secret", nil)
	_, err = east.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: aws.String(id)})
	require.NoError(t, err)
	_, err = open(west, "", old, nil)
	requireCode(t, "AccessDeniedException", err)

	replicate := &kms.ReplicateKeyInput{KeyId: aws.String(id), ReplicaRegion: aws.String("eu-west-1")}
	replicated, err := east.ReplicateKey(ctx, replicate)
	require.NoError(t, err)
	replica := aws.ToString(replicated.ReplicaKeyMetadata.Arn)
	require.Equal(t, strings.Replace(primary, "us-east-1", "eu-west-1", 1), replica)
	configuration := replicated.ReplicaKeyMetadata.MultiRegionConfiguration
	require.Equal(t, types.MultiRegionKeyTypeReplica, configuration.MultiRegionKeyType)
	require.Equal(t, primary, aws.ToString(configuration.PrimaryKey.Arn))
	require.Len(t, configuration.ReplicaKeys, 1)

	for _, blob := range [][]byte{old, seal(t, east, id, "secret", nil)} {
		opened, err := open(west, replica, blob, nil)
		require.NoError(t, err)
		require.Equal(t, "secret", string(opened.Plaintext))
		require.Equal(t, replica, aws.ToString(opened.KeyId), "the ARN of the key that opened it")
	}
	_, err = open(east, primary, seal(t, west, id, "secret", nil), nil)
	require.NoError(t, err)

	_, err = east.ReplicateKey(ctx, replicate)
	requireCode(t, "AlreadyExistsException", err)
	for _, region := range []string{"nowhere", "EU-WEST-1", "eu-west-1:0"} {
		_, err = east.ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: aws.String(id), ReplicaRegion: aws.String(region)})
		requireCode(t, "ValidationException", err)
	}
	_, err = west.ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: aws.String(id), ReplicaRegion: aws.String("eu-west-2")})
	requireCode(t, "UnsupportedOperationException", err)
	_, err = west.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: aws.String(id)})
	requireCode(t, "UnsupportedOperationException", err)
	_, err = east.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(id)})
	requireCode(t, "UnsupportedOperationException", err)

	require.NoError(t, a.SetKeyState(replica, localaws.KeyDisabled))
	_, err = open(west, id, old, nil)
	requireCode(t, "DisabledException", err)
	_, err = open(east, id, old, nil)
	require.NoError(t, err, "each region has its own state")
}

func TestPrimaryKeyIsDeletedAfterItsReplicas(t *testing.T) {
	a := localaws.New()
	ctx := context.Background()
	east, west := a.KMS(), a.KMSIn("eu-west-1")
	made, err := east.CreateKey(ctx, &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	require.NoError(t, err)
	schedule := &kms.ScheduleKeyDeletionInput{KeyId: made.KeyMetadata.KeyId, PendingWindowInDays: aws.Int32(7)}
	_, err = east.ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: made.KeyMetadata.KeyId, ReplicaRegion: aws.String("eu-west-1")})
	require.NoError(t, err)
	_, err = west.ScheduleKeyDeletion(ctx, schedule)
	require.NoError(t, err)
	_, err = east.ScheduleKeyDeletion(ctx, schedule)
	requireCode(t, "UnsupportedOperationException", err)
	a.Clock.Advance(7 * 24 * time.Hour)
	_, err = west.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: made.KeyMetadata.KeyId})
	requireCode(t, "NotFoundException", err)
	described, err := east.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: made.KeyMetadata.KeyId})
	require.NoError(t, err)
	require.Empty(t, described.KeyMetadata.MultiRegionConfiguration.ReplicaKeys)
	_, err = east.ScheduleKeyDeletion(ctx, schedule)
	require.NoError(t, err)
}

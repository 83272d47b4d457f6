package schema

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/keys"
)

func TestShardValueIsTheKeyOfTheShard(t *testing.T) {
	plan := mustCompile[session]()
	half := plan.Indexes[0].PK
	attribute, shards := half.Sharded()
	require.Equal(t, "secretHash", attribute.Name)
	require.Equal(t, 4, shards)
	record := &session{TenantID: "a", SecretHash: "x"}
	want, err := half.Value(record)
	require.NoError(t, err)
	record.SecretHash = ""
	matches := 0
	for n := range shards {
		value, err := half.ShardValue(record, n)
		require.NoError(t, err)
		if Equal(want, value) {
			matches++
		}
	}
	require.Equal(t, 1, matches)

	_, err = half.ShardValue(record, 4)
	require.ErrorIs(t, err, ErrInvalidValue)
	_, err = half.ShardValue(&session{}, 1)
	require.ErrorIs(t, err, keys.ErrIncomplete)
	_, err = half.ShardValue(&wide{}, 1)
	require.ErrorIs(t, err, ErrInvalidValue)
}

func TestKeysWithoutAShardHaveNone(t *testing.T) {
	plain := mustCompile[credential]().PK
	for _, half := range []*KeyPart{plain, mustCompile[session]().PK} {
		attribute, shards := half.Sharded()
		require.Nil(t, attribute)
		require.Zero(t, shards)
		_, err := half.ShardValue(&session{TenantID: "a", UserID: "u"}, 0)
		require.ErrorIs(t, err, ErrInvalidValue)
	}
}

package identity

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

func TestNewRefusesWhatItCantWorkWith(t *testing.T) {
	key := bytes.Repeat([]byte{1}, keySize)
	db, err := theorydb.New(theorydb.Config{DynamoDB: localaws.New().DynamoDB(), Table: "identity"})
	require.NoError(t, err)
	_, err = New(nil, Options{IndexKey: key, OTPKey: key})
	require.ErrorContains(t, err, "the DB is nil")
	for want, options := range map[string]Options{
		"Options.IndexKey has 0 bytes":            {OTPKey: key},
		"Options.IndexKey has 31 bytes":           {OTPKey: key, IndexKey: key[:31]},
		"Options.IndexKey is all zeros":           {OTPKey: key, IndexKey: make([]byte, keySize)},
		"Options.OTPKey is all zeros":             {IndexKey: key, OTPKey: make([]byte, keySize)},
		"Options.OTPKey has 0 bytes":              {IndexKey: key},
		"Options.OTPKey has 64 bytes":             {IndexKey: key, OTPKey: append(key, key...)},
		"Lifetimes has a negative duration":       {IndexKey: key, OTPKey: key, Lifetimes: Lifetimes{SessionIdle: -1}},
		"sessions end within a second":            {IndexKey: key, OTPKey: key, Lifetimes: Lifetimes{SessionIdle: time.Second / 2}},
		"Lifetimes.RefreshGrace is over 60":       {IndexKey: key, OTPKey: key, Lifetimes: Lifetimes{RefreshGrace: time.Minute + 1}},
		"Argon2.MaxConcurrent is negative":        {IndexKey: key, OTPKey: key, Argon2: Argon2{MaxConcurrent: -1}},
		"Argon2.Memory is less than 8 KiB a thre": {IndexKey: key, OTPKey: key, Argon2: Argon2{Memory: 31, Threads: 4}},
	} {
		service, err := New(db, options)
		require.ErrorContains(t, err, want)
		require.Nil(t, service)
	}
}

// Who wipes a key once it was handed over must not be left with digests under no key at all.
func TestTheServiceKeepsItsKeysWhenTheCallerWipesTheirs(t *testing.T) {
	var given Options
	b := openBench(t, func(o *Options) { given = *o })
	stores, ctx := b.For(b.scope), t.Context()
	newUser(t, stores, "u1", "bob@example.com")
	link, err := stores.OneTimeTokens.Issue(ctx, KindMagicLink, TokenSpec{})
	require.NoError(t, err)
	clear(given.IndexKey)
	clear(given.OTPKey)
	_, err = stores.Users.GetByIdentifier(ctx, KindEmail, "bob@example.com")
	require.NoError(t, err)
	_, err = stores.OneTimeTokens.Consume(ctx, KindMagicLink, link)
	require.NoError(t, err)
}

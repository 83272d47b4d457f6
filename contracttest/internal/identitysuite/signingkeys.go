package identitysuite

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var signingKeys = []Scenario{
	{ID: "id.key.rotate_race", run: oneOfManyRotationsTakesEffect},
	{ID: "id.key.alg_pin", run: aTokenIsVerifiedByTheAlgorithmOfItsKeyOnly},
	{ID: "id.enc.hot_path_without_kms", Of: "events and public keys", run: eventsAndPublicKeysNeedNoKMS},
}

// rotate rotates and requires a step. The private keys that are stored then are kept secret.
func rotate(t testing.TB, b *bench, step identity.RotationStep, rotation identity.Rotation) identity.Rotated {
	t.Helper()
	done, err := b.SigningKeys.Rotate(t.Context(), rotation)
	require.NoError(t, err)
	require.Equal(t, step, done.Step)
	keepPrivateKeysSecret(t, b)
	return done
}

// keepPrivateKeysSecret keeps the private keys secret that are stored, and what is secret in each: its last 32 bytes.
func keepPrivateKeysSecret(t testing.TB, b *bench) {
	t.Helper()
	for _, item := range b.itemsOf(t, "SigningPrivateKey") {
		scope := newScope(t, attributeText(item, "tenantID"), attributeText(item, "projectID"))
		key, err := rowsIn[identity.SigningPrivateKey](t, b, scope).Get(t.Context(), identity.SigningPrivateKey{KID: attributeText(item, "kid")}, theorydb.Consistent())
		require.NoError(t, err)
		private := key.Private.Reveal()
		require.Greater(t, len(private), 32)
		b.keepSecret(string(private), string(private[len(private)-32:]))
	}
}

// publishedKIDs are the kids of the JWKS.
func publishedKIDs(t testing.TB, b *bench) []string {
	t.Helper()
	set, err := b.SigningKeys.JWKS(t.Context())
	require.NoError(t, err)
	kids := []string{}
	for _, key := range set.Keys {
		kids = append(kids, key.KeyID)
	}
	return kids
}

// rotateAtOnce rotates many times at once and requires that one rotation takes a step.
func rotateAtOnce(t testing.TB, b *bench, step identity.RotationStep) (did identity.Rotated) {
	t.Helper()
	results := make([]identity.Rotated, racers)
	errs := together(racers, func(i int) (err error) {
		results[i], err = b.SigningKeys.Rotate(t.Context(), identity.Rotation{})
		return err
	})
	steps := 0
	for i, err := range errs {
		switch {
		case err != nil:
			require.True(t, isOneOf(err, []error{theorydb.ErrVersionConflict, theorydb.ErrThrottled}), "%v", err)
		case results[i].Step != identity.RotationNone:
			steps++
			did = results[i]
		}
	}
	require.Equal(t, 1, steps)
	require.Equal(t, step, did.Step)
	keepPrivateKeysSecret(t, b)
	return did
}

func oneOfManyRotationsTakesEffect(t *testing.T, b *bench) {
	started := rotateAtOnce(t, b, identity.RotationStarted)
	require.Equal(t, []string{started.ActiveKID}, publishedKIDs(t, b))

	b.clock.Advance(29 * 24 * time.Hour)
	published := rotateAtOnce(t, b, identity.RotationPublished)
	require.Equal(t, started.ActiveKID, published.ActiveKID)
	require.Len(t, publishedKIDs(t, b), 2)

	b.clock.Advance(24 * time.Hour)
	promoted := rotateAtOnce(t, b, identity.RotationPromoted)
	require.Equal(t, identity.Rotated{Step: identity.RotationPromoted, ActiveKID: published.NextKID}, promoted)
	active, err := b.SigningKeys.Active(t.Context())
	require.NoError(t, err)
	require.Equal(t, published.NextKID, active.KID)
	require.Len(t, publishedKIDs(t, b), 2, "the tokens of the old key verify")
	states := map[string]string{}
	for _, item := range b.itemsOf(t, "SigningPublicKey") {
		states[attributeText(item, "kid")] = attributeText(item, "state")
	}
	require.Equal(t, map[string]string{published.NextKID: "active", started.ActiveKID: "retired"}, states)
	require.Len(t, b.itemsOf(t, "SigningPrivateKey"), 1, "what signs no more is gone")

	t.Run("one comes between", func(t *testing.T) { aRotationInBetweenTakesTheStep(t, b) })
}

// aRotationInBetweenTakesTheStep has each step taken by another rotation between what a rotation reads and what it writes.
func aRotationInBetweenTakesTheStep(t *testing.T, b *bench) {
	keys := b.For(newScope(t, "acme", "other")).SigningKeys
	const day = 24 * time.Hour
	for _, due := range []struct {
		after time.Duration
		step  identity.RotationStep
	}{{0, identity.RotationStarted}, {29 * day, identity.RotationPublished}, {day, identity.RotationPromoted}} {
		b.clock.Advance(due.after)
		var done identity.Rotated
		var rival error
		var stored []map[string]types.AttributeValue
		b.faults.interrupt("TransactWriteItems", func() {
			done, rival = keys.Rotate(t.Context(), identity.Rotation{})
			stored = b.items(t)
		})
		_, err := keys.Rotate(t.Context(), identity.Rotation{})
		require.NoError(t, rival)
		require.Equal(t, due.step, done.Step)
		require.ErrorIs(t, err, theorydb.ErrVersionConflict)
		require.ElementsMatch(t, stored, b.items(t), "nothing was changed")
		keepPrivateKeysSecret(t, b)
	}
}

func aTokenIsVerifiedByTheAlgorithmOfItsKeyOnly(t *testing.T, b *bench) {
	ctx, keys := t.Context(), b.SigningKeys
	kids := map[string]string{
		"EdDSA": rotate(t, b, identity.RotationStarted, identity.Rotation{}).ActiveKID,
		"RS256": rotate(t, b, identity.RotationPublished, identity.Rotation{Alg: jose.RS256, Early: true}).NextKID,
	}
	for alg, kid := range kids {
		key, err := keys.Public(ctx, kid)
		require.NoError(t, err)
		require.Equal(t, alg, key.Alg)
		for _, header := range []string{"EdDSA", "RS256", "none", "None", "", "HS256", "ES256", "RS512", "PS256", "eddsa", "EdDSA ", "Ed25519"} {
			if err := identity.VerifyAlg(*key, header); header == alg {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, identity.ErrInvalidToken, "%s under a key of %s", header, alg)
			}
		}
	}
	for _, alg := range []string{"", "none", "HS256"} {
		require.ErrorIs(t, identity.VerifyAlg(identity.SigningPublicKey{Alg: alg}, alg), identity.ErrInvalidToken,
			"a key of no algorithm that keys have")
	}
	_, err := keys.Public(ctx, "unknown")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	_, err = keys.Public(ctx, "../HEAD")
	require.ErrorIs(t, err, identity.ErrInvalidToken)
	_, err = b.For(newScope(t, "acme", "other")).SigningKeys.Public(ctx, kids["EdDSA"])
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	_, err = keys.Rotate(ctx, identity.Rotation{Alg: jose.HS256})
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
}

func eventsAndPublicKeysNeedNoKMS(t *testing.T, b *bench) {
	t.Run("events", func(t *testing.T) { eventsNeedNoKMS(t, b) })
	b.kmsFaults.mend()
	t.Run("public keys", func(t *testing.T) { publicKeysNeedNoKMS(t, b) })
	b.kmsFaults.mend()
}

func eventsNeedNoKMS(t *testing.T, b *bench) {
	ctx := t.Context()
	b.keepSecret("marker@example.org")
	with := eventOf(identity.EventAuthFailed, "with")
	with.PII = theorydb.NewSecret(map[string]string{"email": "marker@example.org"})
	stored, err := b.Audit.Append(ctx, with)
	require.NoError(t, err)
	b.kmsFaults.On("").Always().Error(500, "KMSInternalException", "down")

	asked := b.kmsFaults.during(func() {
		_, err = b.Audit.Append(ctx, eventOf(identity.EventAuthFailed, "without"))
		require.NoError(t, err)
		_, err = b.Audit.AppendBatch(ctx, identity.EventAuthFailed, []identity.Event{
			eventOf(identity.EventAuthFailed, "a"), eventOf(identity.EventAuthFailed, "b"),
		})
		require.NoError(t, err)
		requireStream(t, b, identity.EventAuthFailed, 4)
	})
	require.Empty(t, asked)

	before := b.items(t)
	again := with
	again.ID = "again"
	_, err = b.Audit.Append(ctx, again)
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	secret, err := b.Audit.PII(ctx, &stored)
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	require.False(t, secret.IsSet())
	requireStream(t, b, identity.EventAuthFailed, 4)
	require.ElementsMatch(t, before, b.items(t), "nothing was changed")
}

func publicKeysNeedNoKMS(t *testing.T, b *bench) {
	ctx, keys := t.Context(), b.SigningKeys
	started := rotate(t, b, identity.RotationStarted, identity.Rotation{})
	b.kmsFaults.On("").Always().Error(500, "KMSInternalException", "down")
	asked := b.kmsFaults.during(func() {
		require.Equal(t, []string{started.ActiveKID}, publishedKIDs(t, b))
		_, err := keys.Public(ctx, started.ActiveKID)
		require.NoError(t, err)
	})
	require.Empty(t, asked)

	before := b.items(t)
	key, err := keys.Active(ctx)
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	require.Zero(t, key)
	_, err = keys.Rotate(ctx, identity.Rotation{Early: true})
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	_, err = b.For(newScope(t, "acme", "other")).SigningKeys.Rotate(ctx, identity.Rotation{})
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	require.ElementsMatch(t, before, b.items(t), "nothing was changed")
}

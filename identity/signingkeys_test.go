package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// signingRotate rotates and requires a step.
func signingRotate(t testing.TB, keys *SigningKeys, step RotationStep, rotation Rotation) Rotated {
	t.Helper()
	done, err := keys.Rotate(t.Context(), rotation)
	require.NoError(t, err)
	require.Equal(t, step, done.Step)
	return done
}

// signingKIDs are the kids of a JWKS.
func signingKIDs(t testing.TB, keys *SigningKeys) []string {
	t.Helper()
	set, err := keys.JWKS(t.Context())
	require.NoError(t, err)
	kids := []string{}
	for _, key := range set.Keys {
		kids = append(kids, key.KeyID)
	}
	return kids
}

// A key signs, is replaced, and verifies until the last token that it signed is out of date, to the nanosecond.
func TestASigningKeyLivesAsLongAsItsTokens(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		keys := b.For(b.scope).SigningKeys
		require.Empty(t, signingKIDs(t, keys))
		_, err := keys.Active(t.Context())
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)

		born := b.clock.Now()
		b.clock.Set(born)
		old := signingRotate(t, keys, RotationStarted, Rotation{}).ActiveKID
		b.clock.Set(born.Add(29*24*time.Hour - 1))
		signingRotate(t, keys, RotationNone, Rotation{})
		published := born.Add(29 * 24 * time.Hour)
		b.clock.Set(published)
		next := signingRotate(t, keys, RotationPublished, Rotation{}).NextKID
		pub, err := keys.Public(t.Context(), next)
		require.NoError(t, err)
		require.False(t, pub.SignFrom.Before(published.Add(24*time.Hour)))
		active, err := keys.Active(t.Context())
		require.NoError(t, err)
		require.Equal(t, old, active.KID)

		b.clock.Set(published.Add(24*time.Hour - 1))
		signingRotate(t, keys, RotationNone, Rotation{Early: true})
		promoted := published.Add(24 * time.Hour)
		b.clock.Set(promoted)
		signingRotate(t, keys, RotationPromoted, Rotation{})
		active, err = keys.Active(t.Context())
		require.NoError(t, err)
		require.Equal(t, next, active.KID)
		_, err = keys.privateKeys.Get(t.Context(), SigningPrivateKey{KID: old}, theorydb.Consistent())
		require.ErrorIs(t, err, theorydb.ErrItemNotFound, "what signs no more is gone")

		until := promoted.Add(b.options.Lifetimes.AccessToken + 5*time.Minute)
		b.clock.Set(until.Add(-1))
		require.ElementsMatch(t, []string{old, next}, signingKIDs(t, keys))
		b.clock.Set(until)
		require.Equal(t, []string{next}, signingKIDs(t, keys))
		b.clock.Set(until)
		_, err = keys.Public(t.Context(), old)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	})
}

func TestSigningKeysSignWhatTheirJWKSVerifies(t *testing.T) {
	for _, alg := range signingAlgorithms {
		t.Run(string(alg), func(t *testing.T) {
			b := openBench(t)
			keys := b.For(b.scope).SigningKeys
			signingRotate(t, keys, RotationStarted, Rotation{Alg: alg})
			active, err := keys.Active(t.Context())
			require.NoError(t, err)
			require.Equal(t, alg, active.Alg)

			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: cryptosigner.Opaque(active.Signer)}, nil)
			require.NoError(t, err)
			signed, err := signer.Sign([]byte("claims"))
			require.NoError(t, err)
			token, err := signed.CompactSerialize()
			require.NoError(t, err)

			set, err := keys.JWKS(t.Context())
			require.NoError(t, err)
			require.True(t, set.Keys[0].IsPublic())
			require.Equal(t, "sig", set.Keys[0].Use)
			text, err := json.Marshal(set)
			require.NoError(t, err)
			var fetched jose.JSONWebKeySet
			require.NoError(t, json.Unmarshal(text, &fetched))
			parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{alg})
			require.NoError(t, err)
			claims, err := parsed.Verify(fetched.Key(active.KID)[0])
			require.NoError(t, err)
			require.Equal(t, "claims", string(claims))

			// Nothing of the private key is shown or stored in clear.
			shown := fmt.Sprintf("%v %+v %#v %s", active, active, active, active.Signer)
			opened, err := keys.privateKeys.Get(t.Context(), SigningPrivateKey{KID: active.KID}, theorydb.Consistent())
			require.NoError(t, err)
			secret := opened.Private.Reveal()
			secrets := []string{string(secret), string(secret[len(secret)-32:])}
			for _, each := range secrets {
				require.NotContains(t, shown, strings.Trim(fmt.Sprintf("%d", []byte(each)), "[]"))
				require.NotContains(t, shown, fmt.Sprintf("%x", each))
				b.holdsNoneOf(t, each)
			}
			switch public := active.Signer.Public().(type) {
			case ed25519.PublicKey:
				require.Equal(t, jose.EdDSA, alg)
			case *rsa.PublicKey:
				require.Equal(t, 2048, public.N.BitLen())
			}
		})
	}
}

// The thumbprint of RFC 8037 appendix A.3.
func TestTheKidIsTheThumbprintOfTheRFC(t *testing.T) {
	var key jose.JSONWebKey
	require.NoError(t, json.Unmarshal([]byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`), &key))
	kid, err := thumbprint(key.Key)
	require.NoError(t, err)
	require.Equal(t, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", kid)
}

// A row that somebody else put into the table is no key.
func TestAForeignSigningKeyIsRefused(t *testing.T) {
	b := openBench(t)
	keys := b.For(b.scope).SigningKeys
	started := signingRotate(t, keys, RotationStarted, Rotation{})
	public, err := keys.Public(t.Context(), started.ActiveKID)
	require.NoError(t, err)
	pair, err := keys.newKeyPair(jose.EdDSA)
	require.NoError(t, err)
	rsaPair, err := keys.newKeyPair(jose.RS256)
	require.NoError(t, err)
	for name, planted := range map[string]SigningPublicKey{
		"another key":    {KID: public.KID, Alg: "EdDSA", JWK: pair.jwk},
		"another alg":    {KID: pair.kid, Alg: "RS256", JWK: pair.jwk},
		"an RSA key":     {KID: rsaPair.kid, Alg: "EdDSA", JWK: rsaPair.jwk},
		"no JSON":        {KID: public.KID, Alg: "EdDSA", JWK: "{"},
		"a private half": {KID: public.KID, Alg: "EdDSA", JWK: `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`},
		"a shared one":   {KID: public.KID, Alg: "EdDSA", JWK: `{"kty":"oct","k":"AAAA"}`},
	} {
		_, err := planted.webKey()
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, name)
	}
	_, err = public.webKey()
	require.NoError(t, err)
	for name, private := range map[string][]byte{"another key": pair.private.Reveal(), "RSA": rsaPair.private.Reveal(), "none": []byte("x"), "empty": nil} {
		_, err := openSigner(public.KID, public.Alg, theorydb.NewSecret(private))
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, name)
	}

	planted := SigningPublicKey{KID: "planted", Alg: "EdDSA", JWK: pair.jwk, State: stateNext, SignFrom: b.clock.Now()}
	require.NoError(t, keys.publicKeys.Create(t.Context(), &planted))
	_, err = keys.JWKS(t.Context())
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = keys.Public(t.Context(), "planted")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
}

func TestRotateFailsWithoutRandomness(t *testing.T) {
	b := openBench(t, func(o *Options) { o.Rand = bytes.NewReader(nil) })
	_, err := b.For(b.scope).SigningKeys.Rotate(t.Context(), Rotation{})
	require.Error(t, err)
	require.Empty(t, b.items(t))
}

// A lost answer of a rotation is resolved by the transaction's token: the step is done once.
func TestRotateIsDoneOnceWhenItsAnswerIsLost(t *testing.T) {
	b := openBench(t)
	keys := b.For(b.scope).SigningKeys
	b.faults.On("TransactWriteItems").CommitThenDrop()
	started := signingRotate(t, keys, RotationStarted, Rotation{})
	require.Empty(t, b.faults.Unfired())
	require.Equal(t, []string{started.ActiveKID}, signingKIDs(t, keys))
	b.faults.On("TransactWriteItems").Error(500, "InternalServerError", "no")
	signingRotate(t, keys, RotationPublished, Rotation{Early: true})
	require.Len(t, signingKIDs(t, keys), 2)
}

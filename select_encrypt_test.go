package theorydb_test

import (
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// parts of a versionedCredential
type (
	credentialLabel struct{ ID, Label string }
	credentialSpare struct {
		ID    string
		Spare theorydb.Secret[[]byte] `theorydb:"encrypted"`
	}
)

func allCredentials() theorydb.Query[versionedCredential] {
	return theorydb.Query[versionedCredential]{Key: versionedCredential{ID: "1"}}
}

func selectCredentials[B any](t *testing.T, m *theorydb.Model[versionedCredential]) ([]*B, error) {
	return theorydb.Collect(theorydb.Select[B](t.Context(), m, allCredentials()))
}

func TestSelectOpensTheSealedAttributesThatItReads(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		v := vaultOn(e)
		m := model[versionedCredential](t, v.engine, v.sealed)
		require.NoError(t, m.Create(t.Context(), &versionedCredential{
			ID: "1", Label: "l", Secret: theorydb.NewSecret("s"), Spare: theorydb.NewSecret([]byte("spare")),
		}))
		var labels []*credentialLabel
		var asked map[string]int
		bodies := requestsOf(t, e, "Query", func() {
			asked = v.asks(func() {
				var err error
				labels, err = selectCredentials[credentialLabel](t, m)
				require.NoError(t, err)
			})
		})
		require.Equal(t, "l", labels[0].Label)
		require.Empty(t, asked, "requests to KMS")
		require.Equal(t, "PK SK _t id label ttl", asksFor(t, bodies[0]), "nothing sealed is asked for")

		bodies = requestsOf(t, e, "Query", func() {
			asked = v.asks(func() {
				spares, err := selectCredentials[credentialSpare](t, m)
				require.NoError(t, err)
				require.Equal(t, "spare", string(spares[0].Spare.Reveal()))
			})
		})
		require.Equal(t, map[string]int{"Decrypt": 1}, asked)
		require.Equal(t, "PK SK _t id spare ttl", asksFor(t, bodies[0]))

		// What is not read is not judged, and what is fails the whole.
		genuine := v.stored(t, "CREDENTIAL#1", "CREDENTIAL")
		damaged := maps.Clone(genuine)
		damaged["spare"] = damaged["secret"]
		v.put(t, damaged)
		_, err := selectCredentials[credentialLabel](t, m)
		require.NoError(t, err)
		_, err = selectCredentials[credentialSpare](t, m)
		requireEncryptionError(t, err, theorydb.ErrDecryptAuth, "spare")
		damaged["spare"] = &types.AttributeValueMemberS{Value: "in clear"}
		v.put(t, damaged)
		_, err = selectCredentials[credentialSpare](t, m)
		requireEncryptionError(t, err, theorydb.ErrInvalidEncryptedEnvelope, "spare")
		delete(damaged, "spare")
		v.put(t, damaged)
		spares, err := selectCredentials[credentialSpare](t, m)
		require.NoError(t, err, "it has omitempty in the model")
		require.False(t, spares[0].Spare.IsSet())
		delete(damaged, "secret")
		v.put(t, damaged)
		_, err = selectCredentials[struct {
			Secret theorydb.Secret[string] `theorydb:"encrypted"`
		}](t, m)
		requireEncryptionError(t, err, theorydb.ErrEncryptedFieldMissing, "secret")
	})
}

func TestSelectOfNothingSealedNeedsNoKey(t *testing.T) {
	v := openVault(t)
	sealed := model[versionedCredential](t, v.engine, v.sealed)
	require.NoError(t, sealed.Create(t.Context(), &versionedCredential{ID: "1", Label: "l", Secret: theorydb.NewSecret("s")}))
	m, err := theorydb.NewModel[versionedCredential](v.open(t))
	require.NoError(t, err)

	labels, err := selectCredentials[credentialLabel](t, m)
	require.NoError(t, err)
	require.Equal(t, "l", labels[0].Label)
	v.requireSilent(t, func() {
		_, err = theorydb.Collect(m.Query(t.Context(), allCredentials()))
		require.ErrorIs(t, err, theorydb.ErrEncryptionNotConfigured)
		_, err = selectCredentials[credentialSpare](t, m)
		require.ErrorIs(t, err, theorydb.ErrEncryptionNotConfigured)
	})
}

// A row that was planted is refused before KMS is asked to open anything of it.
func TestSelectOfAPlantedRowAsksNoKMS(t *testing.T) {
	v := openVault(t)
	m := model[versionedCredential](t, v.engine, v.sealed)
	require.NoError(t, m.Create(t.Context(), &versionedCredential{ID: "1", Secret: theorydb.NewSecret("s"), Spare: theorydb.NewSecret([]byte("p"))}))
	planted := v.stored(t, "CREDENTIAL#1", "CREDENTIAL")
	planted["id"] = str("2")
	v.put(t, planted)
	var err error
	require.Empty(t, v.asks(func() { _, err = selectCredentials[credentialSpare](t, m) }))
	require.ErrorIs(t, err, theorydb.ErrTypeMismatch)
}

func TestSelectMayHideWhatTheModelHoldsPlain(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed)
	require.NoError(t, m.Create(t.Context(), &Credential{PK: "p", SK: "s", Secret: "hunter2"}))
	got, err := theorydb.Collect(theorydb.Select[struct {
		PK     string                  `theorydb:"pk"`
		Secret theorydb.Secret[string] `theorydb:"encrypted"`
	}](t.Context(), m, theorydb.Query[Credential]{Key: Credential{PK: "p"}}))
	require.NoError(t, err)
	require.Equal(t, "p", got[0].PK)
	require.Equal(t, "hunter2", got[0].Secret.Reveal())
}

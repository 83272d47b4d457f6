package envelope_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/envelope"
	"github.com/theorydb/theorydb/internal/tlv"
)

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	*h = raw
	return err
}

type vectorKey struct {
	Name  string
	Value struct {
		S, N *string
		B    []byte
	}
}

// stored gives type and bytes of a key as they stand in a context.
func (k vectorKey) stored(t testing.TB) (byte, []byte) {
	t.Helper()
	switch {
	case k.Value.S != nil:
		return 'S', []byte(*k.Value.S)
	case k.Value.N != nil:
		canonical, err := tlv.Number(*k.Value.N)
		require.NoError(t, err)
		return 'N', []byte(canonical)
	}
	require.NotEmpty(t, k.Value.B)
	return 'B', k.Value.B
}

type vectorContext struct {
	Table, Entity, Scope, Attribute string

	PK vectorKey
	SK *vectorKey
}

func (v vectorContext) context(t testing.TB) envelope.Context {
	t.Helper()
	c := envelope.Context{LogicalTable: v.Table, Entity: v.Entity, Scope: v.Scope, Attribute: v.Attribute, PKName: v.PK.Name}
	c.PKType, c.PKValue = v.PK.stored(t)
	if v.SK != nil {
		c.SKName = v.SK.Name
		c.SKType, c.SKValue = v.SK.stored(t)
	}
	return c
}

type vectorParts struct{ K, EDK, KC, Nonce, CT hexBytes }

func (v vectorParts) parts(t testing.TB) envelope.Parts {
	t.Helper()
	require.Len(t, v.K, 8)
	require.Len(t, v.KC, 32)
	require.Len(t, v.Nonce, 12)
	return envelope.Parts{K: [8]byte(v.K), EDK: v.EDK, KC: [32]byte(v.KC), Nonce: [12]byte(v.Nonce), CT: v.CT}
}

// vectors are the parts of envelopes.json about sealing; internal/tlv reads those about values.
type vectors struct {
	Selectors []struct {
		KeyID    string `json:"key_id"`
		Selector hexBytes
	}
	Envelopes []struct {
		Name         string
		DataKey      hexBytes `json:"data_key"`
		KeyID        string   `json:"key_id"`
		Context      vectorContext
		ContextBytes hexBytes `json:"context_bytes"`
		Plaintext    hexBytes
		Parts        vectorParts
	}
	Refusals []struct {
		Name    string
		DataKey hexBytes `json:"data_key"`
		Context vectorContext
		Parts   vectorParts
		Error   string
	}
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	data, err := os.ReadFile("../../contracttest/vectors/envelopes.json")
	require.NoError(t, err)
	var v vectors
	require.NoError(t, json.Unmarshal(data, &v))
	return v
}

func TestVectorsOfSelectors(t *testing.T) {
	v := readVectors(t)
	require.NotEmpty(t, v.Selectors)
	for _, s := range v.Selectors {
		selector := envelope.Selector(s.KeyID)
		require.Equal(t, []byte(s.Selector), selector[:], s.KeyID)
	}
	t.Logf("%d selectors", len(v.Selectors))
}

func TestVectorsOfEnvelopes(t *testing.T) {
	v := readVectors(t)
	require.NotEmpty(t, v.Envelopes)
	for _, e := range v.Envelopes {
		t.Run(e.Name, func(t *testing.T) {
			c, want := e.Context.context(t), e.Parts.parts(t)
			require.Equal(t, []byte(e.ContextBytes), c.Bytes())
			opened, err := envelope.Open(e.DataKey, c, want)
			require.NoError(t, err)
			require.Equal(t, []byte(e.Plaintext), opened)

			// Seal draws its own nonce, so its ciphertext is held against a second GCM with that very nonce, and the
			// second GCM against the vector.
			key, _ := derived(t, e.DataKey, e.ContextBytes)
			gcm := newNaiveGCM(t, key)
			require.Equal(t, want.CT, gcm.seal(want.Nonce, e.Plaintext, e.ContextBytes))
			got, err := envelope.Seal(e.DataKey, e.Parts.EDK, envelope.Selector(e.KeyID), c, e.Plaintext)
			require.NoError(t, err)
			require.Equal(t, gcm.seal(got.Nonce, e.Plaintext, e.ContextBytes), got.CT)
			got.Nonce, got.CT = want.Nonce, want.CT
			require.Equal(t, want, got)
		})
	}
	t.Logf("%d envelopes", len(v.Envelopes))
}

func TestVectorsOfRefusals(t *testing.T) {
	v := readVectors(t)
	classes := map[string]int{}
	for _, r := range v.Refusals {
		t.Run(r.Name, func(t *testing.T) {
			c, p := r.Context.context(t), r.Parts.parts(t)
			classes[r.Error]++
			switch r.Error {
			case "ErrDecryptAuth":
				requireRefused(t, r.DataKey, c, p)
			case "ErrInvalidEncryptedEnvelope":
				plaintext, err := envelope.Open(r.DataKey, c, p)
				require.NoError(t, err)
				_, err = tlv.Decode(plaintext)
				require.ErrorIs(t, err, tlv.ErrMalformed)
			default:
				t.Fatalf("unknown class %q", r.Error)
			}
		})
	}
	require.Len(t, classes, 2)
	t.Logf("%v", classes)
}

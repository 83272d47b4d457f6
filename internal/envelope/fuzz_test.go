package envelope_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/envelope"
)

// FuzzOpen holds Open against the definition of the format, worked out by the naive GCM, and looks for panics.
func FuzzOpen(f *testing.F) {
	v := readVectors(f)
	place := somePlace()
	for _, e := range v.Envelopes {
		f.Add([]byte(e.DataKey), e.Context.Attribute, e.Context.context(f).PKValue, []byte(e.Parts.KC), []byte(e.Parts.Nonce), []byte(e.Parts.CT))
	}
	for _, r := range v.Refusals {
		f.Add([]byte(r.DataKey), r.Context.Attribute, r.Context.context(f).PKValue, []byte(r.Parts.KC), []byte(r.Parts.Nonce), []byte(r.Parts.CT))
	}
	f.Fuzz(func(t *testing.T, dataKey []byte, attribute string, key, commitment, nonce, ct []byte) {
		c := place
		c.Attribute, c.PKValue = attribute, key
		p := envelope.Parts{EDK: []byte{1}, CT: ct}
		copy(p.KC[:], commitment)
		copy(p.Nonce[:], nonce)
		plaintext, err := envelope.Open(dataKey, c, p)
		if len(dataKey) != 32 {
			require.ErrorIs(t, err, envelope.ErrInvalid)
			require.Nil(t, plaintext)
			return
		}
		derivedKey, derivedCommitment := derived(t, dataKey, c.Bytes())
		if p.KC == [32]byte(derivedCommitment) && len(ct) >= envelope.MinCT {
			if want, ok := newNaiveGCM(t, derivedKey).open(p.Nonce, ct, c.Bytes()); ok {
				require.NoError(t, err)
				require.Equal(t, want, plaintext)
				return
			}
		}
		requireRefused(t, dataKey, c, p)
	})
}

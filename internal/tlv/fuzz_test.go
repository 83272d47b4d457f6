package tlv_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/schema"
	"github.com/theorydb/theorydb/internal/tlv"
)

func FuzzDecode(f *testing.F) {
	v := readVectors(f)
	for _, value := range v.Values {
		f.Add([]byte(value.Bytes))
	}
	for _, refused := range v.RefusedBytes {
		f.Add([]byte(refused.Bytes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		decoded, err := tlv.Decode(b)
		if err != nil {
			require.ErrorIs(t, err, tlv.ErrMalformed)
			require.Nil(t, decoded)
			return
		}
		again, err := tlv.Encode(decoded)
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}

func FuzzNumber(f *testing.F) {
	v := readVectors(f)
	for _, number := range v.Numbers {
		f.Add(number.Text)
	}
	for _, text := range v.RefusedNumbers {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		canonical, err := tlv.Number(text)
		require.Equal(t, schema.IsNumber(text), err == nil)
		if err != nil {
			require.ErrorIs(t, err, tlv.ErrInvalid)
			return
		}
		require.Regexp(t, canonicalForm, canonical)
		require.True(t, schema.Equal(numberValue(text), numberValue(canonical)))
		again, err := tlv.Number(canonical)
		require.NoError(t, err)
		require.Equal(t, canonical, again)
	})
}

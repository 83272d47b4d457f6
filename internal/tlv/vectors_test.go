package tlv_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/schema"
	"github.com/theorydb/theorydb/internal/tlv"
)

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	*h = raw
	return err
}

// vectors are the parts of envelopes.json that tell how values become bytes; internal/envelope reads the others.
type vectors struct {
	Numbers        []struct{ Text, Number string }
	RefusedNumbers []string `json:"refused_numbers"`
	Values         []struct {
		Value json.RawMessage
		Bytes hexBytes
	}
	RefusedValues []struct {
		Name  string
		Value json.RawMessage
	} `json:"refused_values"`
	RefusedBytes []struct {
		Name  string
		Bytes hexBytes
	} `json:"refused_bytes"`
	Envelopes []struct {
		Name      string
		Value     json.RawMessage
		Plaintext hexBytes
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

// requireBytes holds a value in DynamoDB JSON against its canonical bytes, both ways.
func requireBytes(t *testing.T, value json.RawMessage, want hexBytes) {
	t.Helper()
	v, err := attributevalue.UnmarshalJSON(value)
	require.NoError(t, err)
	encoded, err := tlv.Encode(v)
	require.NoError(t, err)
	require.Equal(t, []byte(want), encoded)
	decoded, err := tlv.Decode(want)
	require.NoError(t, err)
	encoded, err = tlv.Encode(decoded)
	require.NoError(t, err)
	require.Equal(t, []byte(want), encoded)
}

func TestVectorsOfNumbers(t *testing.T) {
	v := readVectors(t)
	require.NotEmpty(t, v.Numbers)
	require.NotEmpty(t, v.RefusedNumbers)
	for _, n := range v.Numbers {
		canonical, err := tlv.Number(n.Text)
		require.NoError(t, err, "%q", n.Text)
		require.Equal(t, n.Number, canonical, "%q", n.Text)
	}
	for _, text := range v.RefusedNumbers {
		_, err := tlv.Number(text)
		require.ErrorIs(t, err, tlv.ErrInvalid, "%q", text)
	}
	t.Logf("%d numbers, %d refused", len(v.Numbers), len(v.RefusedNumbers))
}

func TestVectorsOfValues(t *testing.T) {
	v := readVectors(t)
	require.NotEmpty(t, v.Values)
	require.NotEmpty(t, v.Envelopes)
	for _, value := range v.Values {
		requireBytes(t, value.Value, value.Bytes)
	}
	for _, envelope := range v.Envelopes {
		requireBytes(t, envelope.Value, envelope.Plaintext)
	}
	t.Logf("%d values, %d plaintexts of envelopes", len(v.Values), len(v.Envelopes))
}

func TestVectorsOfRefusedValues(t *testing.T) {
	v := readVectors(t)
	require.NotEmpty(t, v.RefusedValues)
	for _, refused := range v.RefusedValues {
		value, err := attributevalue.UnmarshalJSON(refused.Value)
		require.NoError(t, err, refused.Name)
		_, err = tlv.Encode(value)
		require.ErrorIs(t, err, tlv.ErrInvalid, refused.Name)
	}
	t.Logf("%d values refused", len(v.RefusedValues))
}

func TestVectorsOfRefusedBytes(t *testing.T) {
	v := readVectors(t)
	require.NotEmpty(t, v.RefusedBytes)
	for _, refused := range v.RefusedBytes {
		value, err := tlv.Decode(refused.Bytes)
		require.ErrorIs(t, err, tlv.ErrMalformed, refused.Name)
		require.Nil(t, value, refused.Name)
	}
	t.Logf("%d byte strings refused", len(v.RefusedBytes))
}

func TestEveryTruncationAndExtensionOfAValueIsAnotherValueOrNone(t *testing.T) {
	v := readVectors(t)
	tried, refused := 0, 0
	try := func(original, changed []byte) {
		tried++
		decoded, err := tlv.Decode(changed)
		if err != nil {
			require.ErrorIs(t, err, tlv.ErrMalformed)
			refused++
			return
		}
		was, err := tlv.Decode(original)
		require.NoError(t, err)
		require.False(t, schema.Equal(was, decoded), "%x and %x", original, changed)
	}
	for _, value := range v.Values {
		for n := range value.Bytes {
			try(value.Bytes, value.Bytes[:n])
		}
		longer := append([]byte{}, value.Bytes...)
		for range 64 {
			longer = append(longer, 0)
			try(value.Bytes, longer)
		}
		for bit := range len(value.Bytes) * 8 {
			changed := append([]byte{}, value.Bytes...)
			changed[bit/8] ^= 1 << (bit % 8)
			try(value.Bytes, changed)
		}
	}
	t.Logf("%d changed byte strings, %d refused", tried, refused)
}

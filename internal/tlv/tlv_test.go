package tlv_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/internal/schema"
	"github.com/theorydb/theorydb/internal/tlv"
)

func TestDecodeGivesBackWhatEncodeWasGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values(3).Draw(t, "value")
		encoded, err := tlv.Encode(v)
		require.NoError(t, err)
		decoded, err := tlv.Decode(encoded)
		require.NoError(t, err)
		require.True(t, schema.Equal(v, decoded), "%x", encoded)
		again, err := tlv.Encode(decoded)
		require.NoError(t, err)
		require.Equal(t, encoded, again)
	})
}

func TestEqualValuesAndNoOthersHaveTheSameBytes(t *testing.T) {
	equal, different := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		a := values(2).Draw(t, "a")
		b := respelled(t, a)
		if rapid.Bool().Draw(t, "independent") {
			b = values(2).Draw(t, "b")
		}
		x, err := tlv.Encode(a)
		require.NoError(t, err)
		y, err := tlv.Encode(b)
		require.NoError(t, err)
		require.Equal(t, schema.Equal(a, b), bytes.Equal(x, y), "%x and %x", x, y)
		if bytes.Equal(x, y) {
			equal++
		} else {
			different++
		}
	})
	require.Positive(t, equal)
	require.Positive(t, different)
	t.Logf("%d equal pairs, %d different ones", equal, different)
}

func TestNoTwoShortValuesShareTheirBytes(t *testing.T) {
	// All values of two levels over a few leaves that look like one another's bytes.
	leaves := []types.AttributeValue{
		textValue(""), textValue("Z"), textValue("1e0"), numberValue("1"), textValue("\x00\x00\x00\x00"),
		&types.AttributeValueMemberB{}, &types.AttributeValueMemberB{Value: []byte("1e0")}, &types.AttributeValueMemberNULL{Value: true},
		&types.AttributeValueMemberBOOL{}, &types.AttributeValueMemberSS{Value: []string{"1e0"}}, &types.AttributeValueMemberNS{Value: []string{"1"}},
		&types.AttributeValueMemberBS{Value: [][]byte{[]byte("1e0")}}, listOf(), &types.AttributeValueMemberM{},
	}
	all := leaves
	for range 2 {
		next := leaves
		for _, v := range all {
			next = append(next, listOf(v), mapOf("Z", v), mapOf("ZZ", v))
			for _, leaf := range leaves {
				next = append(next, listOf(v, leaf), &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"Z": v, "ZZ": leaf}})
			}
		}
		all = next
	}
	seen := make(map[string]types.AttributeValue, len(all))
	for _, v := range all {
		encoded, err := tlv.Encode(v)
		require.NoError(t, err)
		if other, ok := seen[string(encoded)]; ok {
			require.True(t, schema.Equal(v, other), "%x", encoded)
		}
		seen[string(encoded)] = v
	}
	t.Logf("%d values, %d different ones", len(all), len(seen))
}

func TestEncodeRefusesWhatDynamoDBWouldNotHold(t *testing.T) {
	const secret = "hunter2"
	bad := secret + "\xff"
	loop := &types.AttributeValueMemberL{Value: make([]types.AttributeValue, 1)}
	loop.Value[0] = loop
	cases := map[string]types.AttributeValue{
		"no value":                nil,
		"no value in a list":      listOf(nil),
		"no value in a map":       mapOf(secret, nil),
		"another type":            &types.UnknownUnionMember{Tag: secret},
		"text":                    textValue(bad),
		"text in a set":           &types.AttributeValueMemberSS{Value: []string{bad}},
		"map key":                 mapOf(bad, textValue("")),
		"empty map key":           mapOf("", textValue(secret)),
		"number":                  numberValue(secret),
		"number in a set":         &types.AttributeValueMemberNS{Value: []string{"1", secret}},
		"number of 39 digits":     numberValue(strings.Repeat("1", 39)),
		"number out of range":     numberValue("1e126"),
		"false NULL":              &types.AttributeValueMemberNULL{},
		"empty text set":          &types.AttributeValueMemberSS{},
		"empty number set":        &types.AttributeValueMemberNS{},
		"empty binary set":        &types.AttributeValueMemberBS{},
		"list that holds itself":  loop,
		"text in the depth":       listOf(mapOf("a", listOf(textValue(bad)))),
		"nil text":                (*types.AttributeValueMemberS)(nil),
		"nil number":              (*types.AttributeValueMemberN)(nil),
		"nil binary":              (*types.AttributeValueMemberB)(nil),
		"nil BOOL":                (*types.AttributeValueMemberBOOL)(nil),
		"nil NULL":                (*types.AttributeValueMemberNULL)(nil),
		"nil list":                (*types.AttributeValueMemberL)(nil),
		"nil map":                 (*types.AttributeValueMemberM)(nil),
		"nil text set":            (*types.AttributeValueMemberSS)(nil),
		"nil number set":          (*types.AttributeValueMemberNS)(nil),
		"nil binary set in a map": mapOf("a", (*types.AttributeValueMemberBS)(nil)),
	}
	for name, v := range cases {
		t.Run(name, func(t *testing.T) {
			encoded, err := tlv.Encode(v)
			require.ErrorIs(t, err, tlv.ErrInvalid)
			require.Nil(t, encoded)
			require.NotContains(t, err.Error(), secret)
		})
	}
}

func TestThirtyTwoListsAndMapsMayStandInOneAnother(t *testing.T) {
	inner := []types.AttributeValue{textValue("x"), listOf(), &types.AttributeValueMemberM{}}
	for _, v := range inner {
		_, container := v.(*types.AttributeValueMemberS)
		room := tlv.MaxDepth
		if !container {
			room--
		}
		for depth := range room {
			v = []types.AttributeValue{listOf(v), mapOf("m", v)}[depth%2]
		}
		encoded, err := tlv.Encode(v)
		require.NoError(t, err)
		decoded, err := tlv.Decode(encoded)
		require.NoError(t, err)
		require.True(t, schema.Equal(v, decoded))
		for _, deeper := range []types.AttributeValue{listOf(v), mapOf("m", v)} {
			_, err = tlv.Encode(deeper)
			require.ErrorIs(t, err, tlv.ErrInvalid)
		}
	}
}

func TestValuesEndAtTheSizeOfAnItem(t *testing.T) {
	largest := textValue(strings.Repeat("x", tlv.MaxSize-1))
	encoded, err := tlv.Encode(largest)
	require.NoError(t, err)
	require.Len(t, encoded, tlv.MaxSize)
	_, err = tlv.Decode(encoded)
	require.NoError(t, err)

	encoded, err = tlv.Encode(textValue(strings.Repeat("x", tlv.MaxSize)))
	require.ErrorIs(t, err, tlv.ErrTooLarge)
	require.Nil(t, encoded)
	_, err = tlv.Decode([]byte("S" + strings.Repeat("x", tlv.MaxSize)))
	require.ErrorIs(t, err, tlv.ErrMalformed)
	_, err = tlv.Encode(listOf(largest))
	require.ErrorIs(t, err, tlv.ErrTooLarge)

	t.Run("a small value that would unfold without bound", func(t *testing.T) {
		v := textValue("x")
		for range tlv.MaxDepth { // 2^32 texts
			v = listOf(v, v)
		}
		_, err := tlv.Encode(v)
		require.ErrorIs(t, err, tlv.ErrTooLarge)
	})
}

func TestSetsAreWrittenInOrderAndTheCallersAreLeftAlone(t *testing.T) {
	members := []string{"b", "a", "b"}
	encoded, err := tlv.Encode(&types.AttributeValueMemberSS{Value: members})
	require.NoError(t, err)
	require.Equal(t, []string{"b", "a", "b"}, members)
	decoded, err := tlv.Decode(encoded)
	require.NoError(t, err)
	require.Equal(t, &types.AttributeValueMemberSS{Value: []string{"a", "b"}}, decoded)
}

func TestDecodedValuesShareNoMemoryWithTheirBytes(t *testing.T) {
	v := listOf(
		textValue("text"), &types.AttributeValueMemberB{Value: []byte("bytes")}, &types.AttributeValueMemberBS{Value: [][]byte{[]byte("member")}},
		mapOf("key", &types.AttributeValueMemberB{Value: []byte{}}),
	)
	encoded, err := tlv.Encode(v)
	require.NoError(t, err)
	decoded, err := tlv.Decode(encoded)
	require.NoError(t, err)
	clear(encoded) // as whoever opened it will
	require.Equal(t, v, decoded, "empty binaries, lists and maps are not nil")
}

func TestNumbersReadBackInPlainForm(t *testing.T) {
	cases := map[string]string{
		"0": "0", "-0.0": "0", "1": "1", "1E0": "1", "12e3": "12000", "-12e3": "-12000", "1.50": "1.5", "-0.05": "-0.05", "5e-1": "0.5", "123.456": "123.456",
		"1e125": "1" + strings.Repeat("0", 125), "1e-130": "0." + strings.Repeat("0", 129) + "1",
	}
	for text, plain := range cases {
		encoded, err := tlv.Encode(numberValue(text))
		require.NoError(t, err)
		decoded, err := tlv.Decode(encoded)
		require.NoError(t, err)
		require.Equal(t, numberValue(plain), decoded)
		encoded, err = tlv.Encode(&types.AttributeValueMemberNS{Value: []string{text}})
		require.NoError(t, err)
		decoded, err = tlv.Decode(encoded)
		require.NoError(t, err)
		require.Equal(t, &types.AttributeValueMemberNS{Value: []string{plain}}, decoded)
	}
}

package envelope_test

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/internal/envelope"
	"github.com/theorydb/theorydb/internal/tlv"
)

// someKey is a data key that depends on its name only.
func someKey(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

func somePlace() envelope.Context {
	return envelope.Context{
		LogicalTable: "identity", Entity: "Credential", Scope: "acme", Attribute: "secret",
		PKName: "PK", PKType: 'S', PKValue: []byte("TENANT#acme#USER#7"),
		SKName: "SK", SKType: 'S', SKValue: []byte("CREDENTIAL#1"),
	}
}

// somePlaintexts are the canonical bytes of three values of different size and kind.
func somePlaintexts(t testing.TB) map[string][]byte {
	t.Helper()
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	values := map[string]types.AttributeValue{
		"32 bytes": text(strings.Repeat("k", 32)),
		"1 KB":     text(strings.Repeat("0123456789abcdef", 64)),
		"nested map": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
			"name": text("Zoë"), "tags": &types.AttributeValueMemberSS{Value: []string{"b", "a"}},
			"list": &types.AttributeValueMemberL{Value: []types.AttributeValue{
				&types.AttributeValueMemberNULL{Value: true}, &types.AttributeValueMemberN{Value: "-12.5"}, &types.AttributeValueMemberM{},
			}},
		}},
	}
	plaintexts := make(map[string][]byte, len(values))
	for name, value := range values {
		var err error
		plaintexts[name], err = tlv.Encode(value)
		require.NoError(t, err)
	}
	return plaintexts
}

func seal(t testing.TB, dataKey []byte, c envelope.Context, plaintext []byte) envelope.Parts {
	t.Helper()
	p, err := envelope.Seal(dataKey, []byte("encrypted data key"), envelope.Selector("key"), c, plaintext)
	require.NoError(t, err)
	return p
}

func requireRefused(t testing.TB, dataKey []byte, c envelope.Context, p envelope.Parts) {
	t.Helper()
	plaintext, err := envelope.Open(dataKey, c, p)
	if err != envelope.ErrAuth || plaintext != nil { //nolint:errorlint // the bare error and nothing else: no wrapped cause may tell failures apart
		t.Fatalf("want the bare ErrAuth and no plaintext, got %v and %d bytes", err, len(plaintext))
	}
}

func TestOpenGivesWhatWasSealed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plaintext := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "plaintext")
		dataKey := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "data key")
		edk := rapid.SliceOfN(rapid.Byte(), 1, envelope.MaxEDK).Draw(t, "edk")
		c := somePlace()
		c.Attribute = rapid.String().Draw(t, "attribute")
		c.PKValue = rapid.SliceOf(rapid.Byte()).Draw(t, "key")
		p, err := envelope.Seal(dataKey, edk, [8]byte{1}, c, plaintext)
		require.NoError(t, err)
		require.Equal(t, edk, p.EDK)
		require.Equal(t, [8]byte{1}, p.K)
		require.Len(t, p.CT, len(plaintext)+envelope.MinCT-1)
		opened, err := envelope.Open(dataKey, c, p)
		require.NoError(t, err)
		require.Equal(t, plaintext, opened)
	})
}

func TestSealAndOpenLeaveTheirArgumentsAlone(t *testing.T) {
	dataKey, edk, plaintext, c := someKey("data"), []byte("encrypted data key"), []byte("Ss3cr3t"), somePlace()
	p, err := envelope.Seal(dataKey, edk, [8]byte{}, c, plaintext)
	require.NoError(t, err)
	nonce, ct := p.Nonce, bytes.Clone(p.CT)
	opened, err := envelope.Open(dataKey, c, p)
	require.NoError(t, err)
	require.Equal(t, someKey("data"), dataKey)
	require.Equal(t, "encrypted data key", string(edk))
	require.Equal(t, "Ss3cr3t", string(plaintext))
	require.Equal(t, somePlace(), c)

	clear(edk)
	clear(opened)
	clear(plaintext)
	require.Equal(t, "encrypted data key", string(p.EDK))
	require.Equal(t, nonce, p.Nonce)
	require.Equal(t, ct, p.CT)
}

func TestSealRefusesWhatMakesNoEnvelope(t *testing.T) {
	dataKey, edk, plaintext := someKey("data"), []byte{1}, []byte("Sx")
	cases := map[string]struct{ dataKey, edk, plaintext []byte }{
		"no data key":                   {nil, edk, plaintext},
		"data key of 16 bytes":          {dataKey[:16], edk, plaintext},
		"data key of 31 bytes":          {dataKey[:31], edk, plaintext},
		"data key of 33 bytes":          {append(dataKey, 0), edk, plaintext},
		"no encrypted data key":         {dataKey, nil, plaintext},
		"encrypted data key, too long":  {dataKey, make([]byte, envelope.MaxEDK+1), plaintext},
		"no plaintext":                  {dataKey, edk, nil},
		"empty plaintext, and not nil ": {dataKey, edk, []byte{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := envelope.Seal(c.dataKey, c.edk, [8]byte{1}, somePlace(), c.plaintext)
			require.ErrorIs(t, err, envelope.ErrInvalid)
			require.NotErrorIs(t, err, envelope.ErrAuth)
			require.Zero(t, p)
		})
	}
}

func TestOpenRefusesADataKeyOfAnotherLength(t *testing.T) {
	p := seal(t, someKey("data"), somePlace(), []byte("Sx"))
	for _, size := range []int{0, 16, 24, 31, 33, 64} {
		plaintext, err := envelope.Open(make([]byte, size), somePlace(), p)
		require.ErrorIs(t, err, envelope.ErrInvalid)
		require.Nil(t, plaintext)
	}
}

func TestNoncesAndCiphertextsNeverRepeat(t *testing.T) {
	const seals = 100_000
	dataKey, c, plaintext := someKey("data"), somePlace(), []byte("Ss3cr3t")
	nonces := make(map[[12]byte]bool, seals)
	ciphertexts := make(map[string]bool, seals)
	for range seals {
		p := seal(t, dataKey, c, plaintext)
		nonces[p.Nonce] = true
		ciphertexts[string(p.CT)] = true
	}
	require.Len(t, nonces, seals)
	require.Len(t, ciphertexts, seals)
	t.Logf("%d seals of one value, %d nonces", seals, len(nonces))
}

func TestOneDataKeyGivesEachPlaceAKeyOfItsOwn(t *testing.T) {
	dataKey := someKey("data")
	commitments := map[[32]byte]string{}
	for name, c := range otherPlaces() {
		p := seal(t, dataKey, c, []byte("Sx"))
		require.Empty(t, commitments[p.KC], name)
		commitments[p.KC] = name
	}
	t.Logf("%d places, %d commitments", len(otherPlaces()), len(commitments))
}

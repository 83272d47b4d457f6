package keystore

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func newService(seed int64) (*Service, *key) {
	s := New(func() time.Time { return time.Unix(1700000000, 0) }, rand.Reader, seed)
	return s, s.addKey(s.region("us-east-1"), "test", false)
}

func TestContextsGiveDifferentBytes(t *testing.T) {
	texts := rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00\x01")), 0, 5, -1)
	contexts := rapid.MapOfN(texts, texts, 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		first, second := contexts.Draw(t, "first"), contexts.Draw(t, "second")
		same := len(first) == len(second)
		for name, value := range first {
			other, ok := second[name]
			same = same && ok && other == value
		}
		require.Equal(t, same, bytes.Equal(additionalData(nil, first), additionalData(nil, second)))
	})
}

func TestBlobNamesItsKeyAndBackingKey(t *testing.T) {
	s, k := newService(1)
	k.material.rotations = 3
	raw, err := s.seal(k, []byte("secret"), nil)
	require.NoError(t, err)
	b, ok := s.parseBlob(raw)
	require.True(t, ok)
	require.Equal(t, k.id, b.keyID)
	require.EqualValues(t, 3, b.version)
	k.material.rotations = 2
	_, ok = s.open(k, b, nil)
	require.False(t, ok, "a backing key that does not exist")
	other, _ := newService(2)
	_, ok = other.parseBlob(raw)
	require.False(t, ok, "a blob of another seed")
}

func TestEqualPlaintextsGiveDifferentBlobs(t *testing.T) {
	s, k := newService(1)
	seen := map[string]bool{}
	for range 1000 {
		raw, err := s.seal(k, []byte("secret"), nil)
		require.NoError(t, err)
		seen[string(raw)] = true
	}
	require.Len(t, seen, 1000)
}

func TestFailingRandomnessMakesNoDataKey(t *testing.T) {
	s := New(func() time.Time { return time.Unix(1700000000, 0) }, bytes.NewReader([]byte("too short")), 1)
	k := s.addKey(s.region("us-east-1"), "test", false)
	status, answer := s.Handle("GenerateDataKey", []byte(`{"KeyId":"`+k.id+`","KeySpec":"AES_256"}`), Caller{Region: "us-east-1"})
	require.Equal(t, 500, status)
	require.Contains(t, string(answer), `"KMSInternalException"`)
	require.NotContains(t, string(answer), "Plaintext")
}

// stored is "secret" under the context {"a": "b"} and the key of newService(1).
const stored = "ATEyZDUxNzBiLWQ3ZGQtNDE5OS04MDQ5LWYxODNjMDJmZThhZQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4qjPftcnE48gYdE+ayavGzMPU5LSJXgU03Zs+bPmswDpTc+OU+VT65bp1auftw+LPi8eRV8BZc70/UMRcME="

func decodeStored(t testing.TB) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(stored)
	require.NoError(t, err)
	return raw
}

func TestStoredBlobStillOpens(t *testing.T) {
	s, k := newService(1)
	b, ok := s.parseBlob(decodeStored(t))
	require.True(t, ok)
	require.Equal(t, k.id, b.keyID)
	plaintext, ok := s.open(k, b, map[string]string{"a": "b"})
	require.True(t, ok)
	require.Equal(t, "secret", string(plaintext))
}

// FuzzBlobOpener changes genuine blobs and makes up others: only a blob that
// the service itself made opens.
func FuzzBlobOpener(f *testing.F) {
	s, k := newService(1)
	genuine := decodeStored(f)
	f.Add(genuine, "a", "b")
	f.Add(genuine, "ab", "")
	f.Add(genuine[:overhead], "a", "b")
	f.Add(headerOf(k.id, 0), "", "")
	f.Add([]byte{}, "", "")
	f.Fuzz(func(t *testing.T, raw []byte, name, value string) {
		b, ok := s.parseBlob(raw)
		if !ok {
			return
		}
		require.Equal(t, genuine[:headerSize+macSize], raw[:headerSize+macSize], "no header but the service's own is read")
		plaintext, ok := s.open(k, b, map[string]string{name: value})
		require.Equal(t, bytes.Equal(raw, genuine) && name == "a" && value == "b", ok)
		if ok {
			require.Equal(t, "secret", string(plaintext))
		}
	})
}

// FuzzRequest sends bodies that no client would send: each one is answered,
// and none by an internal error.
func FuzzRequest(f *testing.F) {
	s, k := newService(1)
	for name := range operations {
		f.Add(name, []byte(`{"KeyId":"`+k.id+`","CiphertextBlob":"AA==","Plaintext":"AA==","KeySpec":"AES_256"}`))
	}
	f.Add("Decrypt", []byte(`{"CiphertextBlob":1,"EncryptionContext":{"a":1}}`))
	f.Add("GenerateDataKey", []byte(`{"NumberOfBytes":1e400}`))
	f.Add("DescribeKey", []byte(`{"KeyId":"arn:aws:kms:us-east-1:000000000000:alias/x"} {}`))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		status, answer := s.Handle(name, body, Caller{Region: "us-east-1"})
		require.Contains(t, []int{200, 400}, status, string(answer))
		require.NotEmpty(t, answer)
	})
}

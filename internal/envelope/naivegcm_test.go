package envelope_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// A second AES-GCM, written from the text of NIST SP 800-38D with no regard to speed or timing. It takes the nonce from
// its caller, which the package never does, and gives the pieces a two-key ciphertext is made of.

// block is an element of GF(2^128) in the order of GCM: the first bit of the first byte is the coefficient of x^0.
type block struct{ high, low uint64 }

var one = block{high: 1 << 63}

func toBlock(b []byte) block {
	return block{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

func (x block) bytes() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, x.high), x.low)
}

func (x block) plus(y block) block { return block{x.high ^ y.high, x.low ^ y.low} }

func (x block) times(y block) block {
	var z block
	for i := range 128 {
		word := y.high
		if i >= 64 {
			word = y.low
		}
		if word>>(63-i%64)&1 == 1 {
			z = z.plus(x)
		}
		carry := x.low & 1
		x = block{x.high >> 1, x.low>>1 | x.high<<63}
		if carry == 1 {
			x.high ^= 0xe1 << 56
		}
	}
	return z
}

// inverse is x^(2^128-2).
func (x block) inverse() block {
	z := one
	for range 127 {
		x = x.times(x)
		z = z.times(x)
	}
	return z
}

type naiveGCM struct{ cipher.Block }

func newNaiveGCM(t testing.TB, key []byte) naiveGCM {
	t.Helper()
	b, err := aes.NewCipher(key)
	require.NoError(t, err)
	return naiveGCM{b}
}

func (g naiveGCM) encrypt(b []byte) []byte {
	out := make([]byte, 16)
	g.Encrypt(out, b)
	return out
}

// pad is the nth key stream block of a nonce; the first one masks the tag.
func (g naiveGCM) pad(nonce [12]byte, n int) []byte {
	return g.encrypt(binary.BigEndian.AppendUint32(nonce[:len(nonce):len(nonce)], uint32(n)))
}

// hashKey is H.
func (g naiveGCM) hashKey() block { return toBlock(g.encrypt(make([]byte, 16))) }

func padded(b []byte) []byte {
	return append(b[:len(b):len(b)], make([]byte, (16-len(b)%16)%16)...)
}

func (g naiveGCM) tag(nonce [12]byte, aad, ct []byte) block {
	data := append(padded(aad), padded(ct)...)
	data = binary.BigEndian.AppendUint64(data, uint64(len(aad))*8)
	data = binary.BigEndian.AppendUint64(data, uint64(len(ct))*8)
	var y block
	for ; len(data) > 0; data = data[16:] {
		y = y.plus(toBlock(data)).times(g.hashKey())
	}
	return y.plus(toBlock(g.pad(nonce, 1)))
}

func (g naiveGCM) xor(nonce [12]byte, text []byte) []byte {
	out := make([]byte, len(text))
	for i := range text {
		out[i] = text[i] ^ g.pad(nonce, 2+i/16)[i%16]
	}
	return out
}

func (g naiveGCM) seal(nonce [12]byte, plaintext, aad []byte) []byte {
	ct := g.xor(nonce, plaintext)
	return append(ct, g.tag(nonce, aad, ct).bytes()...)
}

func (g naiveGCM) open(nonce [12]byte, ct, aad []byte) (plaintext []byte, ok bool) {
	body := ct[:len(ct)-16]
	return g.xor(nonce, body), g.tag(nonce, aad, body) == toBlock(ct[len(body):])
}

// derived gives the encryption key and the commitment as the format defines them.
func derived(t testing.TB, dataKey, ctx []byte) (key, commitment []byte) {
	t.Helper()
	okm, err := hkdf.Key(sha256.New, dataKey, nil, string(ctx), 64)
	require.NoError(t, err)
	return okm[:32], okm[32:]
}

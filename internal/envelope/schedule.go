package envelope

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
)

const (
	keySize        = 32
	commitmentSize = 32
)

// schedule gives the cipher and the commitment of one data key at one place. Since ctx goes into the derivation, a data
// key that serves several attributes or items still gives each a key of its own.
//
// The derived key is cleared before schedule returns. That is all that can be done: the cipher holds its round keys,
// and the runtime may have copied any of it.
func schedule(dataKey, ctx []byte) (cipher.AEAD, [commitmentSize]byte, error) {
	okm, err := derive(dataKey, ctx)
	if err != nil {
		return nil, [commitmentSize]byte{}, err
	}
	defer clear(okm)
	gcm, err := newGCM(okm[:keySize])
	return gcm, [commitmentSize]byte(okm[keySize:]), err
}

// derive is HKDF (RFC 5869) with SHA-256 and without salt: a data key is uniformly random already.
func derive(dataKey, ctx []byte) ([]byte, error) {
	if len(dataKey) != keySize {
		return nil, invalid("a data key that is not 32 bytes long")
	}
	return hkdf.Key(sha256.New, dataKey, nil, string(ctx), keySize+commitmentSize)
}

// newGCM gives AES-GCM (NIST SP 800-38D) that draws its nonces itself: no caller can repeat one, and the FIPS 140-3
// module permits no other. Its Seal puts the nonce in front of the ciphertext, and its Open expects it there.
func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

package keystore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
)

// A blob is what Encrypt gives and Decrypt takes:
//
//	header = format byte || key id (36) || version (4) || zeros (55)
//	blob   = header || first 28 bytes of HMAC-SHA256(service key, header) || nonce (12) || ciphertext || tag (16)
//
// The zeros make it 152 bytes longer than its plaintext, as a blob of KMS is,
// so that items have the size that they have there. The MAC tells a damaged
// header from a blob of a key that is elsewhere. Clients may rely on none of it.
const (
	blobFormat = 1
	idLength   = 36
	headerSize = 96
	macSize    = 28
	nonceSize  = 12
	tagSize    = 16
	overhead   = headerSize + macSize + nonceSize + tagSize
)

// blob is a ciphertext with the name of what encrypted it.
type blob struct {
	keyID   string
	version uint32 // of the backing key
	header  []byte
	sealed  []byte // nonce, ciphertext and tag
}

// headerOf gives the header of blobs of a key.
func headerOf(keyID string, version uint32) []byte {
	header := make([]byte, headerSize)
	header[0] = blobFormat
	copy(header[1:], keyID)
	binary.BigEndian.PutUint32(header[1+idLength:], version)
	return header
}

// parseBlob reads a blob, and gives false when this service did not make its
// header.
func (s *Service) parseBlob(raw []byte) (blob, bool) {
	if len(raw) <= overhead || raw[0] != blobFormat {
		return blob{}, false
	}
	header, mac, sealed := raw[:headerSize], raw[headerSize:headerSize+macSize], raw[headerSize+macSize:]
	if !hmac.Equal(mac, s.macOf(header)) {
		return blob{}, false
	}
	return blob{
		keyID:   string(header[1 : 1+idLength]),
		version: binary.BigEndian.Uint32(header[1+idLength:]),
		header:  header,
		sealed:  sealed,
	}, true
}

func (s *Service) macOf(header []byte) []byte {
	return s.derive("blob header", header)[:macSize]
}

// seal encrypts under the newest backing key.
func (s *Service) seal(k *key, plaintext []byte, context map[string]string) ([]byte, error) {
	version := k.material.newest()
	header := headerOf(k.id, version)
	aead, err := s.aead(k, version)
	if err != nil {
		return nil, err
	}
	out := append(header, s.macOf(header)...)
	return aead.Seal(out, nil, plaintext, additionalData(header, context)), nil //nolint:gosec // this AEAD draws the nonce itself
}

// open decrypts a blob of the key; false when the blob was changed or its
// context was another one.
func (s *Service) open(k *key, b blob, context map[string]string) ([]byte, bool) {
	if b.version > k.material.newest() {
		return nil, false
	}
	aead, err := s.aead(k, b.version)
	if err != nil {
		return nil, false
	}
	plaintext, err := aead.Open(nil, nil, b.sealed, additionalData(b.header, context))
	return plaintext, err == nil
}

func (s *Service) aead(k *key, version uint32) (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.backingKey(k.id, version))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// additionalData writes the context sorted by key and every text behind its
// length, so that no two contexts give the same bytes.
func additionalData(header []byte, context map[string]string) []byte {
	out := slices.Clone(header)
	for _, name := range slices.Sorted(maps.Keys(context)) {
		out = appendText(out, name)
		out = appendText(out, context[name])
	}
	return out
}

func appendText(out []byte, text string) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(text))) //nolint:gosec // a request is no longer than 16 MB
	return append(out, text...)
}

// rootOf gives the secret from which a seed's keys are derived.
func rootOf(seed int64) []byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("localaws KMS seed "), uint64(seed))) //nolint:gosec // any 64 bits do
	return sum[:]
}

// derive gives 32 bytes that depend on the seed and on what they are for.
func (s *Service) derive(purpose string, of []byte) []byte {
	mac := hmac.New(sha256.New, s.root)
	mac.Write(appendText(nil, purpose))
	mac.Write(of)
	return mac.Sum(nil)
}

func (s *Service) backingKey(keyID string, version uint32) []byte {
	return s.derive("backing key", binary.BigEndian.AppendUint32([]byte(keyID), version))
}

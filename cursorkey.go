package theorydb

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
)

// cursorForm turns the content of cursors into their text and back. The zero cursorForm is that of plain cursors, whose
// content is only encoded. Sealed ones are base64url without padding of nonce (12 bytes), ciphertext and tag (16 bytes)
// of AES-256-GCM.
//
// The key is in the closures, where no printer finds it: neither fmt nor anything that follows pointers.
type cursorForm struct {
	seal func(content, bound []byte) []byte
	open func(sealed, bound []byte) ([]byte, error)
}

// cursorKeySize is that of a key of AES-256.
const cursorKeySize = 32

// newCursorForm makes the form of a Config.CursorKey, which it copies. A key that is there and empty is refused: whoever
// set it did not mean to show keys.
func newCursorForm(key []byte) (cursorForm, error) {
	if key == nil {
		return cursorForm{}, nil
	}
	if len(key) != cursorKeySize {
		return cursorForm{}, fmt.Errorf("theorydb: Config.CursorKey has %d bytes; give it %d random ones, or leave it nil", len(key), cursorKeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return cursorForm{}, errors.New("theorydb: Config.CursorKey is no key of AES-256")
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return cursorForm{}, errors.New("theorydb: Config.CursorKey is no key of AES-256")
	}
	return cursorForm{
		seal: func(content, bound []byte) []byte {
			return aead.Seal(nil, nil, content, bound) //nolint:gosec // the AEAD draws the nonce itself, and takes none
		},
		open: func(sealed, bound []byte) ([]byte, error) { return aead.Open(nil, nil, sealed, bound) },
	}, nil
}

// cursorUse begins the associated data of sealed cursors, so that nothing else that was sealed with the key is one.
const cursorUse = "theorydb cursor 1\x00"

// encode gives a cursor. A sealed one is bound to the logical table.
func (f cursorForm) encode(content []byte, logicalTable string) string {
	if f.seal != nil {
		content = f.seal(content, []byte(cursorUse+logicalTable))
	}
	return base64.RawURLEncoding.EncodeToString(content)
}

// decode gives what a cursor holds. Whether that is the content of a cursor is for the caller to judge.
func (f cursorForm) decode(encoded, logicalTable string) ([]byte, error) {
	decoded, err := base64.RawURLEncoding.DecodeString(encoded)
	// The decoder skips line ends and, unless strict, takes loose last bits.
	if err != nil || base64.RawURLEncoding.EncodeToString(decoded) != encoded {
		return nil, errCursorDamaged
	}
	if f.open == nil {
		return decoded, nil
	}
	content, err := f.open(decoded, []byte(cursorUse+logicalTable))
	if err != nil {
		return nil, errCursorDamaged
	}
	return content, nil
}

var errCursorDamaged = fmt.Errorf("%w: it is damaged", ErrInvalidCursor)

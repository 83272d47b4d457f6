// Package envelope seals the plaintext of one attribute and opens it again.
//
// An envelope is bound to its place: the key and the additional data of its AES-256-GCM both come from the Context,
// the canonical description of table, entity, scope, attribute and item key. Moved anywhere else it does not open.
//
//	ctx           = Context.Bytes()
//	okm           = HKDF-SHA256(ikm = data key, salt = "", info = ctx, 64 bytes)
//	K, kc         = okm[:32], okm[32:]
//	nonce, ct     = AES-256-GCM(K) with a random nonce, plaintext, additional data = ctx; ct ends with the 16-byte tag
//
// The commitment kc names the one data key and place that an envelope belongs to. GCM alone does not: a ciphertext can
// be made that opens under two keys (https://eprint.iacr.org/2019/016), and kc is what refuses it.
//
// Sealing hides neither how long a value is nor that an older envelope of the same place was put back.
//
// The package knows no AWS: whoever calls it obtains the data key and turns Parts into a stored value.
package envelope

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
)

const (
	// Version is the version number that is stored with the parts.
	Version = 2
	// MaxEDK is the most bytes an encrypted data key may have.
	MaxEDK = 1024
	// MinCT is the fewest bytes of a ciphertext: one byte of plaintext and the tag.
	MinCT = 17
)

const nonceSize = 12

var (
	// ErrAuth means that an envelope does not belong to this data key and this place, or was changed. It is the only
	// answer to a wrong commitment, nonce, ciphertext or context, so that nothing can be learned by trying.
	ErrAuth = errors.New("envelope: authentication failed")
	// ErrInvalid means that a caller gave something no envelope can be made or opened with: a data key that is not
	// 32 bytes long, an encrypted data key of no or too many bytes, an empty plaintext.
	ErrInvalid = errors.New("envelope: invalid input")
)

func invalid(problem string) error { return fmt.Errorf("%w: %s", ErrInvalid, problem) }

// Parts are the members of a stored envelope besides its Version.
type Parts struct {
	// K is the Selector of the key that EDK is encrypted under. It only helps to find the key: nothing vouches for it.
	K [8]byte
	// EDK is the encrypted data key, 1 to MaxEDK bytes. Neither it nor K is authenticated here, so that a data key can
	// be encrypted anew under another key without touching the rest; whoever decrypts it must verify it.
	EDK []byte
	// KC is the commitment to data key and context.
	KC [32]byte
	// Nonce is the random nonce of the ciphertext.
	Nonce [nonceSize]byte
	// CT is the ciphertext with its tag at the end, MinCT bytes or more.
	CT []byte
}

// Selector gives the short name by which an envelope tells which of the allowed keys it needs, so that a second key is
// never tried. keyID is the id in a key's ARN, the part behind "key/": a multi-Region key (mrk-...) has the same one in
// every region. https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
func Selector(keyID string) [8]byte {
	sum := sha256.Sum256([]byte("theorydb/kid\x00" + keyID))
	return [8]byte(sum[:8])
}

// Seal encrypts plaintext for the place that c describes, under a key derived from dataKey, with a nonce that is drawn
// here. edk and selector are carried along; the parts share no memory with the arguments, and those are left
// unchanged: clearing dataKey is up to the caller.
//
// A data key that is not 32 bytes long, an edk outside of 1 to MaxEDK bytes and an empty plaintext are ErrInvalid.
func Seal(dataKey []byte, edk []byte, selector [8]byte, c Context, plaintext []byte) (Parts, error) {
	if len(edk) == 0 || len(edk) > MaxEDK {
		return Parts{}, invalid("an encrypted data key of no or too many bytes")
	}
	if len(plaintext) == 0 {
		return Parts{}, invalid("an empty plaintext")
	}
	ctx := c.Bytes()
	gcm, commitment, err := schedule(dataKey, ctx)
	if err != nil {
		return Parts{}, err
	}
	sealed := gcm.Seal(nil, nil, plaintext, ctx) //nolint:gosec // this cipher takes no nonce, it draws one and puts it in front
	return Parts{
		K:     selector,
		EDK:   bytes.Clone(edk),
		KC:    commitment,
		Nonce: [nonceSize]byte(sealed[:nonceSize]),
		CT:    sealed[nonceSize:],
	}, nil
}

// Open gives the plaintext that was sealed with dataKey for the place that c describes. It looks at KC, Nonce and CT
// only; K and EDK are what the caller found dataKey by. The arguments are left unchanged.
//
// Whatever does not fit is ErrAuth, and no plaintext is given; a data key that is not 32 bytes long is ErrInvalid.
func Open(dataKey []byte, c Context, p Parts) ([]byte, error) {
	ctx := c.Bytes()
	gcm, commitment, err := schedule(dataKey, ctx)
	if err != nil {
		return nil, err
	}
	// Before anything is decrypted: a ciphertext that opens under several keys must not get that far.
	if subtle.ConstantTimeCompare(commitment[:], p.KC[:]) != 1 || len(p.CT) < MinCT {
		return nil, ErrAuth
	}
	plaintext, err := gcm.Open(nil, nil, slices.Concat(p.Nonce[:], p.CT), ctx)
	if err != nil {
		return nil, ErrAuth
	}
	return plaintext, nil
}

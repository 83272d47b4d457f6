package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/theorydb/theorydb"
)

// The kinds of identifiers.
const (
	KindEmail    = "email"
	KindPhone    = "phone"
	KindExternal = "ext" // an id of another system, taken as it is
)

// blindIndex is the digest by which something is found whose value must not be seen in a key: of equal values in two
// projects it differs, and without the index key it can't be computed. No part but the last has a zero byte, so that two
// different calls never hash the same bytes.
func (p *project) blindIndex(kind, value string) []byte {
	mac := hmac.New(sha256.New, p.options.IndexKey)
	for _, part := range []string{kind, p.scope.tenant, p.scope.project} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	mac.Write([]byte(value))
	return mac.Sum(nil)
}

// identified is an identifier as it is stored.
type identified struct {
	kind, digest string
	address      string // that Profile keeps; empty for an external id, which is kept nowhere
}

// key is how User.Identifiers names it.
func (i identified) key() string { return i.kind + ":" + i.digest }

// identify checks and normalizes an identifier. An address is kept as it was given, since that is the one that mail
// reaches; a telephone number in its normal form.
func (p *project) identify(kind, value string) (identified, error) {
	i := identified{kind: kind}
	normalized, err := value, error(nil)
	switch kind {
	case KindEmail:
		normalized, err = NormalizeEmail(value)
		i.address = value
	case KindPhone:
		normalized, err = NormalizePhone(value)
		i.address = normalized
	case KindExternal:
		err = checkText("the external id", value, maxName)
	default:
		err = fmt.Errorf("%w: the kind of an identifier is email, phone or ext", theorydb.ErrInvalidValue)
	}
	if err != nil {
		return identified{}, err
	}
	i.digest = hex.EncodeToString(p.blindIndex(kind, normalized))
	return i, nil
}

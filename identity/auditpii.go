package identity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/theorydb/theorydb"
)

const piiNonceSize = 32

// piiHash is what an event holds of its PII: the lower-hex HMAC-SHA-256, under Options.IndexKey, of "audpii1", the nonce,
// the number of entries and of each, sorted by the bytes of its name, name and text. Numbers and lengths are 4 bytes,
// big-endian.
//
// It is keyed because the nonce is stored beside the sealed data in clear: without the key whoever reads the table could
// try addresses against a bare digest. Once the sealed item is gone so is the nonce, and the digest says nothing even to
// the holder of the key.
func (p *project) piiHash(nonce []byte, data map[string]string) string {
	mac := hmac.New(sha256.New, p.options.IndexKey)
	number := func(n int) {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(n))) //nolint:gosec // an event has at most 32 KB of PII
	}
	mac.Write([]byte("audpii1"))
	mac.Write(nonce)
	number(len(data))
	for _, name := range slices.Sorted(maps.Keys(data)) {
		for _, text := range []string{name, data[name]} {
			number(len(text))
			mac.Write([]byte(text))
		}
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// PII reads what an event says about its subject: one strong read, and one Decrypt of KMS. It is theorydb.ErrItemNotFound
// when the event was appended without PII, when the subject was erased, and when it is past the lifetime that it was
// appended with; theorydb.ErrEncryption when KMS can't or may not open it; ErrChainBroken when it is not what was appended
// with the event.
func (a *Audit) PII(ctx context.Context, event *AuditEvent) (theorydb.Secret[map[string]string], error) {
	none := theorydb.Secret[map[string]string]{}
	if err := a.ready(); err != nil {
		return none, err
	}
	switch {
	case event == nil:
		return none, fmt.Errorf("%w: the event is nil", theorydb.ErrInvalidValue)
	case event.TenantID != a.scope.tenant || event.ProjectID != a.scope.project:
		return none, theorydb.ErrScopeMismatch
	case event.PIIHash == "":
		return none, theorydb.ErrItemNotFound
	}
	found, err := a.subjectPII.Get(ctx, SubjectPII{UserID: event.Subject, EventID: event.ID}, theorydb.Consistent())
	if err != nil {
		return none, err
	}
	hash := a.piiHash(found.Nonce, found.Data.Reveal())
	if subtle.ConstantTimeCompare([]byte(hash), []byte(event.PIIHash)) != 1 {
		return none, fmt.Errorf("%w: the sealed data of the event is other data", ErrChainBroken)
	}
	return found.Data, nil
}

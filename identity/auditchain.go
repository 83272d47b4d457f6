package identity

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"
)

// The hash of an event is the lower-hex SHA-256 of
//
//	"aud1"     4 bytes
//	prevHash   32 bytes: the hash of the event before, of the first event of a stream 32 zero bytes
//	canonical  the event as it is stored, but for prevHash and hash
//
// The canonical form is a row of fields, each as the number of its bytes (4 bytes, big-endian) and its bytes, in this order:
//
//	tenantID projectID eventType month
//	bucket               decimal
//	createdAt            as stored: 2006-01-02T15:04:05.000000000Z, 30 bytes
//	seq                  decimal
//	id actor subject ip userAgent
//	number of data       decimal
//	name, text           of each entry of data, sorted by the bytes of its name
//	piiHash
//	ttl                  epoch seconds, decimal; 0 when there is none
//
// An absent text is an empty one, as it is for every reader. Every field has its length and its place, so that two
// different events never have one form. Text is stored and hashed as it is, UTF-8 and not normalized.
const chainVersion = "aud1"

const storedTime = "2006-01-02T15:04:05.000000000Z"

// firstPrevHash is the PrevHash of the first event of a stream.
var firstPrevHash = hex.EncodeToString(make([]byte, sha256.Size))

// canonical is the canonical form of an event.
func canonical(e *AuditEvent) []byte {
	form := make([]byte, 0, 512)
	put := func(field string) {
		form = binary.BigEndian.AppendUint32(form, uint32(len(field))) //nolint:gosec // an item has at most 409,600 bytes
		form = append(form, field...)
	}
	for _, field := range []string{
		e.TenantID, e.ProjectID, e.EventType, e.Month, strconv.FormatInt(e.Bucket, 10),
		e.CreatedAt.UTC().Format(storedTime), strconv.FormatInt(e.Seq, 10),
		e.ID, e.Actor, e.Subject, e.IP, e.UserAgent, strconv.Itoa(len(e.Data)),
	} {
		put(field)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Data)) {
		put(name)
		put(e.Data[name])
	}
	put(e.PIIHash)
	put(strconv.FormatInt(ttlSeconds(e.TTL), 10))
	return form
}

func ttlSeconds(ttl time.Time) int64 {
	if ttl.IsZero() {
		return 0
	}
	return ttl.Unix()
}

// chainHash is the hash of an event behind the PrevHash that it holds.
func chainHash(e *AuditEvent) (string, error) {
	previous, err := hex.DecodeString(e.PrevHash)
	if err != nil || len(previous) != sha256.Size || hex.EncodeToString(previous) != e.PrevHash {
		return "", fmt.Errorf("%w: prevHash is no lower-hex SHA-256", ErrChainBroken)
	}
	sum := sha256.New()
	sum.Write([]byte(chainVersion))
	sum.Write(previous)
	sum.Write(canonical(e))
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// VerifyChain checks events of one stream, in the order in which a query by type gives them: that each has the hash of what
// it says, follows the one before without a gap, and is not older. It reads and writes nothing. The first event may be any
// one of the stream; when it is number 1 it must follow nothing. No events verify.
//
// Anything wrong is ErrChainBroken, which tells the place in the row and no value. That events behind the last one are
// missing can't be seen; compare the last event's number and hash with what was kept elsewhere. To verify what a query
// gives:
//
//	var failed error
//	err := identity.VerifyChain(func(yield func(*identity.AuditEvent) bool) {
//		for event, err := range stores.Audit.Query(ctx, identity.AuditQuery{Type: identity.EventAuthFailed}) {
//			if failed = err; err != nil || !yield(event) {
//				return
//			}
//		}
//	})
//	err = errors.Join(err, failed)
func VerifyChain(events iter.Seq[*AuditEvent]) error {
	var before *AuditEvent
	place := 0
	for event := range events {
		if event == nil {
			return fmt.Errorf("%w: event %d of the row is nil", ErrChainBroken, place)
		}
		if err := follows(before, event); err != nil {
			return fmt.Errorf("%w (event %d of the row, counted from 0)", err, place)
		}
		before = event
		place++
	}
	return nil
}

// follows checks an event by itself and, when there is one, against the one before.
func follows(before, event *AuditEvent) error {
	hash, err := chainHash(event)
	switch {
	case err != nil:
		return err
	case subtle.ConstantTimeCompare([]byte(hash), []byte(event.Hash)) != 1:
		return fmt.Errorf("%w: the hash is not that of the event", ErrChainBroken)
	case event.Seq < 1:
		return fmt.Errorf("%w: the number is not positive", ErrChainBroken)
	case event.Month != monthOf(event.CreatedAt):
		return fmt.Errorf("%w: the month is not that of the time", ErrChainBroken)
	case (event.Seq == 1) != (event.PrevHash == firstPrevHash):
		return fmt.Errorf("%w: the first event follows one, or another one follows none", ErrChainBroken)
	case before == nil:
		return nil
	case event.TenantID != before.TenantID || event.ProjectID != before.ProjectID || event.EventType != before.EventType:
		return fmt.Errorf("%w: the event is of another stream", ErrChainBroken)
	case event.Seq != before.Seq+1:
		return fmt.Errorf("%w: the numbers are not consecutive", ErrChainBroken)
	case event.PrevHash != before.Hash:
		return fmt.Errorf("%w: prevHash is not the hash of the event before", ErrChainBroken)
	case event.CreatedAt.Before(before.CreatedAt):
		return fmt.Errorf("%w: the event is older than the one before", ErrChainBroken)
	}
	return nil
}

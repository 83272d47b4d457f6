package identity

import (
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/theorydb/theorydb"
)

// Audit keeps what happened: one append-only stream an event type, numbered without gaps in order of time, each event
// holding the hash of the one before.
//
// Events hold ids, addresses and what Data says, in clear, and age out with Lifetimes.Audit. What they say of a person
// beyond that belongs into Event.PII, which is sealed and goes with the person. No verb changes or deletes an event but
// PurgeMonth, and it takes no month of which an event is still shown. Whoever may write to the table otherwise can still
// replace an item, and VerifyChain finds that. No chain shows that its newest events were cut off: keep the number and
// hash of the last one somewhere else from time to time.
type Audit struct{ *project }

// Event is something that happened, to be appended.
type Event struct {
	// Type is what it is about. AppendBatch takes its own, and WithAudit the verb's, where it is left out.
	Type EventType
	// ID makes the event one event however often it is appended within Lifetimes.AuditGuard. Empty: a new one.
	ID string
	// Actor is the id of who did it. Empty: nobody known, and no query by actor finds the event.
	Actor string
	// Subject is the id of the user that it was done to. Needed with PII.
	Subject string
	// IP is an IPv4 or IPv6 address, stored in its shortest form (RFC 5952).
	IP string
	// UserAgent is cut to 200 bytes.
	UserAgent string
	// Data is what else there is to say, in clear: at most 32 KB of names and texts together.
	Data map[string]string
	// PII is what the event says about the subject: at most 32 KB, sealed under KMS in an item of its own in the subject's
	// partition, for as long as Lifetimes.Audit is when it is appended. Event and chain hold a keyed digest of it. It is
	// refused about a user who is being erased. Nothing asks whether the subject is a user at all: leave PII out about one
	// who was erased.
	PII theorydb.Secret[map[string]string]
}

const (
	maxEventData   = 32 << 10
	maxDataName    = 256
	maxUserAgent   = 200
	maxFutureSkew  = time.Minute // of the last event, before an append is refused
	auditMonthForm = "2006-01"
)

// check refuses an event that can't be appended to a stream, and returns the one to append: a copy that shares nothing
// with the caller's.
func (e Event) check(stream EventType) (Event, error) {
	if _, err := NewEventType(string(stream)); err != nil {
		return Event{}, err
	}
	if e.Type != "" && e.Type != stream {
		return Event{}, fmt.Errorf("%w: type is another one than that of the batch", theorydb.ErrInvalidValue)
	}
	e.Type = stream
	for _, field := range []struct{ name, id string }{{"id", e.ID}, {"actor", e.Actor}, {"subject", e.Subject}} {
		if field.id == "" {
			continue
		}
		if err := checkID(field.name, field.id); err != nil {
			return Event{}, err
		}
	}
	var err error
	if e.IP, err = canonicalIP(e.IP); err != nil {
		return Event{}, err
	}
	if e.UserAgent, err = cutUserAgent(e.UserAgent); err != nil {
		return Event{}, err
	}
	if e.Data, err = checkedData("data", e.Data); err != nil {
		return Event{}, err
	}
	if !e.PII.IsSet() {
		return e, nil
	}
	if e.Subject == "" {
		return Event{}, fmt.Errorf("%w: subject is empty, and PII is kept in the partition of the subject", theorydb.ErrInvalidValue)
	}
	pii, err := checkedData("pii", e.PII.Reveal())
	if e.PII = (theorydb.Secret[map[string]string]{}); pii != nil {
		e.PII = theorydb.NewSecret(pii)
	}
	return e, err
}

func canonicalIP(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		return "", fmt.Errorf("%w: ip is no IPv4 or IPv6 address", theorydb.ErrInvalidValue)
	}
	return address.Unmap().String(), nil
}

// cutUserAgent cuts at the last whole character.
func cutUserAgent(text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", fmt.Errorf("%w: userAgent is not UTF-8", theorydb.ErrInvalidValue)
	}
	if len(text) <= maxUserAgent {
		return text, nil
	}
	end := maxUserAgent
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.Clone(text[:end]), nil
}

// checkedData is a copy of the texts of an event. Without any it is nil, so that there is one form of nothing.
func checkedData(field string, data map[string]string) (map[string]string, error) {
	size := 0
	for name, text := range data {
		if name == "" || len(name) > maxDataName || !utf8.ValidString(name) {
			return nil, fmt.Errorf("%w: %s has a name that is empty, over %d bytes or not UTF-8", theorydb.ErrInvalidValue, field, maxDataName)
		}
		if !utf8.ValidString(text) {
			return nil, fmt.Errorf("%w: %s has a text that is not UTF-8", theorydb.ErrInvalidValue, field)
		}
		size += len(name) + len(text)
	}
	if size > maxEventData {
		return nil, fmt.Errorf("%w: %s has %d bytes, and an event has at most %d", theorydb.ErrInvalidValue, field, size, maxEventData)
	}
	if len(data) == 0 {
		return nil, nil
	}
	return maps.Clone(data), nil
}

// monthOf is the partition of a time.
func monthOf(t time.Time) string { return t.UTC().Format(auditMonthForm) }

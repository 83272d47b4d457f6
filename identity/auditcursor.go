package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/theorydb/theorydb"
)

// place is where an event stands in the order of a query: by time and number in one type, by time and id otherwise.
type place struct {
	at  time.Time
	seq int64  // in a query by type
	id  string // in the others
}

func (p place) before(other place) bool {
	if !p.at.Equal(other.at) {
		return p.at.Before(other.at)
	}
	if p.seq != other.seq {
		return p.seq < other.seq
	}
	return p.id < other.id
}

func (r *auditRun) placeOf(event *AuditEvent) place { return r.query.placeOf(event) }

func (q AuditQuery) placeOf(event *AuditEvent) place {
	if q.Type != "" {
		return place{at: event.CreatedAt, seq: event.Seq}
	}
	return place{at: event.CreatedAt, id: event.ID}
}

// A cursor is base64url without padding of
//
//	seconds, nanoseconds, number   8, 4 and 8 bytes, big-endian: CreatedAt as Unix time, Seq or 0
//	id                             up to 128 bytes; none in a query by type
//	mac                            16 bytes: the first of HMAC-SHA256, under Options.IndexKey, of what its query is
//	                               (see cursorMAC) and all bytes before
const (
	cursorFixed = 8 + 4 + 8
	cursorMAC16 = 16
	maxCursorID = 128
)

// Cursor returns the cursor of an event in a query, for AuditQuery.After: the query then goes on behind that event. From, To
// and After of the query do not count. The cursor is bound to the project and to the type or actor that is asked for, and
// can't be made without the key of the service, so that it can be given to others; it shows the event's time and number, or
// time and id. It sends no request. An event that the query could not give is theorydb.ErrInvalidQuery.
func (a *Audit) Cursor(query AuditQuery, event *AuditEvent) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	if err := query.check(); err != nil {
		return "", err
	}
	if event == nil {
		return "", fmt.Errorf("%w: the event is nil", theorydb.ErrInvalidValue)
	}
	if event.TenantID != a.scope.tenant || event.ProjectID != a.scope.project {
		return "", theorydb.ErrScopeMismatch
	}
	if query.Type != "" && event.EventType != string(query.Type) || query.Actor != "" && event.Actor != query.Actor {
		return "", fmt.Errorf("%w: the event is none of the query", theorydb.ErrInvalidQuery)
	}
	p := query.placeOf(event)
	content := make([]byte, 0, cursorFixed+len(p.id)+cursorMAC16)
	content = binary.BigEndian.AppendUint64(content, uint64(p.at.Unix()))       //nolint:gosec // read back as it was
	content = binary.BigEndian.AppendUint32(content, uint32(p.at.Nanosecond())) //nolint:gosec // below a thousand million
	content = binary.BigEndian.AppendUint64(content, uint64(p.seq))             //nolint:gosec // read back as it was
	content = append(content, p.id...)
	return base64.RawURLEncoding.EncodeToString(append(content, a.cursorMAC(query, content)...)), nil
}

// cursorMAC binds a cursor's content to the scope and to what is asked for. None of these texts holds a zero byte.
func (a *Audit) cursorMAC(query AuditQuery, content []byte) []byte {
	mac := hmac.New(sha256.New, a.options.IndexKey)
	mac.Write([]byte(strings.Join([]string{"audcur1", a.scope.tenant, a.scope.project, string(query.Type), query.Actor, ""}, "\x00")))
	mac.Write(content)
	return mac.Sum(nil)[:cursorMAC16]
}

func (a *Audit) parseAuditCursor(query AuditQuery, text string) (place, error) {
	damaged := fmt.Errorf("%w: it is damaged, or of another query", theorydb.ErrInvalidCursor)
	if len(text) > base64.RawURLEncoding.EncodedLen(cursorFixed+maxCursorID+cursorMAC16) {
		return place{}, damaged
	}
	whole, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(whole) < cursorFixed+cursorMAC16 || strings.ContainsAny(text, "\r\n") {
		return place{}, damaged
	}
	content := whole[:len(whole)-cursorMAC16]
	if !hmac.Equal(whole[len(content):], a.cursorMAC(query, content)) {
		return place{}, damaged
	}
	seconds, nanoseconds, seq := binary.BigEndian.Uint64(content), binary.BigEndian.Uint32(content[8:]), binary.BigEndian.Uint64(content[12:])
	return place{
		at:  time.Unix(int64(seconds), int64(nanoseconds)).UTC(), //nolint:gosec // written from an int64
		seq: int64(seq),                                          //nolint:gosec // written from an int64
		id:  string(content[cursorFixed:]),
	}, nil
}

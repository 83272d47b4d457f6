package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/theorydb/theorydb"
)

// A waypoint is where a call that goes over several partitions or steps has come to: a number, and the cursor inside of it.
// Its text is base64url of a MAC and of both, so that it is taken back only by the verb, the project and the subject that
// it was made for.
type waypoint struct {
	number int
	inner  string
}

const (
	waypointMAC = 16
	maxCursor   = 16 << 10
)

// waypointText writes a waypoint down; subject says for what, such as a user's id.
func (p *project) waypointText(verb, subject string, at waypoint) string {
	content := strconv.Itoa(at.number) + " " + at.inner
	return base64.RawURLEncoding.EncodeToString(append(p.waypointMAC(verb, subject, content), content...))
}

// waypointFrom reads one back. The empty cursor is the beginning.
func (p *project) waypointFrom(verb, subject, cursor string) (waypoint, error) {
	if cursor == "" {
		return waypoint{}, nil
	}
	if len(cursor) > maxCursor {
		return waypoint{}, foreignCursor(verb)
	}
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(decoded) < waypointMAC {
		return waypoint{}, foreignCursor(verb)
	}
	content := string(decoded[waypointMAC:])
	if !hmac.Equal(decoded[:waypointMAC], p.waypointMAC(verb, subject, content)) {
		return waypoint{}, foreignCursor(verb)
	}
	number, inner, _ := strings.Cut(content, " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		return waypoint{}, foreignCursor(verb)
	}
	return waypoint{number: n, inner: inner}, nil
}

func (p *project) waypointMAC(verb, subject, content string) []byte {
	mac := sha256.Sum256([]byte(subject + "\x00" + content)) // a subject is an id, and has no zero byte
	return p.blindIndex("cursor of "+verb, string(mac[:]))[:waypointMAC]
}

func foreignCursor(verb string) error {
	return fmt.Errorf("%w: it is damaged, or none that this %s gave", theorydb.ErrInvalidCursor, verb)
}

package identity

import (
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/theorydb/theorydb"
)

const maxDisplayName = 256 // bytes

// checkDisplayName refuses a name that is empty, too long or no UTF-8. What it holds is up to the program, which has to
// escape it where it shows it.
func checkDisplayName(field, name string) error {
	if name == "" || len(name) > maxDisplayName || !utf8.ValidString(name) {
		return fmt.Errorf("%w: %s takes 1 to %d bytes of UTF-8", theorydb.ErrInvalidValue, field, maxDisplayName)
	}
	return nil
}

// A slug can stand in a URL and as a label of a domain name (RFC 1035, 2.3.1): lower case, so that no two differ by case.
var slugText = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// checkSlug refuses what is no slug: 1 to 63 of a-z 0-9 and, inside, hyphens.
func checkSlug(slug string) error {
	if !slugText.MatchString(slug) {
		return fmt.Errorf("%w: slug takes 1 to 63 of a-z 0-9 and - inside", theorydb.ErrInvalidValue)
	}
	return nil
}

// idOrNew checks an id that the caller chose, and makes one where none was.
func (s *core) idOrNew(field, id string) (string, error) {
	if id == "" {
		var err error
		if id, err = s.options.NewID(); err != nil {
			return "", err
		}
	}
	return id, checkID(field, id)
}

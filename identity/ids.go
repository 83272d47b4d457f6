package identity

import (
	"fmt"
	"regexp"

	"github.com/theorydb/theorydb"
)

var idText = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,128}$`)

// checkID refuses what is no id: 1 to 128 of A-Z a-z 0-9 . _ ~ -.
func checkID(field, id string) error {
	if !idText.MatchString(id) {
		return fmt.Errorf("%w: %s is no id; it has 1 to 128 of A-Z a-z 0-9 . _ ~ -", theorydb.ErrInvalidValue, field)
	}
	return nil
}

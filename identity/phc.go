package identity

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/theorydb/theorydb"
)

// phcHash is an Argon2id hash (RFC 9106) as the PHC string format writes it:
// $argon2id$v=19$m=65536,t=3,p=4$<salt>$<hash>, both in base64 without padding.
type phcHash struct {
	cost Argon2 // MaxConcurrent is no part of it
	salt []byte
	sum  []byte
}

// What a hash may look like at all. Its memory, passes and threads are limited by the Options.
const (
	maxPHC      = 256
	phcSaltSize = 16
	phcSumSize  = 32
)

func phcProblem(problem string) error {
	return fmt.Errorf("%w: a stored Argon2id hash %s", theorydb.ErrInvalidValue, problem)
}

// parsePHC reads a hash. One that costs more than limit is refused: nothing is allocated by what a text says.
func parsePHC(text string, limit Argon2) (phcHash, error) {
	if len(text) > maxPHC {
		return phcHash{}, phcProblem("is too long")
	}
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return phcHash{}, phcProblem("is not of the form $argon2id$v=19$m=,t=,p=$salt$hash")
	}
	cost, err := parseArgon2Cost(parts[3], limit)
	if err != nil {
		return phcHash{}, err
	}
	salt, err := phcBytes(parts[4], 8, 64)
	if err != nil {
		return phcHash{}, err
	}
	sum, err := phcBytes(parts[5], 16, 64)
	if err != nil {
		return phcHash{}, err
	}
	return phcHash{cost: cost, salt: salt, sum: sum}, nil
}

// parseArgon2Cost reads m=65536,t=3,p=4, in the one form that costText writes.
func parseArgon2Cost(text string, limit Argon2) (Argon2, error) {
	fields := strings.Split(text, ",")
	if len(fields) != 3 {
		return Argon2{}, phcProblem("does not give m, t and p")
	}
	var values [3]uint32
	for i, name := range []string{"m=", "t=", "p="} {
		digits, found := strings.CutPrefix(fields[i], name)
		value, err := strconv.ParseUint(digits, 10, 32)
		if !found || err != nil || strconv.FormatUint(value, 10) != digits {
			return Argon2{}, phcProblem("gives " + name[:1] + " in another form than a plain number")
		}
		values[i] = uint32(value) // of 32 bits, as it was parsed
	}
	memory, passes, threads := values[0], values[1], values[2]
	switch {
	case memory > limit.Memory || passes > limit.Time || threads > uint32(limit.Threads):
		return Argon2{}, phcProblem("asks for more than Options.Argon2 allows")
	case passes == 0 || threads == 0 || memory < 8*threads: // RFC 9106 section 3.1
		return Argon2{}, phcProblem("asks for less than Argon2 needs")
	}
	return Argon2{Memory: memory, Time: passes, Threads: uint8(threads)}, nil //nolint:gosec // at most limit.Threads, a uint8
}

func phcBytes(text string, least, most int) ([]byte, error) {
	decoded, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || len(decoded) < least || len(decoded) > most || base64.RawStdEncoding.EncodeToString(decoded) != text {
		return nil, phcProblem("has a salt or a sum that is no base64 of its length")
	}
	return decoded, nil
}

// String is the hash in PHC form.
func (h phcHash) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return "$argon2id$v=19$" + h.cost.costText() + "$" + encode(h.salt) + "$" + encode(h.sum)
}

// costText is the cost as a PHC string gives it.
func (a Argon2) costText() string { return fmt.Sprintf("m=%d,t=%d,p=%d", a.Memory, a.Time, a.Threads) }

// argon2id is the one place where the memory is taken.
func (a Argon2) argon2id(password, salt []byte, size uint32) []byte {
	return argon2.IDKey(password, salt, a.Time, a.Memory, a.Threads, size)
}

package keys

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Component is one attribute a template names, with its modifiers. It is a plain
// value, made by [Parse] only.
type Component struct {
	Attr    string // the stored attribute's name
	Kind    Kind
	Literal string // the literal text in front of "{" in its segment, "" mostly

	number numberForm // pad, int or ms
	width  int        // N of pad:N
	lower  bool
	digest digestForm // hash or shard
	shards int        // N of shard:N
}

type numberForm int

const (
	asStored numberForm = iota
	padded              // pad:N
	offset              // int
	millis              // ms
)

type digestForm int

const (
	undigested digestForm = iota
	hashed                // hash
	sharded               // shard:N
)

// Lossy tells whether two values may give one text, which is so with ms, lower,
// hash and shard. A lossy component can't be read back from a key.
func (c Component) Lossy() bool {
	return c.number == millis || c.lower || c.digest != undigested
}

// Hashed tells whether the component ends in hash.
func (c Component) Hashed() bool { return c.digest == hashed }

// Distinct tells whether two values always give two texts, so that the component
// can tell records apart in a primary key. It is so without ms, lower and shard:
// a SHA-256 can't be read back, yet nobody finds two values that share one. A
// hash behind lower or ms tells apart no more than these do.
func (c Component) Distinct() bool {
	return c.number != millis && !c.lower && c.digest != sharded
}

// Shards is the N of shard:N, and 0 without that modifier.
func (c Component) Shards() int { return c.shards }

// Encode turns the stored text of a value into the text it has in a key,
// without Literal. The steps are: pad, int or ms; lower (A-Z only); hash or
// shard of the text so far; the percent codec.
//
// An empty text is [ErrIncomplete], one that is not of the component's Kind, is
// not valid UTF-8, or does not fit its pad is [ErrInvalidValue].
func (c Component) Encode(text string) (string, error) {
	if text == "" {
		return "", fmt.Errorf("%w: attribute %q is empty", ErrIncomplete, c.Attr)
	}
	form, problem := c.form(text)
	if problem != "" {
		return "", fmt.Errorf("%w: attribute %q: %s", ErrInvalidValue, c.Attr, problem)
	}
	if c.lower {
		form = lowerASCII(form)
	}
	switch c.digest {
	case hashed:
		sum := sha256.Sum256([]byte(form))
		form = hex.EncodeToString(sum[:])
	case sharded:
		sum := sha256.Sum256([]byte(form))
		form = c.shardText(binary.BigEndian.Uint64(sum[:8]) % uint64(c.shards)) //nolint:gosec // Parse admits 2..maxShards only
	case undigested:
	}
	return EncodeText(form), nil
}

// form checks that text is stored text of the component's kind and applies pad,
// int or ms. A problem, when there is one, is said without the value.
func (c Component) form(text string) (form, problem string) {
	switch c.Kind {
	case Text:
		if !utf8.ValidString(text) {
			return "", "not valid UTF-8"
		}
		return text, ""
	case Int, Uint:
		return c.numberText(text)
	case Time:
		if !isTime(text) {
			return "", "not a time in stored form"
		}
		if c.number == millis {
			return cutToMillis(text), ""
		}
		return text, ""
	default:
		return "", "not a component made by Parse"
	}
}

// Decode is the way back from [Component.Encode]: it gives the stored text of
// the value, or "" for a lossy component, whose text it still checks. A text
// Encode could not have given is [ErrMismatch]; of a hash or shard only the
// shape is known, so every text of that shape passes.
func (c Component) Decode(text string) (string, error) {
	if c.digest != undigested {
		if !c.isDigest(text) {
			return "", c.mismatch()
		}
		return "", nil
	}
	value, ok := c.preimage(text)
	if !ok {
		return "", c.mismatch()
	}
	// The gate for every kind and modifier: what is handed out gives the very
	// text it was read from.
	if again, err := c.Encode(value); err != nil || again != text {
		return "", c.mismatch()
	}
	if c.Lossy() {
		return "", nil
	}
	return value, nil
}

// preimage is a value that gives text if any value does. It need not check
// what it takes apart, since Decode encodes the result again.
func (c Component) preimage(text string) (value string, ok bool) {
	form, err := DecodeText(text)
	if err != nil {
		return "", false
	}
	if c.lower && c.Kind == Time {
		form = strings.ToUpper(form) // its only letters are T and Z
	}
	switch c.number {
	case padded:
		return unpad(form), true
	case offset:
		return c.removeOffset(form)
	case millis:
		return extendToNanos(form), true
	case asStored:
	}
	return form, true
}

// isDigest tells whether text has the shape of the component's hash or shard.
func (c Component) isDigest(text string) bool {
	if c.digest == hashed {
		return len(text) == 2*sha256.Size && strings.Trim(text, lowerHex) == ""
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return err == nil && n < uint64(c.shards) && c.shardText(n) == text //nolint:gosec // Parse admits 2..maxShards only
}

// shardText is a shard's number, zero-padded to the width of the last one.
func (c Component) shardText(n uint64) string {
	return zeroPad(strconv.FormatUint(n, 10), len(strconv.Itoa(c.shards-1)))
}

// mismatch does not wrap what the steps of Decode found: it could only say more
// about the value.
func (c Component) mismatch() error {
	return fmt.Errorf("%w: attribute %q can't be read back", ErrMismatch, c.Attr)
}

const lowerHex = "0123456789abcdef"

// lowerASCII folds A-Z and nothing else: folding by Unicode would change with
// its version, and runtimes would disagree.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + ('a' - 'A')
		}
	}
	return string(b)
}

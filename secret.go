package theorydb

import (
	"bytes"
	"crypto/subtle"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"unicode/utf8"

	"github.com/theorydb/theorydb/internal/schema"
)

// redactedText is what is shown instead of a secret.
const redactedText = "[REDACTED]"

// hidden keeps a value where no printer finds it; see [schema.Hidden].
type hidden[T any] = schema.Hidden[T]

// Secret holds a value that prints as [REDACTED] everywhere: by fmt under every verb, in log/slog, JSON, XML, YAML,
// panics and test diffs, also deep inside other values and in unexported fields. Only Reveal and JSON give it away.
//
// As a field of a model it needs the word encrypted, and T is what the attribute would be without it:
//
//	APIKey theorydb.Secret[string] `theorydb:"encrypted"`
//
// A Secret that was never set is not the empty secret. To write it is an error unless the field has omitempty, while
// NewSecret("") is stored and read back like any other.
//
// A Secret holds its value in a closure, so structs with a Secret can't be compared with ==, and reflect.DeepEqual
// finds two of them different even when their secrets are the same; use Equal. A Secret is immutable but for
// UnmarshalJSON, and copies of it share one value.
type Secret[T any] struct{ hidden[T] }

var (
	errSecretMasked = fmt.Errorf("%w: a Secret can't be read back from %s", ErrInvalidValue, redactedText)
	errSecretJSON   = fmt.Errorf("%w: not JSON of what the Secret holds", ErrInvalidValue)
	errSecretShown  = errors.New("theorydb: what the Secret holds can't be written as JSON")
	errSecretGob    = errors.New("theorydb: a Secret can't be written with encoding/gob")
	errSecretSQL    = errors.New("theorydb: a Secret can't be a database/sql value")
)

// NewSecret returns a Secret that holds v. Bytes (a []byte or a type made of it) are copied; whatever else v refers to
// is shared with the caller and must not be changed afterwards.
func NewSecret[T any](v T) Secret[T] { return Secret[T]{schema.Hide(ownBytes(v))} }

// Reveal returns the value, or the zero T of a Secret that was never set. Bytes are a copy, so that wiping or changing
// them leaves the Secret as it is; anything else that the value refers to is the Secret's own and must not be changed.
func (s Secret[T]) Reveal() T {
	v, _ := schema.Show(s.hidden)
	return ownBytes(v)
}

// IsSet reports whether the Secret holds a value, be it the empty one.
func (s Secret[T]) IsSet() bool {
	_, ok := schema.Show(s.hidden)
	return ok
}

// IsZero reports whether the Secret was never set. NewSecret("") is set. It makes the omitzero of encoding/json leave
// out an unset Secret.
func (s Secret[T]) IsZero() bool { return !s.IsSet() }

// Equal reports whether both Secrets are unset, or both are set to equal values. Texts and bytes are compared in a time
// that depends on their lengths only, nil bytes being equal to empty ones. Values of other types are compared by
// reflect.DeepEqual: in variable time, and never equal when they hold Secrets themselves.
func (s Secret[T]) Equal(other Secret[T]) bool {
	a, okA := schema.Show(s.hidden)
	b, okB := schema.Show(other.hidden)
	if !okA || !okB {
		return okA == okB
	}
	va, vb := reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem()
	switch {
	case va.Kind() == reflect.String:
		return subtle.ConstantTimeCompare([]byte(va.String()), []byte(vb.String())) == 1
	case isBytes(va.Type()):
		return subtle.ConstantTimeCompare(va.Bytes(), vb.Bytes()) == 1
	}
	return reflect.DeepEqual(a, b)
}

// String returns [REDACTED].
func (Secret[T]) String() string { return redactedText }

// GoString returns [REDACTED].
func (Secret[T]) GoString() string { return redactedText }

// Format writes [REDACTED] under every verb.
func (Secret[T]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedText) }

// LogValue returns [REDACTED].
func (Secret[T]) LogValue() slog.Value { return slog.StringValue(redactedText) }

// MarshalText returns [REDACTED]. There is no UnmarshalText: a text that could be the mask must not become the secret.
func (Secret[T]) MarshalText() ([]byte, error) { return []byte(redactedText), nil }

// MarshalJSON returns "[REDACTED]", also of a Secret that was never set. JSON gives the value.
func (Secret[T]) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedText + `"`), nil }

// UnmarshalJSON sets the Secret to what data holds, as encoding/json reads a T. The text [REDACTED] is refused, so that
// a redacted document never becomes the secret; null leaves the Secret as it was. After an error, which matches
// ErrInvalidValue and holds nothing of data, the Secret is as it was.
func (s *Secret[T]) UnmarshalJSON(data []byte) error {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return nil
	}
	if !utf8.Valid(data) { // encoding/json would mend it, and the secret would be another one
		return errSecretJSON
	}
	var text string
	if json.Unmarshal(data, &text) == nil && text == redactedText {
		return errSecretMasked
	}
	var v T
	if json.Unmarshal(data, &v) != nil {
		return errSecretJSON // and not the error of encoding/json, which may quote data
	}
	*s = NewSecret(v)
	return nil
}

// GobEncode fails: gob has no form that shows that something was left out.
func (Secret[T]) GobEncode() ([]byte, error) { return nil, errSecretGob }

// Value fails, so that a Secret handed to database/sql is not written in clear. Pass Reveal.
func (Secret[T]) Value() (driver.Value, error) { return nil, errSecretSQL }

// JSON returns a value whose JSON is that of what the Secret holds, null for a Secret that was never set. It is for the
// one response that has to show the secret:
//
//	json.NewEncoder(w).Encode(map[string]any{"apiKey": credential.APIKey.JSON()})
//
// Everything else prints it as [REDACTED]. Don't log it inside of another value as JSON, unless by RedactHandler.
func (s Secret[T]) JSON() json.Marshaler { return shownSecret[T]{s} }

// shownSecret is a Secret in all but its JSON.
type shownSecret[T any] struct{ Secret[T] }

// MarshalJSON returns the JSON of what the Secret holds.
func (s shownSecret[T]) MarshalJSON() ([]byte, error) {
	v, ok := schema.Show(s.hidden)
	if !ok {
		return []byte("null"), nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, errSecretShown // and not the error of encoding/json, which may quote the value
	}
	return data, nil
}

// ownBytes returns v, copied when it is made of bytes.
func ownBytes[T any](v T) T {
	p := reflect.ValueOf(&v).Elem()
	if isBytes(p.Type()) && !p.IsNil() {
		p.SetBytes(bytes.Clone(p.Bytes()))
	}
	return v
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

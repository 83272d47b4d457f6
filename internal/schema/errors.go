package schema

import (
	"errors"
	"strings"

	"github.com/theorydb/theorydb/internal/keys"
)

// ErrInvalidModel is matched by every problem of a model's description.
var ErrInvalidModel = errors.New("theorydb: invalid model")

// ErrInvalidTag is matched by problems of the text of a tag or a key template.
// errors.Is(ErrInvalidTag, ErrInvalidModel) holds.
var ErrInvalidTag error = invalidTag{}

// ErrInvalidValue is matched by every ValueError.
var ErrInvalidValue = keys.ErrInvalidValue

type invalidTag struct{}

func (invalidTag) Error() string { return "theorydb: invalid tag" }
func (invalidTag) Unwrap() error { return ErrInvalidModel }

// ModelError is one problem of a model's description. Compile and
// CompileDocument report all problems of a model together, by errors.Join.
type ModelError struct {
	Model   string // entity name, or the Go type's name
	Field   string // Go field path or attribute name; "" when the problem is the model's
	Problem string // what is wrong and what to do
	Err     error  // ErrInvalidModel or ErrInvalidTag, or an error that wraps one
}

// Error implements error.
func (e *ModelError) Error() string {
	var b strings.Builder
	b.WriteString(e.Err.Error())
	b.WriteString(": ")
	b.WriteString(e.Model)
	if e.Field != "" {
		b.WriteString(".")
		b.WriteString(e.Field)
	}
	b.WriteString(": ")
	b.WriteString(e.Problem)
	return b.String()
}

// Unwrap returns the sentinel.
func (e *ModelError) Unwrap() error { return e.Err }

// ValueError tells that a value did not fit its attribute. It names the
// attribute and what was wrong, and never holds the value. It wraps
// ErrInvalidValue.
type ValueError struct {
	Attr    string // attribute name; "" when the record as a whole is at fault
	Problem string // what is wrong, with the path below the attribute where there is one
}

// Error implements error.
func (e *ValueError) Error() string {
	if e.Attr == "" {
		return ErrInvalidValue.Error() + ": " + e.Problem
	}
	return ErrInvalidValue.Error() + ": " + e.Attr + ": " + e.Problem
}

// Unwrap returns ErrInvalidValue.
func (e *ValueError) Unwrap() error { return ErrInvalidValue }

// misfit is a ValueError in the making: a codec knows what is wrong and where
// below the attribute, the attribute is added at the top. Its path is made of
// struct attribute names, "[]" and "{}": an index or a map key would be a value.
type misfit struct {
	path string
	text string
}

func (m *misfit) Error() string {
	if m.path == "" {
		return m.text
	}
	return "at " + m.path + ": " + m.text
}

func refuse(text string) error { return &misfit{text: text} }

// below adds one step in front of the path of err.
func below(step string, err error) error {
	var m *misfit
	if !errors.As(err, &m) {
		return refuse("custom codec failed")
	}
	path := step
	if m.path != "" {
		if strings.HasPrefix(m.path, "[") || strings.HasPrefix(m.path, "{") {
			path += m.path
		} else {
			path += "." + m.path
		}
	}
	return &misfit{path: path, text: m.text}
}

// valueError puts the attribute's name on what a codec reported.
func valueError(attr string, err error) error {
	var m *misfit
	if errors.As(err, &m) {
		return &ValueError{Attr: attr, Problem: m.Error()}
	}
	return &ValueError{Attr: attr, Problem: "custom codec failed"}
}

package theorydb

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/schema"
)

// Scope is what a scoped model is confined to: a tenant, or a tenant and a workspace. It is a comparable value, and its
// zero value confines nothing: every verb refuses it with ErrScopeRequired.
type Scope struct {
	// text is the components joined by "/", which none of them can hold, so that scopes can be compared and be map keys.
	text string
}

// A component is written into keys as it is: it needs no escape there, and no wildcard of an IAM policy can stand in it.
var scopeComponent = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,128}$`)

// NewScope makes a scope of one or more components, in the order of the model's scope fields. A component has 1 to 128
// of A-Z a-z 0-9 . _ ~ -; anything else is ErrInvalidValue.
func NewScope(components ...string) (Scope, error) {
	if len(components) == 0 {
		return Scope{}, fmt.Errorf("%w: a scope has at least one component", ErrInvalidValue)
	}
	for i, component := range components {
		if !scopeComponent.MatchString(component) {
			return Scope{}, fmt.Errorf("%w: component %d of the scope; it takes 1 to 128 of A-Z a-z 0-9 . _ ~ -", ErrInvalidValue, i+1)
		}
	}
	return Scope{strings.Join(components, "/")}, nil
}

// Components returns the components the scope was made of, nil for the zero Scope.
func (s Scope) Components() []string {
	if s.IsZero() {
		return nil
	}
	return strings.Split(s.text, "/")
}

// IsZero reports whether s is the zero Scope.
func (s Scope) IsZero() bool { return s.text == "" }

// keyText is the scope as it stands in keys and ciphertexts: its components joined by "#".
func (s Scope) keyText() string { return strings.ReplaceAll(s.text, "/", "#") }

// ScopedModel is a model whose records belong to a scope. It has no verbs: In gives the model of one scope.
type ScopedModel[T any] struct{ core *model }

// NewScopedModel compiles T, which has one or more fields tagged scope, into a model of db. It makes no network call and
// reports problems as NewModel does. A type without scope fields is refused; use NewModel.
func NewScopedModel[T any](db *DB) (*ScopedModel[T], error) {
	core, err := db.register(reflect.TypeFor[T](), scopedModel, func(o schema.Options) (*schema.Plan, error) {
		return schema.Compile(reflect.TypeFor[T](), o)
	})
	if err != nil {
		return nil, err
	}
	return &ScopedModel[T]{core}, nil
}

// In returns the model of one scope. Its verbs fill in the scope fields of what they write and read keys by, refuse a
// record that names another scope with ErrScopeMismatch, and reach nothing outside of it. With the zero Scope every verb
// is ErrScopeRequired; with another number of components than the model has scope fields, ErrScopeMismatch.
func (m *ScopedModel[T]) In(scope Scope) *Model[T] {
	if m.core == nil {
		return &Model[T]{} // whose verbs say so
	}
	confined := *m.core
	confined.scope = scope
	return &Model[T]{&confined}
}

// checkScope refuses a scope that does not fit the model, before anything else is done.
func (m *model) checkScope() error {
	switch fields := len(m.plan.Scope); {
	case fields == 0:
		return nil
	case m.scope.IsZero():
		return ErrScopeRequired
	case len(m.scope.Components()) != fields:
		return fmt.Errorf("%w: the scope has %d components and %s has %d scope fields", ErrScopeMismatch, len(m.scope.Components()), m.plan.Entity, fields)
	}
	return nil
}

// accept checks a record, or a key by example, that a caller gave, and sets its scope fields; the caller does not hold
// this copy. An entry of a Record that is no attribute is refused: dropped, a misspelt one would lose what was to be
// written, or widen what is read. A record that names another scope is refused and not corrected: it was meant for
// somebody else.
func (m *model) accept(record any) error {
	if err := m.plan.Check(record); err != nil || len(m.plan.Scope) == 0 {
		return err
	}
	item, names := Item{}, make([]string, len(m.plan.Scope))
	for i, component := range m.scope.Components() {
		attribute := m.plan.Scope[i]
		given, err := attribute.Value(record)
		if err != nil {
			return err
		}
		if text, ok := given.(*types.AttributeValueMemberS); ok && text.Value != "" && text.Value != component {
			return fmt.Errorf("%w: %q", ErrScopeMismatch, attribute.Name)
		}
		names[i], item[attribute.Name] = attribute.Name, &types.AttributeValueMemberS{Value: component}
	}
	return m.plan.Merge(item, record, names)
}

// inScope checks a record that was read. A row of another scope can only stand here if somebody planted it.
func (m *model) inScope(record any) error {
	for i, component := range m.scope.Components() {
		attribute := m.plan.Scope[i]
		value, err := attribute.Value(record)
		if err != nil {
			return err
		}
		if text, ok := value.(*types.AttributeValueMemberS); !ok || text.Value != component {
			return fmt.Errorf("%w: %q", ErrScopeMismatch, attribute.Name)
		}
	}
	return nil
}

// keyInScope checks a table key that came from outside. The keys of a scope begin with its components, whatever the
// entity.
func (m *model) keyInScope(key Item) bool {
	components := m.scope.Components()
	if len(components) == 0 {
		return true
	}
	last := len(components) - 1
	begin, err := m.plan.PK.Template.Prefix(components[:last])
	if err != nil {
		return false
	}
	begin += components[last]
	text := keyText(key[m.plan.PK.Name])
	return text == begin || strings.HasPrefix(text, begin+"#")
}

// scopeText is the leading text of a scoped model's partition keys, its attributes' names apart.
func (m *model) scopeText() string {
	text := m.plan.PK.Template.String()
	end := 0
	for range m.plan.Scope {
		end += strings.IndexByte(text[end:], '}') + 1
	}
	return attributeInTemplate.ReplaceAllString(text[:end], "{}")
}

var attributeInTemplate = regexp.MustCompile(`\{[^}]*\}`)

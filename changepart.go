package theorydb

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
	"github.com/theorydb/theorydb/internal/schema"
)

// ChangePart is one part of a Change: what to do to one attribute (Set, SetIfAbsent, Add, Remove, Append, Prepend,
// DeleteFromSet), how to go about it (OrCreate, Blind), or a WriteOption. Attributes are named by their stored names.
//
// The version, the timestamps, the scope and keys are the library's and can't be named (ErrInvalidQuery), components of
// the primary key are ErrImmutable. Of an encrypted attribute only Set and SetIfAbsent are possible, and Remove when it
// has omitempty (ErrEncryptedFieldNotUpdatable otherwise).
type ChangePart interface{ change(*changeOptions) }

// Set stores a value, over whatever the attribute holds. An immutable attribute must be absent or hold that value
// (ErrImmutable).
func Set(attribute string, value any) ChangePart { return edit{editSet, attribute, value} }

// SetIfAbsent stores a value where the attribute is absent.
func SetIfAbsent(attribute string, value any) ChangePart {
	return edit{editSetIfAbsent, attribute, value}
}

// Add adds a number to a number, an absent one counting as 0, or members to a set.
func Add(attribute string, amount any) ChangePart { return edit{editAdd, attribute, amount} }

// Remove removes the attribute. A required one is ErrInvalidValue.
func Remove(attribute string) ChangePart { return edit{editRemove, attribute, nil} }

// Append adds the elements of a slice to the end of a list, an absent one counting as empty.
func Append(attribute string, elements any) ChangePart { return edit{editAppend, attribute, elements} }

// Prepend adds the elements of a slice to the beginning of a list, an absent one counting as empty.
func Prepend(attribute string, elements any) ChangePart {
	return edit{editPrepend, attribute, elements}
}

// DeleteFromSet takes members out of a set. One that becomes empty is absent.
func DeleteFromSet(attribute string, members any) ChangePart {
	return edit{editDeleteFromSet, attribute, members}
}

// OrCreate makes Change create the item where there is no live one: with the components of its key, the first version,
// the timestamps, and the change applied to nothing. A caller's condition then counts for a live item only. Required
// and encrypted attributes must be Set by the change.
func OrCreate() ChangePart { return changeOption(func(o *changeOptions) { o.orCreate = true }) }

// Blind makes Change ask for nothing back: it returns nil, and needs no key to open what the item holds.
func Blind() ChangePart { return changeOption(func(o *changeOptions) { o.blind = true }) }

type changeOptions struct {
	writeOptions
	edits    []edit
	orCreate bool
	blind    bool
}

type changeOption func(*changeOptions)

func (f changeOption) change(o *changeOptions) { f(o) }

func (f writeOption) change(o *changeOptions) { f(&o.writeOptions) }

func (anyVersionOption) change(o *changeOptions) { o.anyVersion = true }

// edit is what a change does to one attribute.
type edit struct {
	kind      editKind
	attribute string
	value     any
}

func (e edit) change(o *changeOptions) { o.edits = append(o.edits, e) }

// Format writes the part without its value, which may be a secret in the clear.
func (e edit) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%s(%q, ...)", editNames[e.kind], e.attribute)
}

var editNames = map[editKind]string{
	editSet: "Set", editSetIfAbsent: "SetIfAbsent", editAdd: "Add", editRemove: "Remove",
	editAppend: "Append", editPrepend: "Prepend", editDeleteFromSet: "DeleteFromSet",
}

type editKind int

const (
	editSet editKind = iota + 1
	editSetIfAbsent
	editAdd
	editRemove
	editAppend
	editPrepend
	editDeleteFromSet
)

// compiledEdit is an edit that fits the model, its operand encoded.
type compiledEdit struct {
	kind      editKind
	attribute *schema.Attribute
	operand   types.AttributeValue // nil for Remove
}

// compileEdits checks the edits of a change and encodes their operands.
func (m *model) compileEdits(edits []edit) ([]compiledEdit, error) {
	if len(edits) == 0 {
		return nil, fmt.Errorf("%w: the change has no part that changes anything", ErrInvalidQuery)
	}
	var compiled []compiledEdit
	for _, e := range edits {
		attribute, err := m.writable(e.attribute, "the change")
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(compiled, func(c compiledEdit) bool { return c.attribute == attribute }) {
			return nil, fmt.Errorf("%w: the change names %q twice", ErrInvalidQuery, e.attribute)
		}
		c := compiledEdit{kind: e.kind, attribute: attribute}
		if c.operand, err = c.encode(e.value); err != nil {
			return nil, err
		}
		if err := errors.Join(m.checkRequired(c), m.checkIndexKey(c)); err != nil {
			return nil, err
		}
		compiled = append(compiled, c)
	}
	return compiled, nil
}

// encode checks that the attribute can be edited so, and gives the operand.
func (c *compiledEdit) encode(value any) (types.AttributeValue, error) {
	a := c.attribute
	if a.Encrypted && c.kind != editSet && c.kind != editSetIfAbsent && (c.kind != editRemove || !a.Optional) {
		return nil, fmt.Errorf("%w: %q", ErrEncryptedFieldNotUpdatable, a.Name)
	}
	if a.Immutable && c.kind != editSet && c.kind != editSetIfAbsent {
		return nil, fmt.Errorf("%w: %q", ErrImmutable, a.Name)
	}
	fits := func(kinds ...string) error {
		if slices.Contains(kinds, a.Type) {
			return nil
		}
		return fmt.Errorf("%w: %q is stored as %s, which can't be changed so", ErrInvalidQuery, a.Name, a.Type)
	}
	var err error
	switch c.kind {
	case editSet, editSetIfAbsent:
	case editRemove:
		if a.Required {
			return nil, &ValueError{Attr: a.Name, Problem: "is required and can't be removed"}
		}
		return nil, nil
	case editAdd:
		err = fits("N", "SS", "NS", "BS")
	case editAppend, editPrepend:
		err = fits("L")
	case editDeleteFromSet:
		if err = fits("SS", "NS", "BS"); err == nil && a.Required {
			err = &ValueError{Attr: a.Name, Problem: "is required, and taking members out could leave it without any"}
		}
	}
	if err != nil {
		return nil, err
	}
	return a.Encode(value)
}

// checkRequired refuses to store in a required attribute what a write of a whole record would refuse there.
func (m *model) checkRequired(c compiledEdit) error {
	if !c.attribute.Required || c.kind != editSet && c.kind != editSetIfAbsent {
		return nil
	}
	record := m.plan.New()
	if err := m.plan.Merge(Item{c.attribute.Name: c.operand}, record, []string{c.attribute.Name}); err != nil {
		return err
	}
	if c.attribute.IsZero(record) {
		return &ValueError{Attr: c.attribute.Name, Problem: "is required and has no value"}
	}
	return nil
}

// checkIndexKey refuses an empty value for an attribute that is itself half of an index's key, as DynamoDB would. A
// write of a whole record leaves such an attribute out.
func (m *model) checkIndexKey(c compiledEdit) error {
	if c.operand == nil || c.attribute.Type == "N" || keyText(c.operand) != "" {
		return nil
	}
	for _, index := range m.plan.Indexes {
		for _, half := range []*schema.KeyPart{index.PK, index.SK} {
			if half != nil && half.Template == nil && half.Name == c.attribute.Name {
				return &ValueError{Attr: c.attribute.Name, Problem: "is the key of an index and can't be empty; Remove it instead"}
			}
		}
	}
	return nil
}

// write adds the edit to an update expression. stored is the operand, sealed when the attribute is.
func (c *compiledEdit) write(e *expr.Update, b *expr.Builder, stored types.AttributeValue) {
	name := b.Name(c.attribute.Name)
	switch c.kind {
	case editSet:
		e.Set(name, b.Value(stored))
	case editSetIfAbsent:
		e.SetIfAbsent(name, b.Value(stored))
	case editRemove:
		e.Remove(name)
	case editAdd:
		if c.attribute.Type == "N" {
			e.Increment(name, b.Value(number(0)), b.Value(stored))
		} else {
			e.Add(name, b.Value(stored))
		}
	case editAppend:
		e.Append(name, b.Value(&types.AttributeValueMemberL{}), b.Value(stored))
	case editPrepend:
		e.Prepend(name, b.Value(&types.AttributeValueMemberL{}), b.Value(stored))
	case editDeleteFromSet:
		e.Delete(name, b.Value(stored))
	}
}

// known reports whether the edit alone tells what the attribute will hold.
func (c *compiledEdit) known() bool { return c.kind == editSet || c.kind == editRemove }

// onNothing is what the edit makes of an absent attribute; nil when it stays absent.
func (c *compiledEdit) onNothing() types.AttributeValue {
	switch c.kind {
	case editSet, editSetIfAbsent, editAdd, editAppend, editPrepend:
		return c.operand
	case editRemove, editDeleteFromSet:
	}
	return nil
}

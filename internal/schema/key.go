package schema

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/keys"
)

// KeyPart is one half of a key, of the table or of an index.
type KeyPart struct {
	Name       string         // stored name
	Type       string         // "S", "N" or "B"
	Template   *keys.Template // nil for a plain key
	Components []*Attribute   // in template order; the attribute itself for a plain key
	Max        int            // longest value in bytes
}

// Value returns the half of the key that rec has: the rendered template, or
// the plain attribute. Errors wrap keys.ErrIncomplete for an empty component
// or plain value, keys.ErrTooLong and ErrInvalidValue, and name attributes.
func (k *KeyPart) Value(rec any) (types.AttributeValue, error) {
	if k.Template == nil {
		return k.plain(rec)
	}
	texts, err := k.Texts(rec)
	if err != nil {
		return nil, err
	}
	text, err := k.Template.Render(texts)
	if err == nil {
		err = keys.CheckLength(text, k.Max)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	return &types.AttributeValueMemberS{Value: text}, nil
}

func (k *KeyPart) plain(rec any) (types.AttributeValue, error) {
	av, err := k.Components[0].Value(rec)
	if err != nil {
		return nil, err
	}
	size := 1 // a number has no length to check
	switch v := av.(type) {
	case *types.AttributeValueMemberS:
		size = len(v.Value)
	case *types.AttributeValueMemberB:
		size = len(v.Value)
	case nil:
		size = 0
	}
	switch {
	case size == 0:
		return nil, fmt.Errorf("%s: %w", k.Name, keys.ErrIncomplete)
	case size > k.Max:
		return nil, fmt.Errorf("%s: %w: %d bytes, at most %d are possible", k.Name, keys.ErrTooLong, size, k.Max)
	}
	return av, nil
}

// Texts returns the stored text of every component in rec, "" for one that is
// absent or empty. The number 0 gives "0". Errors are *ValueError.
func (k *KeyPart) Texts(rec any) ([]string, error) {
	texts := make([]string, len(k.Components))
	var v reflect.Value
	for i, a := range k.Components {
		if i == 0 {
			var err error
			if v, err = a.shape.open(rec); err != nil {
				return nil, err
			}
		}
		text, err := a.keyText(v)
		if err != nil {
			return nil, valueError(a.Name, err)
		}
		texts[i] = text
	}
	return texts, nil
}

// keyText is the text of a component in an opened record. Plain strings, the
// commonest components, take no attribute value on the way.
func (a *Attribute) keyText(rec reflect.Value) (string, error) {
	if s, ok := a.slot.(*structSlot); ok && s.codec == stringCodec {
		f, ok := field(rec, s.index)
		if !ok {
			return "", nil
		}
		return f.String(), checkText(f.String())
	}
	av, err := a.slot.value(rec)
	if err != nil {
		return "", err
	}
	return a.text(av)
}

// Index is a secondary index of a model.
type Index struct {
	Name       string
	Local      bool     // shares the partition key of the table
	PK, SK     *KeyPart // SK is nil without a sort key
	Projection string   // ProjectAll, ProjectKeys or ProjectInclude
	Fields     []string // with ProjectInclude, the attributes besides the keys
	Sparse     bool     // a component may be absent; items without it are not in the index
}

// The projections of an index.
const (
	ProjectAll     = "ALL"
	ProjectKeys    = "KEYS_ONLY"
	ProjectInclude = "INCLUDE"
)

// Keys returns the templated halves of the index's key in rec. When any
// component of either half is absent it returns none: half a key is never
// written. Plain halves are attributes and come with Plan.Encode.
func (x *Index) Keys(rec any) (Item, error) {
	halves := make([]*KeyPart, 0, 2)
	for _, k := range []*KeyPart{x.PK, x.SK} {
		if k == nil || x.Local && k == x.PK {
			continue
		}
		texts, err := k.Texts(rec)
		if err != nil {
			return nil, err
		}
		for _, text := range texts {
			if text == "" {
				return Item{}, nil
			}
		}
		if k.Template != nil {
			halves = append(halves, k)
		}
	}
	return renderAll(rec, halves...)
}

// Key returns the primary key of rec. Errors are those of KeyPart.Value.
func (p *Plan) Key(rec any) (Item, error) {
	if _, err := p.shape.open(rec); err != nil {
		return nil, err
	}
	if p.SK == nil {
		return renderAll(rec, p.PK)
	}
	return renderAll(rec, p.PK, p.SK)
}

func renderAll(rec any, halves ...*KeyPart) (Item, error) {
	item := make(Item, len(halves))
	for _, k := range halves {
		av, err := k.Value(rec)
		if err != nil {
			return nil, err
		}
		item[k.Name] = av
	}
	return item, nil
}

// KeyComponents returns the attributes that the primary key is made of, each
// once: those the templates name, and the plain keys themselves.
func (p *Plan) KeyComponents() []*Attribute { return append([]*Attribute(nil), p.keyed...) }

// LossyKeyComponents returns the attributes that the primary key names and
// does not tell: every mention of them has a lossy modifier, so that two
// values of theirs may give one key.
func (p *Plan) LossyKeyComponents() []*Attribute {
	told := map[*Attribute]bool{}
	for _, k := range []*KeyPart{p.PK, p.SK} {
		if k == nil {
			continue
		}
		for i, a := range k.Components {
			told[a] = told[a] || k.Template == nil || !k.Template.Components()[i].Lossy()
		}
	}
	return slices.DeleteFunc(p.KeyComponents(), func(a *Attribute) bool { return told[a] })
}

// FromKey returns the attributes that are absent in item but told by its key
// text without loss, as in rows of other writers; it may be empty and is never
// nil. It returns an error that wraps keys.ErrMismatch when a key does not fit
// its template, or the two halves name one attribute differently. Plain keys
// tell nothing.
func (p *Plan) FromKey(item Item) (Item, error) {
	told, out := map[string]string{}, Item{}
	for _, k := range []*KeyPart{p.PK, p.SK} {
		if k == nil || k.Template == nil {
			continue
		}
		s, ok := item[k.Name].(*types.AttributeValueMemberS)
		if !ok {
			return nil, fmt.Errorf("%s: %w", k.Name, keys.ErrMismatch)
		}
		texts, err := k.Template.Parse(s.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name, err)
		}
		for i, a := range k.Components {
			if texts[i] == "" { // lossy
				continue
			}
			if other, ok := told[a.Name]; ok && other != texts[i] {
				return nil, fmt.Errorf("%s: %w: attribute %s has two values", k.Name, keys.ErrMismatch, a.Name)
			}
			told[a.Name] = texts[i]
			if item[a.Name] == nil {
				out[a.Name] = a.fromText(texts[i])
			}
		}
	}
	return out, nil
}

// fromText is the way back of Text for the types a template may name.
func (a *Attribute) fromText(text string) types.AttributeValue {
	if a.Type == kindN {
		return &types.AttributeValueMemberN{Value: text}
	}
	return &types.AttributeValueMemberS{Value: text}
}

// Overlap reports whether the templated primary keys of two models of one
// table may be equal: both halves would have to be. It may answer true for
// keys that never meet, never false for keys that can. Models with a plain key
// are left to the guard on the stored entity name.
func Overlap(a, b *Plan) bool {
	if (a.SK == nil) != (b.SK == nil) || !templated(a) || !templated(b) {
		return false
	}
	return keys.Overlap(a.PK.Template, b.PK.Template) &&
		(a.SK == nil || keys.Overlap(a.SK.Template, b.SK.Template))
}

func templated(p *Plan) bool {
	return p.PK.Template != nil && (p.SK == nil || p.SK.Template != nil)
}

// Package attribute holds DynamoDB attribute values: their JSON form, exact
// numbers, sizes, equality and order.
package attribute

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Kind is the data type of a value.
type Kind uint8

// The ten data types of DynamoDB.
const (
	String Kind = iota + 1
	Number
	Binary
	Bool
	Null
	List
	Map
	StringSet
	NumberSet
	BinarySet
)

var codes = [...]string{String: "S", Number: "N", Binary: "B", Bool: "BOOL", Null: "NULL", List: "L", Map: "M", StringSet: "SS", NumberSet: "NS", BinarySet: "BS"}

// Code is the name of the kind in JSON, such as "S".
func (k Kind) Code() string { return codes[k] }

// KindOf is the kind with that code, and false when there is none.
func KindOf(code string) (Kind, bool) {
	for kind := String; kind <= BinarySet; kind++ {
		if codes[kind] == code {
			return kind, true
		}
	}
	return 0, false
}

// Ordered tells whether values of the kind can be compared with < and >.
func (k Kind) Ordered() bool { return k == String || k == Number || k == Binary }

// IsSet tells whether the kind is one of the three sets.
func (k Kind) IsSet() bool { return k >= StringSet }

// Element is the kind of the members of a set, 0 for other kinds.
func (k Kind) Element() Kind {
	if !k.IsSet() {
		return 0
	}
	return k - StringSet + String
}

// Value is one attribute value. Values are never changed once made; whoever
// needs another one builds it, so items may share them.
type Value struct {
	Kind     Kind
	Text     string           // String, and the bytes of Binary
	Number   Decimal          // Number
	Bool     bool             // Bool
	Elements []Value          // List and the sets
	Members  map[string]Value // Map
}

// Item is the attributes of an item by name.
type Item map[string]Value

// Copy gives an item that can gain and lose attributes without changing i.
func (i Item) Copy() Item {
	if i == nil {
		return Item{}
	}
	return maps.Clone(i)
}

// Equal tells whether two values are the same, sets without order.
func Equal(a, b Value) bool {
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case String, Binary:
		return a.Text == b.Text
	case Number:
		return a.Number == b.Number
	case Bool:
		return a.Bool == b.Bool
	case Null:
		return true
	case List:
		return slices.EqualFunc(a.Elements, b.Elements, Equal)
	case Map:
		return maps.EqualFunc(a.Members, b.Members, Equal)
	case StringSet, NumberSet, BinarySet:
		return len(a.Elements) == len(b.Elements) && !slices.ContainsFunc(a.Elements, func(v Value) bool { return !b.Has(v) })
	}
	return false
}

// Has tells whether a list or set holds an element.
func (v Value) Has(element Value) bool {
	return slices.ContainsFunc(v.Elements, func(e Value) bool { return Equal(e, element) })
}

// Compare orders two values of one ordered kind; false when they have none.
// Strings are ordered by their UTF-8 bytes, numbers by value.
func Compare(a, b Value) (int, bool) {
	if a.Kind != b.Kind || !a.Kind.Ordered() {
		return 0, false
	}
	if a.Kind == Number {
		return a.Number.Cmp(b.Number), true
	}
	return cmp.Compare(a.Text, b.Text), true
}

// Sortable gives a text whose byte order is the order of Compare among the
// values of one ordered kind.
func (v Value) Sortable() string {
	if v.Kind == Number {
		return string(v.Number.appendSortable(nil))
	}
	return v.Text
}

// Size is the stored size of the value in bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (v Value) Size() int {
	switch v.Kind {
	case String, Binary:
		return len(v.Text)
	case Number:
		return v.Number.size()
	case Bool, Null:
		return 1
	case List:
		n := 3
		for _, e := range v.Elements {
			n += 1 + e.Size()
		}
		return n
	case Map:
		n := 3
		for name, e := range v.Members {
			n += 1 + len(name) + e.Size()
		}
		return n
	case StringSet, NumberSet, BinarySet:
		n := 0
		for _, e := range v.Elements {
			n += e.Size()
		}
		return n
	}
	return 0
}

// Size is the size of the item in bytes, names included.
func (i Item) Size() int {
	n := 0
	for name, v := range i {
		n += len(name) + v.Size()
	}
	return n
}

// sorted orders the members of a set, the way the service answers them.
func sorted(elements []Value) []Value {
	slices.SortFunc(elements, func(a, b Value) int { return strings.Compare(a.Sortable(), b.Sortable()) })
	return elements
}

// Union is the set with the elements of both sets, which have one kind.
func Union(a, b Value) Value {
	all := slices.Clone(a.Elements)
	for _, e := range b.Elements {
		if !a.Has(e) {
			all = append(all, e)
		}
	}
	return Value{Kind: a.Kind, Elements: sorted(all)}
}

// Difference is the set with the elements of a that are not in b. It may be
// empty, which is not a value that can be stored.
func Difference(a, b Value) Value {
	left := slices.DeleteFunc(slices.Clone(a.Elements), b.Has)
	return Value{Kind: a.Kind, Elements: left}
}

// Integer is the number n as a value.
func Integer(n int) Value {
	d, err := ParseDecimal(strconv.Itoa(n))
	if err != nil {
		return Value{Kind: Number} // unreachable: an int has fewer than 38 digits
	}
	return Value{Kind: Number, Number: d}
}

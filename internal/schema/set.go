package schema

import (
	"bytes"
	"cmp"
	"fmt"
	"math/big"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// set stores a slice as SS, NS or BS, by what its elements are stored as.
// Duplicates are dropped and the members are kept in order: texts and bytes
// bytewise, numbers by value. An empty set is absent, DynamoDB has none.
func (c *compiler) set(t reflect.Type) (*codec, error) {
	if t.Kind() != reflect.Slice {
		return nil, fmt.Errorf("word \"set\" needs a slice, not %s", t)
	}
	elem, err := c.codec(t.Elem())
	if err != nil {
		return nil, err
	}
	if elem.kind != kindS && elem.kind != kindN && elem.kind != kindB {
		return nil, fmt.Errorf("word \"set\" needs a slice of texts, numbers or bytes, not %s", t)
	}
	if t.Elem().Kind() == reflect.Pointer {
		return nil, fmt.Errorf("word \"set\" needs a slice of values, not of pointers")
	}
	if elem == stringCodec {
		return textSetCodec, nil
	}
	return &codec{
		kind: elem.kind + "S",
		elem: elem,
		encode: func(v reflect.Value, depth int) (types.AttributeValue, error) {
			if v.Len() == 0 {
				return nil, nil
			}
			members := make([]types.AttributeValue, v.Len())
			for i := range members {
				av, err := elem.encode(v.Index(i), depth)
				if err != nil {
					return nil, below("[]", err)
				}
				members[i] = av
			}
			return joinSet(members)
		},
		decode: func(av types.AttributeValue, v reflect.Value, depth int) error {
			if isNull(av) {
				v.SetZero()
				return nil
			}
			members, err := splitSet(av, elem.kind)
			if err != nil {
				return err
			}
			resize(v, len(members))
			for i, m := range members {
				if err := elem.decode(m, v.Index(i), depth); err != nil {
					return below("[]", err)
				}
			}
			return nil
		},
		isZero:  func(v reflect.Value) bool { return v.Len() == 0 },
		isEmpty: func(v reflect.Value) bool { return v.Len() == 0 },
	}, nil
}

// textSetCodec is the set codec for slices of strings, the commonest sets,
// without an attribute value for each member.
var textSetCodec = &codec{
	kind: kindSS,
	elem: stringCodec,
	encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
		if v.Len() == 0 {
			return nil, nil
		}
		texts := make([]string, v.Len())
		for i := range texts {
			texts[i] = v.Index(i).String()
			if err := checkText(texts[i]); err != nil {
				return nil, below("[]", err)
			}
		}
		slices.Sort(texts)
		return &types.AttributeValueMemberSS{Value: slices.Compact(texts)}, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
		if isNull(av) {
			v.SetZero()
			return nil
		}
		s, ok := av.(*types.AttributeValueMemberSS)
		if !ok {
			return wrongKind(kindSS, av)
		}
		texts := s.Value
		if !slices.IsSorted(texts) {
			texts = slices.Sorted(slices.Values(texts))
		}
		resize(v, len(texts))
		for i, text := range texts {
			if err := checkText(text); err != nil {
				return below("[]", err)
			}
			v.Index(i).SetString(text)
		}
		return nil
	},
	isZero:  func(v reflect.Value) bool { return v.Len() == 0 },
	isEmpty: func(v reflect.Value) bool { return v.Len() == 0 },
}

// joinSet makes a set of members that are all S, all N or all B.
func joinSet(members []types.AttributeValue) (types.AttributeValue, error) {
	var texts []string
	var blobs [][]byte
	kind := kindOf(members[0])
	for _, av := range members {
		if av == nil {
			return nil, below("[]", refuse("is absent"))
		}
		if kindOf(av) != kind {
			return nil, refuse("has members of different types")
		}
		switch m := av.(type) {
		case *types.AttributeValueMemberS:
			texts = append(texts, m.Value)
		case *types.AttributeValueMemberN:
			texts = append(texts, m.Value)
		case *types.AttributeValueMemberB:
			blobs = append(blobs, m.Value)
		default:
			return nil, refuse("has a member that is neither text, number nor bytes")
		}
	}
	switch kind {
	case kindS:
		slices.Sort(texts)
		return &types.AttributeValueMemberSS{Value: slices.Compact(texts)}, nil
	case kindN:
		texts, err := sortNumbers(texts)
		if err != nil {
			return nil, err
		}
		return &types.AttributeValueMemberNS{Value: slices.Compact(texts)}, nil
	}
	slices.SortFunc(blobs, bytes.Compare)
	return &types.AttributeValueMemberBS{Value: slices.CompactFunc(blobs, bytes.Equal)}, nil
}

// splitSet gives the members of a set of the given member kind, in order.
func splitSet(av types.AttributeValue, kind string) ([]types.AttributeValue, error) {
	var members []types.AttributeValue
	switch s := av.(type) {
	case *types.AttributeValueMemberSS:
		for _, text := range slices.Sorted(slices.Values(s.Value)) {
			members = append(members, &types.AttributeValueMemberS{Value: text})
		}
	case *types.AttributeValueMemberNS:
		numbers, err := sortNumbers(s.Value)
		if err != nil {
			return nil, err
		}
		for _, text := range numbers {
			members = append(members, &types.AttributeValueMemberN{Value: text})
		}
	case *types.AttributeValueMemberBS:
		for _, blob := range slices.SortedFunc(slices.Values(s.Value), bytes.Compare) {
			members = append(members, &types.AttributeValueMemberB{Value: blob})
		}
	}
	if kindOf(av) != kind+"S" {
		return nil, wrongKind(kind+"S", av)
	}
	return members, nil
}

// sortNumbers gives the plain forms of texts in the order of their values.
func sortNumbers(texts []string) ([]string, error) {
	type number struct {
		text  string
		value *big.Rat
	}
	numbers := make([]number, len(texts))
	for i, text := range texts {
		plain, err := canonicalNumber(text)
		if err != nil {
			return nil, below("[]", err)
		}
		value, ok := new(big.Rat).SetString(plain)
		if !ok {
			return nil, below("[]", refuse(notANumber))
		}
		numbers[i] = number{plain, value}
	}
	slices.SortFunc(numbers, func(a, b number) int { return cmp.Or(a.value.Cmp(b.value), cmp.Compare(a.text, b.text)) })
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = n.text
	}
	return out, nil
}

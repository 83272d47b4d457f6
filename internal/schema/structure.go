package schema

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// structure stores a nested struct as M, under the same naming and tags.
func (c *compiler) structure(t reflect.Type) (*codec, error) {
	s := &scanner{compiler: c, at: onNested}
	s.walk(t, nil, "")
	if len(s.members) == 0 && t.NumField() > 0 && len(s.problems) == 0 {
		s.report(ErrInvalidModel, "", "type "+t.String()+" has no exported fields and no marshaler, so nothing of it would be stored")
	}
	seen := map[string]string{}
	for _, m := range s.members {
		if other, twice := seen[m.name]; twice {
			s.report(ErrInvalidModel, m.field, "has the attribute name "+quote(m.name)+" of "+other+"; give one of them attr:NAME")
		}
		seen[m.name] = m.field
		if text := nameProblem(m.name); text != "" {
			s.report(ErrInvalidModel, m.field, text)
		}
	}
	if len(s.problems) > 0 {
		return nil, s.problems
	}
	members := s.members
	return &codec{
		kind: kindM,
		encode: func(v reflect.Value, depth int) (types.AttributeValue, error) {
			if err := checkDepth(depth + 1); err != nil {
				return nil, err
			}
			out := make(map[string]types.AttributeValue, len(members))
			for i := range members {
				m := &members[i]
				av, err := m.encode(v, depth+1)
				if err != nil {
					return nil, below(m.name, err)
				}
				if av != nil {
					out[m.name] = av
				}
			}
			return &types.AttributeValueMemberM{Value: out}, nil
		},
		decode: func(av types.AttributeValue, v reflect.Value, depth int) error {
			from, ok := av.(*types.AttributeValueMemberM)
			if !ok {
				return wrongKind(kindM, av)
			}
			if err := checkDepth(depth + 1); err != nil {
				return err
			}
			v.SetZero()
			for i := range members {
				m := &members[i]
				if inner, ok := from.Value[m.name]; ok {
					if err := m.codec.decode(inner, fieldMade(v, m.index), depth+1); err != nil {
						return below(m.name, err)
					}
				}
			}
			return nil
		},
		isZero:  hasZero,
		isEmpty: hasZero,
	}, nil
}

// encode gives the member's stored form in the struct v, nil when absent.
func (m *member) encode(v reflect.Value, depth int) (types.AttributeValue, error) {
	f, ok := field(v, m.index)
	if !ok || m.omit && m.codec.isEmpty(f) {
		return nil, nil
	}
	return m.codec.encode(f, depth)
}

// field finds a field through embedded structs; false behind a nil pointer.
func field(v reflect.Value, index []int) (reflect.Value, bool) {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}

// fieldMade finds a field and makes the embedded structs that are still nil.
func fieldMade(v reflect.Value, index []int) reflect.Value {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}

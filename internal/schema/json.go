package schema

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// jsonCodec stores a value of any type that encoding/json takes as S: JSON
// text without blanks, members sorted by name. A nil value is absent.
func jsonCodec(t reflect.Type) *codec {
	return &codec{
		kind:   kindS,
		format: FormatJSON,
		encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
			if isNil(v) {
				return nil, nil
			}
			s, err := jsonText(v.Addr().Interface())
			if err != nil {
				return nil, err
			}
			return &types.AttributeValueMemberS{Value: s}, nil
		},
		decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
			if isNull(av) && nillable(t) {
				v.SetZero()
				return nil
			}
			s, ok := av.(*types.AttributeValueMemberS)
			if !ok {
				return wrongKind(kindS, av)
			}
			fresh := reflect.New(t)
			if err := parseJSON(s.Value, fresh.Interface()); err != nil {
				return err
			}
			v.Set(fresh.Elem())
			return nil
		},
		isZero:  reflectZero,
		isEmpty: emptyValue,
	}
}

func nillable(t reflect.Type) bool {
	k := t.Kind()
	return k == reflect.Pointer || k == reflect.Map || k == reflect.Slice || k == reflect.Interface
}

func isNil(v reflect.Value) bool { return nillable(v.Type()) && v.IsNil() }

// emptyValue is the meaning of omitempty where no codec has a narrower one.
func emptyValue(v reflect.Value) bool {
	if k := v.Kind(); k == reflect.Map || k == reflect.Slice {
		return v.Len() == 0
	}
	return v.IsZero()
}

// jsonText gives the canonical JSON of v. encoding/json sorts the members of
// maps but not those of structs, hence the second pass.
func jsonText(v any) (string, error) {
	first, err := marshalJSON(v)
	if err != nil {
		return "", refuse("can't be written as JSON")
	}
	if mended(first) {
		return "", refuse("holds text that is not valid UTF-8")
	}
	var generic any
	if err := parseJSON(first, &generic); err != nil {
		return "", err
	}
	second, err := marshalJSON(generic)
	if err != nil {
		return "", refuse("can't be written as JSON")
	}
	return second, nil
}

func marshalJSON(v any) (string, error) {
	text, err := CompactJSON(v)
	return string(text), err
}

// mended reports that encoding/json replaced invalid UTF-8: it writes such
// replacements as an escape, and valid U+FFFD as itself.
func mended(text string) bool {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if strings.HasPrefix(text[i:], `\ufffd`) {
			return true
		}
		i++ // the escaped character is not an escape of its own
	}
	return false
}

// parseJSON reads one JSON text. Numbers under an empty interface become
// json.Number, which keeps every digit. Errors of encoding/json may quote the
// value, so none is passed on.
func parseJSON(text string, into any) error {
	if err := checkText(text); err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return refuse("is not JSON of the attribute's type")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse("is not one JSON text")
	}
	return nil
}

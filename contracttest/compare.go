package contracttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// Values are compared as what they mean: numbers by value whatever their form, times as instants, sets without order.
// Both sides are brought into one comparable text; the declared type says how the expected side is to be read.

// sameValue reports whether a record's value is the logical one. want nil means that the record has none.
func (d declaration) sameValue(want, got any) bool {
	return d.canonical(d.value(want)) == d.canonical(got)
}

func (d declaration) canonical(value any) string {
	if text, ok := value.(string); ok && d.Format == "rfc3339nano" {
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return canonical(t)
		}
	}
	switch d.Type {
	case "SS", "NS", "BS":
		return canonicalSet(value)
	}
	return canonical(value)
}

func canonicalSet(value any) string {
	list := reflect.ValueOf(value)
	if list.Kind() != reflect.Slice {
		return canonical(value)
	}
	members := make([]string, list.Len())
	for i := range members {
		members[i] = canonical(list.Index(i).Interface())
	}
	slices.Sort(members)
	return "set[" + strings.Join(slices.Compact(members), " ") + "]"
}

func canonical(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(v)
	case bool:
		return strconv.FormatBool(v)
	case []byte:
		return fmt.Sprintf("bytes %x", v)
	case time.Time:
		return "time " + v.UTC().Format(time.RFC3339Nano)
	case Number:
		return canonicalNumber(string(v))
	case json.Number:
		return canonicalNumber(string(v))
	case []any:
		list := make([]string, len(v))
		for i, element := range v {
			list[i] = canonical(element)
		}
		return "[" + strings.Join(list, " ") + "]"
	case map[string]any:
		var b bytes.Buffer
		for _, name := range sortedNames(v) {
			fmt.Fprintf(&b, " %q:%s", name, canonical(v[name]))
		}
		return "{" + strings.TrimPrefix(b.String(), " ") + "}"
	case protocol.Item:
		return canonical(map[string]any(v))
	}
	return canonicalKind(value)
}

func canonicalKind(value any) string {
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return canonicalNumber(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return canonicalNumber(strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		return canonicalNumber(strconv.FormatFloat(v.Float(), 'g', -1, 64))
	case reflect.Slice:
		return canonicalSet(value) // the protocol has typed slices for sets only
	}
	return fmt.Sprintf("%T", value)
}

// canonicalNumber gives equal texts for equal numbers. What is no decimal stays as it is; decimals of more than three
// digits of exponent are none.
func canonicalNumber(text string) string {
	if !decimal.MatchString(text) {
		return "number " + strconv.Quote(text)
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return "number " + strconv.Quote(text)
	}
	return "number " + n.RatString()
}

package schema

import (
	"math"
	"reflect"
)

// convertLoosely is convert for values that came out of JSON or YAML: whole
// numbers as floats or as text of a number type, exact decimals as text, times
// as RFC 3339 text, sets as lists of any.
func convertLoosely(from, to reflect.Value, format string) bool {
	t := to.Type()
	if t == anyType {
		to.Set(from)
		return true
	}
	number := from.Type() == numberType || from.Type() == jsonNumberType
	switch {
	case t == timeType && from.Kind() == reflect.String && !number:
		parsed, err := parseTime(from.String())
		to.Set(reflect.ValueOf(parsed))
		return err == nil
	case format == FormatUnixSeconds && from.Kind() == reflect.String && !number:
		parsed, err := parseTime(from.String())
		return err == nil && convertTTL(reflect.ValueOf(parsed), to)
	case t == numberType && from.Kind() == reflect.String:
		to.SetString(from.String()) // the codec judges the text
		return true
	case number:
		return convertNumberText(from.String(), to)
	case from.CanFloat() && (to.CanInt() || to.CanUint()):
		return convertWholeFloat(from.Float(), to)
	case t.Kind() == reflect.Slice && from.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		fresh := reflect.MakeSlice(t, from.Len(), from.Len())
		for i := range from.Len() {
			element := from.Index(i)
			if element.Kind() == reflect.Interface {
				element = element.Elem()
			}
			if !element.IsValid() || !convertLoosely(element, fresh.Index(i), FormatNone) {
				return false
			}
		}
		to.Set(fresh)
		return true
	}
	return convert(from, to, format)
}

func convertNumberText(text string, to reflect.Value) bool {
	switch {
	case to.CanInt():
		n, err := parseInt(text, to.Type().Bits())
		to.SetInt(n)
		return err == nil
	case to.CanUint():
		n, err := parseUint(text, to.Type().Bits())
		to.SetUint(n)
		return err == nil
	case to.CanFloat():
		f, err := parseFloat(text, to.Type().Bits())
		to.SetFloat(f)
		return err == nil
	}
	return false
}

// convertWholeFloat takes a float that is a whole number every float can tell
// from its neighbours.
func convertWholeFloat(f float64, to reflect.Value) bool {
	const exactBelow = 1 << 53
	if f != math.Trunc(f) || math.Abs(f) >= exactBelow {
		return false
	}
	if to.CanUint() {
		to.SetUint(uint64(max(f, 0)))
		return f >= 0
	}
	to.SetInt(int64(f))
	return true
}

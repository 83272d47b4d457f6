package schema

import (
	"math"
	"reflect"
	"strconv"
	"time"
)

// convert sets to, of an attribute's type, to the value of from where nothing
// is lost by it, and reports whether it could. Whole numbers become other
// whole numbers and floats that hold them exactly; texts become named texts;
// slices convert element by element; pointers are followed.
func convert(from, to reflect.Value, format string) bool {
	t := to.Type()
	switch {
	case from.Type() == t, t == anyType:
		to.Set(from)
		return true
	case t.Kind() == reflect.Pointer:
		inner := reflect.New(t.Elem())
		if !convert(from, inner.Elem(), format) {
			return false
		}
		to.Set(inner)
		return true
	case from.Kind() == reflect.Pointer:
		return !from.IsNil() && convert(from.Elem(), to, format)
	case format == FormatUnixSeconds:
		return convertTTL(from, to)
	case t == numberType || t == jsonNumberType:
		return convertDecimal(from, to)
	case t == timeType || from.Type() == timeType:
		return false
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := wholeOf(from)
		if !ok || to.OverflowInt(n) {
			return false
		}
		to.SetInt(n)
		return true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, ok := naturalOf(from)
		if !ok || to.OverflowUint(n) {
			return false
		}
		to.SetUint(n)
		return true
	case reflect.Float32, reflect.Float64:
		return convertFloat(from, to)
	case reflect.String:
		if from.Kind() != reflect.String || from.Type() == numberType || from.Type() == jsonNumberType {
			return false
		}
		to.SetString(from.String())
		return true
	case reflect.Bool:
		if from.Kind() != reflect.Bool {
			return false
		}
		to.SetBool(from.Bool())
		return true
	case reflect.Slice:
		return convertSlice(from, to)
	case reflect.Map, reflect.Struct, reflect.Array:
		if from.Kind() != t.Kind() || !from.Type().ConvertibleTo(t) {
			return false
		}
		to.Set(from.Convert(t))
		return true
	default:
		return false
	}
}

func convertSlice(from, to reflect.Value) bool {
	if from.Kind() != reflect.Slice {
		return false
	}
	if from.Type().ConvertibleTo(to.Type()) {
		to.Set(from.Convert(to.Type()))
		return true
	}
	fresh := reflect.MakeSlice(to.Type(), from.Len(), from.Len())
	for i := range from.Len() {
		element := from.Index(i)
		if element.Kind() == reflect.Interface {
			element = element.Elem()
		}
		if !element.IsValid() || !convert(element, fresh.Index(i), FormatNone) {
			return false
		}
	}
	to.Set(fresh)
	return true
}

// convertTTL takes times and whole seconds for either Go type of a ttl.
func convertTTL(from, to reflect.Value) bool {
	isTime := from.Type() == timeType
	n, isWhole := wholeOf(from)
	switch {
	case to.Type() == timeType && isTime:
		to.Set(from)
	case to.Type() == timeType && isWhole:
		to.Set(reflect.ValueOf(time.Unix(n, 0).UTC()))
	case isTime:
		t, ok := from.Interface().(time.Time)
		if !ok || t.IsZero() {
			return false
		}
		to.SetInt(t.Unix())
	case isWhole:
		to.SetInt(n)
	default:
		return false
	}
	return true
}

// wholeOf gives the value of any integer that fits an int64.
func wholeOf(v reflect.Value) (int64, bool) {
	switch {
	case v.CanInt():
		return v.Int(), true
	case v.CanUint():
		return int64(v.Uint()), v.Uint() <= math.MaxInt64 //nolint:gosec // the second result says whether it fits
	}
	return 0, false
}

// naturalOf gives the value of any integer from 0 on.
func naturalOf(v reflect.Value) (uint64, bool) {
	switch {
	case v.CanUint():
		return v.Uint(), true
	case v.CanInt():
		return uint64(v.Int()), v.Int() >= 0 //nolint:gosec // the second result says whether it fits
	}
	return 0, false
}

func convertFloat(from, to reflect.Value) bool {
	bits := to.Type().Bits()
	switch {
	case from.CanFloat():
		f := from.Float()
		to.SetFloat(f)
		if bits == from.Type().Bits() || bits == 64 || math.IsNaN(f) || math.IsInf(f, 0) {
			return true
		}
		// 0.1 is another number in 32 bits, but the same decimal.
		return strconv.FormatFloat(f, 'g', -1, 64) == strconv.FormatFloat(f, 'g', -1, 32)
	case from.CanInt():
		to.SetFloat(float64(from.Int()))
		return exact(to.Float(), strconv.FormatInt(from.Int(), 10))
	case from.CanUint():
		to.SetFloat(float64(from.Uint()))
		return exact(to.Float(), strconv.FormatUint(from.Uint(), 10))
	}
	return false
}

func exact(f float64, digits string) bool { return strconv.FormatFloat(f, 'f', 0, 64) == digits }

// convertDecimal makes an exact decimal of any number.
func convertDecimal(from, to reflect.Value) bool {
	switch {
	case from.Type() == numberType || from.Type() == jsonNumberType:
		to.SetString(from.String())
	case from.CanInt():
		to.SetString(strconv.FormatInt(from.Int(), 10))
	case from.CanUint():
		to.SetString(strconv.FormatUint(from.Uint(), 10))
	case from.CanFloat():
		s, err := floatText(from.Float(), from.Type().Bits())
		if err != nil {
			return false
		}
		to.SetString(s)
	default:
		return false
	}
	return true
}

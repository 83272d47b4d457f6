package tlv_test

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"
)

// The alphabets are small, so that values drawn one by one are often equal, and hold what separators, lengths, type
// bytes and orders could be confused by.
var (
	someTexts   = []string{"", "a", "b", "aa", "\x00", "S", "\x00\x00\x00\x01", "é", "\ue000", "\U00010000", "1e0"}
	someNumbers = []string{"0", "-0", "0.0", "1", "1.0", "1E0", "10", "1e1", "-1", "-1.00", "0.5", ".5", "5e-1", "1e125", "9.9E-129"}
	someKeys    = someTexts[1:]
)

func textValue(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func numberValue(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
func listOf(elements ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: elements}
}

func mapOf(key string, value types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{key: value}}
}

func texts() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(someTexts), rapid.String())
}

func numbers() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(someNumbers), rapid.Custom(func(t *rapid.T) string {
		digits := rapid.StringMatching(`[0-9]{1,38}`).Draw(t, "digits")
		return digits + "e" + strconv.Itoa(rapid.IntRange(-130, 125-len(digits)).Draw(t, "exponent"))
	}))
}

func binaries() *rapid.Generator[[]byte] {
	return rapid.Map(texts(), func(s string) []byte { return []byte(s) })
}

// distinct draws a set of one to five members, which canonical tells apart.
func distinct[T any](member *rapid.Generator[T], canonical func(T) string) *rapid.Generator[[]T] {
	return rapid.SliceOfNDistinct(member, 1, 5, canonical)
}

// values draws a value of up to depth lists and maps in one another.
func values(depth int) *rapid.Generator[types.AttributeValue] {
	return rapid.Custom(func(t *rapid.T) types.AttributeValue {
		kinds := 8
		if depth > 0 {
			kinds = 10
		}
		switch rapid.IntRange(1, kinds).Draw(t, "kind") {
		case 1:
			return textValue(texts().Draw(t, "S"))
		case 2:
			return numberValue(numbers().Draw(t, "N"))
		case 3:
			return &types.AttributeValueMemberB{Value: binaries().Draw(t, "B")}
		case 4:
			return &types.AttributeValueMemberBOOL{Value: rapid.Bool().Draw(t, "BOOL")}
		case 5:
			return &types.AttributeValueMemberNULL{Value: true}
		case 6:
			return &types.AttributeValueMemberSS{Value: distinct(texts(), strings.Clone).Draw(t, "SS")}
		case 7:
			return &types.AttributeValueMemberNS{Value: distinct(numbers(), fraction).Draw(t, "NS")}
		case 8:
			return &types.AttributeValueMemberBS{Value: distinct(binaries(), func(b []byte) string { return string(b) }).Draw(t, "BS")}
		case 9:
			return listOf(rapid.SliceOfN(values(depth-1), 0, 4).Draw(t, "L")...)
		}
		keys := rapid.OneOf(rapid.SampledFrom(someKeys), rapid.StringN(1, 5, -1))
		return &types.AttributeValueMemberM{Value: rapid.MapOfN(keys, values(depth-1), 0, 4).Draw(t, "M")}
	})
}

// respelled draws another way to write the same value: numbers in other texts, sets in another order.
func respelled(t *rapid.T, v types.AttributeValue) types.AttributeValue {
	switch v := v.(type) {
	case *types.AttributeValueMemberN:
		return numberValue(respelledNumber(t, v.Value))
	case *types.AttributeValueMemberSS:
		return &types.AttributeValueMemberSS{Value: rapid.Permutation(v.Value).Draw(t, "SS order")}
	case *types.AttributeValueMemberNS:
		members := rapid.Permutation(v.Value).Draw(t, "NS order")
		for i := range members {
			members[i] = respelledNumber(t, members[i])
		}
		return &types.AttributeValueMemberNS{Value: members}
	case *types.AttributeValueMemberBS:
		return &types.AttributeValueMemberBS{Value: rapid.Permutation(v.Value).Draw(t, "BS order")}
	case *types.AttributeValueMemberL:
		elements := slices.Clone(v.Value)
		for i := range elements {
			elements[i] = respelled(t, elements[i])
		}
		return listOf(elements...)
	case *types.AttributeValueMemberM:
		members := make(map[string]types.AttributeValue, len(v.Value))
		for key, member := range v.Value {
			members[key] = respelled(t, member)
		}
		return &types.AttributeValueMemberM{Value: members}
	}
	return v
}

// respelledNumber moves the point of a number by its exponent, and puts zeros where they say nothing.
func respelledNumber(t *rapid.T, text string) string {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	mantissa, exponentText, _ := strings.Cut(strings.ToLower(text), "e")
	exponent, _ := strconv.Atoi(exponentText) // no exponent is 0
	whole, part, _ := strings.Cut(mantissa, ".")
	exponent -= len(part)
	digits := strings.Repeat("0", rapid.IntRange(0, 3).Draw(t, "leading")) + whole + part
	zeros := rapid.IntRange(0, 3).Draw(t, "trailing")
	digits += strings.Repeat("0", zeros)
	exponent -= zeros
	point := rapid.IntRange(0, len(digits)-1).Draw(t, "point")
	exponent += len(digits) - point
	return sign + digits[:point] + "." + digits[point:] + rapid.SampledFrom([]string{"e", "E"}).Draw(t, "e") + strconv.Itoa(exponent)
}

package keys

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Overlap tells whether a key of a may equal a key of b. It compares segment by
// segment: since no component yields a separator, two keys are equal only when
// they have as many segments and each pair of segments can be equal.
//
// A false answer is certain. A true one may be wrong in rare cases: an attribute
// named twice is taken for two, and of the texts a number or time can have only
// width and alphabet are compared with those of another.
func Overlap(a, b *Template) bool {
	return slices.EqualFunc(a.segments, b.segments, func(s, t segment) bool {
		return a.mayEqual(s, b, t)
	})
}

// mayEqual tells whether segment s of t and segment s2 of t2 can give one text.
func (t *Template) mayEqual(s segment, t2 *Template, s2 segment) bool {
	switch {
	case s.component == noComponent && s2.component == noComponent:
		return s.literal == s2.literal
	case s.component == noComponent:
		return t2.components[s2.component].canBe(s.literal)
	case s2.component == noComponent:
		return t.components[s.component].canBe(s2.literal)
	default:
		return unify(t.components[s.component].shape(), t2.components[s2.component].shape())
	}
}

// canBe tells whether the component can give this text, its own literal prefix
// included.
func (c Component) canBe(literal string) bool {
	rest, ok := strings.CutPrefix(literal, c.Literal)
	if !ok {
		return false
	}
	_, err := c.Decode(rest)
	return err == nil
}

// shape is a set of texts: at each place of fixed one of the bytes it holds,
// then what tail says.
type shape struct {
	fixed []string
	tail  tail
}

type tail int

const (
	noTail    tail = iota
	anyText        // one byte or more of encoded text
	lowerText      // the same, where no letter but those of escapes is A-Z
)

// shape is the set of texts the component can give, its literal prefix included,
// or a slightly larger one.
func (c Component) shape() shape {
	var s shape
	for i := range len(c.Literal) {
		s.fixed = append(s.fixed, c.Literal[i:i+1])
	}
	switch {
	case c.digest == hashed:
		s.fixed = append(s.fixed, slices.Repeat([]string{lowerHex}, 64)...)
	case c.digest == sharded:
		s.fixed = append(s.fixed, digitsUpTo(c.shardText(uint64(c.shards-1)))...) //nolint:gosec // Parse admits 2..maxShards only
	case c.Kind == Time:
		s.fixed = append(s.fixed, c.timeShape()...)
	case c.number == offset:
		s.fixed = append(s.fixed, digitsUpTo(strconv.FormatUint(math.MaxUint64, 10))...)
	case c.number == padded:
		s.fixed = append(s.fixed, digitsUpTo(c.largestPadded())...)
	case c.lower:
		s.tail = lowerText
	default:
		s.tail = anyText
	}
	return s
}

// digitsUpTo is the shape of numbers as wide as the largest one given.
func digitsUpTo(largest string) []string {
	const digits = "0123456789"
	places := slices.Repeat([]string{digits}, len(largest))
	places[0] = digits[:largest[0]-'0'+1]
	return places
}

// largestPadded is the largest text a pad:N can give: N nines, or the largest
// number of its kind when that is less.
func (c Component) largestPadded() string {
	largest := strconv.FormatUint(math.MaxUint64, 10)
	if c.Kind == Int {
		largest = strconv.FormatInt(math.MaxInt64, 10)
	}
	if len(largest) > c.width {
		return strings.Repeat("9", c.width)
	}
	return zeroPad(largest, c.width)
}

// timeShape is the shape of a time. A digit that a calendar bounds is bounded.
func (c Component) timeShape() []string {
	largest := "9999-19-39T29:59:59.999999999Z"
	if c.number == millis {
		largest = cutToMillis(largest)
	}
	if c.lower {
		largest = lowerASCII(largest)
	}
	places := make([]string, 0, len(largest))
	for i := range len(largest) {
		if '0' <= largest[i] && largest[i] <= '9' {
			places = append(places, digitsUpTo(largest[i:i+1])...)
		} else {
			places = append(places, largest[i:i+1])
		}
	}
	return places
}

// unify tells whether two shapes have a text in common.
func unify(a, b shape) bool {
	if len(a.fixed) < len(b.fixed) {
		a, b = b, a
	}
	for i := range b.fixed {
		if !strings.ContainsAny(a.fixed[i], b.fixed[i]) {
			return false
		}
	}
	surplus := a.fixed[len(b.fixed):]
	if len(surplus) == 0 {
		// Two tails always meet, in "z" for one. A tail is never empty.
		return (a.tail == noTail) == (b.tail == noTail)
	}
	return b.tail != noTail && !slices.ContainsFunc(surplus, func(place string) bool {
		return b.tail == lowerText && strings.Trim(place, upperLetters) == ""
	})
}

const upperLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

package keys_test

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// alphabet holds what a key codec gets wrong: the separator and its neighbours,
// the escape, digits of the escapes, and bytes that sort after all of these. It
// is sorted.
const alphabet = `"#$%0235Az`

// tuple is up to four components, each a position in a sorted list of words, 16
// bits each from the top, 0 for none. Its order as a number is therefore the
// order of tuples: component by component, a proper prefix first.
type tuple uint64

const maxArity = 4

func newTuple(words ...uint16) tuple {
	var t tuple
	for i, w := range words {
		t |= tuple(w) << (16 * (maxArity - 1 - i))
	}
	return t
}

func (t tuple) words() []uint16 {
	var words []uint16
	for i := range maxArity {
		if w := uint16(t >> (16 * (maxArity - 1 - i))); w != 0 {
			words = append(words, w)
		}
	}
	return words
}

func (t tuple) arity() int {
	n := 0
	for t != 0 {
		t <<= 16
		n++
	}
	return n
}

// first is the tuple of the first n components.
func (t tuple) first(n int) tuple {
	return t &^ (^tuple(0) >> (16 * n))
}

// properPrefixOf tells whether u is t with further components.
func (t tuple) properPrefixOf(u tuple) bool {
	n := t.arity()
	return n < u.arity() && u.first(n) == t
}

// universe is a sorted set of tuples over a sorted list of words; words[0] is
// "", which no tuple has as a component.
type universe struct {
	words  []string
	tuples []tuple
}

func (u universe) text(t tuple) []string {
	var parts []string
	for _, w := range t.words() {
		parts = append(parts, u.words[w])
	}
	return parts
}

// everyWord is all words of length 1 to n over the alphabet, in order.
func everyWord(n int) []string {
	var words []string
	var grow func(prefix string)
	grow = func(prefix string) {
		for i := range len(alphabet) {
			word := prefix + alphabet[i:i+1]
			words = append(words, word)
			if len(word) < n {
				grow(word)
			}
		}
	}
	grow("")
	return words
}

// everyTuple is all tuples of one or two words of length 1 to pair, and of
// three words of length 1 to triple, in order.
func everyTuple(pair, triple int) universe {
	u := universe{words: append([]string{""}, everyWord(pair)...)}
	var short []uint16
	for i := 1; i < len(u.words); i++ {
		if len(u.words[i]) <= triple {
			short = append(short, uint16(i))
		}
	}
	for a := 1; a < len(u.words); a++ {
		u.tuples = append(u.tuples, newTuple(uint16(a)))
		for b := 1; b < len(u.words); b++ {
			u.tuples = append(u.tuples, newTuple(uint16(a), uint16(b)))
			if len(u.words[a]) > triple || len(u.words[b]) > triple {
				continue
			}
			for _, c := range short {
				u.tuples = append(u.tuples, newTuple(uint16(a), uint16(b), c))
			}
		}
	}
	return u
}

// drawnTuples is n different tuples of one to four words of length 1 to 8. Half
// of them take the first components of one drawn before, so that prefixes are
// common.
func drawnTuples(n int, seed uint64) universe {
	r := rand.New(rand.NewPCG(seed, 0))
	set := map[string]bool{"": true}
	for len(set) < 1<<16 {
		word := make([]byte, 1+r.IntN(8))
		for i := range word {
			word[i] = alphabet[r.IntN(len(alphabet))]
		}
		set[string(word)] = true
	}
	u := universe{words: make([]string, 0, len(set))}
	for word := range set {
		u.words = append(u.words, word)
	}
	slices.Sort(u.words)

	word := func() uint16 { return uint16(1 + r.IntN(len(u.words)-1)) }
	seen := make(map[tuple]bool, n)
	for len(u.tuples) < n {
		var words []uint16
		if len(u.tuples) > 0 && r.IntN(2) == 0 {
			words = u.tuples[r.IntN(len(u.tuples))].words()
			words = append(words[:1+r.IntN(min(len(words), maxArity-1))], word())
		} else {
			for range 1 + r.IntN(maxArity) {
				words = append(words, word())
			}
		}
		if t := newTuple(words...); !seen[t] {
			seen[t] = true
			u.tuples = append(u.tuples, t)
		}
	}
	slices.Sort(u.tuples)
	return u
}

// isSorted is what the checker relies on: words and tuples strictly increase.
func (u universe) isSorted() bool {
	for i := 1; i < len(u.words); i++ {
		if strings.Compare(u.words[i-1], u.words[i]) >= 0 {
			return false
		}
	}
	for i := 1; i < len(u.tuples); i++ {
		if u.tuples[i-1] >= u.tuples[i] {
			return false
		}
	}
	return u.words[0] == ""
}

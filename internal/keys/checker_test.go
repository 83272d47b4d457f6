package keys_test

import (
	"bytes"
	"fmt"
	"slices"
)

// codec is what the properties are about: how a component is escaped and what
// stands between two.
type codec struct {
	escape    func(string) string
	separator string
}

// breaks are the properties of a key codec that a set of tuples disproves, each
// with one witness, "" where it holds.
type breaks struct {
	collision string // two tuples give one key
	order     string // keys do not sort as their tuples do
	prefix    string // a key and the separator begin the key of a tuple that is no extension, or not of one that is
}

func (b breaks) names() []string {
	var names []string
	for _, p := range []struct{ name, witness string }{{"collision", b.collision}, {"order", b.order}, {"prefix", b.prefix}} {
		if p.witness != "" {
			names = append(names, p.name)
		}
	}
	return names
}

// keyList is the keys of a universe's tuples, in one allocation.
type keyList struct {
	text []byte
	ends []uint32
}

func (l *keyList) at(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.text[start:l.ends[i]]
}

func render(u universe, c codec) *keyList {
	escaped := make([]string, len(u.words))
	for i, w := range u.words {
		escaped[i] = c.escape(w)
	}
	list := &keyList{ends: make([]uint32, 0, len(u.tuples)), text: make([]byte, 0, 12*len(u.tuples))}
	for _, t := range u.tuples {
		for i, w := range t.words() {
			if i > 0 {
				list.text = append(list.text, c.separator...)
			}
			list.text = append(list.text, escaped[w]...)
		}
		list.ends = append(list.ends, uint32(len(list.text)))
	}
	return list
}

// check looks at every pair of tuples of u, in time that grows with their
// number and not its square:
//
//   - Order. The tuples are in order, so keys that strictly increase from one to
//     the next are in order as a whole, and no two are equal.
//   - Collision. Where they do not increase the keys are sorted, and equal ones
//     are neighbours.
//   - Prefix rule. In the sorted keys, those that begin with a given text are
//     neighbours. A stack so holds, for each key, all keys that begin it.
func check(u universe, c codec) breaks {
	var found breaks
	keys := render(u, c)
	sorted := make([]int, len(u.tuples)) // positions in u, in order of the keys
	for i := range sorted {
		sorted[i] = i
		if i > 0 && found.order == "" && bytes.Compare(keys.at(i-1), keys.at(i)) >= 0 {
			found.order = fmt.Sprintf("%q before %q", u.text(u.tuples[i-1]), u.text(u.tuples[i]))
		}
	}
	if found.order != "" {
		slices.SortFunc(sorted, func(i, j int) int { return bytes.Compare(keys.at(i), keys.at(j)) })
	}

	extended := prefixesInSet(u)
	var stack []int
	for n, i := range sorted {
		key := keys.at(i)
		if n > 0 && found.collision == "" && bytes.Equal(keys.at(sorted[n-1]), key) {
			found.collision = fmt.Sprintf("%q and %q", u.text(u.tuples[sorted[n-1]]), u.text(u.tuples[i]))
		}
		for len(stack) > 0 && !bytes.HasPrefix(key, keys.at(stack[len(stack)-1])) {
			stack = stack[:len(stack)-1]
		}
		claims := 0
		for _, j := range stack {
			if !bytes.HasPrefix(key[len(keys.at(j)):], []byte(c.separator)) {
				continue
			}
			claims++
			if found.prefix == "" && !u.tuples[j].properPrefixOf(u.tuples[i]) {
				found.prefix = fmt.Sprintf("%q claims %q", u.text(u.tuples[j]), u.text(u.tuples[i]))
			}
		}
		if found.prefix == "" && claims != extended[i] {
			found.prefix = fmt.Sprintf("%q is not found under all its prefixes", u.text(u.tuples[i]))
		}
		stack = append(stack, i)
	}
	return found
}

// prefixesInSet counts, for each tuple of u, its proper prefixes that are in u.
func prefixesInSet(u universe) []int {
	counts := make([]int, len(u.tuples))
	var stack []tuple
	for i, t := range u.tuples {
		for len(stack) > 0 && !stack[len(stack)-1].properPrefixOf(t) {
			stack = stack[:len(stack)-1]
		}
		counts[i] = len(stack)
		stack = append(stack, t)
	}
	return counts
}

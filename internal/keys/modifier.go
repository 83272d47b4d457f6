package keys

import (
	"strconv"
	"strings"
)

// maxPad is the width of the largest uint64: more could only ever be zeros.
const maxPad = 20

// maxShards bounds shard:N. Whoever lists a sharded partition sends one Query a
// shard, so that more shards than this are a mistake in the design of a table
// and not a way to spread it.
const maxShards = 10_000

// modifierWords are the modifiers in the order they may stand in: of those with
// one rank a component has at most one.
var modifierWords = []struct {
	word string
	rank int
}{
	{"pad", 1},
	{"int", 1},
	{"ms", 1},
	{"lower", 2},
	{"hash", 3},
	{"shard", 3},
}

func rankOf(word string) int {
	for _, m := range modifierWords {
		if m.word == word {
			return m.rank
		}
	}
	return 0
}

// modifier reads one modifier into c. It takes and returns the rank of the last
// one read.
func (p *parser) modifier(at int, text string, last int, c *Component) int {
	word, argument, hasArgument := strings.Cut(text, ":")
	rank := rankOf(word)
	switch {
	case rank == 0:
		p.problem(at, "unknown modifier %q%s", text, suggestion(word))
		return last
	case rank <= last:
		p.problem(at, "modifier %q is out of place: at most one of pad, int and ms, then lower, then one of hash and shard", text)
		return last
	case !hasArgument && (word == "pad" || word == "shard"):
		p.problem(at, "modifier %q needs a number, as in %s:8", word, word)
		return rank
	case hasArgument && word != "pad" && word != "shard":
		p.problem(at, "modifier %q takes no argument", word)
		return rank
	}
	switch word {
	case "pad":
		c.number, c.width = padded, p.number(at, word, argument, 1, maxPad)
		p.onlyFor(at, word, c.Kind, Int, Uint)
	case "int":
		c.number = offset
		p.onlyFor(at, word, c.Kind, Int, Uint)
	case "ms":
		c.number = millis
		p.onlyFor(at, word, c.Kind, Time)
	case "lower":
		c.lower = true
	case "hash":
		c.digest = hashed
	case "shard":
		c.digest, c.shards = sharded, p.number(at, word, argument, 2, maxShards)
	}
	return rank
}

// number reads the argument of pad or shard, in its canonical form only: a
// template is compared as text when schemas are compared.
func (p *parser) number(at int, word, text string, low, high int) int {
	n, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(n) != text || n < low || n > high {
		p.problem(at, "modifier %q needs a number from %d to %d", word, low, high)
	}
	return n
}

func (p *parser) onlyFor(at int, word string, kind Kind, allowed ...Kind) {
	if kind == 0 {
		return // already a problem
	}
	for _, k := range allowed {
		if k == kind {
			return
		}
	}
	if word == "ms" {
		p.problem(at, `modifier "ms" is for times only`)
		return
	}
	p.problem(at, "modifier %q is for integers only", word)
}

// mentionsNumberForm tells whether a component names pad or int in any form, so
// that a misplaced or incomplete one is not called missing too.
func mentionsNumberForm(component string) bool {
	_, modifiers, _ := strings.Cut(component, "|")
	for m := range strings.SplitSeq(modifiers, "|") {
		if word, _, _ := strings.Cut(m, ":"); word == "pad" || word == "int" {
			return true
		}
	}
	return false
}

// suggestion is a "did you mean" for a modifier that is at most two edits away
// from one there is, and empty otherwise.
func suggestion(word string) string {
	best, distance := "", 3
	for _, m := range modifierWords {
		if d := edits(word, m.word); d < distance && d < len(m.word) {
			best, distance = m.word, d
		}
	}
	if best == "" {
		return ""
	}
	return ", did you mean " + strconv.Quote(best) + "?"
}

// edits is the Levenshtein distance of two words in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

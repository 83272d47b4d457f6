package envelope_test

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/envelope"
)

func TestContextBytesAreLaidOutAsDocumented(t *testing.T) {
	c := envelope.Context{
		LogicalTable: "tab", Entity: "E", Scope: "", Attribute: "at",
		PKName: "PK", PKType: 'S', PKValue: []byte("p"), SKName: "SK", SKType: 'N', SKValue: []byte("1e0"),
	}
	front := "theorydb/enc/v2\x00\x01" + "\x00\x00\x00\x03tab" + "\x00\x00\x00\x01E" + "\x00\x00\x00\x00" + "\x00\x00\x00\x02at" +
		"\x00\x00\x00\x02PKS\x00\x00\x00\x01p"
	require.Equal(t, front+"\x01\x00\x00\x00\x02SKN\x00\x00\x00\x031e0", string(c.Bytes()))
	c.SKName, c.SKType, c.SKValue = "", 0, nil
	require.Equal(t, front+"\x00", string(c.Bytes()))
}

// fields are a context that can be compared: table, entity, scope, attribute, then name, type and value of both keys.
type fields [10]string

const (
	pkType, pkValue         = 5, 6
	skName, skType, skValue = 7, 8, 9
)

// textFields are the fields that may hold any bytes.
var textFields = []int{0, 1, 2, 3, 4, pkValue, skName, skValue}

func (f fields) context() envelope.Context {
	return envelope.Context{
		LogicalTable: f[0], Entity: f[1], Scope: f[2], Attribute: f[3],
		PKName: f[4], PKType: f[pkType][0], PKValue: []byte(f[pkValue]),
		SKName: f[skName], SKType: f[skType][0], SKValue: []byte(f[skValue]),
	}
}

// unprefixed is what a careless layout would give.
func (f fields) unprefixed() string { return strings.Join(f[:], "") }

func prefixed(s string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s
}

// adversarial hold everything that a boundary could be mistaken for: lengths, marks, types, nothing.
var adversarial = []string{
	"", "a", "aa", "\x00", "\x01", "\x00\x00\x00\x00", "\x00\x00\x00\x01", "\x00\x00\x00\x01a", "S", "S\x00\x00\x00\x00",
	"\x01\x00\x00\x00\x00S\x00\x00\x00\x00", "\xff", "\xff\xff\xff\xff", "#",
}

var (
	pkTypes = []string{"S", "N", "B"}
	skTypes = []string{"S", "N", "B", "\x00"}
)

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func draw(r *rand.Rand) fields {
	var f fields
	for _, i := range textFields {
		f[i] = pick(r, adversarial)
	}
	f[pkType], f[skType] = pick(r, pkTypes), pick(r, skTypes)
	if r.IntN(3) == 0 {
		f[skName], f[skType], f[skValue] = "", "\x00", ""
	}
	return f
}

// disguised changes f in a way that a weak layout would not notice.
func disguised(r *rand.Rand, f fields) fields {
	n := r.IntN(len(textFields) - 1)
	i, next := textFields[n], textFields[n+1]
	switch r.IntN(6) {
	case 0: // move the boundary to the right
		k := r.IntN(len(f[next]) + 1)
		f[i], f[next] = f[i]+f[next][:k], f[next][k:]
	case 1: // and to the left
		k := r.IntN(len(f[i]) + 1)
		f[i], f[next] = f[i][:k], f[i][k:]+f[next]
	case 2:
		f[i], f[next] = f[next], f[i]
	case 3: // swallow the next field as it is written
		f[i], f[next] = f[i]+prefixed(f[next]), ""
	case 4: // swallow the sort key as it is written
		f[pkValue] += "\x01" + prefixed(f[skName]) + f[skType] + prefixed(f[skValue])
		f[skName], f[skType], f[skValue] = "", "\x00", ""
	case 5:
		f[pkType], f[skType] = pick(r, pkTypes), pick(r, skTypes)
	}
	return f
}

func TestNoTwoAdversarialContextsShareTheirBytes(t *testing.T) {
	const pairs = 1_000_000
	r := rand.New(rand.NewPCG(1, 2))
	equal, careless := 0, 0
	for range pairs {
		a := draw(r)
		b := disguised(r, a)
		if r.IntN(4) == 0 {
			b = disguised(r, b)
		}
		same := string(a.context().Bytes()) == string(b.context().Bytes())
		if same != (a == b) {
			t.Fatalf("%q and %q: same bytes %v", a, b, same)
		}
		if same {
			equal++
		} else if a.unprefixed() == b.unprefixed() {
			careless++
		}
	}
	require.Positive(t, careless, "pairs that a layout without lengths would confuse")
	t.Logf("%d pairs: %d equal, %d different; without lengths %d more would be equal", pairs, equal, pairs-equal, careless)
}

func TestNoTwoSmallContextsShareTheirBytes(t *testing.T) {
	all := []fields{{pkType: "S", skType: "\x00"}}
	extend := func(i int, values []string) {
		var more []fields
		for _, f := range all {
			for _, value := range values {
				f[i] = value
				more = append(more, f)
			}
		}
		all = more
	}
	for _, i := range textFields {
		extend(i, []string{"", "\x00", "\x00\x00\x00\x01S"})
	}
	extend(pkType, []string{"S", "\x00"})
	extend(skType, []string{"S", "\x00"})
	seen := make(map[string]bool, len(all))
	careless := make(map[string]bool, len(all))
	for _, f := range all {
		seen[string(f.context().Bytes())] = true
		careless[f.unprefixed()] = true
	}
	require.Len(t, seen, len(all))
	require.Less(t, len(careless), len(all))
	t.Logf("%d contexts, %d pairs; without lengths %d would be left", len(all), len(all)*(len(all)-1)/2, len(careless))
}

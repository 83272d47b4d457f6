package keys_test

import (
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/internal/keys"
)

// anyText draws non-empty valid UTF-8, rich in what the codec escapes.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`["#$%0235Az /]{1,6}`),
		rapid.StringN(1, 12, -1),
	)
}

func anyTime() *rapid.Generator[string] {
	first := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
	return rapid.Custom(func(t *rapid.T) string {
		seconds := rapid.Int64Range(first, last).Draw(t, "seconds")
		nanos := rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")
		return time.Unix(seconds, nanos).UTC().Format(keys.TimeLayout)
	})
}

// source is a random template together with the types of its attributes.
type source struct {
	text  string
	types map[string]string
}

func (s source) parse(t *rapid.T) *keys.Template {
	template, err := keys.Parse(s.text, kindsOf(s.types))
	if err != nil {
		t.Fatalf("%s: %v", s.text, err)
	}
	return template
}

// anyTemplate draws a template of one to four segments in which every kind and
// every legal combination of modifiers may occur.
func anyTemplate() *rapid.Generator[source] {
	return rapid.Custom(func(t *rapid.T) source {
		s := source{types: map[string]string{}}
		literal := rapid.StringMatching(`[A-Za-z0-9_.:@/+=\-]{1,4}`)
		var segments []string
		for i := range rapid.IntRange(1, 4).Draw(t, "segments") {
			if rapid.IntRange(0, 3).Draw(t, "literal") == 0 {
				segments = append(segments, literal.Draw(t, "text"))
				continue
			}
			attr := "a" + strconv.Itoa(i)
			kind := rapid.SampledFrom([]string{"text", "int", "uint", "time"}).Draw(t, "kind")
			s.types[attr] = kind
			prefix := rapid.OneOf(rapid.Just(""), literal).Draw(t, "prefix")
			segments = append(segments, prefix+"{"+attr+anyModifiers(t, kind)+"}")
		}
		s.text = strings.Join(segments, "#")
		return s
	})
}

func anyModifiers(t *rapid.T, kind string) string {
	var form []string
	switch kind {
	case "int", "uint":
		form = []string{"|int", "|pad:" + strconv.Itoa(rapid.IntRange(1, 20).Draw(t, "pad"))}
	case "time":
		form = []string{"", "|ms"}
	default:
		form = []string{""}
	}
	shard := "|shard:" + strconv.Itoa(rapid.IntRange(2, 10_000).Draw(t, "shards"))
	return rapid.SampledFrom(form).Draw(t, "form") +
		rapid.SampledFrom([]string{"", "", "|lower"}).Draw(t, "lower") +
		rapid.SampledFrom([]string{"", "", "", "|hash", shard}).Draw(t, "digest")
}

// anyValue draws stored text that the component can hold.
func anyValue(t *rapid.T, c keys.Component) string {
	switch c.Kind {
	case keys.Text:
		return anyText().Draw(t, c.Attr)
	case keys.Time:
		return anyTime().Draw(t, c.Attr)
	case keys.Int, keys.Uint:
	}
	var digits string
	if c.Kind == keys.Int {
		digits = strconv.FormatInt(rapid.Int64().Draw(t, c.Attr), 10)
	} else {
		digits = strconv.FormatUint(rapid.Uint64().Draw(t, c.Attr), 10)
	}
	// What does not fit a pad is made to: its sign and last digits are cut off.
	for {
		if _, err := c.Encode(digits); err == nil {
			return digits
		}
		digits = strings.TrimPrefix(digits, "-")
		if _, err := c.Encode(digits); err == nil {
			return digits
		}
		digits = digits[:len(digits)-1]
	}
}

func anyValues(t *rapid.T, template *keys.Template) []string {
	values := make([]string, 0, 4)
	for _, c := range template.Components() {
		values = append(values, anyValue(t, c))
	}
	return values
}

package keys_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/internal/keys"
)

func mustParse(t testing.TB, text string) *keys.Template {
	t.Helper()
	template, err := keys.Parse(text, kindsOf(usualTypes))
	require.NoError(t, err)
	return template
}

func TestParseGivesBackWhatRenderWasGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		template := anyTemplate().Draw(t, "template").parse(t)
		values := anyValues(t, template)
		key, err := template.Render(values)
		require.NoError(t, err)
		parsed, err := template.Parse(key)
		require.NoError(t, err)
		for i, c := range template.Components() {
			if c.Lossy() {
				require.Empty(t, parsed[i])
			} else {
				require.Equal(t, values[i], parsed[i])
			}
		}
	})
}

func TestParseAcceptsNoTextThatRenderCanNotGive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		template := anyTemplate().Draw(t, "template").parse(t)
		key, err := template.Render(anyValues(t, template))
		require.NoError(t, err)
		changed := changeOneByte(t, key)
		parsed, err := template.Parse(changed)
		if err != nil {
			require.ErrorIs(t, err, keys.ErrMismatch)
			return
		}
		if hasLossy(template) {
			return // what was lost can't be rendered again
		}
		again, err := template.Render(parsed)
		require.NoError(t, err)
		require.Equal(t, changed, again)
	})
}

func hasLossy(template *keys.Template) bool {
	for _, c := range template.Components() {
		if c.Lossy() {
			return true
		}
	}
	return false
}

// changeOneByte replaces, removes or inserts a byte.
func changeOneByte(t *rapid.T, key string) string {
	at := rapid.IntRange(0, len(key)-1).Draw(t, "at")
	b := string([]byte{rapid.Byte().Draw(t, "byte")})
	switch rapid.IntRange(0, 2).Draw(t, "how") {
	case 0:
		return key[:at] + b + key[at+1:]
	case 1:
		return key[:at] + key[at+1:]
	default:
		return key[:at] + b + key[at:]
	}
}

func TestPrefixBeginsEveryKeyOfItsValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		template := anyTemplate().Draw(t, "template").parse(t)
		values := anyValues(t, template)
		key, err := template.Render(values)
		require.NoError(t, err)
		last := ""
		for n := range len(values) + 1 {
			prefix, err := template.Prefix(values[:n])
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(key, prefix))
			require.True(t, strings.HasPrefix(prefix, last))
			if n < len(values) {
				c := template.Components()[n]
				require.True(t, strings.HasSuffix(prefix, c.Literal))
				encoded, err := c.Encode(values[n])
				require.NoError(t, err)
				require.True(t, strings.HasPrefix(key, prefix+encoded))
			}
			last = prefix
		}
		require.Equal(t, key, last)
	})
}

func TestRenderNamesTheAttributeAndNeverTheValue(t *testing.T) {
	const secret = "s3cret\xff"
	for _, c := range []struct {
		template string
		values   []string
		want     error
		attr     string
	}{
		{"A#{a}#{b}", []string{"x"}, keys.ErrIncomplete, `"b"`},
		{"A#{a}#{b}", []string{"", "x"}, keys.ErrIncomplete, `"a"`},
		{"A#{a}", []string{secret}, keys.ErrInvalidValue, `"a"`},
		{"A#{n|pad:2}", []string{secret}, keys.ErrInvalidValue, `"n"`},
		{"A#{n|pad:2}", []string{"777"}, keys.ErrInvalidValue, `"n"`},
		{"A#{n|pad:5}", []string{"-777"}, keys.ErrInvalidValue, `"n"`},
		{"A#{at}", []string{secret}, keys.ErrInvalidValue, `"at"`},
		{"A#{a}", []string{"x", secret}, keys.ErrInvalidValue, "A#{a}"},
		{"A", []string{secret}, keys.ErrInvalidValue, `"A"`},
	} {
		_, err := mustParse(t, c.template).Render(c.values)
		require.ErrorIs(t, err, c.want)
		require.Contains(t, err.Error(), c.attr)
		require.NotContains(t, err.Error(), "s3cret")
		require.NotContains(t, err.Error(), "777")
	}
	for _, key := range []string{"s3cret", "A#s3cret%", "B#s3cret"} {
		_, err := mustParse(t, "A#{a}").Parse(key)
		require.ErrorIs(t, err, keys.ErrMismatch)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

func TestTemplateCanNotBeChangedThroughItsComponents(t *testing.T) {
	template := mustParse(t, "A#{a}")
	template.Components()[0].Literal = "changed"
	key, err := template.Render([]string{"x"})
	require.NoError(t, err)
	require.Equal(t, "A#x", key)
}

func TestCheckLengthNamesLengthsOnly(t *testing.T) {
	require.NoError(t, keys.CheckLength(strings.Repeat("k", keys.MaxSort), keys.MaxSort))
	err := keys.CheckLength(strings.Repeat("k", keys.MaxSort+1), keys.MaxSort)
	require.ErrorIs(t, err, keys.ErrTooLong)
	require.EqualError(t, err, "theorydb: key too long: 1025 bytes, at most 1024 are possible")
}

func FuzzParseKey(f *testing.F) {
	var templates []*keys.Template
	for _, text := range []string{
		"PROFILE", "A#{a}", "{a}#{b}", "p:{a}#END", "{n|pad:3}#{u|int}", "{n|int}", "{u|pad:20}", "{at}", "{at|ms}#{a|lower}",
		"{a|hash}", "{a|shard:64}#{a}", "{at|lower}",
	} {
		templates = append(templates, mustParse(f, text))
	}
	for _, seed := range []string{
		"PROFILE", "A#a%23b", "a#b", "p:x#END", "007#00000000000000000001", "09223372036854775808", "2023-11-14T22:13:20.000000000Z",
		"2023-11-14T22:13:20.000Z#ann%20", strings.Repeat("0f", 32), "63#user", "2023-11-14t22:13:20.000000000z", "A#%2f", "\xff#",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		for _, template := range templates {
			values, err := template.Parse(key)
			if err != nil {
				require.ErrorIs(t, err, keys.ErrMismatch)
				continue
			}
			require.Len(t, values, len(template.Components()))
			if hasLossy(template) {
				continue
			}
			again, err := template.Render(values)
			require.NoError(t, err)
			require.Equal(t, key, again)
		}
	})
}

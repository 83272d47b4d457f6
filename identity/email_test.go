package identity

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

func TestEmailsAreNormalized(t *testing.T) {
	for _, c := range []struct{ name, given, want string }{ // an empty want: refused
		{"plain", "bob@example.com", "bob@example.com"},
		{"letter case", "Bob@Example.COM", "bob@example.com"},
		{"tag", "bob+tag@example.com", "bob+tag@example.com"},
		{"dots", "b.o.b@example.com", "b.o.b@example.com"},
		{"composed", "j\u00fcrgen@m\u00fcnchen.de", "j\u00fcrgen@xn--mnchen-3ya.de"},
		{"decomposed", "ju\u0308rgen@mu\u0308nchen.de", "j\u00fcrgen@xn--mnchen-3ya.de"},
		{"IDNA in its ASCII form", "j\u00fcrgen@XN--MNCHEN-3YA.de", "j\u00fcrgen@xn--mnchen-3ya.de"},
		{"sharp s", "stra\u00dfe@example.com", "stra\u00dfe@example.com"},
		{"double s", "strasse@example.com", "strasse@example.com"},
		{"Cyrillic o", "b\u043eb@example.com", "b\u043eb@example.com"},
		{"capital I with a dot", "\u0130@example.com", "i\u0307@example.com"},
		{"KELVIN SIGN", "quac\u212a@example.com", ""},
		{"full-width letter", "\uff42ob@example.com", ""},
		{"full-width dot", "bob@example\uff0ecom", ""},
		{"full-width at", "bob\uff20example.com", ""},
		{"ligature", "\ufb01sh@example.com", ""},
		{"zero width space", "bo\u200bb@example.com", ""},
		{"right-to-left override", "bo\u202eb@example.com", ""},
		{"NUL", "bo\x00b@example.com", ""},
		{"carriage return", "bob@example.com\r", ""},
		{"surrogate bytes", "b\xed\xa0\x80b@example.com", ""},
		{"255 bytes", strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 61)+".", 3) + "com." + "e", ""},
		{"two at signs", "bob@carol@example.com", ""},
		// and what follows from the same rules
		{"empty", "", ""},
		{"no at sign", "bob.example.com", ""},
		{"no local part", "@example.com", ""},
		{"no domain", "bob@", ""},
		{"quoted", `"bob"@example.com`, ""},
		{"space", "bo b@example.com", ""},
		{"no-break space", "bo\u00a0b@example.com", ""},
		{"soft hyphen", "bo\u00adb@example.com", ""},
		{"Greek question mark, which is composed to a semicolon", "bob\u037e@example.com", ""},
		{"empty label", "bob@example..com", ""},
		{"trailing dot", "bob@example.com.", ""},
		{"ideographic dot", "bob@example\u3002com", "bob@example.com"},
		{"label of 64 bytes", "bob@" + strings.Repeat("b", 64) + ".com", ""},
		{"local part of 64 bytes", strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com"},
		{"local part of 65 bytes", strings.Repeat("a", 65) + "@example.com", ""},
		{"mixed directions", "a\u05d0@example.com", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := NormalizeEmail(c.given)
			if c.want != "" {
				require.NoError(t, err)
				require.Equal(t, c.want, got)
				return
			}
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			require.Empty(t, got)
			if len(c.given) > 1 {
				require.NotContains(t, err.Error(), c.given)
			}
		})
	}
	long := strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 61)+".", 3) + "co"
	require.LessOrEqual(t, len(long), maxEmail)
	require.NoError(t, second(NormalizeEmail(long)))
	long += strings.Repeat("m", maxEmail-len(long))
	require.NoError(t, second(NormalizeEmail(long)))
	require.ErrorIs(t, second(NormalizeEmail(long+"m")), theorydb.ErrInvalidValue)
}

func second[T any](_ T, err error) error { return err }

// checkNormalEmail is what must hold of any text.
func checkNormalEmail(t require.TestingT, address string) {
	normal, err := NormalizeEmail(address)
	if err != nil {
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		require.Empty(t, normal)
		return
	}
	local, domain, _ := strings.Cut(normal, "@")
	require.NotContains(t, domain, "@")
	require.NotEmpty(t, local)
	require.NotEmpty(t, domain)
	require.LessOrEqual(t, len(local), maxLocalPart)
	require.NotRegexp(t, `[^ -~]`, domain)
	require.NotRegexp(t, `[\x00- A-Z()<>\[\]:;,\\"]`, normal)
	if len(normal) <= maxEmail { // the ASCII form of a domain can be longer than what was typed
		again, err := NormalizeEmail(normal)
		require.NoError(t, err)
		require.Equal(t, normal, again)
	}
}

func TestNormalEmailsAreStable(t *testing.T) {
	pieces := []string{"a", "B", ".", "+", "@", "-", "\u00fc", "u\u0308", "\u0130", "\u0131", "\u00df", "\u1e9e", "\u03a3", "\u03c2", "\u212a", "\u05d0", "xn--", "\u200d", "\u0345", "com"}
	rapid.Check(t, func(t *rapid.T) {
		checkNormalEmail(t, strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 12).Draw(t, "pieces"), "")+"@example.com")
		checkNormalEmail(t, "bob@"+strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 12).Draw(t, "pieces"), ""))
	})
}

func FuzzNormalizeEmail(f *testing.F) {
	for _, address := range []string{"bob@example.com", "J\u00dcrgen@m\u00fcnchen.de", "quac\u212a@example.com", "a@b@c", "\xed\xa0\x80@x"} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) { checkNormalEmail(t, address) })
}

func TestPhoneNumbersAreNormalized(t *testing.T) {
	for given, want := range map[string]string{
		"+491512345678": "+491512345678", "+49 (151) 234-5678": "+491512345678", "+1 415.555/0100": "+14155550100",
		"+6834002": "+6834002", "+123456789012345": "+123456789012345",
		"": "", "+": "", "491512345678": "", "0049151": "", "+49 (0) 151 2345678": "", "+49(0)1512345678": "",
		"+0491512345678": "", "+683400": "", "+1234567890123456": "", "+49151a345678": "", "+49\u0661512345678": "",
		"+49151\n2345678": "", "++491512345678": "", "+49" + strings.Repeat(" ", 70) + "1512345678": "",
	} {
		got, err := NormalizePhone(given)
		require.Equal(t, want, got, given)
		if want == "" {
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		} else {
			require.NoError(t, err)
		}
	}
}

func FuzzNormalizePhone(f *testing.F) {
	for _, number := range []string{"+49 (151) 234-5678", "0151", "+49(0)151"} {
		f.Add(number)
	}
	f.Fuzz(func(t *testing.T, number string) {
		normal, err := NormalizePhone(number)
		if err != nil {
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			return
		}
		require.Regexp(t, `^\+[1-9][0-9]{6,14}$`, normal)
		again, err := NormalizePhone(normal)
		require.NoError(t, err)
		require.Equal(t, normal, again)
	})
}

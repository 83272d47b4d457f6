package identity

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"

	"github.com/theorydb/theorydb"
)

// Limits of RFC 5321, 4.5.3.1, and RFC 1035, 2.3.4, in bytes.
const (
	maxEmail     = 254
	maxLocalPart = 64
	maxDomain    = 253
	maxLabel     = 63
)

// stableAfter is how often the rules for a local part are applied at most: what still changes then is refused, since
// an address must be the same however often it was normalized (RFC 8264, 7).
const stableAfter = 4

// NormalizeEmail gives the form of an address in which two spellings of one mailbox are the same text:
//
//   - it is UTF-8 of at most 254 bytes with one "@", and has no space, control or invisible character
//   - a character that is not ASCII and looks so to software is refused: one whose NFKC form holds ASCII, such as the
//     KELVIN SIGN, full-width letters and dots, and ligatures
//   - the local part is lower case and composed by the UsernameCaseMapped profile of PRECIS (RFC 8265), at most 64 bytes,
//     and not quoted: ( ) < > [ ] : ; , \ and " are refused
//   - the domain is lower case and in its ASCII form (IDNA, RFC 5891), so that münchen.de and xn--mnchen-3ya.de are one
//
// Nothing is known about providers: b.o.b, bob and bob+tag are three addresses, and so are straße and strasse, or a Latin
// and a Cyrillic o. Anything else is theorydb.ErrInvalidValue, whose text does not hold the address. Send mail to the
// address as it is stored, and never to one that was typed in.
func NormalizeEmail(address string) (string, error) {
	if problem := plainProblem(address, maxEmail); problem != "" {
		return "", invalidEmail(problem)
	}
	local, domain, found := strings.Cut(address, "@")
	if !found || strings.Contains(domain, "@") {
		return "", invalidEmail("does not have one @")
	}
	local, problem := normalizeLocalPart(local)
	if problem != "" {
		return "", invalidEmail(problem)
	}
	domain, problem = normalizeDomain(domain)
	if problem != "" {
		return "", invalidEmail(problem)
	}
	return local + "@" + domain, nil
}

func invalidEmail(problem string) error {
	return fmt.Errorf("%w: the email address %s", theorydb.ErrInvalidValue, problem)
}

// plainProblem says what is wrong with the characters of a text, empty when nothing is.
func plainProblem(text string, most int) string {
	switch {
	case text == "":
		return "is empty"
	case len(text) > most:
		return fmt.Sprintf("is over %d bytes", most)
	case !utf8.ValidString(text):
		return "is not UTF-8"
	}
	for _, r := range text {
		switch {
		case unicode.IsControl(r), unicode.IsSpace(r), unicode.Is(unicode.Cf, r):
			return "has a space, a control or an invisible character"
		case r >= utf8.RuneSelf && holdsASCII(norm.NFKC.String(string(r))):
			return "has a character that stands for an ASCII one"
		}
	}
	return ""
}

func holdsASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r < utf8.RuneSelf }) >= 0
}

func normalizeLocalPart(local string) (normalized, problem string) {
	if strings.ContainsAny(local, `()<>[]:;,\"`) {
		return "", "has a local part that is quoted, or needs to be"
	}
	for range stableAfter {
		mapped, err := precis.UsernameCaseMapped.String(norm.NFC.String(local))
		if err != nil {
			return "", "has a local part that PRECIS does not allow" // the error may hold the text
		}
		if mapped == local {
			if mapped == "" {
				return "", "has no local part"
			}
			if len(mapped) > maxLocalPart {
				return "", fmt.Sprintf("has a local part over %d bytes", maxLocalPart)
			}
			return mapped, ""
		}
		local = mapped
	}
	return "", "has a local part without a stable form"
}

func normalizeDomain(domain string) (normalized, problem string) {
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", "has a domain that IDNA does not allow" // the error holds the label
	}
	ascii = strings.ToLower(ascii)
	if len(ascii) > maxDomain {
		return "", fmt.Sprintf("has a domain over %d bytes", maxDomain)
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > maxLabel {
			return "", "has a domain with an empty or too long label"
		}
	}
	return ascii, ""
}

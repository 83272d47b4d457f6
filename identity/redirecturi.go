package identity

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/theorydb/theorydb"
)

// MatchRedirectURI reports whether a redirect URI is one of those that a client registered: equal byte by byte. There are no
// wildcards and no prefixes, and nothing is normalized: another case, a slash at the end, a query or a port is another URI
// (RFC 9700 section 4.1.3). An empty one matches nothing.
func MatchRedirectURI(registered []string, got string) bool {
	if got == "" {
		return false
	}
	for _, uri := range registered {
		if uri == got {
			return true
		}
	}
	return false
}

// checkRedirectURI refuses a redirect URI that no client should have: one that is not absolute or has a fragment (RFC 6749
// section 3.1.2), one with a wildcard, which would look as if it matched more than itself, and one with a user or with a
// character beyond printable ASCII. Its scheme is https, http to the own machine, or a private one, which has a dot in it
// (RFC 8252 section 7).
func checkRedirectURI(text string) error {
	refuse := func(problem string) error {
		return fmt.Errorf("%w: a redirect URI %s", theorydb.ErrInvalidValue, problem)
	}
	if text == "" || len(text) > 2048 {
		return refuse("has 1 to 2048 bytes")
	}
	for _, c := range []byte(text) {
		if c <= ' ' || c > '~' || c == '*' || c == '#' || c == '\\' {
			return refuse("has printable ASCII only, and no wildcard, fragment or backslash")
		}
	}
	uri, err := url.Parse(text)
	if err != nil || uri.Scheme == "" {
		return refuse("is absolute")
	}
	if uri.User != nil {
		return refuse("names no user")
	}
	switch scheme := strings.ToLower(uri.Scheme); {
	case scheme == "https" && uri.Hostname() != "":
		return nil
	case scheme == "http" && isOwnMachine(uri.Hostname()):
		return nil
	case strings.Contains(scheme, "."):
		return nil
	}
	return refuse("is https, http to the own machine, or of a private scheme with a dot in it")
}

func isOwnMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

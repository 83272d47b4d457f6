package schema

import (
	"strings"
	"unicode"
)

// Stored names of the templated primary key.
const (
	partitionName = "PK"
	sortName      = "SK"
	defaultTTL    = "ttl"
)

// camelCase gives the attribute name of a Go field: a leading run of one
// capital is lowered; of a longer run all but the last are lowered when a
// lower-case letter other than a plural s at its end follows, all of it
// otherwise. TenantID is tenantID, URLValue is urlValue, IDs is ids, ID is id.
func camelCase(field string) string {
	r := []rune(field)
	n := 0
	for n < len(r) && unicode.IsUpper(r[n]) {
		n++
	}
	if n > 1 && endsBeforeWord(r, n) {
		n--
	}
	for i := range n {
		r[i] = unicode.ToLower(r[i])
	}
	return string(r)
}

// endsBeforeWord reports whether the capital r[n-1], the last of a run,
// begins a new word: a lower-case letter follows that is not a plural s.
func endsBeforeWord(r []rune, n int) bool {
	if n >= len(r) || !unicode.IsLower(r[n]) {
		return false
	}
	plural := r[n] == 's' && (n+1 == len(r) || !unicode.IsLower(r[n+1]))
	return !plural
}

// snakeCase gives the attribute name of a Go field under naming:snake_case,
// with words divided as camelCase divides them: URLValue is url_value.
func snakeCase(field string) string {
	r := []rune(field)
	var b strings.Builder
	for i := 0; i < len(r); {
		start := i
		for i < len(r) && unicode.IsUpper(r[i]) {
			i++
		}
		if i-start > 1 && endsBeforeWord(r, i) {
			i--
		} else {
			for i < len(r) && !unicode.IsUpper(r[i]) && r[i] != '_' {
				i++
			}
		}
		if i == start { // an underscore of the field's own
			i++
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(r[start:i])))
	}
	return b.String()
}

// indexPrefix is what the key names of a templated index begin with: the
// index's name in ASCII capitals, without other characters. gsi-email gives
// GSIEMAIL. It is "" for a name without a letter or digit.
func indexPrefix(index string) string {
	var b strings.Builder
	for _, c := range []byte(index) {
		switch {
		case 'a' <= c && c <= 'z':
			b.WriteByte(c - 'a' + 'A')
		case 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			b.WriteByte(c)
		}
	}
	return b.String()
}

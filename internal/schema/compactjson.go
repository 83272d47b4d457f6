package schema

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// CompactJSON gives the one JSON text of a value that every runtime writes: no white space, members of maps sorted by name,
// and no escape that JSON does not ask for. Texts that are not valid UTF-8 are for the caller to refuse.
func CompactJSON(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // the other runtimes do not escape < > &
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return plainSeparators(bytes.TrimSuffix(text.Bytes(), []byte("\n"))), nil
}

// plainSeparators writes U+2028 and U+2029 as they are. Go escapes them even without HTML escaping, and the JSON of other
// languages does not.
func plainSeparators(encoded []byte) []byte {
	if !bytes.Contains(encoded, []byte(`\u202`)) {
		return encoded
	}
	plain := make([]byte, 0, len(encoded))
	for i := 0; i < len(encoded); i++ {
		switch rest := encoded[i:]; {
		case bytes.HasPrefix(rest, []byte(`\u2028`)), bytes.HasPrefix(rest, []byte(`\u2029`)):
			plain = utf8.AppendRune(plain, 0x2028+rune(rest[5]-'8'))
			i += 5
		case rest[0] == '\\':
			plain = append(plain, rest[:2]...) // an escape of its own, such as an escaped backslash
			i++
		default:
			plain = append(plain, rest[0])
		}
	}
	return plain
}

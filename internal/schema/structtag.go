package schema

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// structTagProblem reports a struct tag whose words would be lost: reflect
// ignores a malformed tag and a second use of one key without a word, and a
// lost "encrypted" would store a secret in clear.
func structTagProblem(st reflect.StructTag) string {
	names, wellFormed := structTagNames(string(st))
	uses := 0
	for _, name := range names {
		switch {
		case name == tagKey:
			uses++
		case editDistance(strings.ToLower(name), tagKey) <= 2:
			return "unknown struct tag " + quote(name) + " (did you mean " + quote(tagKey) + "?)"
		}
	}
	if uses > 1 {
		return "struct tag " + quote(tagKey) + " stands twice; put all words into one, separated by commas"
	}
	if !wellFormed && strings.Contains(strings.ToLower(string(st)), tagKey) {
		return "malformed struct tag; write `" + tagKey + `:"word,word"` + "` with quotes and without blanks"
	}
	return ""
}

// structTagNames lists the keys of a struct tag in the conventional form that
// reflect.StructTag.Lookup reads, and whether all of it had that form.
func structTagNames(text string) (names []string, wellFormed bool) {
	for {
		text = strings.TrimLeft(text, " ")
		if text == "" {
			return names, true
		}
		colon := strings.IndexAny(text, ": \"")
		if colon <= 0 || text[colon] != ':' {
			return names, false
		}
		name := text[:colon]
		quoted, err := strconv.QuotedPrefix(text[colon+1:])
		if err != nil || quoted[0] != '"' {
			return append(names, name), false
		}
		names = append(names, name)
		text = text[colon+1+len(quoted):]
	}
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

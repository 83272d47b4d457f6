package schema

import (
	"strings"
)

// tagKey is the struct tag that holds the words, templateKey the one that
// holds a key template beside them.
const (
	tagKey      = "theorydb"
	templateKey = "key"
)

// place is where a tag stands; each place has its own words.
type place int

const (
	onField place = iota + 1
	onNested
	onKey
	onEntity
	onEmbedded
)

func (p place) String() string {
	switch p {
	case onField:
		return "a field"
	case onNested:
		return "a field of a nested struct"
	case onKey:
		return "a Key"
	case onEntity:
		return "an Entity"
	case onEmbedded:
		return "an embedded struct"
	}
	return "nothing"
}

// argument tells whether a word stands alone, takes ":value", or may do both.
type argument int

const (
	bare argument = iota
	valued
	either
)

// grammar lists the words of each place.
var grammar = map[place]map[string]argument{
	onField: {
		"pk": bare, "sk": bare, "index": valued, "lsi": valued, "attr": valued, "encrypted": bare,
		"version": either, "ttl": bare, "created_at": bare, "updated_at": bare, "scope": bare,
		"required": bare, "immutable": bare, "set": bare, "omitempty": bare, "json": bare,
		"unique": bare, "enum": valued, "-": bare,
	},
	onNested:   {"attr": valued, "set": bare, "omitempty": bare, "json": bare, "-": bare},
	onKey:      {"pk": bare, "sk": bare, "index": valued, "lsi": valued},
	onEntity:   {"name": valued, "table": valued, "naming": valued, "append_only": bare, "project": valued},
	onEmbedded: {"-": bare},
}

// reservedWords are refused today so that they can get a meaning later.
var reservedWords = []string{"bind", "blind", "envelope", "default", "schema", "vector"}

// keyRole says that a field or template is one half of a key.
type keyRole struct {
	index string // "" for the primary key
	sort  bool
	local bool
}

// tag is what the words of one field say.
type tag struct {
	present    bool
	skip       bool
	roles      []keyRole
	attr       string
	flags      map[string]bool // bare words but pk, sk and "-"
	zeroBased  bool            // version:0
	enum       []string
	entity     map[string]string // name, table, naming
	projection []projectionWord
}

// projectionWord is one project:INDEX=... of an Entity.
type projectionWord struct {
	index string
	kind  string // "ALL", "KEYS_ONLY", "INCLUDE"
	names []string
}

func (t tag) has(word string) bool { return t.flags[word] }

// parseTag reads the words of text. Every problem is reported; what could be
// understood is returned beside them.
func parseTag(text string, at place) (tag, []string) {
	t := tag{present: true, flags: map[string]bool{}, entity: map[string]string{}}
	if text == "" {
		t.present = false
		return t, nil
	}
	var problems []string
	seen := map[string]bool{}
	words := strings.Split(text, ",")
	for i := 0; i < len(words); i++ {
		word := words[i]
		name, value, hasValue := strings.Cut(word, ":")
		if problem := checkWord(word, name, value, hasValue, at); problem != "" {
			problems = append(problems, problem)
			continue
		}
		if name == "index" {
			role := keyRole{index: value}
			if i+1 < len(words) && (words[i+1] == "pk" || words[i+1] == "sk") {
				i++
				role.sort = words[i] == "sk"
			}
			t.roles = append(t.roles, role)
			continue
		}
		if name == "project" {
			p, problem := parseProjection(value)
			if problem != "" {
				problems = append(problems, problem)
				continue
			}
			t.projection = append(t.projection, p)
			continue
		}
		if name != "lsi" && seen[name] {
			problems = append(problems, "word "+quote(name)+" stands twice")
			continue
		}
		seen[name] = true
		if problem := t.apply(name, value, hasValue); problem != "" {
			problems = append(problems, problem)
		}
	}
	if t.skip && len(words) > 1 {
		problems = append(problems, `word "-" stands with other words; leave one of them out`)
	}
	return t, problems
}

// checkWord reports why a word may not stand at this place.
func checkWord(word, name, value string, hasValue bool, at place) string {
	if word == "" {
		return "empty word in the tag; remove the extra comma"
	}
	arg, known := grammar[at][name]
	if !known {
		for _, r := range reservedWords {
			if name == r {
				return "word " + quote(name+":") + " is reserved for a later version; remove it"
			}
		}
		if at != onField {
			if _, elsewhere := grammar[onField][name]; elsewhere {
				return "word " + quote(name) + " has no meaning on " + at.String()
			}
		}
		candidates := make([]string, 0, len(grammar[at]))
		for _, w := range sortedKeys(grammar[at]) {
			if w != "-" {
				candidates = append(candidates, w)
			}
		}
		return "unknown word " + quote(word) + didYouMean(name, candidates)
	}
	switch {
	case arg == bare && hasValue:
		return "word " + quote(name) + " takes no value"
	case arg == valued && value == "":
		return "word " + quote(name) + " needs a value: " + quote(name+":...")
	case arg == either && hasValue && value != "0":
		return "word " + quote(name) + ` takes no value but 0 ("version:0" starts at 0)`
	}
	return ""
}

// apply records one word that is known to be allowed here.
func (t *tag) apply(name, value string, hasValue bool) string {
	switch name {
	case "-":
		t.skip = true
	case "pk":
		t.roles = append(t.roles, keyRole{})
	case "sk":
		t.roles = append(t.roles, keyRole{sort: true})
	case "lsi":
		t.roles = append(t.roles, keyRole{index: value, sort: true, local: true})
	case "attr":
		t.attr = value
	case "enum":
		t.enum = strings.Split(value, "|")
		seen := map[string]bool{}
		for _, e := range t.enum {
			if e == "" {
				return `word "enum" lists an empty text`
			}
			if seen[e] {
				return `word "enum" lists ` + quote(e) + " twice"
			}
			seen[e] = true
		}
	case "naming":
		if value != namingSnake {
			return "unknown naming " + quote(value) + ": only " + quote(namingSnake) + " may be named, lower camel case is the default"
		}
		t.entity[name] = value
	case "name", "table":
		t.entity[name] = value
	default:
		t.flags[name] = true
		t.zeroBased = t.zeroBased || name == "version" && hasValue
	}
	return ""
}

func parseProjection(value string) (projectionWord, string) {
	index, what, ok := strings.Cut(value, "=")
	if !ok || index == "" || what == "" {
		return projectionWord{}, `word "project" reads project:INDEX=all, =keys or =name+name`
	}
	switch what {
	case "all":
		return projectionWord{index: index, kind: ProjectAll}, ""
	case "keys":
		return projectionWord{index: index, kind: ProjectKeys}, ""
	}
	names := strings.Split(what, "+")
	for _, n := range names {
		if n == "" {
			return projectionWord{}, `word "project" names an empty attribute`
		}
	}
	return projectionWord{index: index, kind: ProjectInclude, names: names}, ""
}

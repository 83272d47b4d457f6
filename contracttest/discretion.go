package contracttest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// An error that holds a value takes it to every log. So whatever a step asks, no error that it meets may quote a text or a
// number of the request, a secret that an earlier step gave, or what another writer stored; that is looked at for every
// answer of every scenario. The rest of what is stored is left out: it is words like "open", which errors are made of too.

// hide remembers what a request gives to encrypted attributes.
func (w *world) hide(m *model, use *protocol.Use) {
	for _, values := range []protocol.Item{use.Item, use.Set, use.SetIfAbsent} {
		for name, value := range values {
			if m.attributes[name].Encryption != nil {
				w.hidden = valueTexts(value, w.hidden)
			}
		}
	}
}

// hideRow remembers what another writer stores, but for the marks: errors may name the entity.
func (w *world) hideRow(row map[string]any) {
	for name, value := range row {
		if !strings.HasPrefix(name, "_") {
			w.hidden = valueTexts(value, w.hidden)
		}
	}
}

// quoted says what an answer's errors quote of a request, or of what is hidden, "" for nothing.
func quoted(request *protocol.Request, hidden []string, answer *protocol.Answer) string {
	if answer.Error == nil {
		return ""
	}
	said := answer.Error.Text
	for _, cause := range answer.Causes {
		if cause != nil {
			said += "\n" + cause.Text
		}
	}
	for _, text := range slices.Sorted(slices.Values(useTexts(&request.Use, nil))) {
		if strings.Contains(said, text) {
			return fmt.Sprintf("the error of a %s quotes a value of the request, %q", request.Op, text)
		}
	}
	for _, text := range slices.Sorted(slices.Values(hidden)) {
		if strings.Contains(said, text) {
			return fmt.Sprintf("the error of a %s quotes what an earlier step stored, %q", request.Op, text)
		}
	}
	return ""
}

// useTexts adds the texts and numbers of a use that are long enough to be recognized.
func useTexts(use *protocol.Use, texts []string) []string {
	for _, values := range []protocol.Item{
		use.Item, use.Key, use.Set, use.SetIfAbsent, use.Add, use.Append, use.Prepend, use.DeleteFromSet,
	} {
		texts = valueTexts(map[string]any(values), texts)
	}
	for _, key := range use.Keys {
		texts = valueTexts(map[string]any(key), texts)
	}
	if use.Meanwhile != nil {
		texts = useTexts(&protocol.Use{Change: *use.Meanwhile}, texts)
	}
	for _, component := range use.Scope {
		texts = valueTexts(component, texts)
	}
	if use.Sort != nil {
		texts = valueTexts([]any(use.Sort.Values), texts)
	}
	texts = conditionTexts(use.OnlyIf, conditionTexts(use.Filter, texts))
	for i := range use.Operations {
		texts = useTexts(&use.Operations[i], texts)
	}
	return texts
}

func conditionTexts(conditions []protocol.Condition, texts []string) []string {
	for _, c := range conditions {
		texts = conditionTexts(c.Operands, valueTexts([]any(c.Values), texts))
	}
	return texts
}

func valueTexts(value any, texts []string) []string {
	text := ""
	switch v := value.(type) {
	case string:
		text = v
	case protocol.Number:
		text = string(v)
	case []byte:
		text = string(v)
	case []any:
		for _, element := range v {
			texts = valueTexts(element, texts)
		}
	case map[string]any:
		for _, member := range v {
			texts = valueTexts(member, texts)
		}
	}
	if len(text) >= minWord {
		texts = append(texts, text)
	}
	return texts
}

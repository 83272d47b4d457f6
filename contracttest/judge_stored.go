package contracttest

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// looksAtStored reports whether an expectation is about the stored item.
func (e *Expect) looksAtStored() bool {
	return len(e.ItemHasFields) > 0 || len(e.ItemMissingFields) > 0 || len(e.RawAttributeTypes) > 0 ||
		len(e.StoredHas) > 0 || len(e.StoredLacks) > 0
}

func (j *judgement) stored(e *Expect, stored item) {
	for _, name := range slices.Sorted(slices.Values(e.ItemHasFields)) {
		if stored[name] == nil {
			j.differs("item_has_fields %s: the stored item has none", name)
		}
	}
	for _, name := range slices.Sorted(slices.Values(e.ItemMissingFields)) {
		if stored[name] != nil {
			j.differs("item_missing_fields %s: the stored item has one", name)
		}
	}
	for _, name := range sortedNames(e.RawAttributeTypes) {
		if got := rawType(stored[name]); got != e.RawAttributeTypes[name] {
			if got == "" {
				got = "nothing"
			}
			j.differs("raw_attribute_types %s: expected %s, got %s", name, e.RawAttributeTypes[name], got)
		}
	}
	texts := itemTexts(stored)
	j.texts("stored_has", e.StoredHas, texts, true)
	j.texts("stored_lacks", e.StoredLacks, texts, false)
}

// sentTexts searches everything that the step's requests said. Where none was sent nothing was shown.
func (j *judgement) sentTexts(e *Expect) {
	if len(e.SentHas) == 0 && len(e.SentLacks) == 0 {
		return
	}
	if len(j.sent) == 0 {
		j.differs("sent: the step sent no request to look at; expect requests: 0")
		return
	}
	var texts []string
	for _, body := range j.sent {
		texts = append(texts, bodyTexts(body)...)
	}
	j.texts("sent_has", e.SentHas, texts, true)
	j.texts("sent_lacks", e.SentLacks, texts, false)
}

func (j *judgement) texts(kind string, words, texts []string, wanted bool) {
	for _, word := range words {
		found := slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, word) })
		switch {
		case wanted && !found:
			j.differs("%s %q: it is nowhere", kind, word)
		case !wanted && found:
			j.differs("%s %q: it is there in clear", kind, word)
		}
	}
}

// bodyTexts are all texts and names in a request, and the bytes of what is base64.
func bodyTexts(body []byte) []string {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return []string{string(body)}
	}
	var texts []string
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case string:
			texts = append(texts, v)
			if bytes, err := base64.StdEncoding.DecodeString(v); err == nil {
				texts = append(texts, string(bytes))
			}
		case []any:
			for _, element := range v {
				walk(element)
			}
		case map[string]any:
			for name, member := range v {
				texts = append(texts, name)
				walk(member)
			}
		}
	}
	walk(value)
	return texts
}

// itemTexts are all texts, numbers, bytes and names in a stored item.
func itemTexts(stored item) []string {
	var texts []string
	var walk func(types.AttributeValue)
	walk = func(value types.AttributeValue) {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			texts = append(texts, v.Value)
		case *types.AttributeValueMemberN:
			texts = append(texts, v.Value)
		case *types.AttributeValueMemberB:
			texts = append(texts, string(v.Value))
		case *types.AttributeValueMemberSS:
			texts = append(texts, v.Value...)
		case *types.AttributeValueMemberNS:
			texts = append(texts, v.Value...)
		case *types.AttributeValueMemberBS:
			for _, bytes := range v.Value {
				texts = append(texts, string(bytes))
			}
		case *types.AttributeValueMemberL:
			for _, element := range v.Value {
				walk(element)
			}
		case *types.AttributeValueMemberM:
			texts = append(texts, itemTexts(v.Value)...)
		}
	}
	for name, value := range stored {
		texts = append(texts, name)
		walk(value)
	}
	return texts
}

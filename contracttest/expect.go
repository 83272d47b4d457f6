package contracttest

import (
	"slices"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// parse reads what a step expects.
func (e *Expect) parse(p place) error {
	var ok *bool
	err := p.each(map[string]func(place) error{
		"ok": func(p place) error {
			ok = new(bool)
			return boolInto(ok)(p)
		},
		"error": func(p place) error {
			name, err := p.sentinel()
			e.Errors = append(e.Errors, name)
			return err
		},
		"errors": func(p place) error {
			elements, err := p.elements()
			if err == nil && len(elements) == 0 {
				return p.errorf("errors has at least one name")
			}
			for _, element := range elements {
				name, err := element.sentinel()
				if err != nil {
					return err
				}
				e.Errors = append(e.Errors, name)
			}
			return err
		},
		"item_contains": itemInto(&e.ItemContains), "item_not_contains": itemInto(&e.ItemNotContains),
		"item_has_fields": textsInto(&e.ItemHasFields), "item_missing_fields": textsInto(&e.ItemMissingFields),
		"raw_attribute_types":       typesInto(&e.RawAttributeTypes),
		"item_field_equals_var":     textMapInto(&e.ItemFieldEqualsVar),
		"item_field_not_equals_var": textMapInto(&e.ItemFieldNotEqualsVar),
		"old_contains":              itemInto(&e.OldContains),
		"returned_nothing":          boolInto(&e.ReturnedNothing),
		"items":                     itemsInto(&e.Items, true), "items_contains": itemsInto(&e.ItemsContains, false),
		"causes": causesInto(&e.Causes), "sent_operations": textsInto(&e.SentOperations), "expires_by": textInto(&e.ExpiresBy),
		"count": countInto(&e.Count), "item_count": countInto(&e.Count), "winners": countInto(&e.Winners),
		"requests": countInto(&e.Requests), "data_keys": countInto(&e.DataKeys),
		"sent_consistent": func(p place) error {
			e.SentConsistent = new(bool)
			return boolInto(e.SentConsistent)(p)
		},
		"sent_has": wordsInto(&e.SentHas), "sent_lacks": wordsInto(&e.SentLacks),
		"stored_has": wordsInto(&e.StoredHas), "stored_lacks": wordsInto(&e.StoredLacks),
	})
	if err != nil {
		return err
	}
	if ok != nil && *ok == (e.Errors != nil) {
		return p.errorf("ok says one thing and error another; give one of ok: true and error: NAME")
	}
	return nil
}

// sentinel reads the name of an error.
func (p place) sentinel() (string, error) {
	name, err := p.text()
	if err == nil && !slices.Contains(protocol.ErrorNames, name) {
		return "", p.errorf("unknown error %q", name)
	}
	return name, err
}

// causesInto reads the error of each operation by position, null for one that was no cause.
func causesInto(to *[]string) func(place) error {
	return func(p place) error {
		elements, err := p.elements()
		if err != nil {
			return err
		}
		causes := make([]string, len(elements))
		for i, element := range elements {
			if element.isNull() {
				continue
			}
			if causes[i], err = element.sentinel(); err != nil {
				return err
			}
		}
		*to = causes
		return nil
	}
}

var attributeTypes = []string{"S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"}

func typesInto(to *map[string]string) func(place) error {
	return func(p place) error {
		if err := textMapInto(to)(p); err != nil {
			return err
		}
		for _, attribute := range sortedNames(*to) {
			if !slices.Contains(attributeTypes, (*to)[attribute]) {
				return p.errorf("%q is none of the types %v", (*to)[attribute], attributeTypes)
			}
		}
		return nil
	}
}

// wordsInto reads texts to be searched for. An empty one is in everything and one letter in most things.
func wordsInto(to *[]string) func(place) error {
	return func(p place) error {
		err := textsInto(to)(p)
		if err == nil && slices.ContainsFunc(*to, func(word string) bool { return len(word) < minWord }) {
			return p.errorf("a text that is searched for has at least %d bytes", minWord)
		}
		return err
	}
}

const minWord = 4

// itemsInto reads a list of items. Where a list has one by position, null is an item that is absent.
func itemsInto(to *[]map[string]any, byPosition bool) func(place) error {
	return func(p place) error {
		elements, err := p.elements()
		if err != nil {
			return err
		}
		items := make([]map[string]any, len(elements))
		for i, element := range elements {
			if byPosition && element.isNull() {
				continue
			}
			if err := itemInto(&items[i])(element); err != nil {
				return err
			}
		}
		*to = items
		return nil
	}
}

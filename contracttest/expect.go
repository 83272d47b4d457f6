package contracttest

import "slices"

// parse reads what a step expects.
func (e *Expect) parse(p place) error {
	var ok *bool
	err := p.each(map[string]func(place) error{
		"ok": func(p place) error {
			ok = new(bool)
			return boolInto(ok)(p)
		},
		"error": func(p place) error {
			if err := textInto(&e.Error)(p); err != nil {
				return err
			}
			if sentinels[e.Error] == nil {
				return p.errorf("unknown error %q", e.Error)
			}
			return nil
		},
		"item_contains": itemInto(&e.ItemContains), "item_not_contains": itemInto(&e.ItemNotContains),
		"item_has_fields": textsInto(&e.ItemHasFields), "item_missing_fields": textsInto(&e.ItemMissingFields),
		"raw_attribute_types":       typesInto(&e.RawAttributeTypes),
		"item_field_equals_var":     textMapInto(&e.ItemFieldEqualsVar),
		"item_field_not_equals_var": textMapInto(&e.ItemFieldNotEqualsVar),
		"old_contains":              itemInto(&e.OldContains),
		"returned_nothing":          boolInto(&e.ReturnedNothing),
		"items":                     itemsInto(&e.Items), "items_contains": itemsInto(&e.ItemsContains),
		"count": countInto(&e.Count), "item_count": countInto(&e.Count), "winners": countInto(&e.Winners),
		"requests": countInto(&e.Requests), "data_keys": countInto(&e.DataKeys),
		"sent_has": wordsInto(&e.SentHas), "sent_lacks": wordsInto(&e.SentLacks),
		"stored_has": wordsInto(&e.StoredHas), "stored_lacks": wordsInto(&e.StoredLacks),
	})
	if err != nil {
		return err
	}
	if ok != nil && *ok == (e.Error != "") {
		return p.errorf("ok says one thing and error another; give one of ok: true and error: NAME")
	}
	return nil
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

func itemsInto(to *[]map[string]any) func(place) error {
	return func(p place) error {
		elements, err := p.elements()
		if err != nil {
			return err
		}
		items := make([]map[string]any, len(elements))
		for i, element := range elements {
			if err := itemInto(&items[i])(element); err != nil {
				return err
			}
		}
		*to = items
		return nil
	}
}

package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readStrictly is json.Unmarshal without its leniency: names are compared
// exactly, none may be unknown or stand twice, and nothing may follow.
func readStrictly(doc []byte, into any) error {
	if err := checkMembers(json.NewDecoder(bytes.NewReader(doc)), 0); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("is not a model: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("has text behind the model")
	}
	return nil
}

// checkMembers walks one JSON value. encoding/json would take "Type" for
// "type" and the last of two equal names.
func checkMembers(d *json.Decoder, depth int) error {
	const deepest = 8 // more than any model needs
	token, err := d.Token()
	if err != nil {
		return fmt.Errorf("is not JSON: %w", err)
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	if depth > deepest {
		return errors.New("is nested too deep for a model")
	}
	seen := map[string]bool{}
	for d.More() {
		if delim == '{' {
			name, err := d.Token()
			if err != nil {
				return fmt.Errorf("is not JSON: %w", err)
			}
			text, _ := name.(string)
			if seen[text] {
				return errors.New("member " + quote(text) + " stands twice")
			}
			seen[text] = true
			if text != strings.ToLower(text) {
				return errors.New("unknown member " + quote(text) + "; all names are in lower case")
			}
		}
		if err := checkMembers(d, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("is not JSON: %w", err)
	}
	return nil
}

package contracttest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// place is a YAML node and the file it stands in, so that every complaint says where.
type place struct {
	file string
	node *yaml.Node
	raw  bool // in an item that is stored as it stands, where saved values may stand too
}

func (p place) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", p.file, p.node.Line, fmt.Errorf(format, args...))
}

func (p place) at(node *yaml.Node) place { return place{p.file, node, p.raw} }

// parseYAML reads a file of exactly one document.
func parseYAML(file string, content io.Reader) (place, error) {
	decoder := yaml.NewDecoder(content)
	var document, rest yaml.Node
	if err := decoder.Decode(&document); err != nil {
		return place{}, fmt.Errorf("%s: %w", file, err)
	}
	if err := decoder.Decode(&rest); !errors.Is(err, io.EOF) {
		return place{}, fmt.Errorf("%s: holds more than one YAML document", file)
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		return place{}, fmt.Errorf("%s: is empty", file)
	}
	return place{file: file, node: document.Content[0]}, nil
}

// member is one name and value of a mapping.
type member struct {
	name  string
	value place
}

// members reads a mapping in its order. Names are texts and stand once; aliases and merge keys are refused, because
// other runtimes read the same files with other parsers.
func (p place) members() ([]member, error) {
	if p.node.Kind != yaml.MappingNode {
		return nil, p.errorf("want a mapping")
	}
	var list []member
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		name := p.at(p.node.Content[i])
		if name.node.Kind != yaml.ScalarNode || name.node.ShortTag() == "!!merge" {
			return nil, name.errorf("a member name must be a plain text")
		}
		if slices.ContainsFunc(list, func(m member) bool { return m.name == name.node.Value }) {
			return nil, name.errorf("member %q stands twice", name.node.Value)
		}
		list = append(list, member{name.node.Value, p.at(p.node.Content[i+1])})
	}
	return list, nil
}

// each reads every member of a mapping with the reader of its name; a member without a reader is an error.
func (p place) each(readers map[string]func(place) error) error {
	list, err := p.members()
	if err != nil {
		return err
	}
	for _, m := range list {
		read := readers[m.name]
		if read == nil {
			return m.value.errorf("unknown member %q", m.name)
		}
		if err := read(m.value); err != nil {
			return err
		}
	}
	return nil
}

func (p place) elements() ([]place, error) {
	if p.node.Kind != yaml.SequenceNode {
		return nil, p.errorf("want a list")
	}
	list := make([]place, len(p.node.Content))
	for i, node := range p.node.Content {
		list[i] = p.at(node)
	}
	return list, nil
}

// text reads a scalar that is a text. A number or a bool without quotes is not: what it looks like depends on the
// parser.
func (p place) text() (string, error) {
	if p.node.Kind != yaml.ScalarNode || p.node.ShortTag() != "!!str" {
		return "", p.errorf("want a text")
	}
	return p.node.Value, nil
}

func (p place) isNull() bool { return p.node.Kind == yaml.ScalarNode && p.node.ShortTag() == "!!null" }

func textInto(to *string) func(place) error {
	return func(p place) (err error) {
		*to, err = p.text()
		return err
	}
}

func boolInto(to *bool) func(place) error {
	return func(p place) error {
		if p.node.Kind != yaml.ScalarNode || p.node.ShortTag() != "!!bool" {
			return p.errorf("want true or false")
		}
		return p.node.Decode(to)
	}
}

func (p place) integer() (int64, error) {
	if p.node.Kind != yaml.ScalarNode || p.node.ShortTag() != "!!int" {
		return 0, p.errorf("want a whole number")
	}
	n, err := strconv.ParseInt(p.node.Value, 10, 64)
	if err != nil {
		return 0, p.errorf("want a whole number of 64 bits in decimal digits")
	}
	return n, nil
}

func countInto(to **int) func(place) error {
	return func(p place) error {
		n, err := p.integer()
		if err != nil {
			return err
		}
		if n < 0 || n > 1_000_000 {
			return p.errorf("want a number from 0 to 1000000")
		}
		count := int(n)
		*to = &count
		return nil
	}
}

func integerInto(to **int64) func(place) error {
	return func(p place) error {
		n, err := p.integer()
		*to = &n
		return err
	}
}

func textsInto(to *[]string) func(place) error {
	return func(p place) error {
		elements, err := p.elements()
		if err != nil {
			return err
		}
		list := make([]string, len(elements))
		for i, element := range elements {
			if list[i], err = element.text(); err != nil {
				return err
			}
		}
		*to = list
		return nil
	}
}

func textMapInto(to *map[string]string) func(place) error {
	return func(p place) error {
		list, err := p.members()
		if err != nil {
			return err
		}
		texts := make(map[string]string, len(list))
		for _, m := range list {
			if texts[m.name], err = m.value.text(); err != nil {
				return err
			}
		}
		*to = texts
		return nil
	}
}

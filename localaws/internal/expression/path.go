package expression

import (
	"strconv"
	"strings"

	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// step is one part of a document path: a name, or an index of a list.
type step struct {
	name    string
	index   int
	isIndex bool
}

// Path names an attribute or a part of one, such as a.b[2].
type Path []step

// Name is the top-level attribute of the path.
func (p Path) Name() string { return p[0].name }

// String is the form that error messages of the service use: [a, b, [2]].
func (p Path) String() string {
	parts := make([]string, len(p))
	for i, s := range p {
		parts[i] = s.name
		if s.isIndex {
			parts[i] = "[" + strconv.Itoa(s.index) + "]"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (p Path) equal(q Path) bool { return p.String() == q.String() }

// find gives the value that the path names in an item.
func (p Path) find(item attribute.Item) (attribute.Value, bool) {
	v, ok := item[p[0].name]
	for _, s := range p[1:] {
		if !ok {
			return v, false
		}
		v, ok = s.of(v)
	}
	return v, ok
}

// of gives the part of v that the step names.
func (s step) of(v attribute.Value) (attribute.Value, bool) {
	if s.isIndex {
		if v.Kind != attribute.List || s.index >= len(v.Elements) {
			return attribute.Value{}, false
		}
		return v.Elements[s.index], true
	}
	part, ok := v.Members[s.name]
	return part, ok
}

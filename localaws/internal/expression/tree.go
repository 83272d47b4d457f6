package expression

import (
	"slices"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// node is a set of document paths that neither overlap nor conflict, as a
// tree of their steps. A leaf is the end of a path and may carry an action.
type node struct {
	leaf     bool
	path     Path
	action   *action
	children map[step]*node
}

func newTree() *node { return &node{children: map[step]*node{}} }

// add puts a path into the tree; it is refused when it overlaps with one
// there (one is part of the other) or conflicts with one (it takes for a list
// what the other takes for a map).
func (n *node) add(parameter string, path Path, act *action) *apierror.Error {
	at := n
	for _, s := range path {
		if at.leaf {
			return pathsClash(parameter, "overlap", at.path, path)
		}
		for other, child := range at.children {
			if other.isIndex != s.isIndex {
				return pathsClash(parameter, "conflict", child.anyPath(), path)
			}
		}
		child := at.children[s]
		if child == nil {
			child = newTree()
			at.children[s] = child
		}
		at = child
	}
	if at.leaf || len(at.children) > 0 {
		return pathsClash(parameter, "overlap", at.anyPath(), path)
	}
	at.leaf, at.path, at.action = true, path, act
	return nil
}

func (n *node) anyPath() Path {
	for !n.leaf {
		for _, child := range n.children {
			n = child
			break
		}
	}
	return n.path
}

func pathsClash(parameter, how string, one, two Path) *apierror.Error {
	return invalid(parameter, "Two document paths %s with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", how, one, two)
}

// indexes are the list indexes among the children, in order.
func (n *node) indexes() []step {
	var steps []step
	for s := range n.children {
		if s.isIndex {
			steps = append(steps, s)
		}
	}
	slices.SortFunc(steps, func(a, b step) int { return a.index - b.index })
	return steps
}

// project keeps of v what the tree names. Lists become compact. False when
// nothing of v is named.
func (n *node) project(v attribute.Value) (attribute.Value, bool) {
	if n.leaf {
		return v, true
	}
	switch v.Kind { //nolint:exhaustive // only lists and maps have parts
	case attribute.Map:
		members := n.projectMembers(v.Members)
		return attribute.Value{Kind: attribute.Map, Members: members}, len(members) > 0
	case attribute.List:
		var elements []attribute.Value
		for _, s := range n.indexes() {
			part, ok := s.of(v)
			if !ok {
				continue
			}
			if kept, ok := n.children[s].project(part); ok {
				elements = append(elements, kept)
			}
		}
		return attribute.Value{Kind: attribute.List, Elements: elements}, len(elements) > 0
	}
	return attribute.Value{}, false
}

func (n *node) projectMembers(members map[string]attribute.Value) map[string]attribute.Value {
	kept := map[string]attribute.Value{}
	for s, child := range n.children {
		part, ok := members[s.name]
		if !ok || s.isIndex {
			continue
		}
		if v, ok := child.project(part); ok {
			kept[s.name] = v
		}
	}
	return kept
}

package engine

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/tidwall/btree"

	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// position is where an item stands in a table or index: sortable forms of its
// partition and sort key, and in an index of its primary key.
type position struct {
	partition string
	sort      string
	primary   string
}

func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(p.partition, q.partition), cmp.Compare(p.sort, q.sort), cmp.Compare(p.primary, q.primary))
}

// packed is the position as one text, different for different positions.
func (p position) packed() string {
	return strconv.Itoa(len(p.partition)) + ":" + p.partition + p.sort
}

// entry is one stored item. Partitions are ordered by a seeded hash, as the
// service scatters them, and items by sort key within one.
type entry struct {
	hash uint64
	position
	end  bool // a bound behind every item of the partition
	item attribute.Item
}

func before(a, b entry) bool {
	if order := cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.partition, b.partition)); order != 0 {
		return order < 0
	}
	if a.end != b.end {
		return b.end
	}
	return a.compare(b.position) < 0
}

// store keeps items in order.
type store struct {
	seed string
	tree *btree.BTreeG[entry]
}

func newStore(seed int64) *store {
	return &store{
		seed: strconv.FormatInt(seed, 10) + ":",
		tree: btree.NewBTreeGOptions(before, btree.Options{NoLocks: true}),
	}
}

func (s *store) entry(at position) entry {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.seed + at.partition)) // a hash never fails
	return entry{hash: h.Sum64(), position: at}
}

func (s *store) get(at position) (attribute.Item, bool) {
	found, ok := s.tree.Get(s.entry(at))
	return found.item, ok
}

func (s *store) put(at position, item attribute.Item) {
	e := s.entry(at)
	e.item = item
	s.tree.Set(e)
}

func (s *store) remove(at position) { s.tree.Delete(s.entry(at)) }

// walk visits the entries from one on, that one included, until visit gives
// false.
func (s *store) walk(from entry, forward bool, visit func(entry) bool) {
	if forward {
		s.tree.Ascend(from, visit)
	} else {
		s.tree.Descend(from, visit)
	}
}

func (s *store) inKeyOrder() []attribute.Item {
	all := s.tree.Items()
	slices.SortFunc(all, func(a, b entry) int { return a.compare(b.position) })
	items := make([]attribute.Item, len(all))
	for i, e := range all {
		items[i] = e.item.Copy()
	}
	return items
}

// size is the number of items and the sum of their sizes in bytes.
func (s *store) size() (count, bytes int) {
	s.tree.Scan(func(e entry) bool {
		count++
		bytes += e.item.Size()
		return true
	})
	return count, bytes
}

package engine

import (
	"maps"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
	"github.com/theorydb/theorydb/localaws/internal/expression"
)

// maxPage is how many bytes of items a Query or Scan reads before it ends the
// page; the item that crosses it is still in.
const maxPage = 1 << 20

// source is what a Query or Scan reads: a table or one of its indexes.
type source struct {
	table *table
	index *index // nil for the table itself
	key   schema
	items *store
}

// page is one page of a Query or Scan: its parameters, then its items.
type page struct {
	request      *request
	call         *Call
	source       source
	placeholders *expression.Placeholders
	filter       *expression.Condition
	projection   *expression.Projection
	countOnly    bool
	consistent   bool
	fetching     bool // see fetches
	limit        int
	start        attribute.Item // ExclusiveStartKey, nil when absent

	started *entry // where the page before ended
	units   bill
	items   []any
	count   int
	scanned int
	bytes   int
	last    attribute.Item // LastEvaluatedKey, nil at the end
}

// openPage reads the parameters that Query and Scan have in common. keyParameter
// is the expression that only one of them has.
func (e *Engine) openPage(r *request, call *Call, keyParameter string) *page {
	p := &page{request: r, call: call, items: []any{}}
	if t := e.tableOf(r, call); t != nil {
		p.source = source{table: t, key: t.key, items: t.items}
		if r.has("IndexName") {
			p.useIndex(r.text("IndexName"))
		}
	}
	p.limit = r.atLeastOne("Limit")
	p.consistent = r.flag("ConsistentRead")
	p.placeholders = r.placeholders(keyParameter, "FilterExpression", "ProjectionExpression")
	p.filter = r.condition("FilterExpression", p.placeholders)
	p.projection = r.projection(p.placeholders)
	if r.has("ExclusiveStartKey") {
		p.start = r.item("ExclusiveStartKey")
	}
	r.capacityAsked()
	p.checkSelect()
	p.fetching = p.fetches()
	return p
}

// finish checks the expressions when the last one is parsed.
func (p *page) finish() { p.request.finish(p.placeholders, p.source.key) }

func (p *page) useIndex(name string) {
	x, err := p.source.table.index(name)
	if err != nil {
		p.request.refuse(err)
		return
	}
	p.source.index, p.source.key, p.source.items = x, x.key, x.items
	if !x.local && p.request.flag("ConsistentRead") {
		p.request.refuse(apierror.Validation("Consistent reads are not supported on global secondary indexes"))
	}
}

// checkSelect refuses a Select that contradicts the rest of the request.
func (p *page) checkSelect() {
	r := p.request
	selected := r.oneOf("Select", "", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES")
	p.countOnly = selected == "COUNT"
	x := p.source.index
	switch {
	case r.failed() != nil:
	case selected == "SPECIFIC_ATTRIBUTES" && p.projection == nil:
		r.refuse(apierror.Validation("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"))
	case selected != "" && selected != "SPECIFIC_ATTRIBUTES" && p.projection != nil:
		r.refuse(apierror.Validation("Cannot specify the ProjectionExpression when choosing to get %s", selected))
	case selected == "ALL_PROJECTED_ATTRIBUTES" && x == nil:
		r.refuse(apierror.Validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"))
	case selected == "ALL_ATTRIBUTES" && x != nil && !x.local && x.projection != "ALL":
		r.refuse(apierror.Validation("One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", x.name))
	case x != nil && !x.local && p.projection != nil:
		p.projection.Names(func(name string) {
			if !x.holds(p.source.table, name) {
				r.refuse(apierror.Validation("One or more parameter values were invalid: Global secondary index %s does not project %s", x.name, name))
			}
		})
	}
}

// checkFilter refuses a filter on key attributes, which a Query can not have.
func (p *page) checkFilter() *apierror.Error {
	if p.filter == nil {
		return nil
	}
	var err *apierror.Error
	p.filter.Names(func(name string) {
		if p.source.key.has(name) {
			err = apierror.Validation("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", name)
		}
	})
	return err
}

// startEntry gives the entry that the ExclusiveStartKey names, stored or not.
func (p *page) startEntry() (entry, *apierror.Error) {
	want := len(p.source.table.key)
	for _, k := range p.source.key {
		if !p.source.table.key.has(k.name) {
			want++
		}
	}
	if len(p.start) != want {
		return entry{}, apierror.Validation("The provided starting key is invalid")
	}
	primary, err := p.source.table.key.locate(p.start)
	if err != nil {
		return entry{}, err
	}
	at := primary
	if x := p.source.index; x != nil {
		if at, err = x.key.locate(p.start); err != nil {
			return entry{}, err
		}
		at.primary = primary.packed()
	}
	start := p.source.items.entry(at)
	p.started = &start
	return start, nil
}

// take evaluates one entry and tells whether the page goes on.
func (p *page) take(at entry) bool {
	if p.started != nil && at.position == p.started.position {
		return true
	}
	p.scanned++
	p.bytes += at.item.Size()
	item := p.whole(at)
	if p.filter == nil || p.filter.Holds(item) {
		p.count++
		if p.projection != nil {
			item = p.projection.Apply(item)
		}
		if !p.countOnly {
			p.items = append(p.items, attribute.EncodeItem(item))
		}
	}
	if p.scanned != p.limit && p.bytes < maxPage {
		return true
	}
	p.last = p.source.key.pick(at.item)
	maps.Copy(p.last, p.source.table.key.pick(at.item))
	return false
}

// fetches tells whether the read wants attributes that its local index does
// not hold, which are then read from the table.
func (p *page) fetches() bool {
	x := p.source.index
	if x == nil || !x.local || x.projection == "ALL" {
		return false
	}
	if p.projection == nil {
		return p.request.text("Select") == "ALL_ATTRIBUTES"
	}
	missing := false
	p.projection.Names(func(name string) { missing = missing || !x.holds(p.source.table, name) })
	return missing
}

// whole gives the item that an entry stands for, read from the table where
// the index does not hold enough of it.
func (p *page) whole(at entry) attribute.Item {
	if !p.fetching {
		return at.item
	}
	primary, err := p.source.table.key.locate(at.item)
	if err != nil {
		return at.item // unreachable: every index item holds its table's key
	}
	item, _ := p.source.table.items.get(primary)
	p.units.table += readUnits(item.Size(), p.consistent)
	return item
}

func (p *page) answer() map[string]any {
	answer := map[string]any{"Count": p.count, "ScannedCount": p.scanned}
	if !p.countOnly {
		answer["Items"] = p.items
	}
	if p.last != nil {
		answer["LastEvaluatedKey"] = attribute.EncodeItem(p.last)
	}
	units := readUnits(p.bytes, p.consistent)
	if p.source.index != nil {
		p.units.charge(p.source.index, units)
	} else {
		p.units.table += units
	}
	return withCapacity(answer, p.request, p.call, p.source.table.name, p.units)
}

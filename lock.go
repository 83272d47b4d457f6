package theorydb

import (
	"bytes"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
	"github.com/theorydb/theorydb/internal/schema"
)

// Bookkeeping attributes of every item: which entity it is, and which call wrote it last.
const (
	entityAttribute  = "_t"
	writeIDAttribute = "_w"
)

// writeID marks an item with the call that wrote it. After a lost answer it tells our own write from a rival's.
type writeID [16]byte

func (id writeID) value() types.AttributeValue {
	return &types.AttributeValueMemberB{Value: id[:]}
}

func (id writeID) wrote(item Item) bool {
	stored, ok := item[writeIDAttribute].(*types.AttributeValueMemberB)
	return ok && bytes.Equal(stored.Value, id[:])
}

// guard is what a row must be for a write to take effect. It is written once as a condition for DynamoDB and read
// once against the item that failed it; the two sides stand next to each other here so that they stay one rule.
type guard struct {
	model  *model
	now    instant
	absent absentRow
	// held is the version the caller holds; nil when the write is not guarded by a version.
	held *heldVersion
	// incarnation is the created_at the caller holds; nil when the write is not guarded by it.
	incarnation *heldCreation
	immutable   []heldAttribute
	// borrowed are attributes that an index key was rendered from and that this write does not itself store.
	borrowed []heldAttribute
	caller   Condition
	deletes  bool // the write leaves no row behind
	orCreate bool // a Change that creates: no row is as good as a live one that fits
}

// absentRow says what a write does where there is no live row.
type absentRow int

const (
	absentIsRefused  absentRow = iota // the row must be live
	absentIsWritten                   // no row, or an expired one of any entity, is as good as a live one that fits
	absentIsRequired                  // only no row, or an expired one, will do
)

// heldAttribute is an attribute of the caller's record; value is nil where the record has none.
type heldAttribute struct {
	name  string
	value types.AttributeValue
}

func (h heldAttribute) condition(b *expr.Builder) expr.Expr {
	if h.value == nil {
		return b.NotExists(h.name)
	}
	return b.Compare(h.name, "=", h.value)
}

func (h heldAttribute) holds(item Item) bool { return schema.Equal(item[h.name], h.value) }

// heldVersion is a version and what follows it. Version 0 means that no version is stored; in a model whose versions
// start at 0 it means that one too.
type heldVersion struct {
	name       string
	held       int64
	zeroStored bool
}

func (v *heldVersion) next() int64 { return v.held + 1 }

func (v *heldVersion) condition(b *expr.Builder) expr.Expr {
	if v.held != 0 {
		return b.Compare(v.name, "=", number(v.held))
	}
	if v.zeroStored {
		return expr.Or(b.NotExists(v.name), b.Compare(v.name, "=", number(0)))
	}
	return b.NotExists(v.name)
}

func (v *heldVersion) holds(item Item) bool {
	stored, present := storedVersion(item, v.name)
	if v.held != 0 || (present && v.zeroStored) {
		return present && stored == v.held
	}
	return item[v.name] == nil
}

func storedVersion(item Item, name string) (version int64, present bool) {
	stored, ok := item[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0, false
	}
	version, err := strconv.ParseInt(stored.Value, 10, 64)
	return version, err == nil
}

// heldCreation tells one life of a key from the next by created_at. A row whose created_at another writer stored in
// another form can't be compared with ours, and is guarded by its version alone; a form that happens to be as long as
// ours is taken for ours.
type heldCreation struct{ heldAttribute }

// storedTimeLength is the length of every time this library stores: 2006-01-02T15:04:05.000000000Z.
const storedTimeLength = 30

func (c *heldCreation) condition(b *expr.Builder) expr.Expr {
	same := c.heldAttribute.condition(b)
	if c.value == nil {
		return same
	}
	return expr.Or(same, b.Size(c.name, "<>", number(storedTimeLength)))
}

// shows reports whether the row is known to be of the life of the key that the caller holds. A created_at that is absent,
// or in another form, fits a later life as well.
func (c *heldCreation) shows(item Item) bool { return c.value != nil && c.heldAttribute.holds(item) }

func (c *heldCreation) holds(item Item) bool {
	return c.heldAttribute.holds(item) || c.value != nil && !hasTimeLength(item[c.name])
}

// hasTimeLength judges as size(created_at) = 30 does. What has no size differs from every number: an absent attribute,
// a number, a truth or a null.
func hasTimeLength(stored types.AttributeValue) bool {
	switch v := stored.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value) == storedTimeLength
	case *types.AttributeValueMemberB:
		return len(v.Value) == storedTimeLength
	case *types.AttributeValueMemberL:
		return len(v.Value) == storedTimeLength
	case *types.AttributeValueMemberM:
		return len(v.Value) == storedTimeLength
	case *types.AttributeValueMemberSS:
		return len(v.Value) == storedTimeLength
	case *types.AttributeValueMemberNS:
		return len(v.Value) == storedTimeLength
	case *types.AttributeValueMemberBS:
		return len(v.Value) == storedTimeLength
	}
	return false
}

// condition writes the guard for DynamoDB.
func (g *guard) condition(b *expr.Builder) (expr.Expr, error) {
	m := g.model
	partition := m.plan.PK.Name
	caller, err := m.compile(b, g.caller)
	if err != nil {
		return expr.Expr{}, err
	}
	if g.absent == absentIsRequired {
		return expr.And(expr.Or(b.NotExists(partition), m.lifetime.expired(b, g.now)), caller), nil
	}

	fits := []expr.Expr{m.ours(b)}
	if g.held != nil {
		fits = append(fits, g.held.condition(b))
	}
	if g.incarnation != nil {
		fits = append(fits, g.incarnation.condition(b))
	}
	for _, attribute := range g.immutable {
		unset := expr.Expr{}
		if attribute.value != nil {
			unset = b.NotExists(attribute.name)
		}
		fits = append(fits, expr.Or(unset, attribute.condition(b)))
	}
	for _, attribute := range g.borrowed {
		fits = append(fits, attribute.condition(b))
	}
	if g.orCreate {
		live := expr.And(m.lifetime.live(b, g.now), expr.And(fits...), caller)
		return expr.Or(b.NotExists(partition), live), nil
	}
	if g.absent == absentIsWritten {
		return expr.Or(b.NotExists(partition), m.lifetime.expired(b, g.now), expr.And(fits...)), nil
	}
	live := []expr.Expr{b.Exists(partition), m.lifetime.live(b, g.now)}
	return expr.And(expr.And(live...), expr.And(fits...), caller), nil
}

// refusal is why a write did not take effect, or that nobody can tell.
type refusal struct {
	reason        error
	storedVersion int64 // of the row, for ErrVersionConflict
	callers       bool  // only the caller's own condition failed
}

// cause names why the guard refused the row that DynamoDB returned with its refusal: the first reason that applies.
// It reads only plain attributes; a sealed one is never opened to explain an error.
func (g *guard) cause(item Item) refusal {
	m := g.model
	if g.absent == absentIsRefused && !g.orCreate && (len(item) == 0 || !m.lifetime.isLive(item, g.now)) {
		return refusal{reason: errAbsentOnWrite}
	}
	if g.orCreate && !m.lifetime.isLive(item, g.now) {
		return refusal{reason: errExpiredInTheWay}
	}
	if !m.owns(item) {
		return refusal{reason: ErrTypeMismatch}
	}
	if g.absent == absentIsRequired {
		return refusal{reason: ErrAlreadyExists}
	}
	if !g.sameVersion(item) || !g.sameIncarnation(item) {
		stored, _ := storedVersion(item, m.versionName())
		return refusal{reason: ErrVersionConflict, storedVersion: stored}
	}
	for _, attribute := range g.immutable {
		if item[attribute.name] != nil && !attribute.holds(item) {
			return refusal{reason: ErrImmutable}
		}
	}
	for _, attribute := range g.borrowed {
		if !attribute.holds(item) {
			return refusal{reason: errIndexKeyStale}
		}
	}
	return refusal{reason: ErrConditionFailed, callers: true}
}

// lostTo decides what a refusal means after an attempt whose answer was lost. That attempt may be the one that took
// effect, so a rival is named only where the row shows that it can't be.
func (g *guard) lostTo(item Item) refusal {
	unknown := refusal{reason: ErrOutcomeUnknown}
	version, versioned := storedVersion(item, g.model.versionName())
	if !versioned || !g.model.owns(item) {
		return unknown
	}
	switch g.absent {
	case absentIsRequired:
		// Had our create landed, the row at its first version would carry our write id.
		if version == g.model.plan.FirstVersion {
			return refusal{reason: ErrAlreadyExists}
		}
	case absentIsWritten, absentIsRefused:
		// Had our write landed, a rival that came after it would have made the version after ours. A delete makes none.
		// The created_at must be the very one we hold: what can't be compared with it may be a later life of the key.
		if !g.deletes && g.held != nil && version == g.held.next() && (g.incarnation == nil || g.incarnation.shows(item)) {
			return refusal{reason: ErrVersionConflict, storedVersion: version}
		}
	}
	return unknown
}

func (g *guard) sameVersion(item Item) bool { return g.held == nil || g.held.holds(item) }

func (g *guard) sameIncarnation(item Item) bool {
	return g.incarnation == nil || g.incarnation.holds(item)
}

// ours is the type guard: a row of this entity, or one that another writer stored without naming an entity.
func (m *model) ours(b *expr.Builder) expr.Expr {
	return expr.Or(b.NotExists(entityAttribute),
		b.Compare(entityAttribute, "=", &types.AttributeValueMemberS{Value: m.plan.Entity}))
}

// owns judges an item that was read exactly as the condition ours does.
func (m *model) owns(item Item) bool {
	stored := item[entityAttribute]
	if stored == nil {
		return true
	}
	name, ok := stored.(*types.AttributeValueMemberS)
	return ok && name.Value == m.plan.Entity
}

// versionName is the version attribute's name; empty, which names no attribute, for a model without one.
func (m *model) versionName() string {
	if m.plan.Version == nil {
		return ""
	}
	return m.plan.Version.Name
}

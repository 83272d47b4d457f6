package theorydb

import (
	"context"
	"fmt"
	"slices"

	"github.com/theorydb/theorydb/internal/schema"
)

// call is one use of a verb for one model: its one clock read and its write id.
type call struct {
	account
	model  *model
	id     writeID
	opener opener       // nil when no encrypted attribute is read
	part   *schema.Part // what is read of a record, when that is not all of it
	// rehearsal is a preparation that is thrown away: it finds what is wrong with an operation, and seals nothing.
	rehearsal bool
}

// run is one use of a verb: every one begins, ends and is observed here.
func (m *model) run(ctx context.Context, op string, verb func(c *call) error) error {
	c, err := m.begin(op)
	if err == nil {
		err = verb(c)
	}
	c.end(ctx, err)
	return err
}

// begin starts a verb. It refuses what no request may be sent for. Whoever calls it calls end.
func (m *model) begin(op string) (*call, error) {
	if m == nil {
		return nil, &OpError{Op: op, Model: "?", Err: errZeroModel}
	}
	return m.beginAt(op, instant{m.db.now()})
}

// beginUnopened starts a verb that reads no encrypted attribute, or says with opens which.
func (m *model) beginUnopened(op string) (*call, error) {
	if m == nil {
		return nil, &OpError{Op: op, Model: "?", Err: errZeroModel}
	}
	return m.newCall(op, instant{m.db.now()})
}

var errZeroModel = fmt.Errorf("%w: the model is the zero Model; make it with NewModel", ErrInvalidModel)

// beginAt starts the part that a verb plays for one model, at the time that the verb read.
func (m *model) beginAt(op string, now instant) (*call, error) {
	c, err := m.newCall(op, now)
	if err == nil {
		err = c.opens(m.plan.Attributes)
	}
	return c, err
}

func (m *model) newCall(op string, now instant) (*call, error) {
	c := &call{account: newAccount(op, m.plan.Entity, now), model: m, id: m.db.newWriteID()}
	if err := m.checkScope(); err != nil {
		return c, c.fail(err)
	}
	return c, nil
}

// opens makes the call one that reads these attributes. With an encrypted one among them it needs a key.
func (c *call) opens(attributes []*schema.Attribute) error {
	if !slices.ContainsFunc(attributes, func(a *schema.Attribute) bool { return a.Encrypted }) {
		return nil
	}
	sealer := c.model.db.sealer
	if err := sealer.ready(c.model); err != nil {
		return c.fail(err)
	}
	c.opener = sealer.opener(c.model, attributes)
	return nil
}

// end ends a verb: what it kept to open items with is wiped, and the observer learns of it.
func (c *call) end(ctx context.Context, err error) {
	if c == nil { // a zero Model has no DB
		return
	}
	c.close()
	c.model.db.observe(ctx, &c.account, err)
}

// close wipes what the call kept to open items with.
func (c *call) close() {
	if c.opener != nil {
		c.opener.close()
	}
}

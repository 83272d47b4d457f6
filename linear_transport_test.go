package theorydb_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/theorydb/theorydb/localaws"
)

// linearFault is what happens to one attempt.
type linearFault int

const (
	faultNone linearFault = iota
	faultDropBefore
	faultCommitThenDrop
	faultCutBody
	faultThrottle
	faultConflict
)

const linearFaults = int(faultConflict) + 1

func (f linearFault) String() string {
	return [linearFaults]string{"none", "DropBefore", "CommitThenDrop", "CutBody", "throttle", "conflict"}[f]
}

// loses reports whether the caller does not learn what became of the attempt.
func (f linearFault) loses() bool {
	return f == faultDropBefore || f == faultCommitThenDrop || f == faultCutBody
}

// linearAttempts is what became of the requests of a call.
type linearAttempts struct {
	faults     faultsMet // drawn
	fired      faultsMet // those that happened
	landings   []linearLanding
	lostAt     int  // how many commits of anybody there were when the first answer was lost
	stale      bool // the attempt could not have taken effect: somebody had been faster before
	answered   int  // how many when the last attempt was carried out
	rivals     bool // somebody else wrote one of the keys between the two
	exhausted  bool // the last attempt failed too
	budget     int  // faults that may still happen
	transacted bool // a transaction that is sent again is not done again
}

// faultsMet are the faults of each attempt, in order.
type faultsMet []linearFault

func (f faultsMet) last() linearFault {
	if len(f) == 0 {
		return faultNone
	}
	return f[len(f)-1]
}

// drawn are the faults of those attempts that were to meet one.
func (f faultsMet) drawn() faultsMet {
	return slices.DeleteFunc(slices.Clone(f), func(fault linearFault) bool { return fault == faultNone })
}

// firstLost is the fault by which the first answer was lost; faultNone when none was.
func (f faultsMet) firstLost() linearFault {
	for _, fault := range f {
		if fault.loses() {
			return fault
		}
	}
	return faultNone
}

// linearLanding is an attempt that took effect, and when it can have done so.
type linearLanding struct {
	sent, ended int64
	at          int       // the number of the commit
	lost        bool      // nobody was told of it
	row         linearRow // what it left, of a call with one deed
}

func (a linearAttempts) describe() string {
	var text strings.Builder
	for _, fault := range a.faults {
		if fault != faultNone {
			fmt.Fprintf(&text, " [%s]", fault)
		}
	}
	if len(a.landings) > 0 {
		fmt.Fprintf(&text, " [took effect %d times]", len(a.landings))
	}
	return text.String()
}

// tookEffectUnseen reports whether an attempt took effect whose answer was lost.
func (a linearAttempts) tookEffectUnseen() bool {
	return slices.ContainsFunc(a.landings, func(l linearLanding) bool { return l.lost })
}

const faultHeader = "X-Linear-Fault"

// newFaults makes the faults of one client. Which of them an attempt meets is drawn in Do.
func (c *linearClient) newFaults() *localaws.Faults {
	faults := &localaws.Faults{Next: linearEndpoint{c}}
	on := func(operation string, fault linearFault) *localaws.Rule {
		happened := func() {
			c.current.fired = append(c.current.fired, fault)
			c.letRivalAct()
		}
		return faults.On(operation).Always().Then(happened).When(func(r localaws.Request) bool {
			return r.Header.Get(faultHeader) == fault.String()
		})
	}
	on("TransactWriteItems", faultConflict).CancelTransaction(1, "TransactionConflict")
	on("", faultDropBefore).DropBefore()
	on("", faultCommitThenDrop).CommitThenDrop()
	on("", faultCutBody).CutBody()
	on("", faultThrottle).Error(http.StatusBadRequest, "ThrottlingException", "too fast")
	on("", faultConflict).Error(http.StatusBadRequest, "TransactionConflictException", "a transaction is at it")
	return faults
}

// Do sends one attempt of the client's call. Others may have their turn before it is carried out and before its answer
// arrives, but for the rival's attempts, which meet no faults either.
func (c *linearClient) Do(r *http.Request) (*http.Response, error) {
	h := c.history
	switch {
	case c.current == nil: // the table is being made
		return h.endpoint.Do(r)
	case c.id == rivalClient:
		return c.attempt(r, linearEndpoint{c}, func() {})
	}
	h.turns.pass(c.id)
	for h.mustWait(c.current) {
		h.turns.pass(c.id)
	}
	underway := func() { h.turns.pass(c.id) }
	if c.drawFault(r) == faultNone {
		return c.attempt(r, linearEndpoint{c}, underway)
	}
	return c.attempt(r, c.faults, underway)
}

// attempt carries one attempt out and notes, if it took effect, between which times it did.
func (c *linearClient) attempt(r *http.Request, next localaws.HTTPClient, underway func()) (*http.Response, error) {
	h, call, before := c.history, c.current, len(c.current.landings)
	sent := h.stamp.Add(1)
	response, err := next.Do(r)
	underway()
	if len(call.landings) > before {
		call.landings[before].sent, call.landings[before].ended = sent, h.stamp.Add(1)
	}
	return response, err
}

// drawFault decides what happens to the attempt that is about to be sent, and whether a rival acts after it.
func (c *linearClient) drawFault(r *http.Request) linearFault {
	call, fault := c.current, faultNone
	if call.budget > 0 && c.random.IntN(100) < c.history.faultRate {
		fault = faultDropBefore + linearFault(c.random.IntN(linearFaults-int(faultDropBefore)))
		call.budget--
	}
	if fault.loses() && call.faults.firstLost() == faultNone {
		call.lostAt = len(c.history.commits)
		call.stale = !c.history.fits(call)
	}
	call.faults = append(call.faults, fault)
	call.exhausted = fault != faultNone
	c.rivalIsDue = fault != faultNone && c.random.IntN(100) < 30
	r.Header.Set(faultHeader, fault.String())
	return fault
}

// linearEndpoint is where a client's attempts are carried out. It notes what took effect.
type linearEndpoint struct{ client *linearClient }

func (e linearEndpoint) Do(r *http.Request) (*http.Response, error) {
	target := r.Header.Get("X-Amz-Target")
	response, err := e.client.history.endpoint.Do(r)
	if e.client.history.turns != nil && err == nil {
		e.client.history.note(e.client.current, response.StatusCode == http.StatusOK && !strings.HasSuffix(target, ".GetItem"))
	}
	return response, err
}

// linearCommit is one write that took effect.
type linearCommit struct {
	call             *linearCall
	key              int
	created, deleted bool
}

// note keeps the order of commits, which only the harness knows.
func (h *linearHistory) note(call *linearCall, wrote bool) {
	call.answered = len(h.commits)
	if !wrote || call.transacted {
		return
	}
	call.transacted = len(call.deeds) > 1
	took := false
	for _, deed := range call.deeds {
		before := h.stored[deed.key]
		deed.now = h.clients[call.client].clock
		after, _ := deed.on(h.kind, before)
		if !deed.verb.writes() || !before.exists && !after.exists {
			continue
		}
		took = true
		h.stored[deed.key] = after
		h.commits = append(h.commits, linearCommit{
			call: call, key: deed.key, created: !before.exists, deleted: !after.exists,
		})
	}
	if took {
		call.landings = append(call.landings, linearLanding{at: len(h.commits), lost: call.faults.last().loses(), row: h.stored[call.deeds[0].key]})
	}
}

// fits reports whether the call would take effect now.
func (h *linearHistory) fits(call *linearCall) bool {
	return !slices.ContainsFunc(call.deeds, func(d linearDeed) bool {
		_, told := d.on(h.kind, h.stored[d.key])
		return told != toldOK
	})
}

// mustWait reports whether an attempt of the call would come where it must not, between an attempt of another call that
// took effect unseen and its resend.
func (h *linearHistory) mustWait(call *linearCall) bool {
	if h.turns == nil {
		return false
	}
	for _, client := range h.clients {
		pending := client.current
		if pending == nil || pending == call || len(pending.deeds) > 1 || !pending.tookEffectUnseen() {
			continue
		}
		for _, deed := range call.deeds {
			if deed.key == pending.deeds[0].key && (h.strict && excepts(pending.deeds[0], deed) || h.revives(pending.deeds[0], deed)) {
				return true
			}
		}
	}
	return false
}

// excepts reports whether the documentation excepts what may come of the deed while the other one is pending: a delete,
// or after a delete a create.
func excepts(pending, deed linearDeed) bool {
	if pending.verb.deletes() {
		return deed.verb.creates()
	}
	return deed.verb.deletes()
}

// revives reports whether the deed would bring the held version of the pending one back as the next, after a delete: what
// comes of that has a test of its own, TestARecordPutBackAfterADeleteLooksLikeARivalsUpdate.
func (h *linearHistory) revives(pending, deed linearDeed) bool {
	return deed.verb == verbPut && h.kind.born && !h.stored[deed.key].exists && deed.held.version > 0 &&
		deed.held.version == pending.held.version && deed.held.born == pending.held.born
}

// settle says, when a call is over, whether somebody wrote its keys between the first lost answer and the last attempt.
func (h *linearHistory) settle(call *linearCall) {
	if call.faults.firstLost() == faultNone {
		return
	}
	for _, commit := range h.commits[min(call.lostAt, call.answered):call.answered] {
		for _, deed := range call.deeds {
			call.rivals = call.rivals || commit.key == deed.key && commit.call != call
		}
	}
}

package identity

import (
	"fmt"

	"github.com/theorydb/theorydb"
)

// WriteOption is an option of a verb that changes something: what WithAudit gives. Only verbs on which it has its effect
// take one.
type WriteOption interface{ writeOption(*writeOptions) }

type writeOptions struct{ events []Event }

// WithAudit stores an audit event in the same transaction as the change: both are stored, or neither is.
//
//	member, err := stores.Memberships.SetRole(ctx, target, userID, identity.RoleAdmin,
//		identity.WithAudit(identity.Event{Actor: operatorID, IP: ip}))
//
// The verb fills in what the event leaves out: Type, which is that of the verb, Subject, the user that the change is about
// where there is one, and in Data, under DataTarget, what was changed where it is not the user alone. The rest is that of
// Audit.Append, and so are the errors of a bad event, which come before anything is sent. It is for changes that are rare:
// all of one event type wait for each other. Sign-ins don't take it; give their events to Audit.AppendBatch.
//
// It costs a strong read and 3 operations in the transaction, about 10 write units, and with PII another read and 2 more
// operations. A verb of one request becomes a read of the stream's end and a transaction, with twice the write units.
// Where others append to the stream at the same time the transaction is tried again with the new end, as by Append, which
// is no failure of the change; only after 500 lost races it is theorydb.ErrThrottled, with nothing stored. A change that
// seals something asks KMS again for every try.
//
// Nothing is stored of an event whose change is refused, or had nothing to do because all was as wanted. What the
// *theorydb.TransactionError of a refusal names are the operations of the change alone. An event that can't be stored
// refuses its change: ErrClockSkew, theorydb.ErrEncryption of its PII, ErrUserInactive when its PII is about a user who is
// being erased, and ErrEventExists for an id that another event has. The last comes before any refusal of the change, so
// that one with an ID of its own can be repeated after theorydb.ErrOutcomeUnknown: it says that the first call took effect.
// A verb that reads first may see that by itself, and has nothing to do, or nothing left to remove.
func WithAudit(event Event) WriteOption { return auditOption{event} }

type auditOption struct{ event Event }

func (o auditOption) writeOption(all *writeOptions) { all.events = append(all.events, o.event) }

// DataTarget is the name in Event.Data under which a verb with WithAudit tells what it changed, unless the event has one:
// its kind, a colon and its id, such as "org:9f1c", "ws:staging", "tenant:acme", "role:billing" or "client:77aa".
const DataTarget = "target"

// auditDefaults is what a verb knows about its event.
type auditDefaults struct {
	eventType EventType
	subject   string // a user's id, or empty
	target    string // what DataTarget tells, or empty
}

// of is the given event with what it leaves out.
func (d auditDefaults) of(event Event) Event {
	if event.Type == "" {
		event.Type = d.eventType
	}
	if event.Subject == "" {
		event.Subject = d.subject
	}
	if _, given := event.Data[DataTarget]; !given && d.target != "" {
		data := make(map[string]string, len(event.Data)+1)
		for name, text := range event.Data {
			data[name] = text
		}
		data[DataTarget] = d.target
		event.Data = data
	}
	return event
}

// eventOf is the event that the options of a verb ask for; nil when they ask for none.
func (p *project) eventOf(options []WriteOption, defaults auditDefaults) (*pendingEvent, error) {
	var all writeOptions
	for _, option := range options {
		if option != nil {
			option.writeOption(&all)
		}
	}
	switch len(all.events) {
	case 0:
		return nil, nil
	case 1:
		return p.pend(all.events[0], defaults)
	}
	return nil, fmt.Errorf("%w: WithAudit is given more than once", theorydb.ErrInvalidValue)
}

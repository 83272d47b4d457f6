package theorydb

// Options are typed by the verbs they mean something to, so that one on the wrong verb does not compile.

// ReadOption changes a read.
type ReadOption interface{ read(*readOptions) }

// PutOption changes Put: OnlyIf, IfVersion, Returning.
type PutOption interface {
	PutOpOption
	put(*writeOptions)
}

// PutOpOption changes PutOp: Unchecked, and every PutOption.
type PutOpOption interface{ putOp(*writeOptions) }

// UpdateOption changes Update: Fields, OnlyIf, IfVersion, Returning.
type UpdateOption interface{ update(*writeOptions) }

// DeleteOption changes Delete: OnlyIf, IfVersion, AnyVersion, Returning.
type DeleteOption interface {
	DeleteOpOption
	delete(*writeOptions)
}

// DeleteOpOption changes DeleteOp: Unchecked, and every DeleteOption.
type DeleteOpOption interface{ deleteOp(*writeOptions) }

// WriteOption changes any write that has a condition: OnlyIf, IfVersion, Returning.
type WriteOption interface {
	PutOption
	UpdateOption
	DeleteOption
	ChangePart
}

type readOptions struct{ consistent bool }

func readOptionsOf(options []ReadOption) readOptions {
	var o readOptions
	for _, option := range options {
		if option != nil {
			option.read(&o)
		}
	}
	return o
}

func putOptionsOf(options []PutOption) (o writeOptions) {
	for _, option := range options {
		if option != nil {
			option.put(&o)
		}
	}
	return o
}

func updateOptionsOf(options []UpdateOption) (o writeOptions) {
	for _, option := range options {
		if option != nil {
			option.update(&o)
		}
	}
	return o
}

func deleteOptionsOf(options []DeleteOption) (o writeOptions) {
	for _, option := range options {
		if option != nil {
			option.delete(&o)
		}
	}
	return o
}

type writeOptions struct {
	onlyIf     []Condition
	version    *int64
	anyVersion bool
	unchecked  bool
	fields     []string
	hasFields  bool
	returning  any
}

// mustExist reports whether an absent row fails the write: a condition of the caller is about an item that is there.
func (o *writeOptions) mustExist() bool { return len(o.onlyIf) > 0 || o.version != nil }

// Consistent makes a read strongly consistent: it sees every write that was answered before it began, and costs twice
// the read capacity. Without it a read may be a little behind.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html
func Consistent() ReadOption { return consistentOption{} }

type consistentOption struct{}

func (consistentOption) read(o *readOptions) { o.consistent = true }

// OnlyIf makes a write take effect only where the condition holds on the stored item; ErrConditionFailed otherwise.
// Several are all required. Put and Delete then need the item to exist.
func OnlyIf(condition Condition) WriteOption {
	return writeOption(func(o *writeOptions) { o.onlyIf = append(o.onlyIf, condition) })
}

// IfVersion makes a write take effect only on that version (ErrVersionConflict otherwise), whatever version the record
// holds; 0 means an item without a version. Put and Delete then need the item to exist. On a model without a version
// it is ErrInvalidQuery.
func IfVersion(version int64) WriteOption {
	return writeOption(func(o *writeOptions) { o.version = &version })
}

type writeOption func(*writeOptions)

func (f writeOption) put(o *writeOptions)      { f(o) }
func (f writeOption) putOp(o *writeOptions)    { f(o) }
func (f writeOption) update(o *writeOptions)   { f(o) }
func (f writeOption) delete(o *writeOptions)   { f(o) }
func (f writeOption) deleteOp(o *writeOptions) { f(o) }

// AnyVersionOption is what AnyVersion gives: an option of Delete and a part of a Change.
type AnyVersionOption interface {
	DeleteOption
	ChangePart
}

// AnyVersion makes a Change go by without a version, and Delete take the item whatever its version and created_at. On a
// model that has neither it is ErrInvalidQuery.
func AnyVersion() AnyVersionOption { return anyVersionOption{} }

type anyVersionOption struct{}

func (anyVersionOption) delete(o *writeOptions)   { o.anyVersion = true }
func (anyVersionOption) deleteOp(o *writeOptions) { o.anyVersion = true }

// UncheckedOption is what Unchecked gives: an option of PutOp and DeleteOp.
type UncheckedOption interface {
	PutOpOption
	DeleteOpOption
}

// Unchecked says that a PutOp or DeleteOp is meant for BatchWrite, and that nothing is checked: DynamoDB's batches have no
// conditions, so the item is written or deleted whatever stands under the key, of whatever version, entity and expiry. It
// goes with no other option.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
func Unchecked() UncheckedOption { return uncheckedOption{} }

type uncheckedOption struct{}

func (uncheckedOption) putOp(o *writeOptions)    { o.unchecked = true }
func (uncheckedOption) deleteOp(o *writeOptions) { o.unchecked = true }

// Fields makes Update write only these attributes, by their stored names; one that the record leaves absent is removed.
// It is ErrInvalidQuery to name none, an unknown one, or one the library keeps itself (version, timestamps, keys), and
// ErrImmutable to name a component of the primary key. Several Fields add up.
func Fields(attributes ...string) UpdateOption { return fieldsOption(attributes) }

type fieldsOption []string

func (f fieldsOption) update(o *writeOptions) {
	o.fields = append(o.fields, f...)
	o.hasFields = true
}

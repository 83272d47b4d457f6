package theorydb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/theorydb/theorydb/internal/envelope"
	"github.com/theorydb/theorydb/internal/schema"
	"github.com/theorydb/theorydb/internal/tlv"
)

// sealer is where encrypted attributes are sealed on their way into an item and opened on their way out. toItem and
// fromItem call it for every model that has one, so that no path can forget to. What can't be sealed or opened fails the
// whole operation; nothing here falls back to anything.
type sealer interface {
	// ready refuses a model that can be neither sealed nor opened, before anything else is done for it.
	ready(m *model) error
	// seal replaces encrypted attributes, present in the plain item, by envelopes for the place. item is not changed.
	seal(ctx context.Context, m *model, key, item Item) (Item, error)
	// opener opens the encrypted ones among attributes, of the items of one call. Items share the data keys they were sealed
	// with.
	opener(m *model, attributes []*schema.Attribute) opener
}

// opener replaces envelopes by what was sealed in them.
type opener interface {
	// expect is told what will be opened next, so that data keys can be asked for together. It reports nothing: what it
	// could not do open will do, and say why it can't.
	expect(ctx context.Context, stored []Item)
	open(ctx context.Context, stored Item) (Item, error)
	// close wipes what was kept to open items with. Another use starts afresh.
	close()
}

// refuse is the sealer of a DB without a key.
type refuse struct{}

func (refuse) ready(*model) error { return ErrEncryptionNotConfigured }

func (refuse) seal(context.Context, *model, Item, Item) (Item, error) {
	return nil, ErrEncryptionNotConfigured
}

func (refuse) opener(*model, []*schema.Attribute) opener { return refuse{} }

func (refuse) expect(context.Context, []Item) {}

func (refuse) close() {}

func (refuse) open(context.Context, Item) (Item, error) { return nil, ErrEncryptionNotConfigured }

// checkEncryption refuses half a configuration: a key without KMS would be a promise that is not kept.
func checkEncryption(config Config) []error {
	var problems []error
	named := strings.TrimSpace(config.KeyID) != "" || config.Keys != nil
	switch {
	case config.KeyID != "" && config.Keys != nil:
		problems = append(problems, errors.New("theorydb: Config.KeyID and Config.Keys are both set; name the keys in one place"))
	case config.KMS != nil && !named:
		problems = append(problems, errors.New("theorydb: Config.KMS is set and no key; set KeyID or Keys, or leave KMS out"))
	case config.KMS == nil && named:
		problems = append(problems, errors.New("theorydb: Config.KeyID or Keys is set and Config.KMS is nil; give it a *kms.Client"))
	}
	if err := checkKMSClient(config.KMS); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// newSealer is what a checked Config says about encryption.
func newSealer(config Config) sealer {
	if config.KMS == nil {
		return refuse{}
	}
	s := &kmsSealer{keys: dataKeys{config.KMS}}
	if client, ok := config.KMS.(*kms.Client); ok {
		s.region = client.Options().Region
	}
	if config.Keys == nil {
		s.resolve = pinKey(config.KeyID, s.keys).resolve
		return s
	}
	s.resolve = func(ctx context.Context, request KeyRequest) (KeySet, error) {
		set, err := resolveKeys(ctx, config.Keys, request)
		if err != nil {
			return KeySet{}, unresolved(err)
		}
		return set, nil
	}
	return s
}

// kmsSealer seals with a data key per item, made and wrapped by KMS.
type kmsSealer struct {
	keys    dataKeys
	resolve func(ctx context.Context, request KeyRequest) (KeySet, error)
	region  string
}

func (s *kmsSealer) ready(*model) error { return nil }

// keySet finds the keys of a model's records.
func (s *kmsSealer) keySet(ctx context.Context, m *model) (KeySet, error) {
	set, err := s.resolve(ctx, KeyRequest{
		Table: m.logicalTable(), Model: m.plan.Entity, Scope: m.scope, Region: s.region,
	})
	if err == nil {
		return set, nil
	}
	return KeySet{}, m.failed(opResolve, "", err)
}

// bound is the encryption context of a data key. KMS writes it into CloudTrail in clear, so it names no item; what
// binds an envelope to its item is the context of the envelope itself.
func (m *model) bound() map[string]string { return boundTo(m.logicalTable(), m.scope) }

func boundTo(logicalTable string, scope Scope) map[string]string {
	bound := map[string]string{"theorydb": fmt.Sprint(envelope.Version), "table": logicalTable}
	if !scope.IsZero() {
		bound["tenant"] = scope.keyText()
	}
	return bound
}

func (s *kmsSealer) seal(ctx context.Context, m *model, key, item Item) (Item, error) {
	if err := checkSize(item); err != nil { // sealing only adds to it, so KMS need not be asked
		return nil, err
	}
	plaintexts, err := m.plaintexts(item)
	if err != nil || len(plaintexts) == 0 {
		return item, err
	}
	set, err := s.keySet(ctx, m)
	if err != nil {
		return nil, err
	}
	dataKey, wrapped, err := s.keys.generate(ctx, set.Current, m.bound())
	if err != nil {
		return nil, m.failed("seal", "", err)
	}
	defer clear(dataKey)

	sealed := maps.Clone(item)
	for name, plaintext := range plaintexts {
		place, err := m.place(key, name)
		if err != nil {
			return nil, m.failed("seal", name, err)
		}
		parts, err := envelope.Seal(dataKey, wrapped, envelope.Selector(keyIDOf(set.Current)), place, plaintext)
		if err != nil { // a data key or wrapped key of an impossible length
			return nil, m.failed("seal", name, &EncryptionError{Err: ErrKMSUnavailable})
		}
		sealed[name] = envelopeValue(parts)
	}
	return sealed, nil
}

// plaintexts are the bytes to be sealed of each encrypted attribute that is present.
func (m *model) plaintexts(item Item) (map[string][]byte, error) {
	plaintexts := map[string][]byte{}
	for _, attribute := range m.plan.Attributes {
		value := item[attribute.Name]
		if !attribute.Encrypted || value == nil {
			continue
		}
		plaintext, err := tlv.Encode(value)
		if err != nil {
			return nil, &ValueError{Attr: attribute.Name, Problem: "can't be sealed"}
		}
		plaintexts[attribute.Name] = plaintext
	}
	return plaintexts, nil
}

// place is where an attribute of an item is stored: what its envelope is bound to.
func (m *model) place(key Item, attribute string) (envelope.Context, error) {
	place := envelope.Context{
		LogicalTable: m.logicalTable(), Entity: m.plan.Entity, Scope: m.scope.keyText(), Attribute: attribute,
	}
	var err error
	place.PKName = m.plan.PK.Name
	if place.PKType, place.PKValue, err = keyBytes(key[place.PKName]); err != nil {
		return place, err
	}
	if m.plan.SK != nil {
		place.SKName = m.plan.SK.Name
		place.SKType, place.SKValue, err = keyBytes(key[place.SKName])
	}
	return place, err
}

// keyBytes are the type and the canonical bytes of a key value.
func keyBytes(value types.AttributeValue) (keyType byte, canonical []byte, err error) {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return 'S', []byte(v.Value), nil
	case *types.AttributeValueMemberB:
		return 'B', v.Value, nil
	case *types.AttributeValueMemberN:
		number, err := tlv.Number(v.Value)
		return 'N', []byte(number), err
	}
	return 0, nil, &EncryptionError{Err: ErrInvalidEncryptedEnvelope}
}

// opResolve is the EncryptionError.Op of a failure to learn the keys.
const opResolve = "resolve"

// unresolved reports that a KeyResolver named no key. What it returned is the cause and no more, even when it is an
// EncryptionError itself, of a model that the resolver reads: that one tells of another model, and others may hold it.
func unresolved(err error) error {
	return &EncryptionError{Op: opResolve, Err: fmt.Errorf("%w: %w", ErrEncryptionKeyUnresolved, &resolverError{err})}
}

// resolverError is what a KeyResolver returned. A resolver may read its keys through this library: that its own record was
// not found must not look as if the record of the call were not.
type resolverError struct{ cause error }

func (e *resolverError) Error() string { return e.cause.Error() }

// Unwrap lets only the end of a context through.
func (e *resolverError) Unwrap() error {
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(e.cause, ended) {
			return ended
		}
	}
	return nil
}

// failed says which model and attribute an encryption error is about.
func (m *model) failed(op, attribute string, err error) error {
	var failed *EncryptionError
	if !errors.As(err, &failed) {
		failed = &EncryptionError{Err: err}
	}
	located := *failed
	if located.Op != opResolve { // which keys there are has nothing to do with the attribute
		located.Op, located.Attr = op, attribute
	}
	located.Model = m.plan.Entity
	return &located
}

// typeMismatch turns a decode error of an attribute that was sealed into one about encryption.
func (m *model) typeMismatch(err error) error {
	var value *ValueError
	if !errors.As(err, &value) {
		return err
	}
	if attribute := m.plan.Attribute(value.Attr); attribute != nil && attribute.Encrypted {
		return m.failed("open", value.Attr, &EncryptionError{Err: ErrEncryptedTypeMismatch})
	}
	return err
}

// checkSecrets refuses to write a record whose encrypted attribute is absent without being allowed to be: reading it
// back would fail.
func (m *model) checkSecrets(plain Item, attributes []*schema.Attribute) error {
	for _, attribute := range attributes {
		if attribute.Encrypted && !attribute.Optional && plain[attribute.Name] == nil {
			return m.failed("seal", attribute.Name, &EncryptionError{Err: ErrEncryptedFieldMissing})
		}
	}
	return nil
}

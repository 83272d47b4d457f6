package theorydb

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/theorydb/theorydb/internal/envelope"
	"github.com/theorydb/theorydb/internal/schema"
	"github.com/theorydb/theorydb/internal/tlv"
)

func (s *kmsSealer) opener(m *model, attributes []*schema.Attribute) opener {
	return &kmsOpener{sealer: s, model: m, attributes: attributes, asked: map[string]askedKey{}}
}

// kmsOpener opens the items of one call. It asks KMS once for each distinct wrapped key of a page, and wipes the data
// keys with the next page or the end of the call.
type kmsOpener struct {
	sealer     *kmsSealer
	model      *model
	attributes []*schema.Attribute // what is read; the encrypted ones among them are opened

	mu    sync.Mutex
	set   *KeySet
	unset error               // why there is no set; like a refusal of KMS it is not asked for twice
	asked map[string]askedKey // by wrappedKey
}

// askedKey is what came of asking KMS for a data key. A refusal ends the call, so it is not asked for twice either.
type askedKey struct {
	dataKey []byte
	err     error
}

// wrappedKey tells data keys apart. The selector is part of it: an envelope that names another KMS key for the same
// wrapped key must not open by what its neighbour was allowed.
func wrappedKey(parts envelope.Parts) string { return string(parts.K[:]) + string(parts.EDK) }

func (o *kmsOpener) open(ctx context.Context, stored Item) (Item, error) {
	m := o.model
	envelopes, err := m.envelopes(stored, o.attributes)
	if err != nil || len(envelopes) == 0 {
		return stored, err
	}
	item := maps.Clone(stored)
	for _, name := range slices.Sorted(maps.Keys(envelopes)) {
		parts := envelopes[name]
		dataKey, err := o.dataKey(ctx, parts)
		if err != nil {
			return nil, m.failed("open", name, err)
		}
		place, err := m.place(stored, name)
		if err != nil {
			return nil, m.failed("open", name, err)
		}
		plaintext, err := envelope.Open(dataKey, place, parts)
		if err != nil {
			return nil, m.failed("open", name, &EncryptionError{Err: ErrDecryptAuth})
		}
		if item[name], err = tlv.Decode(plaintext); err != nil {
			return nil, m.failed("open", name, &EncryptionError{Err: ErrDecryptAuth})
		}
	}
	return item, nil
}

// envelopes reads the form of every envelope among some attributes of an item before KMS is asked about any.
func (m *model) envelopes(stored Item, attributes []*schema.Attribute) (map[string]envelope.Parts, error) {
	envelopes := map[string]envelope.Parts{}
	for _, attribute := range attributes {
		if !attribute.Encrypted {
			continue
		}
		value := stored[attribute.Name]
		if value == nil {
			if attribute.Optional {
				continue
			}
			return nil, m.failed("open", attribute.Name, &EncryptionError{Err: ErrEncryptedFieldMissing})
		}
		parts, err := parseEnvelope(value)
		if err != nil {
			return nil, m.failed("open", attribute.Name, err)
		}
		envelopes[attribute.Name] = parts
	}
	return envelopes, nil
}

// dataKey finds the data key of an envelope, asking KMS when nobody did.
func (o *kmsOpener) dataKey(ctx context.Context, parts envelope.Parts) ([]byte, error) {
	o.mu.Lock()
	known, asked := o.asked[wrappedKey(parts)]
	o.mu.Unlock()
	if asked {
		return known.dataKey, known.err
	}
	dataKey, err := o.unwrap(ctx, parts)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked[wrappedKey(parts)] = askedKey{dataKey, err}
	return dataKey, err
}

// unwrap asks KMS for a data key: under one KMS key, chosen by the envelope's selector among those allowed.
func (o *kmsOpener) unwrap(ctx context.Context, parts envelope.Parts) ([]byte, error) {
	set, err := o.keySet(ctx)
	if err != nil {
		return nil, err
	}
	for _, arn := range append([]string{set.Current}, set.DecryptOnly...) {
		if envelope.Selector(keyIDOf(arn)) == parts.K {
			return o.sealer.keys.unwrap(ctx, arn, parts.EDK, o.model.bound())
		}
	}
	return nil, &EncryptionError{Err: ErrKeyNotAllowed}
}

func (o *kmsOpener) keySet(ctx context.Context) (KeySet, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.unset != nil {
		return KeySet{}, o.unset
	}
	if o.set == nil {
		set, err := o.sealer.keySet(ctx, o.model)
		if err != nil {
			o.unset = err
			return KeySet{}, err
		}
		o.set = &set
	}
	return *o.set, nil
}

// keysAtOnce is how many data keys of a page are asked for at the same time. KMS takes milliseconds, and a page may have
// hundreds of them.
const keysAtOnce = 16

// expect unwraps the distinct data keys of a page, several at a time, and forgets those of the page before.
func (o *kmsOpener) expect(ctx context.Context, stored []Item) {
	wanted := map[string]envelope.Parts{}
	for _, item := range stored {
		envelopes, err := o.model.envelopes(item, o.attributes)
		if err != nil {
			continue
		}
		for _, parts := range envelopes {
			wanted[wrappedKey(parts)] = parts
		}
	}
	o.forget(wanted)
	if len(wanted) < 2 {
		return
	}
	asked := slices.Collect(maps.Values(wanted))
	atOnce(len(asked), keysAtOnce, func(i int) {
		_, _ = o.dataKey(ctx, asked[i]) // open meets the same error, and reports it where it belongs
	})
}

// close wipes all data keys; the garbage collector may have left copies of them, so nothing is promised of memory.
func (o *kmsOpener) close() { o.forget(nil) }

// forget wipes the data keys that are not wanted any more, so that a long query holds those of one page only.
func (o *kmsOpener) forget(wanted map[string]envelope.Parts) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for name, key := range o.asked {
		if _, again := wanted[name]; !again {
			clear(key.dataKey)
			delete(o.asked, name)
		}
	}
}

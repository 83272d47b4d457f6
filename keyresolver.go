package theorydb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// KeyResolver says which KMS key seals the records of a request and which may open them. There is no default behind
// it: an error, an empty answer or a panic fails the operation with ErrEncryptionKeyUnresolved.
type KeyResolver interface {
	ResolveKeys(ctx context.Context, request KeyRequest) (KeySet, error)
}

// KeyRequest is what a KeyResolver may decide by. Nothing in it comes from an attribute that a table writer could
// change: the scope is the one the model was confined to.
type KeyRequest struct {
	// Table is the logical name of the table.
	Table string
	// Model is the entity name.
	Model string
	// Scope is the scope of the model, zero for a model without one.
	Scope Scope
	// Region is the region of the KMS client, empty when it is not the SDK's own. A key of another region can't be used
	// through it.
	Region string
}

// KeySet names KMS keys by their full ARN.
type KeySet struct {
	// Current seals what is written. It opens as well.
	Current string
	// DecryptOnly are keys that may still open what they sealed before.
	DecryptOnly []string
}

// StaticKeys resolves every request to one key, with further keys that may only open. All are full key ARNs: an alias
// can be pointed elsewhere, and Config.KeyID is the place for one.
func StaticKeys(current string, decryptOnly ...string) KeyResolver {
	set := KeySet{Current: current, DecryptOnly: slices.Clone(decryptOnly)}
	return KeyResolverFunc(func(context.Context, KeyRequest) (KeySet, error) { return set, nil })
}

// ScopeKeys resolves each scope to keys of its own: a key per tenant or project. A scope that is not in the map, the
// zero scope included, has no key, and there is no default entry.
func ScopeKeys(keys map[Scope]KeySet) KeyResolver {
	keys = maps.Clone(keys) // what the caller does to the map later must not change who can read what
	return KeyResolverFunc(func(_ context.Context, request KeyRequest) (KeySet, error) {
		set, ok := keys[request.Scope]
		if !ok || request.Scope.IsZero() {
			return KeySet{}, fmt.Errorf("no key for this scope")
		}
		return set, nil
	})
}

// KeyResolverFunc is a KeyResolver made of a function.
type KeyResolverFunc func(ctx context.Context, request KeyRequest) (KeySet, error)

// ResolveKeys calls f.
func (f KeyResolverFunc) ResolveKeys(ctx context.Context, request KeyRequest) (KeySet, error) {
	return f(ctx, request)
}

// resolveKeys asks a resolver and believes nothing but whole ARNs.
func resolveKeys(ctx context.Context, resolver KeyResolver, request KeyRequest) (set KeySet, err error) {
	defer func() {
		if recover() != nil {
			set, err = KeySet{}, fmt.Errorf("the key resolver panicked")
		}
	}()
	if set, err = resolver.ResolveKeys(ctx, request); err != nil {
		return KeySet{}, err
	}
	for _, arn := range append([]string{set.Current}, set.DecryptOnly...) {
		if keyIDOf(arn) == "" {
			return KeySet{}, fmt.Errorf("the key resolver gave a name that is no key ARN")
		}
	}
	return set, nil
}

// keyIDOf is the id part of a key ARN, empty when the text is none.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
func keyIDOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "kms" {
		return ""
	}
	id, ok := strings.CutPrefix(parts[5], "key/")
	if !ok {
		return ""
	}
	return id
}

package identity

import (
	"context"
	"fmt"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/theorydb/theorydb"
)

// JWKS returns the public keys that verify tokens now, and the next one, in the order of their kids: one strong query a
// page, and no KMS. A retired key is left out from its VerifyUntil on, whether or not anything rotated since. A project
// without keys has an empty set. Cache it for less than Lifetimes.PrePublish.
func (s *SigningKeys) JWKS(ctx context.Context) (jose.JSONWebKeySet, error) {
	if err := s.ready(); err != nil {
		return jose.JSONWebKeySet{}, err
	}
	now := s.db.Now()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for public, err := range s.publicKeys.Query(ctx, theorydb.Query[SigningPublicKey]{Consistent: true}) {
		if err != nil {
			return jose.JSONWebKeySet{}, err
		}
		if !public.verifies(now) {
			continue
		}
		key, err := public.webKey()
		if err != nil {
			return jose.JSONWebKeySet{}, err
		}
		set.Keys = append(set.Keys, key)
	}
	return set, nil
}

// Public returns the key that a kid names, for VerifyAlg: one strong read, 1 RRU, and no KMS. One that verifies no token any
// more, and a kid that no key of the project has, are theorydb.ErrItemNotFound; what can be no kid is ErrInvalidToken, and
// nothing is sent.
func (s *SigningKeys) Public(ctx context.Context, kid string) (*SigningPublicKey, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	if checkID("kid", kid) != nil {
		return nil, fmt.Errorf("%w: the kid is none", ErrInvalidToken)
	}
	now := s.db.Now()
	found, err := s.publicKeys.Get(ctx, SigningPublicKey{KID: kid}, theorydb.Consistent())
	if err != nil {
		return nil, err
	}
	if !found.verifies(now) {
		return nil, theorydb.ErrItemNotFound
	}
	if _, err := found.webKey(); err != nil {
		return nil, err
	}
	return found, nil
}

// verifies says whether tokens of the key are still good: now is before VerifyUntil, where there is one.
func (k *SigningPublicKey) verifies(now time.Time) bool {
	return k.VerifyUntil == nil || now.Before(*k.VerifyUntil)
}

package identity

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/theorydb/theorydb"
)

// SigningKeys keeps the keys that a project signs tokens with: one that signs, perhaps one that will be next, and the
// public halves of those whose tokens are still out. Private halves are sealed under KMS, and deleted when their key stops
// signing.
type SigningKeys struct{ *project }

// Rotation asks for a step of the rotation. The zero one asks for what is due.
type Rotation struct {
	// Alg is the algorithm of the key that the step makes, if it makes one: jose.EdDSA (Ed25519), the default, or jose.RS256
	// for those who can't verify that.
	Alg jose.SignatureAlgorithm
	// Early makes the next key although the active one is not old enough. It becomes active after Lifetimes.PrePublish all
	// the same, so that whoever keeps a JWKS knows it by then.
	Early bool
}

// RotationStep is what Rotate did.
type RotationStep string

// The steps of a rotation.
const (
	// RotationNone: nothing was due.
	RotationNone RotationStep = "none"
	// RotationStarted: the project had no key; the first one signs at once.
	RotationStarted RotationStep = "started"
	// RotationPublished: the next key is published and does not sign yet.
	RotationPublished RotationStep = "published"
	// RotationPromoted: the next key signs from now on. The one before does not, and its tokens verify until they expire.
	RotationPromoted RotationStep = "promoted"
)

// Rotated says what Rotate did, and how the keys are then.
type Rotated struct {
	Step      RotationStep
	ActiveKID string
	NextKID   string // empty when there is none
}

const (
	signingSkew  = 5 * time.Minute // for clocks, and for whoever holds a Signer for a moment
	stateNext    = "next"
	stateActive  = "active"
	stateRetired = "retired"
)

// Rotate does the next step of the rotation if it is due; call it once an hour or so, from as many places as you like. A key
// signs for Lifetimes.SigningKey, and is published Lifetimes.PrePublish before it does. When it is promoted, the key before
// stops signing, its private half is deleted, and its public half is published for another Lifetimes.AccessToken and 5
// minutes, so that every token that it signed verifies until it expires.
//
// A step is one transaction after one or two strong reads, and of several rotations at a time one takes effect; the others
// are theorydb.ErrVersionConflict, or find nothing due. A step that makes a key needs KMS (one data key), and without it
// changes nothing; promoting needs none. theorydb.ErrInvalidValue says that Alg is neither of the two.
//
// An event by WithAudit is of the type of the step, unless it says otherwise: EventSigningKeyPublished, also of the first
// key, or EventSigningKeyPromoted. Where nothing is due there is none.
func (s *SigningKeys) Rotate(ctx context.Context, rotation Rotation, options ...WriteOption) (Rotated, error) {
	if err := s.ready(); err != nil {
		return Rotated{}, err
	}
	if rotation.Alg == "" {
		rotation.Alg = jose.EdDSA
	}
	if !slices.Contains(signingAlgorithms, rotation.Alg) {
		return Rotated{}, errSigningAlg
	}
	event, err := s.eventOf(options, auditDefaults{eventType: EventSigningKeyPublished})
	if err != nil {
		return Rotated{}, err
	}
	now := s.db.Now()
	head, err := s.signingHeads.Get(ctx, SigningHead{}, theorydb.Consistent())
	if errors.Is(err, theorydb.ErrItemNotFound) {
		return s.start(ctx, rotation.Alg, now, event)
	}
	if err != nil {
		return Rotated{}, err
	}
	if head.NextKID != "" {
		return s.promote(ctx, head, now, event)
	}
	active, err := s.publicKeys.Get(ctx, SigningPublicKey{KID: head.ActiveKID}, theorydb.Consistent())
	if err != nil {
		return Rotated{}, err
	}
	due := active.SignFrom.Add(s.options.Lifetimes.SigningKey - s.options.Lifetimes.PrePublish)
	if !rotation.Early && now.Before(due) {
		return rotated(RotationNone, head), nil
	}
	return s.publish(ctx, rotation.Alg, head, now, event)
}

func rotated(step RotationStep, head *SigningHead) Rotated {
	return Rotated{Step: step, ActiveKID: head.ActiveKID, NextKID: head.NextKID}
}

// start makes the first key of a project. No token is out, so that it need not be published first.
func (s *SigningKeys) start(ctx context.Context, alg jose.SignatureAlgorithm, now time.Time, event *pendingEvent) (Rotated, error) {
	pair, err := s.newKeyPair(alg)
	if err != nil {
		return Rotated{}, err
	}
	head := &SigningHead{ActiveKID: pair.kid}
	ops := append([]theorydb.TransactOp{s.signingHeads.CreateOp(head)}, s.create(pair, stateActive, now)...)
	return s.take(ctx, RotationStarted, head, ops, event)
}

// publish makes the next key.
func (s *SigningKeys) publish(
	ctx context.Context, alg jose.SignatureAlgorithm, head *SigningHead, now time.Time, event *pendingEvent,
) (Rotated, error) {
	pair, err := s.newKeyPair(alg)
	if err != nil {
		return Rotated{}, err
	}
	head.NextKID = pair.kid
	ops := append([]theorydb.TransactOp{s.signingHeads.UpdateOp(head)}, s.create(pair, stateNext, now.Add(s.options.Lifetimes.PrePublish))...)
	return s.take(ctx, RotationPublished, head, ops, event)
}

func (s *SigningKeys) create(pair *keyPair, state string, from time.Time) []theorydb.TransactOp {
	return []theorydb.TransactOp{
		s.publicKeys.CreateOp(&SigningPublicKey{KID: pair.kid, Alg: string(pair.alg), JWK: pair.jwk, State: state, SignFrom: from}),
		s.privateKeys.CreateOp(&SigningPrivateKey{KID: pair.kid, Private: pair.private}),
	}
}

// promote makes the next key the active one, when its time has come.
func (s *SigningKeys) promote(ctx context.Context, head *SigningHead, now time.Time, event *pendingEvent) (Rotated, error) {
	old, next := s.publicKeys.GetOp(SigningPublicKey{KID: head.ActiveKID}), s.publicKeys.GetOp(SigningPublicKey{KID: head.NextKID})
	if err := s.db.BatchGet(ctx, []theorydb.ReadOp{old, next}, theorydb.Consistent()); err != nil {
		return Rotated{}, err
	}
	retired, err := old.Item()
	if err != nil {
		return Rotated{}, err
	}
	active, err := next.Item()
	if err != nil {
		return Rotated{}, err
	}
	if now.Before(active.SignFrom) {
		return rotated(RotationNone, head), nil
	}
	until := now.Add(s.options.Lifetimes.AccessToken + signingSkew)
	retired.State, retired.SignUntil, retired.VerifyUntil = stateRetired, &now, &until
	active.State = stateActive
	active.SignFrom = now
	head.ActiveKID, head.NextKID = active.KID, ""
	return s.take(ctx, RotationPromoted, head, []theorydb.TransactOp{
		s.signingHeads.UpdateOp(head),
		s.publicKeys.UpdateOp(retired),
		s.publicKeys.UpdateOp(active),
		s.privateKeys.DeleteOp(&SigningPrivateKey{KID: retired.KID}, theorydb.AnyVersion()),
	}, event)
}

// take runs the transaction of a step, whose first operation is on the head.
func (s *SigningKeys) take(
	ctx context.Context, step RotationStep, head *SigningHead, ops []theorydb.TransactOp, event *pendingEvent,
) (Rotated, error) {
	about := auditDefaults{eventType: EventSigningKeyPublished, target: "signing_key:" + head.ActiveKID}
	switch {
	case step == RotationPromoted:
		about.eventType = EventSigningKeyPromoted
	case head.NextKID != "":
		about.target = "signing_key:" + head.NextKID
	}
	if err := event.redefine(about); err != nil {
		return Rotated{}, err
	}
	err := s.commit(ctx, event, ops)
	var canceled *theorydb.TransactionError
	switch {
	case err == nil:
		return rotated(step, head), nil
	case errors.As(err, &canceled) && errors.Is(canceled.Ops[0], theorydb.ErrConditionFailed):
		return Rotated{}, fmt.Errorf("identity: another rotation was faster: %w: %w", theorydb.ErrVersionConflict, err)
	}
	return Rotated{}, err
}

// ActiveKey is the key that signs now. Its Signer prints as [REDACTED]; go-jose takes it through its package cryptosigner.
type ActiveKey struct {
	KID    string
	Alg    jose.SignatureAlgorithm
	Signer crypto.Signer
}

// Active returns the key that signs now: two requests (strong reads, 3 RRU) and one Decrypt of KMS. Without KMS it is
// theorydb.ErrEncryption, and theorydb.ErrItemNotFound before the first Rotate. A key that is held longer than 5 minutes may
// sign tokens that outlive what verifies them.
func (s *SigningKeys) Active(ctx context.Context) (ActiveKey, error) {
	if err := s.ready(); err != nil {
		return ActiveKey{}, err
	}
	key, err := s.active(ctx)
	if errors.Is(err, errPromotedMeanwhile) {
		key, err = s.active(ctx)
	}
	return key, err
}

// errPromotedMeanwhile says that the private half was deleted between two reads; who asks again finds the next key.
var errPromotedMeanwhile = fmt.Errorf("identity: the signing key was rotated while it was read: %w", theorydb.ErrItemNotFound)

func (s *SigningKeys) active(ctx context.Context) (ActiveKey, error) {
	head, err := s.signingHeads.Get(ctx, SigningHead{}, theorydb.Consistent())
	if err != nil {
		return ActiveKey{}, err
	}
	public, private := s.publicKeys.GetOp(SigningPublicKey{KID: head.ActiveKID}), s.privateKeys.GetOp(SigningPrivateKey{KID: head.ActiveKID})
	if err := s.db.BatchGet(ctx, []theorydb.ReadOp{public, private}, theorydb.Consistent()); err != nil {
		return ActiveKey{}, err
	}
	found, err := public.Item()
	if err != nil {
		return ActiveKey{}, err
	}
	sealed, err := private.Item()
	if err != nil {
		return ActiveKey{}, errPromotedMeanwhile
	}
	key, err := openSigner(found.KID, found.Alg, sealed.Private)
	if err != nil {
		return ActiveKey{}, err
	}
	return ActiveKey{KID: found.KID, Alg: jose.SignatureAlgorithm(found.Alg), Signer: key}, nil
}

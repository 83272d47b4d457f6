package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/theorydb/theorydb"
)

// Invitation says what somebody is invited to.
type Invitation struct {
	Target    Target
	Role      string
	InvitedBy string // the id of a user, or empty
	// Email is an address that NormalizeEmail takes: only a user who has it as an identifier can accept. Of it the keyed
	// digest is stored. Whether the identifier is verified is not asked, so that the invitation can come before the sign-up:
	// mail the secret to that address alone. Empty: whoever holds the invitation can accept, once.
	Email string `theorydb:"encrypted"`
	// Lifetime shortens Lifetimes.Invitation. Zero: that.
	Lifetime time.Duration
}

// What an invitation keeps in OneTimeToken.Meta. Its Subject is the key of the identifier that accepts, or empty.
const (
	metaTargetKind = "target_kind"
	metaTargetID   = "target_id"
	metaRole       = "role"
	metaInvitedBy  = "invited_by"
)

// Invite makes an invitation, a one-time token of KindInvitation, and gives its secret, which is nowhere else: not stored,
// and not given again. OneTimeTokens.Find shows what it says, AcceptInvitation accepts it. It sends one request, and looks
// at neither target nor role: an invitation to what is not there, or not any more, can't be accepted. Whether InvitedBy may
// invite is up to the caller; see Require.
//
// Bad input is theorydb.ErrInvalidValue, and nothing is sent.
func (m *Memberships) Invite(ctx context.Context, invitation Invitation, options ...WriteOption) (theorydb.Secret[string], error) {
	var none theorydb.Secret[string]
	if err := m.ready(); err != nil {
		return none, err
	}
	spec, err := m.tokenOf(invitation)
	if err != nil {
		return none, err
	}
	made, secret, err := m.newToken(KindInvitation, spec)
	if err != nil {
		return none, err
	}
	event, err := m.eventAbout(options, EventMembershipInvited, invitation.Target, "")
	if err != nil {
		return none, err
	}
	if err := create(ctx, m.project, m.oneTimeTokens, made, event); err != nil {
		return none, err
	}
	return secret, nil
}

// tokenOf checks an invitation and makes a token of it.
func (m *Memberships) tokenOf(invitation Invitation) (TokenSpec, error) {
	target := invitation.Target
	if err := errors.Join(target.check(), checkID("role", invitation.Role)); err != nil {
		return TokenSpec{}, err
	}
	spec := TokenSpec{Lifetime: invitation.Lifetime, Meta: map[string]string{
		metaTargetKind: target.kind, metaTargetID: target.id, metaRole: invitation.Role,
	}}
	if invitation.InvitedBy != "" {
		if err := checkID("invitedBy", invitation.InvitedBy); err != nil {
			return TokenSpec{}, err
		}
		spec.Meta[metaInvitedBy] = invitation.InvitedBy
	}
	if invitation.Email != "" {
		email, err := m.identify(KindEmail, invitation.Email)
		if err != nil {
			return TokenSpec{}, err
		}
		spec.Subject = email.key()
	}
	return spec, nil
}

// AcceptInvitation makes a user a member as an invitation says. Invitation and membership are one transaction: the
// invitation is spent if and only if the user became a member by it. Of any number of calls with one invitation, by
// whomever, one succeeds. A lost answer is resolved by the mark that the call leaves in the invitation, as by
// OneTimeTokens.ConsumeWith.
//
// It sends a strongly consistent read and a transaction of the operations of Add, the invitation and, where it is for an
// address, the check that the user has it.
//
// ErrTokenUsed, ErrExpired and theorydb.ErrItemNotFound are those of OneTimeTokens.Consume: an invitation of another
// project is not found. ErrInvalidToken says that the text can't be one, that it was not made by Invite, or that it is for
// an address that the user does not have. The others are those of Add: ErrUserInactive, theorydb.ErrAlreadyExists for who
// is a member already, theorydb.ErrItemNotFound where the target or the role was deleted in the meantime,
// theorydb.ErrConditionFailed where the target is suspended. Whatever the refusal, the invitation is not spent by it. A
// target that was deleted and made again under its id is the target.
func (m *Memberships) AcceptInvitation(
	ctx context.Context, presented theorydb.Secret[string], userID string, options ...WriteOption,
) (Membership, error) {
	if err := m.ready(); err != nil {
		return Membership{}, err
	}
	if err := checkID("userID", userID); err != nil {
		return Membership{}, err
	}
	event, err := m.eventOf(options, auditDefaults{eventType: EventMembershipAdded, subject: userID})
	if err != nil {
		return Membership{}, err
	}
	var made *Membership
	var w *membershipWrite
	tokens := &OneTimeTokens{m.project}
	_, err = tokens.consumeWith(ctx, KindInvitation, presented, func(token OneTimeToken) (*consequence, error) {
		target, err := invitedTo(token)
		if err != nil {
			return nil, err
		}
		about := auditDefaults{eventType: EventMembershipAdded, subject: userID, target: m.targetText(target)}
		if err := event.redefine(about); err != nil {
			return nil, err
		}
		if made, w, err = m.joining(target, userID, token.Meta[metaRole], token.Meta[metaInvitedBy]); err != nil {
			return nil, err
		}
		with := &consequence{ops: w.ops, event: event, held: w.checked}
		if token.Subject != "" {
			has := m.identifiers.CheckOp(holderOf(token), theorydb.Equal("userID", userID))
			with.ops = append(with.ops, theorydb.FailAs(has, errOtherAddress))
		}
		return with, nil
	})
	switch {
	case err != nil && w == nil:
		return Membership{}, err
	case err != nil:
		return Membership{}, w.meaning(err)
	case made.Version == 0: // the answer was lost, and with it what is stored
		return m.Get(ctx, made.target(), userID)
	}
	return *made, nil
}

var errOtherAddress = fmt.Errorf("%w: the invitation is for another address", ErrInvalidToken)

// invitedTo is the target of an invitation. A token that Invite did not make is ErrInvalidToken.
func invitedTo(token OneTimeToken) (Target, error) {
	target := Target{token.Meta[metaTargetKind], token.Meta[metaTargetID]}
	if target.check() != nil || checkID("role", token.Meta[metaRole]) != nil {
		return Target{}, fmt.Errorf("%w: the token is no invitation to a target", ErrInvalidToken)
	}
	return target, nil
}

// holderOf is the identifier of whoever may accept an invitation.
func holderOf(token OneTimeToken) Identifier {
	kind, digest, _ := strings.Cut(token.Subject, ":")
	return Identifier{Kind: kind, Digest: digest}
}

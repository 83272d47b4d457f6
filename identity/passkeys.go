package identity

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/theorydb/theorydb"
)

// Passkeys keeps the WebAuthn credentials of users. Checking an attestation or a signature is the caller's; what has to
// be decided in the table is here: a challenge counts once, a credential id belongs to one user of the project, and the
// signature counter only grows. No verb needs KMS.
type Passkeys struct{ *project }

// NewPasskey is a passkey to be registered, as an attestation that was verified gives it.
type NewPasskey struct {
	CredentialID   string // base64url without padding, of 1 to 1023 bytes
	PublicKey      []byte // COSE, at most 4 KB
	RPID           string
	Transports     []string // such as "internal" and "hybrid": at most 10
	BackupEligible bool
	BackupState    bool
	SignCount      uint32
}

// Limits of WebAuthn Level 2 and 3. https://www.w3.org/TR/webauthn-3/#credential-id
const (
	maxCredentialID = 1023
	maxPublicKey    = 4 << 10
	maxRPID         = 253
	maxTransports   = 10
)

func checkCredentialID(credentialID string) error {
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(credentialID)
	if err != nil || len(decoded) == 0 || len(decoded) > maxCredentialID || base64.RawURLEncoding.EncodeToString(decoded) != credentialID {
		return fmt.Errorf("%w: CredentialID is no base64url of 1 to %d bytes", theorydb.ErrInvalidValue, maxCredentialID)
	}
	return nil
}

func checkPasskeyKey(userID, credentialID string) error {
	if err := checkID("userID", userID); err != nil {
		return err
	}
	return checkCredentialID(credentialID)
}

func (n *NewPasskey) check() error {
	if err := checkCredentialID(n.CredentialID); err != nil {
		return err
	}
	if len(n.PublicKey) == 0 || len(n.PublicKey) > maxPublicKey {
		return fmt.Errorf("%w: PublicKey has not 1 to %d bytes", theorydb.ErrInvalidValue, maxPublicKey)
	}
	if n.RPID == "" {
		return fmt.Errorf("%w: RPID is empty", theorydb.ErrInvalidValue)
	}
	if err := fitsAsText("RPID", n.RPID, maxRPID); err != nil {
		return err
	}
	if len(n.Transports) > maxTransports {
		return fmt.Errorf("%w: Transports has more than %d", theorydb.ErrInvalidValue, maxTransports)
	}
	for _, transport := range n.Transports {
		if err := checkID("a transport", transport); err != nil {
			return err
		}
	}
	return nil
}

// Register stores a passkey of a user and consumes its challenge, in one transaction: a one-time token of KindChallenge
// whose Subject is the user's id. It sends a strongly consistent read and the transaction.
//
// A credential id that any user of the project has is ErrIdentifierTaken, a user who does not exist or is not active is
// ErrUserInactive; the challenge is still valid then. A challenge that was issued for somebody else is ErrInvalidToken, and
// its other errors are those of OneTimeTokens.ConsumeWith.
func (k *Passkeys) Register(ctx context.Context, userID string, details NewPasskey, challenge theorydb.Secret[string]) (*Passkey, error) {
	if err := k.ready(); err != nil {
		return nil, err
	}
	if err := checkID("userID", userID); err != nil {
		return nil, err
	}
	if err := details.check(); err != nil {
		return nil, err
	}
	passkey := &Passkey{
		UserID: userID, CredentialID: details.CredentialID, PublicKey: details.PublicKey, RPID: details.RPID, Transports: details.Transports,
		BackupEligible: details.BackupEligible, BackupState: details.BackupState, SignCount: int64(details.SignCount),
	}
	tokens := &OneTimeTokens{k.project}
	_, err := tokens.ConsumeWith(ctx, KindChallenge, challenge, func(token OneTimeToken) ([]theorydb.TransactOp, error) {
		if token.Subject != userID {
			return nil, ErrInvalidToken
		}
		return []theorydb.TransactOp{
			k.passkeys.CreateOp(passkey),
			k.passkeyLocators.CreateOp(&PasskeyLocator{CredentialID: details.CredentialID, UserID: userID}),
			k.activeUser(userID),
		}, nil
	})
	for position := range 2 {
		if errors.Is(causeAt(err, position), theorydb.ErrAlreadyExists) {
			return nil, fmt.Errorf("%w: %w", ErrIdentifierTaken, err)
		}
	}
	if err != nil {
		return nil, err
	}
	return passkey, nil
}

// FindUser gives the id of the user whose passkey it is, for a sign-in without a user name. It sends one strongly
// consistent read. An unknown one is theorydb.ErrItemNotFound.
func (k *Passkeys) FindUser(ctx context.Context, credentialID string) (userID string, err error) {
	if err := k.ready(); err != nil {
		return "", err
	}
	if err := checkCredentialID(credentialID); err != nil {
		return "", err
	}
	locator, err := k.passkeyLocators.Get(ctx, PasskeyLocator{CredentialID: credentialID}, theorydb.Consistent())
	if errors.Is(err, theorydb.ErrItemNotFound) {
		k.notify(ctx, Notice{Kind: NoticeMiss, Scope: k.scope})
	}
	if err != nil {
		return "", err
	}
	return locator.UserID, nil
}

// Get reads a passkey of a user, with its public key and CloneWarning. It sends one strongly consistent read.
func (k *Passkeys) Get(ctx context.Context, userID, credentialID string) (*Passkey, error) {
	if err := k.ready(); err != nil {
		return nil, err
	}
	if err := checkPasskeyKey(userID, credentialID); err != nil {
		return nil, err
	}
	return k.passkeys.Get(ctx, Passkey{UserID: userID, CredentialID: credentialID}, theorydb.Consistent())
}

// List reads the passkeys of a user, strongly consistent.
func (k *Passkeys) List(ctx context.Context, userID string) ([]*Passkey, error) {
	if err := k.ready(); err != nil {
		return nil, err
	}
	if err := checkID("userID", userID); err != nil {
		return nil, err
	}
	return theorydb.Collect(k.passkeys.Query(ctx, theorydb.Query[Passkey]{Key: Passkey{UserID: userID}, Consistent: true}))
}

// AssertSignCount takes the signature counter of an assertion whose signature was verified, and stores it with the time
// (WebAuthn Level 3 section 7.2, step 22). It has to be more than the stored one, but for authenticators that count nothing,
// where both are 0. The comparison is the write, so that of two assertions with one count one is refused.
//
// A counter that did not grow is ErrCloneSuspected: the stored one stays, CloneWarning is set and stays set, and
// Options.Notify is told. Let nobody sign in with it. It sends one transaction of one write, which takes effect once
// whatever answers are lost, so that a lost answer is not taken for a clone; a second request sets the warning.
func (k *Passkeys) AssertSignCount(ctx context.Context, userID, credentialID string, count uint32) error {
	if err := k.ready(); err != nil {
		return err
	}
	if err := checkPasskeyKey(userID, credentialID); err != nil {
		return err
	}
	key := Passkey{UserID: userID, CredentialID: credentialID}
	parts := []theorydb.ChangePart{theorydb.AnyVersion(), theorydb.Set("lastUsedAt", k.db.Now())}
	if count == 0 {
		parts = append(parts, theorydb.OnlyIf(theorydb.Equal("signCount", 0)))
	} else {
		parts = append(parts, theorydb.Set("signCount", int64(count)), theorydb.OnlyIf(theorydb.Less("signCount", int64(count))))
	}
	err := k.db.Transact(ctx, k.passkeys.ChangeOp(key, parts...))
	if !conditionRefused(causeAt(err, 0)) {
		return notFoundAt(err, 0)
	}
	_, warned := repeatUnknown(ctx, func() error {
		_, err := k.passkeys.Change(ctx, key, theorydb.Set("cloneWarning", true), theorydb.AnyVersion(), theorydb.Blind())
		return err
	})
	k.notify(ctx, Notice{Kind: NoticeClone, Scope: k.scope, UserID: userID})
	if warned != nil {
		return fmt.Errorf("%w; the warning could not be stored: %w", ErrCloneSuspected, warned)
	}
	return ErrCloneSuspected
}

// Delete deletes a passkey and what made its id unique, in one transaction. One that the user does not have is
// theorydb.ErrItemNotFound, and nothing is deleted.
func (k *Passkeys) Delete(ctx context.Context, userID, credentialID string) error {
	if err := k.ready(); err != nil {
		return err
	}
	if err := checkPasskeyKey(userID, credentialID); err != nil {
		return err
	}
	err := k.db.Transact(ctx,
		k.passkeys.DeleteOp(&Passkey{UserID: userID, CredentialID: credentialID}, theorydb.AnyVersion(), theorydb.OnlyIf(theorydb.Exists("publicKey"))),
		k.passkeyLocators.DeleteOp(&PasskeyLocator{CredentialID: credentialID}, theorydb.AnyVersion(), theorydb.OnlyIf(theorydb.Equal("userID", userID))),
	)
	return notFoundAt(err, 0)
}

// notFoundAt is theorydb.ErrItemNotFound where the operation found no item; its plain form, which is no failed condition.
func notFoundAt(err error, position int) error {
	if cause := causeAt(err, position); errors.Is(cause, theorydb.ErrItemNotFound) {
		return cause
	}
	return err
}

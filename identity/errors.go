package identity

import (
	"errors"

	"github.com/theorydb/theorydb"
)

// What can go wrong beside the errors of theorydb, which the stores return as they are: ErrItemNotFound,
// ErrVersionConflict, ErrOutcomeUnknown, ErrEncryption and the others. Test for them with errors.Is. No error text holds a
// secret, an address or another value.
var (
	// ErrInvalidToken says that what was presented is no token of this kind and scope: damaged, forged, unknown or of
	// somebody else. Nothing was changed.
	ErrInvalidToken = errors.New("identity: invalid token")
	// ErrTokenUsed says that a one-time token or code was consumed before, by another call.
	ErrTokenUsed = errors.New("identity: token used")
	// ErrExpired says that a one-time token or code is past its time. Sessions and refresh families past theirs are
	// theorydb.ErrItemNotFound or ErrInvalidToken.
	ErrExpired = errors.New("identity: expired")
	// ErrTokenReuse says that a refresh token was used again after its successor. The session was revoked.
	ErrTokenReuse = errors.New("identity: refresh token reused")
	// ErrCodeReplayed says that a TOTP code was used before.
	ErrCodeReplayed = errors.New("identity: code replayed")
	// ErrTooManyAttempts says that no more tries are taken, right or wrong.
	ErrTooManyAttempts = errors.New("identity: too many attempts")
	// ErrCloneSuspected says that the signature counter of a passkey went back: two authenticators have one key.
	ErrCloneSuspected = errors.New("identity: cloned passkey suspected")
	// ErrIdentifierTaken says that another user of the project has the identifier, identity or passkey. Its cause,
	// theorydb.ErrAlreadyExists, matches too: test for this one first.
	ErrIdentifierTaken = errors.New("identity: identifier taken")
	// ErrLastOwner says that the last active owner can't leave, be demoted or be suspended.
	ErrLastOwner = errors.New("identity: last owner")
	// ErrLastProject says that the last project of a tenant can't be deleted.
	ErrLastProject = errors.New("identity: last project")
	// ErrInUse says that what was to be deleted still has members.
	ErrInUse = errors.New("identity: in use")
	// ErrForbidden says that the membership does not carry the role that is asked for.
	ErrForbidden = errors.New("identity: forbidden")
	// ErrUserInactive says that the user does not exist or is not active. Its cause matches too, theorydb.ErrItemNotFound of
	// one who does not exist: test for this one first.
	ErrUserInactive = errors.New("identity: user inactive")
	// ErrStateMismatch says that the nonce of a login state does not match. Its public code is csrf_state_mismatch.
	ErrStateMismatch = errors.New("identity: login state mismatch (csrf_state_mismatch)")
	// ErrClockSkew says that a record is from more than a minute in the future.
	ErrClockSkew = errors.New("identity: clock skew")
	// ErrEventExists says that another audit event has the id of the one that was given to WithAudit. Nothing was changed.
	ErrEventExists = errors.New("identity: audit event exists")
	// ErrChainBroken says that an audit chain does not verify.
	ErrChainBroken = errors.New("identity: audit chain broken")
)

// Public folds what must look alike to whoever presented a token or a code: a missing, expired, used and forged one, and
// one of a user who is not active, are all ErrInvalidToken. Every other error, and nil, is returned as it is. Log the error itself, and answer with Public.
//
// ErrTooManyAttempts is told. It comes before anything is compared, so that it says nothing about the code, which is
// refused whether it is right or wrong. Folded, it would have people type right codes until they give up, who could wait or
// begin anew. It does tell that there is such a flow or authenticator: ask for a second factor only after the first, and
// begin a flow for an address whether somebody has it or not.
func Public(err error) error {
	for _, alike := range []error{
		theorydb.ErrItemNotFound, ErrExpired, ErrTokenUsed, ErrTokenReuse, ErrInvalidToken, ErrCodeReplayed, ErrUserInactive,
	} {
		if errors.Is(err, alike) {
			return ErrInvalidToken
		}
	}
	return err
}

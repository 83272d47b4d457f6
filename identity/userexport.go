package identity

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/theorydb/theorydb"
)

// Exported is one record of what is kept about a user.
type Exported struct {
	// Entity is its name, such as "Profile".
	Entity string
	// Record is a pointer to it, such as *Profile.
	Record any
}

// errEnough ends a read whose reader has left.
var errEnough = errors.New("identity: the reader has left")

// Export reads everything that is kept about a user, to be handed to that person (GDPR, articles 15 and 20): all records of
// the user's partition, opened, and then the user's identifiers and memberships. What proves who somebody is, and is no
// information about a person, is left out: seeds, digests of secrets, the secrets of credentials and refresh families,
// tokens of bindings. Audit events stay with the audit log.
//
// The partition is read strongly, a request a page; the memberships come from an index, which may be a little behind. KMS is
// needed, and a record that can't be opened ends the export with its error. No request is sent until the iterator is ranged
// over; an error comes at most once, last. A user that does not exist is theorydb.ErrItemNotFound.
func (u *Users) Export(ctx context.Context, id string) iter.Seq2[Exported, error] {
	return func(yield func(Exported, error) bool) {
		err := u.ready()
		if err == nil {
			err = checkID("id", id)
		}
		if err == nil {
			err = u.export(ctx, id, func(record Exported) error {
				if !yield(record, nil) {
					return errEnough
				}
				return nil
			})
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(Exported{}, err)
		}
	}
}

func (u *Users) export(ctx context.Context, id string, give func(Exported) error) error {
	user, err := u.readUser(ctx, id)
	if err != nil {
		return err
	}
	if err := u.db.Collection(ctx, u.users.Partition(User{ID: id}, theorydb.Consistent()), u.exports(give)...); err != nil {
		return err
	}
	for _, key := range user.Identifiers {
		kind, digest, _ := strings.Cut(key, ":")
		identifier, err := u.identifiers.Get(ctx, Identifier{Kind: kind, Digest: digest}, theorydb.Consistent())
		if errors.Is(err, theorydb.ErrItemNotFound) {
			continue // it went since the user was read
		}
		if err != nil {
			return err
		}
		if err := give(Exported{"Identifier", identifier}); err != nil {
			return err
		}
	}
	for membership, err := range u.memberships.Query(ctx, theorydb.Query[Membership]{Index: "gsi1", Key: Membership{UserID: id}}) {
		if err != nil {
			return err
		}
		if err := give(Exported{"Membership", membership}); err != nil {
			return err
		}
	}
	return nil
}

// exports are the records of a user's partition, without what proves who somebody is.
func (u *Users) exports(give func(Exported) error) []theorydb.Destination {
	return []theorydb.Destination{
		u.users.Each(func(r *User) error { return give(Exported{"User", r}) }),
		u.profiles.Each(func(r *Profile) error { return give(Exported{"Profile", r}) }),
		u.userIdentities.Each(func(r *UserIdentity) error { return give(Exported{"UserIdentity", r}) }),
		u.passkeys.Each(func(r *Passkey) error { return give(Exported{"Passkey", r}) }),
		u.subjectPII.Each(func(r *SubjectPII) error { r.Nonce = nil; return give(Exported{"SubjectPII", r}) }),
		u.sessions.Each(func(r *Session) error { r.SecretHash = ""; return give(Exported{"Session", r}) }),
		u.recoveryCodes.Each(func(r *RecoveryCode) error { r.PHC = ""; return give(Exported{"RecoveryCode", r}) }),
		u.recoverySets.Each(func(r *RecoverySet) error { r.Salt = nil; return give(Exported{"RecoverySet", r}) }),
		u.families.Each(func(r *RefreshFamily) error {
			r.BoundSecret = theorydb.Secret[[]byte]{}
			return give(Exported{"RefreshFamily", r})
		}),
		u.credentials.Each(func(r *Credential) error {
			r.Secret = theorydb.Secret[[]byte]{}
			return give(Exported{"Credential", r})
		}),
		u.enrolments.Each(func(r *MFAEnrolment) error {
			r.Seed = theorydb.Secret[[]byte]{}
			return give(Exported{"MFAEnrolment", r})
		}),
		u.bindings.Each(func(r *Binding) error {
			r.AccessToken, r.RefreshToken = theorydb.Secret[string]{}, theorydb.Secret[string]{}
			return give(Exported{"Binding", r})
		}),
	}
}

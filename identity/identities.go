package identity

import (
	"context"

	"github.com/theorydb/theorydb"
)

// Identities keeps which subjects of identity providers are which users.
type Identities struct{ *project }

// Link notes that a subject of an identity provider is an active user: IdentityLink and UserIdentity in one transaction. A
// subject has one user in a project: of another user it is ErrIdentifierTaken. Linked to this user already it is success,
// with one more read. A user that is not there or not active is ErrUserInactive. Issuer and subject are compared byte by
// byte and have 1 to 1,024 bytes without control characters.
func (i *Identities) Link(ctx context.Context, userID, issuer, subject string) (UserIdentity, error) {
	if err := i.check(userID, issuer, subject); err != nil {
		return UserIdentity{}, err
	}
	row := UserIdentity{UserID: userID, Issuer: issuer, Subject: subject}
	mine, err := i.claim(ctx, userID,
		i.identityLinks.CreateOp(&IdentityLink{Issuer: issuer, Subject: subject, UserID: userID}), i.userIdentities.CreateOp(&row))
	if mine {
		stored, err := i.userIdentities.Get(ctx, UserIdentity{UserID: userID, Issuer: issuer, Subject: subject}, theorydb.Consistent())
		if err != nil {
			return UserIdentity{}, err
		}
		return *stored, nil
	}
	if err != nil {
		return UserIdentity{}, err
	}
	return row, nil
}

// Unlink takes a subject from a user, active or not; it is free at once. One that the user does not have is
// theorydb.ErrItemNotFound.
func (i *Identities) Unlink(ctx context.Context, userID, issuer, subject string) error {
	if err := i.check(userID, issuer, subject); err != nil {
		return err
	}
	return i.unlink(ctx, UserIdentity{UserID: userID, Issuer: issuer, Subject: subject})
}

func (p *project) unlink(ctx context.Context, row UserIdentity) error {
	return p.release(ctx,
		p.identityLinks.DeleteOp(&IdentityLink{Issuer: row.Issuer, Subject: row.Subject}, theirs(row.UserID)...),
		p.userIdentities.DeleteOp(&row, theorydb.AnyVersion()))
}

// FindUser reads the user that a subject is: two strong reads. A subject of nobody is theorydb.ErrItemNotFound, of which
// Options.Notify is told, without it. Look at the user's Status before you let anybody in.
func (i *Identities) FindUser(ctx context.Context, issuer, subject string) (User, error) {
	if err := i.checkSubject(issuer, subject); err != nil {
		return User{}, err
	}
	link, err := i.identityLinks.Get(ctx, IdentityLink{Issuer: issuer, Subject: subject}, theorydb.Consistent())
	if err != nil {
		return User{}, i.missed(ctx, "", err)
	}
	return i.readUser(ctx, link.UserID)
}

// List reads the subjects that a user is, strongly. There are none of a user that does not exist.
func (i *Identities) List(ctx context.Context, userID string) ([]*UserIdentity, error) {
	if err := i.ready(); err != nil {
		return nil, err
	}
	if err := checkID("userID", userID); err != nil {
		return nil, err
	}
	return theorydb.Collect(i.userIdentities.Query(ctx, theorydb.Query[UserIdentity]{Key: UserIdentity{UserID: userID}, Consistent: true}))
}

func (i *Identities) check(userID, issuer, subject string) error {
	if err := i.checkSubject(issuer, subject); err != nil {
		return err
	}
	return checkID("userID", userID)
}

func (i *Identities) checkSubject(issuer, subject string) error {
	if err := i.ready(); err != nil {
		return err
	}
	if err := checkText("issuer", issuer, maxUpstream); err != nil {
		return err
	}
	return checkText("subject", subject, maxUpstream)
}

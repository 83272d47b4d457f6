package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/theorydb/theorydb"
)

// Get reads a user by its id: one strong read. It is theorydb.ErrItemNotFound where there is none, of which Options.Notify
// is told. A user that is disabled or being erased is returned like any other; its Status says so.
func (u *Users) Get(ctx context.Context, id string) (User, error) {
	if err := u.ready(); err != nil {
		return User{}, err
	}
	if err := checkID("id", id); err != nil {
		return User{}, err
	}
	return u.readUser(ctx, id)
}

// GetByIdentifier reads the user whom an identifier names as somebody typed it: two strong reads and no index, so that a
// user who was made just now is found. An identifier of nobody is theorydb.ErrItemNotFound, of which Options.Notify is
// told, without the identifier. Look at the user's Status before you let anybody in.
func (u *Users) GetByIdentifier(ctx context.Context, kind, value string) (User, error) {
	found, err := u.Identifier(ctx, kind, value)
	if err != nil {
		return User{}, err
	}
	return u.readUser(ctx, found.UserID)
}

// Identifier reads what is known of an identifier as somebody typed it: whose it is, and since when it is verified. It is
// one strong read, and theorydb.ErrItemNotFound where nobody has it.
func (u *Users) Identifier(ctx context.Context, kind, value string) (Identifier, error) {
	if err := u.ready(); err != nil {
		return Identifier{}, err
	}
	i, err := u.identify(kind, value)
	if err != nil {
		return Identifier{}, err
	}
	found, err := u.identifiers.Get(ctx, Identifier{Kind: i.kind, Digest: i.digest}, theorydb.Consistent())
	if err != nil {
		return Identifier{}, u.missed(ctx, "", err)
	}
	return *found, nil
}

// readUser is a strong read of a user.
func (p *project) readUser(ctx context.Context, id string) (User, error) {
	user, err := p.users.Get(ctx, User{ID: id}, theorydb.Consistent())
	if err != nil {
		return User{}, p.missed(ctx, id, err)
	}
	return *user, nil
}

// readActive is a strong read of a user that must be active.
func (p *project) readActive(ctx context.Context, id string) (User, error) {
	user, err := p.readUser(ctx, id)
	switch {
	case errors.Is(err, theorydb.ErrItemNotFound):
		return User{}, inactive(err)
	case err != nil:
		return User{}, err
	case user.Status != UserActive:
		return User{}, ErrUserInactive
	}
	return user, nil
}

// missed tells of a read that found nothing.
func (p *project) missed(ctx context.Context, userID string, err error) error {
	if errors.Is(err, theorydb.ErrItemNotFound) {
		p.notify(ctx, Notice{Kind: NoticeMiss, Scope: p.scope, UserID: userID})
	}
	return err
}

// inactive is ErrUserInactive with its cause.
func inactive(cause error) error { return fmt.Errorf("%w: %w", ErrUserInactive, cause) }

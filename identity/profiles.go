package identity

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/theorydb/theorydb"
)

// Profiles keeps what is known about persons, sealed.
type Profiles struct{ *project }

// Limits of a Profile's texts in bytes. Custom is bounded by DynamoDB's limit for an item (theorydb.ErrItemTooLarge).
const (
	maxAddress   = 4096
	maxBirthdate = 64
)

// Get reads a user's profile and opens it: one strong read, and one request to KMS. Where KMS can't or may not open it,
// or it was tampered with, it is an error that matches theorydb.ErrEncryption, with an empty Profile. A user without one
// is theorydb.ErrItemNotFound.
func (p *Profiles) Get(ctx context.Context, userID string) (Profile, error) {
	if err := p.ready(); err != nil {
		return Profile{}, err
	}
	if err := checkID("userID", userID); err != nil {
		return Profile{}, err
	}
	profile, err := p.profiles.Get(ctx, Profile{UserID: userID}, theorydb.Consistent())
	if err != nil {
		return Profile{}, p.missed(ctx, userID, err)
	}
	return *profile, nil
}

// Update reads a user's profile, lets change alter it, and seals and stores it: two requests to DynamoDB and two to KMS,
// and again all when somebody else was faster, at most 8 times; then it is theorydb.ErrVersionConflict. change may be
// called more than once and must not have other effects; its error ends the call and is returned as it is.
//
// A user without a profile gets one, in a transaction that checks that the user is there and not being erased
// (ErrUserInactive). Emails and Phones belong to the identifiers and are changed with them (theorydb.ErrInvalidValue).
// When KMS fails nothing is written. A name has at most 256 bytes; what is too large for an item is
// theorydb.ErrItemTooLarge.
func (p *Profiles) Update(ctx context.Context, userID string, change func(*Profile) error) (Profile, error) {
	if err := p.ready(); err != nil {
		return Profile{}, err
	}
	if err := checkID("userID", userID); err != nil {
		return Profile{}, err
	}
	if change == nil {
		return Profile{}, errNoChange
	}
	for try := 1; ; try++ {
		profile, again, err := p.updateOnce(ctx, userID, change)
		if err == nil || !again || try == exchangeTries {
			return profile, err
		}
	}
}

// updateOnce says whether a failure is one of a rival's write.
func (p *Profiles) updateOnce(ctx context.Context, userID string, change func(*Profile) error) (_ Profile, again bool, err error) {
	profile, err := p.profiles.Get(ctx, Profile{UserID: userID}, theorydb.Consistent())
	isNew := errors.Is(err, theorydb.ErrItemNotFound)
	switch {
	case isNew:
		profile = &Profile{UserID: userID}
	case err != nil:
		return Profile{}, false, err
	}
	before := *profile
	emails, phones := maps.Clone(before.Emails.Reveal()), maps.Clone(before.Phones.Reveal()) // change could alter the map itself
	if err := change(profile); err != nil {
		return Profile{}, false, err
	}
	if profile.UserID != userID || !maps.Equal(profile.Emails.Reveal(), emails) || !maps.Equal(profile.Phones.Reveal(), phones) {
		return Profile{}, false, fmt.Errorf("%w: userID stays, and emails and phones are changed with the identifiers", theorydb.ErrInvalidValue)
	}
	profile.Version, profile.CreatedAt = before.Version, before.CreatedAt
	if err := profile.check(); err != nil {
		return Profile{}, false, err
	}
	if !isNew {
		err = p.profiles.Update(ctx, profile)
		again = errors.Is(err, theorydb.ErrVersionConflict)
	} else {
		err = p.db.Transact(ctx, p.profiles.CreateOp(profile),
			theorydb.FailAs(p.users.CheckOp(User{ID: userID}, theorydb.In("status", UserActive, UserDisabled)), ErrUserInactive))
		again = errors.Is(err, theorydb.ErrAlreadyExists) && !errors.Is(err, ErrUserInactive)
	}
	if err != nil {
		return Profile{}, again, err
	}
	return *profile, false, nil
}

// newProfile is the profile of a new user, nil when there is nothing to keep in one.
func newProfile(userID string, given *Profile, all []identified) (*Profile, error) {
	profile, keep := Profile{}, given != nil
	if keep {
		profile = *given
		switch {
		case profile.UserID != "" && profile.UserID != userID:
			return nil, fmt.Errorf("%w: the profile is of another user", theorydb.ErrInvalidValue)
		case profile.Emails.IsSet() || profile.Phones.IsSet():
			return nil, fmt.Errorf("%w: emails and phones are kept by Create; give identifiers", theorydb.ErrInvalidValue)
		}
		if err := profile.check(); err != nil {
			return nil, err
		}
	}
	profile.UserID = userID
	for _, i := range all {
		if i.address != "" {
			keep = true
			profile.exchange(&i, nil)
		}
	}
	if !keep {
		return nil, nil
	}
	return &profile, nil
}

// check refuses texts that no profile has.
func (p *Profile) check() error {
	for _, field := range []struct {
		name string
		text theorydb.Secret[string]
		most int
	}{{"name", p.Name, maxName}, {"address", p.Address, maxAddress}, {"birthdate", p.Birthdate, maxBirthdate}} {
		if err := checkSealedText(field.name, field.text.Reveal(), field.most); err != nil {
			return err
		}
	}
	for name, text := range p.Custom.Reveal() {
		if err := checkText("a name in custom", name, maxName); err != nil {
			return err
		}
		if err := checkSealedText("a value in custom", text, len(text)); err != nil {
			return err
		}
	}
	return nil
}

// exchange changes the stored addresses; either may be nil.
func (p *Profile) exchange(add, remove *identified) {
	if remove != nil && remove.address != "" {
		all := p.addresses(remove.kind)
		*all = without(*all, remove.digest)
	}
	if add != nil && add.address != "" {
		all := p.addresses(add.kind)
		*all = with(*all, add.digest, add.address)
	}
}

// addresses are the stored addresses of a kind of identifiers.
func (p *Profile) addresses(kind string) *theorydb.Secret[map[string]string] {
	if kind == KindPhone {
		return &p.Phones
	}
	return &p.Emails
}

// with and without leave the map that they are given as it is: a Secret shares its value with its copies.
func with(all theorydb.Secret[map[string]string], digest, address string) theorydb.Secret[map[string]string] {
	changed := maps.Clone(all.Reveal())
	if changed == nil {
		changed = map[string]string{}
	}
	changed[digest] = address
	return theorydb.NewSecret(changed)
}

func without(all theorydb.Secret[map[string]string], digest string) theorydb.Secret[map[string]string] {
	changed := maps.Clone(all.Reveal())
	delete(changed, digest)
	if len(changed) == 0 {
		return theorydb.Secret[map[string]string]{}
	}
	return theorydb.NewSecret(changed)
}

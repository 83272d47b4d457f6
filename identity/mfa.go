package identity

import (
	"context"
	"time"

	"github.com/theorydb/theorydb"
)

// MFA keeps the TOTP authenticators of users (RFC 6238): SHA-1, 6 digits, steps of 30 seconds, of which the current one, the
// one before and the one after count. The seed is sealed, so Enroll, Confirm and VerifyTOTP need KMS; List and Remove do
// not.
//
// No code counts twice: every success takes its step, and the next one needs a later step. Five tries are taken at an
// authenticator; then it is locked until Lifetimes.Lock after the last of them. A success begins anew.
type MFA struct{ *project }

// NewAuthenticator says what an authenticator app shows for a new authenticator. Both texts are required, have at most
// 256 bytes and no colon. They are in the URL and are not stored.
type NewAuthenticator struct {
	Issuer  string // who asks for the code
	Account string // whose code it is, such as the user's address
}

// Authenticator is a TOTP authenticator without its seed.
type Authenticator struct {
	ID          string
	Status      string // pending until Confirm, then confirmed
	FailCount   int64
	FailUntil   time.Time
	ConfirmedAt *time.Time
	CreatedAt   time.Time
}

// Enroll makes a pending authenticator of 160 random bits for an active user. It returns its id and the otpauth URL for the
// QR code, which holds the seed and is not given again. It counts nowhere before Confirm. One transaction; a user who does
// not exist or is not active is ErrUserInactive, and without KMS nothing is sent to DynamoDB.
func (m *MFA) Enroll(ctx context.Context, userID string, details NewAuthenticator) (id string, url theorydb.Secret[string], err error) {
	var none theorydb.Secret[string]
	if err := m.ready(); err != nil {
		return "", none, err
	}
	if err := checkID("userID", userID); err != nil {
		return "", none, err
	}
	seed, err := m.secret(totpSeedSize)
	if err != nil {
		return "", none, err
	}
	if url, err = totpURL(seed, details.Issuer, details.Account); err != nil {
		return "", none, err
	}
	if id, err = m.options.NewID(); err != nil {
		return "", none, err
	}
	err = m.db.Transact(ctx,
		m.enrolments.CreateOp(&MFAEnrolment{UserID: userID, ID: id, Status: enrolmentPending, Seed: theorydb.NewSecret(seed)}),
		m.activeUser(userID),
	)
	if err != nil {
		return "", none, err
	}
	return id, url, nil
}

// List reads the authenticators of a user, strongly consistent and without KMS: the seeds are not opened.
func (m *MFA) List(ctx context.Context, userID string) ([]Authenticator, error) {
	if err := m.ready(); err != nil {
		return nil, err
	}
	if err := checkID("userID", userID); err != nil {
		return nil, err
	}
	var list []Authenticator
	query := theorydb.Query[MFAEnrolment]{Key: MFAEnrolment{UserID: userID}, Consistent: true}
	for authenticator, err := range theorydb.Select[Authenticator](ctx, m.enrolments, query) {
		if err != nil {
			return nil, err
		}
		list = append(list, *authenticator)
	}
	return list, nil
}

// Remove deletes an authenticator, pending or confirmed, in one request and without KMS. One that is not there is success.
func (m *MFA) Remove(ctx context.Context, userID, id string) error {
	if err := m.ready(); err != nil {
		return err
	}
	if err := checkAuthenticator(userID, id); err != nil {
		return err
	}
	return m.enrolments.Delete(ctx, &MFAEnrolment{UserID: userID, ID: id}, theorydb.AnyVersion())
}

func checkAuthenticator(userID, id string) error {
	if err := checkID("userID", userID); err != nil {
		return err
	}
	return checkID("id", id)
}

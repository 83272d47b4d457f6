package identity

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/theorydb/theorydb"
)

// totpTries is how many codes are compared at one authenticator before it is locked.
const totpTries = 5

const (
	enrolmentPending   = "pending"
	enrolmentConfirmed = "confirmed"
)

// Confirm takes the first code of a pending authenticator, which then counts for VerifyTOTP. The code is used up with it
// and can't be the code of a sign-in as well. Requests and errors are those of VerifyTOTP for one authenticator, which is
// read by its key; one that is confirmed already is ErrTokenUsed.
func (m *MFA) Confirm(ctx context.Context, userID, id string, code theorydb.Secret[string]) error {
	if err := m.ready(); err != nil {
		return err
	}
	if err := checkAuthenticator(userID, id); err != nil {
		return err
	}
	if !isDigits(code.Reveal(), totpDigits) {
		return ErrInvalidToken
	}
	enrolment, err := m.enrolments.Get(ctx, MFAEnrolment{UserID: userID, ID: id}, theorydb.Consistent())
	if err != nil {
		return err
	}
	if enrolment.Status != enrolmentPending {
		return ErrTokenUsed
	}
	return m.try(ctx, enrolment, code.Reveal(), m.db.Now())
}

// VerifyTOTP takes a code of any confirmed authenticator of a user. At each, the one used last first, it counts the try,
// compares the code with every step of the window in constant time, newest first, and takes the step that fits: of any
// number of parallel calls with one code exactly one succeeds, and the others are ErrCodeReplayed or, when the tries are
// used up, ErrTooManyAttempts. A wrong code is ErrInvalidToken. A user without a confirmed authenticator is
// theorydb.ErrItemNotFound.
//
// It sends a strongly consistent read, one request for each try that it counts and one for the step. The seeds are opened
// first: without KMS it is theorydb.ErrEncryption, and nothing is counted. A try whose answer was lost may count twice, and
// never less than once. With theorydb.ErrOutcomeUnknown the step may be taken. What is not 6 digits is ErrInvalidToken, and
// nothing is sent or counted.
func (m *MFA) VerifyTOTP(ctx context.Context, userID string, code theorydb.Secret[string]) error {
	if err := m.ready(); err != nil {
		return err
	}
	if err := checkID("userID", userID); err != nil {
		return err
	}
	if !isDigits(code.Reveal(), totpDigits) {
		return ErrInvalidToken
	}
	confirmed, err := m.confirmed(ctx, userID)
	if err != nil {
		return err
	}
	now := m.db.Now()
	verdict := ErrTooManyAttempts // of all of them
	for i, enrolment := range confirmed {
		err := m.try(ctx, enrolment, code.Reveal(), now)
		switch {
		case errors.Is(err, ErrInvalidToken):
			verdict = err // another one may fit
		case errors.Is(err, ErrTooManyAttempts):
		case err == nil:
			m.forgiveTries(ctx, confirmed[:i])
			return nil
		default:
			return err
		}
	}
	return verdict
}

// confirmed opens the authenticators that count, the one used last first.
func (m *MFA) confirmed(ctx context.Context, userID string) ([]*MFAEnrolment, error) {
	list, err := theorydb.Collect(m.enrolments.Query(ctx, theorydb.Query[MFAEnrolment]{
		Key: MFAEnrolment{UserID: userID}, Filter: theorydb.Equal("status", enrolmentConfirmed), Consistent: true,
	}))
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, theorydb.ErrItemNotFound
	}
	slices.SortFunc(list, func(a, b *MFAEnrolment) int { return cmp.Compare(b.LastStep, a.LastStep) })
	return list, nil
}

// try counts a try at an authenticator, compares the code and takes its step.
func (m *MFA) try(ctx context.Context, enrolment *MFAEnrolment, code string, now time.Time) error {
	if err := m.countTry(ctx, enrolment, now); err != nil {
		return err
	}
	step, found, err := matchTOTP(enrolment.Seed.Reveal(), code, now)
	if err != nil {
		return err
	}
	if !found {
		return ErrInvalidToken
	}
	return m.takeStep(ctx, enrolment, step, now)
}

// countTry counts a try, whatever comes of it. Every try moves the end of the lock, which is in force once the tries are
// used up; after its end the count begins at 1 again, for one of those who try at that time.
func (m *MFA) countTry(ctx context.Context, enrolment *MFAEnrolment, now time.Time) error {
	key := MFAEnrolment{UserID: enrolment.UserID, ID: enrolment.ID}
	count := func(how theorydb.ChangePart, when theorydb.Condition) error {
		_, err := repeatUnknown(ctx, func() error {
			_, err := m.enrolments.Change(ctx, key, how, theorydb.Set("failUntil", now.Add(m.options.Lifetimes.Lock)),
				theorydb.OnlyIf(theorydb.Equal("status", enrolment.Status)), theorydb.OnlyIf(when),
				theorydb.AnyVersion(), theorydb.Blind())
			return err
		})
		return err
	}
	if enrolment.FailCount >= totpTries {
		if now.Before(enrolment.FailUntil) {
			return ErrTooManyAttempts
		}
		err := count(theorydb.Set("failCount", 1), theorydb.And(
			theorydb.GreaterEqual("failCount", totpTries), theorydb.LessEqual("failUntil", now)))
		if !conditionRefused(err) {
			return err
		} // another one was faster, and its count goes on
	}
	err := count(theorydb.Add("failCount", 1), theorydb.Less("failCount", totpTries))
	if conditionRefused(err) {
		return ErrTooManyAttempts
	}
	return err
}

// takeStep makes a step and all before it used, where it was not. It is the success: the count begins anew.
func (m *MFA) takeStep(ctx context.Context, enrolment *MFAEnrolment, step int64, now time.Time) error {
	mark, err := m.onceMark()
	if err != nil {
		return err
	}
	parts := []theorydb.ChangePart{
		theorydb.Set("lastStep", step), theorydb.Set("stepBy", mark), theorydb.Set("failCount", 0),
		theorydb.OnlyIf(theorydb.Or(theorydb.NotExists("lastStep"), theorydb.Less("lastStep", step))),
		theorydb.OnlyIf(theorydb.Equal("status", enrolment.Status)),
		theorydb.AnyVersion(), theorydb.Blind(),
	}
	used := ErrCodeReplayed
	if enrolment.Status == enrolmentPending {
		parts = append(parts, theorydb.Set("status", enrolmentConfirmed), theorydb.Set("confirmedAt", now))
		used = ErrTokenUsed
	}
	key := MFAEnrolment{UserID: enrolment.UserID, ID: enrolment.ID}
	unknown, err := repeatUnknown(ctx, func() error {
		_, err := m.enrolments.Change(ctx, key, parts...)
		return err
	})
	if unknown && err != nil {
		return m.judgeStep(ctx, key, mark, used, err)
	}
	if conditionRefused(err) {
		return used
	}
	return err
}

// stepTaken is what tells whose a step is, and needs no opening.
type stepTaken struct{ ID, StepBy string }

// judgeStep says whether it was this very call that took the step and did not hear so.
func (m *MFA) judgeStep(ctx context.Context, key MFAEnrolment, mark string, used, refused error) error {
	query := theorydb.Query[MFAEnrolment]{Key: key, Consistent: true}
	for taken, err := range theorydb.Select[stepTaken](ctx, m.enrolments, query) {
		if err != nil {
			return refused
		}
		if taken.ID == key.ID && taken.StepBy == mark {
			return nil
		}
	}
	if conditionRefused(refused) {
		return used
	}
	return refused
}

// forgiveTries takes back the tries that were counted where the code was not, since it was a right one. Where that fails
// the try stays counted, which is the safe side.
func (m *MFA) forgiveTries(ctx context.Context, others []*MFAEnrolment) {
	for _, other := range others {
		_, _ = m.enrolments.Change(ctx, MFAEnrolment{UserID: other.UserID, ID: other.ID}, theorydb.Add("failCount", -1),
			theorydb.OnlyIf(theorydb.InRange("failCount", 1, totpTries-1)), theorydb.AnyVersion(), theorydb.Blind())
	}
}

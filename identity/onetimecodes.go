package identity

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/theorydb/theorydb"
)

const (
	codeDigits = 8
	codeLimit  = 100_000_000 // 10^codeDigits
	// codeTries is how many codes are compared for one flow, right or wrong (NIST SP 800-63B section 5.2.2 asks for a limit).
	codeTries = 5
)

// CodeSpec says what a short code stands for.
type CodeSpec struct {
	Kind    string // such as "email" or "sms": an id
	Subject string // whom it is about: at most 256 bytes. It is stored in clear.
	// Lifetime shortens Lifetimes.Code. Zero: that.
	Lifetime time.Duration
}

// IssueCode makes an 8-digit code for a flow, to be sent by mail or SMS. Only its HMAC-SHA-256 is stored, under a key
// derived from OTPKey and bound to the scope and the flow, so that equal codes of two flows look different and none can be
// looked up. It sends one request.
//
// A flow has one code: a second one is theorydb.ErrAlreadyExists until Lifetimes.TokenGrace after the first has expired,
// since it would bring new tries with it. To send another code begin another flow, and limit how often.
func (o *OneTimeTokens) IssueCode(ctx context.Context, flowID string, spec CodeSpec) (theorydb.Secret[string], error) {
	var none theorydb.Secret[string]
	if err := o.ready(); err != nil {
		return none, err
	}
	usual := o.options.Lifetimes.Code
	if spec.Lifetime < 0 || spec.Lifetime > usual {
		return none, fmt.Errorf("%w: Lifetime is negative or longer than Lifetimes.Code", theorydb.ErrInvalidValue)
	}
	if err := errors.Join(checkID("flowID", flowID), checkID("Kind", spec.Kind), fitsAsText("Subject", spec.Subject, maxShortText)); err != nil {
		return none, err
	}
	if spec.Lifetime == 0 {
		spec.Lifetime = usual
	}
	random, err := o.secret(8)
	if err != nil {
		return none, err
	}
	// Of 2^64 values so many more make one code than another that nobody can tell: one in 10^11.
	code := fmt.Sprintf("%0*d", codeDigits, binary.BigEndian.Uint64(random)%codeLimit)
	mac, err := o.codeMAC(flowID, code)
	if err != nil {
		return none, err
	}
	expires := o.db.Now().Add(spec.Lifetime)
	err = o.oneTimeCodes.Create(ctx, &OneTimeCode{
		FlowID: flowID, Kind: spec.Kind, CodeMAC: mac, Subject: spec.Subject,
		ExpiresAt: expires, TTL: expires.Add(o.options.Lifetimes.TokenGrace),
	})
	if err != nil {
		return none, err
	}
	return theorydb.NewSecret(code), nil
}

// codeMAC is what is stored of a code.
func (o *OneTimeTokens) codeMAC(flowID, code string) (string, error) {
	mac, err := scopedMAC(o.options.OTPKey, oneTimeCodeLabel, o.scope, flowID, code)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(mac), nil
}

// VerifyCode counts a try and compares a code, in constant time; the right one is then consumed. Five tries are taken, also
// when many are made in parallel. A wrong code is ErrInvalidToken; after the fifth try every code, right ones too, is
// ErrTooManyAttempts, and a consumed, expired or unknown one is ErrTokenUsed, ErrExpired or theorydb.ErrItemNotFound.
//
// It sends one request for a wrong code and two for the right one; one more to tell why a try was not taken. A try whose
// answer was lost may count twice, and never less than once. With theorydb.ErrOutcomeUnknown a try may have been taken, or
// the code be spent. What is not 8 digits is ErrInvalidToken, and nothing is sent or counted.
func (o *OneTimeTokens) VerifyCode(ctx context.Context, flowID string, code theorydb.Secret[string]) (*OneTimeCode, error) {
	if err := o.ready(); err != nil {
		return nil, err
	}
	if err := checkID("flowID", flowID); err != nil {
		return nil, err
	}
	text := code.Reveal()
	if !isDigits(text, codeDigits) {
		return nil, ErrInvalidToken
	}
	mac, err := o.codeMAC(flowID, text)
	if err != nil {
		return nil, err
	}
	mark, err := o.onceMark()
	if err != nil {
		return nil, err
	}
	now, key := o.db.Now(), OneTimeCode{FlowID: flowID}
	var stored *OneTimeCode
	_, err = repeatUnknown(ctx, func() (err error) {
		stored, err = o.oneTimeCodes.Change(ctx, key, theorydb.Add("attempts", 1),
			theorydb.OnlyIf(theorydb.Less("attempts", codeTries)),
			theorydb.OnlyIf(theorydb.NotExists("consumedAt")), theorydb.OnlyIf(theorydb.Greater("expiresAt", now)))
		return err
	})
	if err != nil {
		return o.judgeCode(ctx, key, mark, now, err)
	}
	if subtle.ConstantTimeCompare([]byte(mac), []byte(stored.CodeMAC)) != 1 {
		return nil, ErrInvalidToken
	}
	_, err = repeatUnknown(ctx, func() (err error) {
		stored, err = o.oneTimeCodes.Change(ctx, key, consumption(mark, now)...)
		return err
	})
	if err != nil {
		return o.judgeCode(ctx, key, mark, now, err)
	}
	return stored, nil
}

// judgeCode says why a try was not taken or a code not consumed, or that this very call consumed it and did not hear so.
func (o *OneTimeTokens) judgeCode(ctx context.Context, key OneTimeCode, mark string, now time.Time, refused error) (*OneTimeCode, error) {
	if errors.Is(refused, theorydb.ErrItemNotFound) {
		o.notify(ctx, Notice{Kind: NoticeMiss, Scope: o.scope, ID: key.FlowID})
		return nil, refused
	}
	unknown := errors.Is(refused, theorydb.ErrOutcomeUnknown)
	if !unknown && !conditionRefused(refused) {
		return nil, refused
	}
	code, err := o.oneTimeCodes.Get(ctx, key, theorydb.Consistent())
	switch {
	case unknown && err != nil:
		return nil, refused
	case err != nil:
		return nil, err
	case code.ConsumedBy == mark:
		return code, nil
	case unknown:
		return nil, refused
	}
	if why := oneTimeRefusal(code.ConsumedAt, code.ExpiresAt, now); why != nil {
		return nil, why
	}
	if code.Attempts >= codeTries {
		return nil, ErrTooManyAttempts
	}
	return nil, refused
}

// isDigits reports whether a text has so many digits and nothing else.
func isDigits(text string, count int) bool {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) == count
}

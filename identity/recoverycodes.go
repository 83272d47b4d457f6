package identity

import (
	"context"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/theorydb/theorydb"
)

// RecoveryCodes keeps the recovery codes of users: ten of 80 random bits, hashed with Argon2id at the cost of
// Options.Argon2 (NIST SP 800-63B section 5.1.2 asks to salt and hash look-up secrets). At most Argon2.MaxConcurrent
// hashes are computed at the same time; others wait as long as their context does. KMS is not needed.
//
// A try costs one hash whatever the code, and tries are not counted: 80 bits are not guessed. Limit their rate before they
// come here.
type RecoveryCodes struct{ *project }

const (
	recoveryCodeCount = 10
	recoveryCodeBytes = 10
	recoveryCodeSize  = 16 // characters, 5 bits each
)

// crockford is the alphabet without letters that look like others. https://www.crockford.com/base32.html
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Generate makes ten new codes for an active user and gives them, in groups of four characters, for the one time that they
// are there in clear. The codes before are deleted. It sends a strongly consistent read and one transaction, after ten
// hashes. Of two that race one wins; the other is theorydb.ErrVersionConflict or ErrAlreadyExists, and its codes never
// count. A user who does not exist or is not active is ErrUserInactive.
func (r *RecoveryCodes) Generate(ctx context.Context, userID string) ([]theorydb.Secret[string], error) {
	if err := r.ready(); err != nil {
		return nil, err
	}
	if err := checkID("userID", userID); err != nil {
		return nil, err
	}
	setID, err := r.options.NewID()
	if err != nil {
		return nil, err
	}
	salt, err := r.secret(phcSaltSize)
	if err != nil {
		return nil, err
	}
	cost := r.hashing.cost
	var codes []theorydb.Secret[string]
	ops := []theorydb.TransactOp{r.activeUser(userID)}
	for number := int64(1); number <= recoveryCodeCount; number++ {
		random, err := r.secret(recoveryCodeBytes)
		if err != nil {
			return nil, err
		}
		text := crockford.EncodeToString(random)
		sum, err := r.hashing.run(ctx, cost, []byte(text), salt, phcSumSize)
		if err != nil {
			return nil, err
		}
		ops = append(ops, r.recoveryCodes.CreateOp(&RecoveryCode{
			UserID: userID, SetID: setID, Number: number, PHC: phcHash{cost: cost, salt: salt, sum: sum}.String(),
		}))
		codes = append(codes, theorydb.NewSecret(grouped(text)))
	}
	replacing, err := r.replaceSet(ctx, RecoverySet{UserID: userID, SetID: setID, Salt: salt, Params: cost.costText()})
	if err != nil {
		return nil, err
	}
	if err := r.db.Transact(ctx, append(ops, replacing...)...); err != nil {
		return nil, err
	}
	return codes, nil
}

// replaceSet puts a set in the place of the one that is there, whose codes are deleted.
func (r *RecoveryCodes) replaceSet(ctx context.Context, fresh RecoverySet) ([]theorydb.TransactOp, error) {
	old, err := r.recoverySets.Get(ctx, RecoverySet{UserID: fresh.UserID}, theorydb.Consistent())
	if errors.Is(err, theorydb.ErrItemNotFound) {
		return []theorydb.TransactOp{r.recoverySets.CreateOp(&fresh)}, nil
	}
	if err != nil {
		return nil, err
	}
	fresh.Version, fresh.CreatedAt = old.Version, old.CreatedAt
	ops := []theorydb.TransactOp{r.recoverySets.UpdateOp(&fresh)}
	for number := int64(1); number <= recoveryCodeCount; number++ {
		gone := &RecoveryCode{UserID: fresh.UserID, SetID: old.SetID, Number: number}
		ops = append(ops, r.recoveryCodes.DeleteOp(gone, theorydb.AnyVersion()))
	}
	return ops, nil
}

// Consume takes a code, in whatever case and with or without its dashes and spaces, and returns how many codes of the set
// were left at that time. It sends two strongly consistent reads, computes one hash, compares it with all codes of the set
// in constant time, and takes the right one in a transaction, in which the set must still be the one that counts.
//
// Of any number of parallel calls with one code exactly one succeeds; the others, and later ones, are ErrTokenUsed. A wrong
// code is ErrInvalidToken, a user without codes theorydb.ErrItemNotFound. Where ctx ends while the hash waits for its turn
// the error is that of ctx.
func (r *RecoveryCodes) Consume(ctx context.Context, userID string, code theorydb.Secret[string]) (remaining int, err error) {
	if err := r.ready(); err != nil {
		return 0, err
	}
	if err := checkID("userID", userID); err != nil {
		return 0, err
	}
	text, err := plainRecoveryCode(code.Reveal())
	if err != nil {
		return 0, err
	}
	set, err := r.recoverySets.Get(ctx, RecoverySet{UserID: userID}, theorydb.Consistent())
	if err != nil {
		return 0, err
	}
	found, remaining, err := r.search(ctx, set, text)
	if err != nil {
		return 0, err
	}
	switch {
	case found == nil:
		return 0, ErrInvalidToken
	case found.UsedAt != nil:
		return 0, ErrTokenUsed
	}
	if err := r.take(ctx, set, found, r.db.Now()); err != nil {
		return 0, err
	}
	return remaining - 1, nil
}

// search gives the code of a set that a text is, and how many are not used.
func (r *RecoveryCodes) search(ctx context.Context, set *RecoverySet, text string) (found *RecoveryCode, unused int, err error) {
	limit := r.hashing.cost.limit()
	cost, err := parseArgon2Cost(set.Params, limit)
	if err != nil {
		return nil, 0, err
	}
	query := theorydb.Query[RecoveryCode]{Key: RecoveryCode{UserID: set.UserID, SetID: set.SetID}, Consistent: true}
	codes, err := theorydb.Collect(r.recoveryCodes.Query(ctx, query))
	if err != nil {
		return nil, 0, err
	}
	sum, err := r.hashing.run(ctx, cost, []byte(text), set.Salt, phcSumSize)
	if err != nil {
		return nil, 0, err
	}
	for _, code := range codes {
		stored, err := parsePHC(code.PHC, limit)
		if err != nil {
			return nil, 0, err
		}
		if subtle.ConstantTimeCompare(stored.sum, sum) == 1 {
			found = code
		}
		if code.UsedAt == nil {
			unused++
		}
	}
	return found, unused, nil
}

// take marks a code as used, where nobody did and the set still counts.
func (r *RecoveryCodes) take(ctx context.Context, set *RecoverySet, code *RecoveryCode, now time.Time) error {
	err := r.db.Transact(ctx,
		r.recoveryCodes.ChangeOp(RecoveryCode{UserID: code.UserID, SetID: code.SetID, Number: code.Number},
			theorydb.Set("usedAt", now), theorydb.OnlyIf(theorydb.NotExists("usedAt"))),
		r.recoverySets.CheckOp(RecoverySet{UserID: set.UserID}, theorydb.Equal("setID", set.SetID)),
	)
	switch {
	case errors.Is(causeAt(err, 1), theorydb.ErrConditionFailed): // new codes were made meanwhile
		return fmt.Errorf("%w: %w", ErrInvalidToken, err)
	case conditionRefused(causeAt(err, 0)):
		return fmt.Errorf("%w: %w", ErrTokenUsed, err)
	}
	return err
}

// grouped writes a code in groups of four, to be read and typed.
func grouped(code string) string {
	var groups []string
	for ; len(code) > 4; code = code[4:] {
		groups = append(groups, code[:4])
	}
	return strings.Join(append(groups, code), "-")
}

// plainRecoveryCode undoes what printing and typing do to a code: groups, lower case and letters that look like digits.
func plainRecoveryCode(typed string) (string, error) {
	if len(typed) > 4*recoveryCodeSize {
		return "", ErrInvalidToken
	}
	plain := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(typed))
	decoded, err := crockford.DecodeString(plain)
	if err != nil || len(plain) != recoveryCodeSize || len(decoded) != recoveryCodeBytes {
		return "", ErrInvalidToken
	}
	return plain, nil
}

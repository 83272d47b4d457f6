package identity

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/theorydb/theorydb"
)

// Service gives the stores of an identity layer in one DB. It is safe for concurrent use.
type Service struct{ *core }

// core is what the service and all its stores share. The stores hold it and not the Service, which could leave their scope.
type core struct {
	db      *theorydb.DB
	models  *registered
	ttl     string // the table's ttl attribute
	options Options
	hashing *hashing
}

// Options are what a Service needs beside its DB. The zero value of every field but the two keys is the right choice. Time
// is that of the DB.
type Options struct {
	// IndexKey, 32 random bytes, keys the digests by which users are found. Required, and the same for as long as the table
	// lives: with another key no identifier is found again.
	IndexKey []byte `theorydb:"encrypted"`
	// OTPKey, 32 random bytes, keys the digests of short codes and signs magic links. Required. Changing it ends the codes
	// and links that are out.
	OTPKey []byte `theorydb:"encrypted"`
	// Lifetimes are how long things live; see Lifetimes for what its zero fields mean.
	Lifetimes Lifetimes
	// Argon2 says what hashing a recovery code costs; see Argon2.
	Argon2 Argon2
	// ProjectKeys, when the DB has one as its Config.Keys, is bound to this service by New.
	ProjectKeys *ProjectKeys
	// Gate, when it is set, is asked before a session is created, refreshed or stepped up: the place for an organization's
	// policy. Its error refuses that, and is returned as it is.
	Gate func(context.Context, GateRequest) error
	// Notify, when it is set, is told what an operator may want to know. It must not block. A Notice holds ids and no value.
	Notify func(context.Context, Notice)
	// CheckProject reads the project with every check of a session and every refresh, for 1 read unit more, and refuses
	// sessions made before its SessionsNotBefore, and those of a project that does not exist. Turn it on when a table was
	// restored from a backup, which brings revoked sessions back, until the sessions of before have ended.
	CheckProject bool
	// NewID makes ids. Nil: UUIDs of version 7 (RFC 9562). An id is no secret: it shows when it was made.
	NewID func() (string, error)
	// Rand is where secrets come from. Nil: crypto/rand.
	Rand io.Reader
}

// GateRequest is what Options.Gate is asked about.
type GateRequest struct {
	Scope   Scope
	Action  string // "create", "refresh" or "step_up"
	Session Session
}

// Notice is something an operator may want to know.
type Notice struct {
	Kind   NoticeKind
	Scope  Scope
	UserID string
	ID     string // of what it is about: a session, a passkey, an event
	Reason string // of NoticePlatform: what Platform was given
}

// NoticeKind says what a Notice is about.
type NoticeKind string

// The kinds of notices.
const (
	// NoticeMiss: a read by a key that a caller presented found nothing.
	NoticeMiss NoticeKind = "miss"
	// NoticeTokenReuse: an old refresh token was used again, and its session revoked.
	NoticeTokenReuse NoticeKind = "token_reuse"
	// NoticeFutureToken: a refresh token of a generation that was never given out has a right MAC. A backup was restored, or
	// the key leaked.
	NoticeFutureToken NoticeKind = "future_token"
	// NoticeClone: the signature counter of a passkey went back.
	NoticeClone NoticeKind = "clone_suspected"
	// NoticeStateWithoutNonce: a login state written without a nonce was accepted.
	NoticeStateWithoutNonce NoticeKind = "state_without_nonce"
	// NoticePlatform: a verb of Platform, which reaches every tenant, was used for a reason.
	NoticePlatform NoticeKind = "platform"
)

const keySize = 32

// New gives the service of a DB and registers every model with it. It makes no network call. A missing, short or empty key
// is an error: nothing falls back to digests without one. The keys are copied.
func New(db *theorydb.DB, options Options) (*Service, error) {
	var problems []error
	if db == nil {
		problems = append(problems, errors.New("identity: the DB is nil; make it with theorydb.New"))
	}
	for i, key := range [][]byte{options.IndexKey, options.OTPKey} {
		name := [...]string{"IndexKey", "OTPKey"}[i]
		switch {
		case len(key) != keySize:
			problems = append(problems, fmt.Errorf("identity: Options.%s has %d bytes; give it %d random ones", name, len(key), keySize))
		case bytes.Count(key, []byte{0}) == keySize: // made and never filled, or wiped
			problems = append(problems, fmt.Errorf("identity: Options.%s is all zeros; give it %d random bytes", name, keySize))
		}
	}
	if err := options.Lifetimes.complete(); err != nil {
		problems = append(problems, err)
	}
	if err := options.Argon2.complete(); err != nil {
		problems = append(problems, err)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	// Copies: a caller may wipe theirs.
	options.IndexKey, options.OTPKey = bytes.Clone(options.IndexKey), bytes.Clone(options.OTPKey)
	if options.NewID == nil {
		options.NewID = newUUID
	}
	if options.Rand == nil {
		options.Rand = rand.Reader
	}
	models, err := register(db)
	if err != nil {
		return nil, err
	}
	if err := options.ProjectKeys.bind(models); err != nil {
		return nil, err
	}
	ttl, err := ttlAttribute(db)
	if err != nil {
		return nil, err
	}
	return &Service{&core{db: db, models: models, ttl: ttl, options: options, hashing: newHashing(options.Argon2)}}, nil
}

func newUUID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("identity: make an id: %w", err)
	}
	return id.String(), nil
}

// secret returns n random bytes.
func (c *core) secret(n int) ([]byte, error) {
	random := make([]byte, n)
	if _, err := io.ReadFull(c.options.Rand, random); err != nil {
		return nil, fmt.Errorf("identity: read randomness: %w", err)
	}
	return random, nil
}

func (c *core) notify(ctx context.Context, notice Notice) {
	if c.options.Notify != nil {
		c.options.Notify(ctx, notice)
	}
}

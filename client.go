package theorydb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// DynamoDB is the part of the SDK's client that this library calls. *dynamodb.Client is one; so is anything with the
// same methods, though only for *dynamodb.Client can the library tell a request that was never sent from one whose
// answer was lost.
type DynamoDB interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	TransactGetItems(context.Context, *dynamodb.TransactGetItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactGetItemsOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Config says where a DB keeps its records. DynamoDB and Table are required; the zero value of every other field is
// the right choice for production.
type Config struct {
	// DynamoDB is the client that every request goes through. Its own retries are switched off for writes and reads
	// alike: a resend after a lost answer is only safe where the condition of the write is known, which is here.
	DynamoDB DynamoDB
	// Table is the DynamoDB table of every model that does not name its own.
	Table string
	// LogicalTable is the name that cursors and ciphertexts are bound to instead of Table, so that they survive a restore
	// into another table. Empty: the same as Table.
	LogicalTable string
	// KMS seals and opens encrypted attributes, with the key that KeyID or Keys names. Without it a model with encrypted
	// attributes can be declared and not used. A client that logs request or response bodies is refused: they hold data
	// keys.
	KMS KMS
	// KeyID is the KMS key of all models: a key ARN, a key id, an alias or an alias ARN. What is no key ARN is resolved
	// once, when it is first needed, and then pinned.
	KeyID string
	// Keys names the keys instead of KeyID, for a key per tenant, or for old keys that may still open.
	Keys KeyResolver
	// TTLAttribute is the name of the attribute that holds the expiry, one for all models of the DB because DynamoDB has
	// one for a table. Empty: "ttl".
	TTLAttribute string
	// Observe, when it is set, is called once at the end of every verb, by the goroutine that runs it: for metrics and
	// traces. It must not block. An Observation holds no value of an item, a key or a condition. Nil: nobody is told, and
	// DynamoDB is not asked what requests consumed, but for pages.
	Observe func(context.Context, Observation)
	// Clock gives the time, read once a call, and once more at its end when Observe is set. Nil: time.Now.
	Clock func() time.Time
	// CursorKey, 32 random bytes, makes every cursor a sealed one: the form to hand to browsers, since a plain cursor shows
	// keys. Nil: cursors are plain. A DB takes only cursors of its own form and key, so that with another key, or with the
	// first one, all cursors handed out before are ErrInvalidCursor; their holders begin again. A random number of 96 bits
	// is drawn for each cursor, and so with one key at most 2^32 may be made (NIST SP 800-38D, 8.3): change it before.
	//
	// New copies it, and neither the DB nor an error shows it. A Config that is printed does, unless it goes through Redact
	// or RedactHandler, which know the field by its tag.
	CursorKey []byte `theorydb:"encrypted"`
	// Attempts is how often a request is tried at most, the first time included. 0: 8.
	Attempts int
	// Wait waits between two attempts and returns early with the error of a context that ends. Nil: a timer. Tests give
	// one that returns at once. It may be called by several goroutines.
	Wait func(context.Context, time.Duration) error
}

// DB is a table, or several, and what is known about the models in them. It is safe for concurrent use and needs no
// closing.
type DB struct {
	config     Config
	sealer     sealer
	cursors    cursorForm
	newWriteID func() writeID
	jitter     func(time.Duration) time.Duration

	mu     sync.Mutex
	tables map[string]*tableModels

	parts parts
}

// New returns a DB. It makes no network call; a Config that can't work is refused with a plain error that names the
// field.
func New(config Config) (*DB, error) {
	var problems []error
	if client, ok := config.DynamoDB.(*dynamodb.Client); config.DynamoDB == nil || ok && client == nil {
		problems = append(problems, errors.New("theorydb: Config.DynamoDB is nil; give it a *dynamodb.Client"))
	}
	if strings.TrimSpace(config.Table) == "" {
		problems = append(problems, errors.New("theorydb: Config.Table is empty; name the table"))
	}
	if name := config.TTLAttribute; slices.Contains([]string{"_t", "_w", "_v"}, name) || name != "" && strings.TrimSpace(name) == "" {
		problems = append(problems, errors.New("theorydb: Config.TTLAttribute is a name of the library's own or blank; choose another, or leave it empty for \"ttl\""))
	}
	problems = append(problems, checkEncryption(config)...)
	cursors, err := newCursorForm(config.CursorKey)
	if err != nil {
		problems = append(problems, err)
	}
	config.CursorKey = nil // what is needed of it is in cursors, where no printer finds it
	if config.Attempts < 0 {
		problems = append(problems, fmt.Errorf("theorydb: Config.Attempts is %d; use 0 for the default of %d", config.Attempts, defaultAttempts))
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if config.LogicalTable == "" {
		config.LogicalTable = config.Table
	}
	if config.TTLAttribute == "" {
		config.TTLAttribute = "ttl"
	}
	if config.Clock == nil {
		config.Clock = time.Now //nolint:forbidigo // the one place where the wall clock enters
	}
	if config.Attempts == 0 {
		config.Attempts = defaultAttempts
	}
	if config.Wait == nil {
		config.Wait = sleep
	}
	return &DB{
		config:     config,
		sealer:     newSealer(config),
		cursors:    cursors,
		newWriteID: randomWriteID,
		jitter:     fullJitter,
		tables:     map[string]*tableModels{},
	}, nil
}

// Now reads Config.Clock, in UTC: for programs that write times of their own beside those of the library.
func (db *DB) Now() time.Time { return db.now() }

// now is the one clock read of a call.
func (db *DB) now() time.Time { return db.config.Clock().UTC() }

func randomWriteID() writeID {
	var id writeID
	_, _ = rand.Read(id[:]) // crypto/rand.Read never fails; it ends the program instead
	return id
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Copying is a service that copied two models of package identity, Session and Credential, and uses them with the verbs of
// theorydb alone. contract_test.go holds the copies to what the originals promise.
package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// service keeps the sessions and credentials of one project.
type service struct {
	db          *theorydb.DB
	sessions    *theorydb.Model[Session]
	credentials *theorydb.Model[Credential]
}

// newService registers the copied models and confines them to a project, without which they have no verb.
func newService(db *theorydb.DB, tenant, project string) (*service, error) {
	sessions, err := theorydb.NewScopedModel[Session](db)
	if err != nil {
		return nil, err
	}
	credentials, err := theorydb.NewScopedModel[Credential](db)
	if err != nil {
		return nil, err
	}
	scope, err := theorydb.NewScope(tenant, project)
	if err != nil {
		return nil, err
	}
	return &service{db: db, sessions: sessions.In(scope), credentials: credentials.In(scope)}, nil
}

const (
	idle     = 30 * time.Minute
	absolute = 12 * time.Hour
)

// signIn makes a session. The secret is the caller's to hand out; the table gets its digest.
func (s *service) signIn(ctx context.Context, userID, id string) (theorydb.Secret[string], error) {
	secret := rand.Text()
	now := s.db.Now()
	session := Session{
		UserID: userID, ID: id, SecretHash: digest(secret), AAL: 1, AMR: []string{"hwk"}, AuthnAt: now, LastSeenAt: now,
		AbsExpiresAt: now.Add(absolute).Truncate(time.Second),
	}
	session.endsAfter(now.Add(idle))
	return theorydb.NewSecret(secret), s.sessions.Create(ctx, &session)
}

// endsAfter sets the idle end, and with it the ttl: a plain Get hides the session from that second on.
func (s *Session) endsAfter(end time.Time) {
	end = end.Truncate(time.Second)
	if end.After(s.AbsExpiresAt) {
		end = s.AbsExpiresAt
	}
	s.IdleExpiresAt, s.ExpiresAt = end, end
}

var errNoSession = errors.New("no such session")

// authenticate gives the session of a secret. It is one strong read, and KMS has no part in it.
func (s *service) authenticate(ctx context.Context, userID, id string, secret theorydb.Secret[string]) (*Session, error) {
	session, err := s.sessions.Get(ctx, Session{UserID: userID, ID: id}, theorydb.Consistent())
	if err != nil {
		return nil, err // ErrItemNotFound where it has ended
	}
	if session.RevokedAt != nil || subtle.ConstantTimeCompare([]byte(digest(secret.Reveal())), []byte(session.SecretHash)) != 1 {
		return nil, errNoSession
	}
	return session, nil
}

// touch moves the idle end of a session that is used. Of two that touch it at once one is told ErrVersionConflict.
func (s *service) touch(ctx context.Context, session *Session) error {
	now := s.db.Now()
	session.LastSeenAt = now
	session.endsAfter(now.Add(idle))
	return s.sessions.Update(ctx, session, theorydb.Fields("lastSeenAt", "idleExpiresAt", "ttl"),
		theorydb.OnlyIf(theorydb.NotExists("revokedAt")))
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func main() {
	ctx := context.Background()
	aws := localaws.New() // DynamoDB and KMS in the process; in production dynamodb.NewFromConfig and kms.NewFromConfig
	clock := localaws.NewClock(time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC))
	faults := &localaws.Faults{Next: aws}
	db := must(theorydb.New(theorydb.Config{
		DynamoDB: aws.DynamoDB(), Table: "copying", Clock: clock.Now,
		KMS: aws.KMS(func(o *kms.Options) { o.HTTPClient = faults }), KeyID: aws.KMSKey("alias/copying"),
	}))
	s := must(newService(db, "acme", "prod"))
	check(db.CreateTable(ctx))

	fmt.Println("1. A user signs in")
	secret := must(s.signIn(ctx, "ann", "s1"))
	row("the secret, printed", secret)
	session := must(s.authenticate(ctx, "ann", "s1", secret))
	row("a request with it", "session "+session.ID+", idle until "+session.IdleExpiresAt.Format(time.TimeOnly))
	_, err := s.authenticate(ctx, "ann", "s1", theorydb.NewSecret("a guess"))
	row("a request with a guess", err)
	raw := must(s.sessions.Raw(ctx, *session))
	row("stored under", text(raw["PK"])+" "+text(raw["SK"]))
	row("stored of the secret", fmt.Sprintf("its digest, %d hexadecimal digits", len(text(raw["secretHash"]))))

	fmt.Println("\n2. Ten minutes later it is used, which moves its idle end")
	clock.Advance(10 * time.Minute)
	stale := *session
	check(s.touch(ctx, session))
	row("idle until", session.IdleExpiresAt.Format(time.TimeOnly))
	row("who was slower is told", s.touch(ctx, &stale))

	fmt.Println("\n3. A session ends at its second, whether DynamoDB has deleted it yet or not")
	clock.Set(session.IdleExpiresAt.Add(-time.Second))
	row("a second before", "session "+must(s.authenticate(ctx, "ann", "s1", secret)).ID)
	clock.Set(session.IdleExpiresAt)
	_, err = s.authenticate(ctx, "ann", "s1", secret)
	row("at the second", err)
	row("a touch at the second", s.touch(ctx, session))
	row("items still stored", len(aws.Items("copying")))

	fmt.Println("\n4. A token of another service is deposited, sealed under KMS")
	token := Credential{UserID: "ann", Type: "oauth_token", ID: "github", Secret: theorydb.NewSecret([]byte("gho_example"))}
	check(s.credentials.Create(ctx, &token))
	raw = must(s.credentials.Raw(ctx, token))
	row("stored of the token", sealed(raw["secret"]))
	read := must(s.credentials.Get(ctx, token))
	row("read back, printed", fmt.Sprint(read.Secret))
	row("it is the same", fmt.Sprint(read.Secret.Equal(token.Secret)))

	fmt.Println("\n5. KMS is away: what needs the key fails, and nothing else does")
	secret = must(s.signIn(ctx, "ann", "s2"))
	faults.On("").Always().DropBefore()
	_, err = s.credentials.Get(ctx, token)
	row("read the token", err)
	token.ID = "gitlab"
	row("deposit another", s.credentials.Create(ctx, &token))
	row("a request with s2", "session "+must(s.authenticate(ctx, "ann", "s2", secret)).ID)
}

// sealed tells what a sealed value is made of.
func sealed(value types.AttributeValue) string {
	envelope, _ := value.(*types.AttributeValueMemberM)
	if envelope == nil {
		return "not sealed"
	}
	var members []string
	for _, name := range slices.Sorted(maps.Keys(envelope.Value)) {
		if bytes, ok := envelope.Value[name].(*types.AttributeValueMemberB); ok {
			members = append(members, fmt.Sprintf("%s %d bytes", name, len(bytes.Value)))
		}
	}
	return strings.Join(members, ", ")
}

func text(value types.AttributeValue) string {
	held, _ := value.(*types.AttributeValueMemberS)
	if held == nil {
		return ""
	}
	return held.Value
}

func row(what string, is any) { fmt.Printf("   %-24s %v\n", what, is) }
func check(err error)         { _ = must(0, err) }
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

package identitysuite

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

// keyAlias is the KMS key that benches seal under.
const keyAlias = "alias/identity"

// The server keys of benches. No store may hold them.
var indexKey, otpKey = bytes.Repeat([]byte{0xA5}, 32), bytes.Repeat([]byte{0x5A}, 32)

// bench is what a scenario works on: a service in a table of its own, the stores of one project, faults in front of DynamoDB
// and of KMS, and a clock to turn.
type bench struct {
	*identity.Service
	*identity.Stores // of scope
	db               *theorydb.DB
	engine           Engine
	embedded         *localaws.AWS // nil on another engine
	client           *dynamodb.Client
	faults           *switchboard // in front of DynamoDB
	kmsFaults        *switchboard
	kms              *localaws.AWS
	clock            *localaws.Clock
	table            string
	scope            identity.Scope
	options          identity.Options

	mu      sync.Mutex
	secrets []string // what was kept secret
	told    []identity.Notice
	log     bytes.Buffer // what observers were told
}

func open(t testing.TB, engine Engine, change ...func(*identity.Options)) *bench {
	t.Helper()
	b := &bench{engine: engine, embedded: engine.embedded(), kms: engine.KMS, clock: engine.Clock, scope: newScope(t, "acme", "prod")}
	b.faults = newSwitchboard(engine.Client.Options().HTTPClient)
	b.client = dynamodb.New(engine.Client.Options(), func(o *dynamodb.Options) { o.HTTPClient = b.faults })
	b.kmsFaults = newSwitchboard(engine.KMS)
	b.kms.KMSKey(keyAlias)
	b.table = "identity-" + hex.EncodeToString(random(8))
	b.options = identity.Options{
		IndexKey: indexKey, OTPKey: otpKey,
		Argon2: identity.Argon2{Memory: 64, Time: 1, Threads: 1, MaxConcurrent: 4}, // scenarios hash hundreds of codes
		Notify: b.notice,
	}
	for _, c := range change {
		c(&b.options)
	}
	b.keepSecret(string(indexKey), string(otpKey))
	b.Service, b.db = b.serve(t, nil, nil)
	b.Stores = b.For(b.scope)
	require.NoError(t, b.db.CreateTable(t.Context()))
	t.Cleanup(func() {
		_, err := engine.Client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &b.table})
		require.NoError(t, err)
	})
	return b
}

// serve gives a service in the bench's table: the bench's own, or one like it in another process, with other settings.
func (b *bench) serve(t testing.TB, configure func(*theorydb.Config), change func(*identity.Options)) (*identity.Service, *theorydb.DB) {
	t.Helper()
	config := theorydb.Config{
		DynamoDB: b.client, Table: b.table, LogicalTable: "identity", Clock: b.clock.Now, KeyID: keyAlias,
		KMS:     b.kms.KMS(func(o *kms.Options) { o.HTTPClient = b.kmsFaults }),
		Wait:    func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Observe: b.observe,
	}
	if configure != nil {
		configure(&config)
	}
	db, err := theorydb.New(config)
	require.NoError(t, err)
	options := b.options
	if change != nil {
		change(&options)
	}
	service, err := identity.New(db, options)
	require.NoError(t, err)
	return service, db
}

func newScope(t testing.TB, tenant, project string) identity.Scope {
	t.Helper()
	scope, err := identity.NewScope(tenant, project)
	require.NoError(t, err)
	return scope
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails: https://pkg.go.dev/crypto/rand#Read
	return b
}

// rows is a model of the bench's project, for what no store does.
func rows[T any](t testing.TB, b *bench) *theorydb.Model[T] {
	t.Helper()
	return rowsIn[T](t, b, b.scope)
}

// rowsIn is a model of another project.
func rowsIn[T any](t testing.TB, b *bench, scope identity.Scope) *theorydb.Model[T] {
	t.Helper()
	model, err := theorydb.NewScopedModel[T](b.db) // the one that the service registered
	require.NoError(t, err)
	components := []string{scope.Tenant(), scope.Project()}
	if reflect.TypeFor[T]() == reflect.TypeFor[identity.Project]() {
		components = components[:1] // a project stands in its tenant
	}
	whole, err := theorydb.NewScope(components...)
	require.NoError(t, err)
	return model.In(whole)
}

// notices counts what the service told of a kind.
func (b *bench) notices(kind identity.NoticeKind) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, notice := range b.told {
		if notice.Kind == kind {
			n++
		}
	}
	return n
}

// items are all stored items of the table, expired ones among them, by a request that nothing of the library makes.
func (b *bench) items(t testing.TB) []map[string]types.AttributeValue {
	t.Helper()
	var all []map[string]types.AttributeValue
	pages := dynamodb.NewScanPaginator(b.engine.Client, &dynamodb.ScanInput{TableName: &b.table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		all = append(all, page.Items...)
	}
	return all
}

// itemsOf are the stored items of an entity.
func (b *bench) itemsOf(t testing.TB, entity string) (items []map[string]types.AttributeValue) {
	t.Helper()
	for _, item := range b.items(t) {
		if name, ok := item["_t"].(*types.AttributeValueMemberS); ok && name.Value == entity {
			items = append(items, item)
		}
	}
	return items
}

// user makes an active user by the model, without an identifier.
func (b *bench) user(t testing.TB, id string) identity.User {
	t.Helper()
	user := identity.User{ID: id, Status: "active"}
	require.NoError(t, rows[identity.User](t, b).Create(t.Context(), &user))
	return user
}

// addressed makes a user with e-mail addresses, which are kept secret.
func (b *bench) addressed(t testing.TB, id string, addresses ...string) identity.User {
	t.Helper()
	user, err := b.Users.Create(t.Context(), identity.User{ID: id}, b.emails(addresses...))
	require.NoError(t, err)
	return user
}

// emails is a NewUser with e-mail addresses, which are kept secret.
func (b *bench) emails(addresses ...string) (details identity.NewUser) {
	b.keepSecret(addresses...)
	for _, address := range addresses {
		details.Identifiers = append(details.Identifiers, identity.NewIdentifier{Kind: identity.KindEmail, Value: address})
	}
	return details
}

// signIn makes a session, with a refresh family unless change takes it away.
func (b *bench) signIn(t testing.TB, user identity.User, change ...func(*identity.NewSession)) *identity.SessionGrant {
	t.Helper()
	n := identity.NewSession{
		User: user, AAL: 1, AMR: []string{"hwk"}, IP: "192.0.2.7", UserAgent: "Test/1", Family: &identity.NewFamily{ClientID: "app"},
	}
	for _, c := range change {
		c(&n)
	}
	grant, err := b.Sessions.Create(t.Context(), n)
	require.NoError(t, err)
	b.handedOut(t, grant.Token, grant.Refresh)
	return grant
}

func withoutFamily(n *identity.NewSession) { n.Family = nil }

// refresh takes a refresh token of a session that signIn made.
func (b *bench) refresh(t testing.TB, token theorydb.Secret[string]) identity.RefreshResult {
	t.Helper()
	result, err := b.RefreshTokens.Refresh(t.Context(), token, "app")
	require.NoError(t, err)
	b.handedOut(t, result.Token)
	return result
}

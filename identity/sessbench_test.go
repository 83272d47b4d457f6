package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

const sessRacers = 16

// sessBench is a bench with the stores and models of its scope, and with what was handed out, to be searched for at the end.
type sessBench struct {
	*bench
	*Stores
	raw     models
	secrets []string
	notices []Notice
	mu      sync.Mutex
}

func (b *sessBench) use(open func(change ...func(*Options)) *bench, change ...func(*Options)) *sessBench {
	b.bench = open(append(change, func(o *Options) {
		o.Notify = func(_ context.Context, n Notice) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.notices = append(b.notices, n)
		}
	})...)
	b.Stores, b.raw = b.For(b.scope), b.models.in(b.scope)
	return b
}

// openSessBench is a bench on the embedded engine.
func openSessBench(t testing.TB, change ...func(*Options)) *sessBench {
	return new(sessBench).use(func(change ...func(*Options)) *bench { return openBench(t, change...) }, change...)
}

// eachSessBench is eachBench with options. Every test ends with a search of the table for what was handed out.
func eachSessBench(t *testing.T, test func(t *testing.T, b *sessBench), change ...func(*Options)) {
	t.Run("localaws", func(t *testing.T) {
		b := openSessBench(t, change...)
		test(t, b)
		b.sessHoldsNoneOf(t, b.secrets...)
	})
	if endpoint := os.Getenv("DYNAMODB_LOCAL_ENDPOINT"); endpoint != "" {
		t.Run("endpoint", func(t *testing.T) {
			b := new(sessBench).use(func(change ...func(*Options)) *bench {
				return benchOn(t, awshttp.NewBuildableClient(), &endpoint, change...)
			}, change...)
			test(t, b)
			b.sessHoldsNoneOf(t, b.secrets...)
		})
	}
}

// user makes a user by the model.
func (b *sessBench) user(t testing.TB, id string) User {
	t.Helper()
	user := User{ID: id, Status: "active"}
	require.NoError(t, b.raw.users.Create(t.Context(), &user))
	return user
}

// signIn makes a session, with a family unless change takes it away.
func (b *sessBench) signIn(t testing.TB, user User, change ...func(*NewSession)) *SessionGrant {
	t.Helper()
	n := NewSession{User: user, AAL: 1, AMR: []string{"hwk"}, IP: "192.0.2.7", UserAgent: "Test/1", Family: &NewFamily{ClientID: "app"}}
	for _, c := range change {
		c(&n)
	}
	grant, err := b.Sessions.Create(t.Context(), n)
	require.NoError(t, err)
	b.handedOut(t, grant.Token, grant.Refresh)
	return grant
}

func sessPlain(n *NewSession) { n.Family = nil }

// handedOut remembers tokens, and the secret in each, which could be stored in another form.
func (b *sessBench) handedOut(t testing.TB, tokens ...theorydb.Secret[string]) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, token := range tokens {
		if text := token.Reveal(); text != "" {
			_, encoded, _ := strings.Cut(text, "_")
			whole, err := base64.RawURLEncoding.DecodeString(encoded)
			require.NoError(t, err)
			b.secrets = append(b.secrets, text, string(whole[len(whole)-32:]))
		}
	}
}

func (b *sessBench) refresh(t testing.TB, token theorydb.Secret[string]) RefreshResult {
	t.Helper()
	result, err := b.RefreshTokens.Refresh(t.Context(), token, "app")
	require.NoError(t, err)
	b.handedOut(t, result.Token)
	return result
}

func (b *sessBench) family(t testing.TB, session Session) RefreshFamily {
	t.Helper()
	family, err := b.raw.families.Get(t.Context(), RefreshFamily{UserID: session.UserID, SessionID: session.ID}, theorydb.Consistent())
	require.NoError(t, err)
	return *family
}

func (b *sessBench) stored(t testing.TB, session Session) Session {
	t.Helper()
	stored, err := b.Sessions.Get(t.Context(), session.UserID, session.ID)
	require.NoError(t, err)
	return stored
}

// items are all items of the table, on the engine and on an endpoint alike.
func (b *sessBench) items(t testing.TB) []map[string]types.AttributeValue {
	t.Helper()
	var all []map[string]types.AttributeValue
	pages := dynamodb.NewScanPaginator(b.client, &dynamodb.ScanInput{TableName: &b.table})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		all = append(all, page.Items...)
	}
	return all
}

// sessHoldsNoneOf searches every stored value and key, at any depth, for texts or bytes that must not be there.
func (b *sessBench) sessHoldsNoneOf(t testing.TB, secrets ...string) {
	t.Helper()
	require.Empty(t, b.sessHolds(t, secrets...))
}

// sessHolds names the attributes that hold one of the secrets.
func (b *sessBench) sessHolds(t testing.TB, secrets ...string) (found []string) {
	t.Helper()
	for _, item := range b.items(t) {
		for name, value := range item {
			shown := fmt.Sprint(reflectText(reflect.ValueOf(value)))
			for _, secret := range secrets {
				if strings.Contains(shown, secret) || strings.Contains(name, secret) {
					found = append(found, name)
				}
			}
		}
	}
	return found
}

// reflectText is every text and every bytes in a value.
func reflectText(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return ""
		}
		return reflectText(v.Elem())
	case reflect.String:
		return v.String() + "\x00"
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return string(v.Bytes()) + "\x00"
		}
		var all strings.Builder
		for i := range v.Len() {
			all.WriteString(reflectText(v.Index(i)))
		}
		return all.String()
	case reflect.Map:
		var all strings.Builder
		for _, key := range v.MapKeys() {
			all.WriteString(reflectText(key) + reflectText(v.MapIndex(key)))
		}
		return all.String()
	case reflect.Struct:
		var all strings.Builder
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				all.WriteString(reflectText(v.Field(i)))
			}
		}
		return all.String()
	}
	return ""
}

// sessRace runs something in 16 goroutines that start together.
func sessRace(f func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(sessRacers)
	for i := range sessRacers {
		done.Add(1)
		go func() {
			defer done.Done()
			ready.Done()
			<-start
			f(i)
		}()
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// setClock sets the clock so that what follows happens at that time, but for the nanoseconds that reading it takes.
func (b *sessBench) setClock(at time.Time) { b.clock.Set(at) }

// toldOf counts the notices of a kind.
func (b *sessBench) toldOf(kind NoticeKind) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, notice := range b.notices {
		if notice.Kind == kind {
			n++
		}
	}
	return n
}

func TestSessionSearchFindsWhatWasPlanted(t *testing.T) {
	eachSessBench(t, func(t *testing.T, b *sessBench) {
		user := b.user(t, "u1")
		planted := make([]byte, 16)
		_, _ = rand.Read(planted)
		require.NoError(t, b.raw.sessions.Create(t.Context(), &Session{
			UserID: user.ID, ID: "s1", UserAgent: "planted-text", AMR: []string{"planted-member"}, SecretHash: string("x"),
			IdleExpiresAt: b.clock.Now().Add(time.Hour), AbsExpiresAt: b.clock.Now().Add(time.Hour), ExpiresAt: b.clock.Now().Add(time.Hour),
		}))
		require.NoError(t, b.raw.recoverySets.Create(t.Context(), &RecoverySet{UserID: user.ID, SetID: "s", Salt: planted}))
		require.Equal(t, []string{"userAgent"}, b.sessHolds(t, "ted-text"))
		require.Equal(t, []string{"amr"}, b.sessHolds(t, "planted-member"))
		require.Equal(t, []string{"salt"}, b.sessHolds(t, string(planted)))
		require.Empty(t, b.sessHolds(t, "not-there"))
	})
}

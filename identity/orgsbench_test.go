package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// orgsIn are the stores of the bench's project, with a tenant, users and an organization "o" of owner "ann".
func orgsIn(t testing.TB, b *bench, users ...string) *Stores {
	stores := b.For(b.scope)
	_, _, err := b.Platform("test").CreateTenant(t.Context(), NewTenant{ID: "acme", Name: "Acme", Project: NewProject{ID: "prod", Name: "Production"}})
	require.NoError(t, err)
	for _, id := range append([]string{"ann"}, users...) {
		orgsUser(t, stores.Memberships.project, id, StatusActive)
	}
	_, err = stores.Organizations.Create(t.Context(), NewOrganization{ID: "o", Slug: "ours", Name: "Ours", OwnerID: "ann"})
	require.NoError(t, err)
	return stores
}

func orgsUser(t testing.TB, p *project, id, status string) {
	require.NoError(t, p.users.Create(t.Context(), &User{ID: id, Status: status}))
}

// orgsSetUser gives a user another status.
func orgsSetUser(t testing.TB, p *project, id, status string) {
	_, err := p.users.Change(t.Context(), User{ID: id}, theorydb.Set("status", status), theorydb.AnyVersion())
	require.NoError(t, err)
}

// orgsAgree requires the invariants of a target: its count of owners is the number of its active owners, and that of every
// custom role the number of memberships that carry it here. It returns the active owners.
func orgsAgree(t testing.TB, stores *Stores, target Target, roles ...string) (owners []string) {
	p := stores.Memberships.project
	carried := map[string]int64{}
	for member, err := range p.memberships.Query(t.Context(), p.of(target)) {
		require.NoError(t, err)
		if member.owns() {
			owners = append(owners, member.UserID)
		}
		carried[member.Role]++
	}
	_, count := orgsCount(t, p, target)
	require.Equal(t, int64(len(owners)), count, "ownerCount is the number of active owners")
	for _, name := range roles {
		role, err := stores.Roles.Get(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, carried[name], role.Members, "members of %s", name)
	}
	return owners
}

func orgsCount(t testing.TB, p *project, target Target) (found bool, owners int64) {
	read, count := p.read(target)
	require.NoError(t, p.db.TransactGet(t.Context(), read))
	owners, err := count()
	require.NoError(t, err)
	return true, owners
}

func orgsSucceeded(errs []error) (n int) {
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}

// orgsRecorder keeps the requests that go to DynamoDB.
type orgsRecorder struct {
	next     localaws.HTTPClient
	mu       sync.Mutex
	requests []orgsRequest
}

type orgsRequest struct {
	operation string
	body      map[string]any
}

func orgsRecord(b *bench) *orgsRecorder {
	r := &orgsRecorder{next: b.faults.Next}
	b.faults.Next = r
	return r
}

func (r *orgsRecorder) Do(request *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(text))
	_, operation, _ := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	body := map[string]any{}
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, fmt.Errorf("a request without JSON: %w", err)
	}
	r.mu.Lock()
	r.requests = append(r.requests, orgsRequest{operation, body})
	r.mu.Unlock()
	return r.next.Do(request)
}

func notesInto(notices *[]Notice) func(context.Context, Notice) {
	return func(_ context.Context, notice Notice) { *notices = append(*notices, notice) }
}

// orgsBefore runs something once, before the next request of an operation is sent on.
func orgsBefore(b *bench, operation string, run func()) {
	b.faults.Next = &interruption{next: b.faults.Next, operation: operation, run: run}
}

type interruption struct {
	next      localaws.HTTPClient
	operation string
	run       func()
}

func (i *interruption) Do(r *http.Request) (*http.Response, error) {
	if run := i.run; run != nil && strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+i.operation) {
		i.run = nil
		run()
	}
	return i.next.Do(r)
}

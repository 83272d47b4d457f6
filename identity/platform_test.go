package identity

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

func newTenant(id string) NewTenant {
	return NewTenant{ID: id, Name: "Tenant", Project: NewProject{ID: "prod", Name: "Production"}}
}

// requestCounter counts what goes to DynamoDB and KMS.
type requestCounter struct {
	next localaws.HTTPClient
	mu   sync.Mutex
	sent int
}

func (c *requestCounter) Do(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.sent++
	c.mu.Unlock()
	return c.next.Do(r)
}

func TestPlatformNeedsAReason(t *testing.T) {
	b := openBench(t)
	counter := &requestCounter{next: b.faults.Next}
	b.faults.Next = counter
	for _, reason := range []string{"", " \t\n"} {
		p, ctx := b.Platform(reason), t.Context()
		_, _, err := p.CreateTenant(ctx, newTenant("acme"))
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = p.GetTenant(ctx, "acme")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = p.ListTenants(ctx, "")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = p.UpdateTenant(ctx, "acme", func(*Tenant) error { return nil })
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = p.SuspendTenant(ctx, "acme")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = p.ReactivateTenant(ctx, "acme")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	}
	require.Zero(t, counter.sent)
}

func TestPlatformTellsItsReason(t *testing.T) {
	var notices []Notice
	b := openBench(t, func(o *Options) { o.Notify = notesInto(&notices) })
	_, err := b.Platform("ticket 7").GetTenant(t.Context(), "acme")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	require.Equal(t, []Notice{{Kind: NoticePlatform, Reason: "ticket 7"}}, notices)
}

func TestTenantIsCreatedWithItsFirstProject(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, p := t.Context(), b.Platform("test")
		made := newTenant("acme")
		made.SMSCountries = []string{"DE", "AT"}
		tenant, project, err := p.CreateTenant(ctx, made)
		require.NoError(t, err)
		require.Equal(t, []any{int64(1), int64(0), "shared", StatusActive}, []any{tenant.ProjectCount, tenant.OwnerCount, tenant.Mode, tenant.Status})
		got, err := p.GetTenant(ctx, "acme")
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"DE", "AT"}, got.SMSCountries)
		stores, err := b.ForTenant("acme")
		require.NoError(t, err)
		first, err := stores.Projects.Get(ctx, "prod")
		require.NoError(t, err)
		require.Equal(t, project, first)

		_, _, err = p.CreateTenant(ctx, NewTenant{ID: "acme", Name: "Again", Project: NewProject{ID: "other", Name: "Other"}})
		require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
		_, err = stores.Projects.Get(ctx, "other")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound, "nothing of it is created")

		made = newTenant("")
		made.Project.ID, made.Mode = "", "dedicated"
		tenant, project, err = p.CreateTenant(ctx, made)
		require.NoError(t, err)
		require.NotEmpty(t, tenant.ID)
		require.NotEqual(t, tenant.ID, project.ID)
	})
}

func TestTenantArgumentsAreChecked(t *testing.T) {
	b := openBench(t)
	for name, change := range map[string]func(*NewTenant){
		"id":         func(n *NewTenant) { n.ID = "a#b" },
		"name":       func(n *NewTenant) { n.Name = "" },
		"long name":  func(n *NewTenant) { n.Name = string(make([]byte, 257)) },
		"mode":       func(n *NewTenant) { n.Mode = "own" },
		"country":    func(n *NewTenant) { n.SMSCountries = []string{"de"} },
		"project id": func(n *NewTenant) { n.Project.ID = "a b" },
		"project":    func(n *NewTenant) { n.Project.Name = "\xff" },
		"key":        func(n *NewTenant) { n.Project.KEKRef = string(make([]byte, 2049)) },
	} {
		made := newTenant("acme")
		change(&made)
		_, _, err := b.Platform("test").CreateTenant(t.Context(), made)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, name)
	}
	_, err := b.ForTenant("")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	require.Empty(t, b.items(t))
}

func TestTenantsAreListedUpdatedAndSuspended(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, p := t.Context(), b.Platform("test")
		want := map[string]bool{}
		for i := range 30 {
			id := fmt.Sprint("t", i)
			_, _, err := p.CreateTenant(ctx, newTenant(id))
			require.NoError(t, err)
			want[id] = true
		}
		page, err := p.ListTenants(ctx, "")
		require.NoError(t, err)
		require.Empty(t, page.Next)
		require.Len(t, page.Items, len(want))
		for _, tenant := range page.Items {
			require.True(t, want[tenant.ID])
		}
		changed, err := p.UpdateTenant(ctx, "t3", func(t *Tenant) error {
			t.Name, t.SMSCountries, t.ProjectCount, t.Status = "Renamed", []string{"CH"}, 9, StatusDeleting
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, []any{"Renamed", int64(1), StatusActive}, []any{changed.Name, changed.ProjectCount, changed.Status})
		_, err = p.UpdateTenant(ctx, "t3", func(t *Tenant) error { t.SMSCountries = []string{"XXX"}; return nil })
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)

		suspended, err := p.SuspendTenant(ctx, "t3")
		require.NoError(t, err)
		require.Equal(t, StatusSuspended, suspended.Status)
		stores, err := b.ForTenant("t3")
		require.NoError(t, err)
		_, err = stores.Projects.Create(ctx, NewProject{ID: "test", Name: "Test"})
		require.ErrorIs(t, err, theorydb.ErrConditionFailed)
		_, err = p.ReactivateTenant(ctx, "t3")
		require.NoError(t, err)
		_, err = stores.Projects.Create(ctx, NewProject{ID: "test", Name: "Test"})
		require.NoError(t, err)
		_, err = p.SuspendTenant(ctx, "none")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	})
}

func TestLastProjectStays(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		_, _, err := b.Platform("test").CreateTenant(ctx, newTenant("acme"))
		require.NoError(t, err)
		stores, err := b.ForTenant("acme")
		require.NoError(t, err)
		p := stores.Projects
		require.ErrorIs(t, p.Delete(ctx, "prod"), ErrLastProject)
		for round := range 30 {
			if _, err := p.Get(ctx, "prod"); err != nil {
				_, err = p.Create(ctx, NewProject{ID: "prod", Name: "Production"})
				require.NoError(t, err)
			}
			if _, err := p.Get(ctx, "test"); err != nil {
				_, err = p.Create(ctx, NewProject{ID: "test", Name: "Test"})
				require.NoError(t, err)
			}
			ids := []string{"prod", "test", "test"}
			errs := together(3, func(i int) error { return p.Delete(ctx, ids[i]) })
			require.Equal(t, 1, orgsSucceeded(errs), "round %d: %v", round, errs)
			page, err := p.List(ctx, "")
			require.NoError(t, err)
			require.Len(t, page.Items, 1)
			tenant, err := b.Platform("test").GetTenant(ctx, "acme")
			require.NoError(t, err)
			require.Equal(t, int64(1), tenant.ProjectCount)
		}
		_, err = p.Create(ctx, NewProject{ID: "more", Name: "More"})
		require.NoError(t, err)
		_, err = p.Create(ctx, NewProject{ID: "more", Name: "More"})
		require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
		require.ErrorIs(t, p.Delete(ctx, "none"), theorydb.ErrItemNotFound)
		none, err := b.ForTenant("none")
		require.NoError(t, err)
		_, err = none.Projects.Create(ctx, NewProject{ID: "prod", Name: "Production"})
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	})
}

func TestLastProjectStaysWhenAnotherWentMeanwhile(t *testing.T) {
	b := openBench(t)
	_, _, err := b.Platform("test").CreateTenant(t.Context(), newTenant("acme"))
	require.NoError(t, err)
	stores, err := b.ForTenant("acme")
	require.NoError(t, err)
	_, err = stores.Projects.Create(t.Context(), NewProject{ID: "test", Name: "Test"})
	require.NoError(t, err)
	orgsBefore(b, "TransactWriteItems", func() { require.NoError(t, stores.Projects.Delete(t.Context(), "test")) })
	require.ErrorIs(t, stores.Projects.Delete(t.Context(), "prod"), ErrLastProject)
	_, err = stores.Projects.Get(t.Context(), "prod")
	require.NoError(t, err)
}

func TestProjectIsUpdated(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		_, _, err := b.Platform("test").CreateTenant(ctx, newTenant("acme"))
		require.NoError(t, err)
		stores, err := b.ForTenant("acme")
		require.NoError(t, err)
		since := b.clock.Now().Truncate(time.Second).UTC()
		changed, err := stores.Projects.Update(ctx, "prod", func(p *Project) error {
			p.Name, p.KEKRef, p.SessionsNotBefore, p.Status = "Live", "arn:one", since, StatusDeleting
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, []any{"Live", "arn:one", StatusActive}, []any{changed.Name, changed.KEKRef, changed.Status})
		require.True(t, since.Equal(changed.SessionsNotBefore))
		for _, bad := range []func(*Project) error{
			func(p *Project) error { p.KEKRef = "arn:two"; return nil },
			func(p *Project) error { p.KEKRef = ""; return nil },
			func(p *Project) error { p.SessionsNotBefore = since.Add(-time.Second); return nil },
			func(p *Project) error { p.Name = ""; return nil },
		} {
			_, err = stores.Projects.Update(ctx, "prod", bad)
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		}
		suspended, err := stores.Projects.Suspend(ctx, "prod")
		require.NoError(t, err)
		require.Equal(t, StatusSuspended, suspended.Status)
		active, err := stores.Projects.Reactivate(ctx, "prod")
		require.NoError(t, err)
		require.Equal(t, StatusActive, active.Status)
		got, err := stores.Projects.Get(ctx, "prod")
		require.NoError(t, err)
		require.Equal(t, active, got)
	})
}

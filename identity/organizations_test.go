package identity

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestOrganizationIsCreatedWithItsOwner(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b, "bob")
		made, err := stores.Organizations.Create(ctx, NewOrganization{Slug: "theirs", Name: "Theirs", OwnerID: "bob"})
		require.NoError(t, err)
		require.NotEmpty(t, made.ID)
		require.Equal(t, []string{"bob"}, orgsAgree(t, stores, OrganizationTarget(made.ID)))
		for _, found := range []func() (Organization, error){
			func() (Organization, error) { return stores.Organizations.Get(ctx, made.ID) },
			func() (Organization, error) { return stores.Organizations.GetBySlug(ctx, "theirs") },
		} {
			got, err := found()
			require.NoError(t, err)
			require.Equal(t, made, got)
		}
		before := len(b.items(t))
		_, err = stores.Organizations.Create(ctx, NewOrganization{Slug: "theirs", Name: "Others", OwnerID: "bob"})
		require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
		_, err = stores.Organizations.Create(ctx, NewOrganization{ID: made.ID, Slug: "others", Name: "Others", OwnerID: "bob"})
		require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
		orgsSetUser(t, stores.Users.project, "bob", "disabled")
		_, err = stores.Organizations.Create(ctx, NewOrganization{Slug: "others", Name: "Others", OwnerID: "bob"})
		require.ErrorIs(t, err, ErrUserInactive)
		require.Len(t, b.items(t), before, "nothing is created")
	})
}

func TestOneOrganizationGetsASlug(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		stores := orgsIn(t, b)
		errs := together(16, func(i int) error {
			_, err := stores.Organizations.Create(t.Context(), NewOrganization{Slug: "wanted", Name: fmt.Sprint(i), OwnerID: "ann"})
			return err
		})
		require.Equal(t, 1, orgsSucceeded(errs))
		for _, err := range errs {
			if err != nil {
				require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
			}
		}
	})
}

func TestSlugIsChangedAtOnce(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b)
		o := stores.Organizations
		_, err := o.Create(ctx, NewOrganization{ID: "p", Slug: "theirs", Name: "Theirs", OwnerID: "ann"})
		require.NoError(t, err)
		to := func(slug string) func(*Organization) error {
			return func(o *Organization) error {
				o.Slug, o.Name, o.OwnerCount, o.Status = slug, "Renamed", 7, StatusSuspended
				return nil
			}
		}
		_, err = o.Update(ctx, "o", to("theirs"))
		require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
		found, err := o.GetBySlug(ctx, "ours")
		require.NoError(t, err)
		require.Equal(t, "Ours", found.Name)

		changed, err := o.Update(ctx, "o", to("free"))
		require.NoError(t, err)
		found, err = o.GetBySlug(ctx, "free")
		require.NoError(t, err)
		require.Equal(t, changed, found)
		require.Equal(t, []any{"Renamed", int64(1), StatusActive}, []any{found.Name, found.OwnerCount, found.Status}, "only name and slug are taken")
		_, err = o.GetBySlug(ctx, "ours")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		_, err = o.Update(ctx, "p", to("ours"))
		require.NoError(t, err, "the old slug is free")

		// Both want the same free slug.
		errs := together(2, func(i int) error {
			_, err := o.Update(ctx, []string{"o", "p"}[i], to("wanted"))
			return err
		})
		require.Equal(t, 1, orgsSucceeded(errs))
		require.ErrorIs(t, errors.Join(errs...), theorydb.ErrAlreadyExists)

		own := errors.New("changed my mind")
		_, err = o.Update(ctx, "o", func(*Organization) error { return own })
		require.ErrorIs(t, err, own)
		_, err = o.Update(ctx, "o", to("Not A Slug"))
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = o.Update(ctx, "none", to("any"))
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	})
}

func TestUpdateOfAnOrganizationIsDecidedAgain(t *testing.T) {
	b := openBench(t)
	stores := orgsIn(t, b)
	tries := 0
	changed, err := stores.Organizations.Update(t.Context(), "o", func(o *Organization) error {
		if tries++; tries < 3 {
			_, err := stores.Organizations.Suspend(t.Context(), "o")
			require.NoError(t, err)
		}
		o.Name, o.Slug = "Renamed", "renamed"
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 3, tries)
	require.Equal(t, []string{"Renamed", StatusSuspended}, []string{changed.Name, changed.Status})
}

func TestOrganizationIsDeletedWithItsLastOwnerOnly(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b, "bob")
		o := stores.Organizations
		_, err := stores.Memberships.Add(ctx, orgsTarget, "bob", RoleMember, "")
		require.NoError(t, err)
		require.ErrorIs(t, o.Delete(ctx, "o"), ErrInUse)
		found, err := o.Get(ctx, "o")
		require.NoError(t, err)
		require.Equal(t, StatusActive, found.Status)
		require.NoError(t, stores.Memberships.Remove(ctx, orgsTarget, "bob"))
		require.NoError(t, o.Delete(ctx, "o"))
		require.ErrorIs(t, o.Delete(ctx, "o"), theorydb.ErrItemNotFound)
		_, err = o.GetBySlug(ctx, "ours")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		_, err = stores.Memberships.Get(ctx, orgsTarget, "ann")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		_, err = o.Create(ctx, NewOrganization{ID: "o", Slug: "ours", Name: "Again", OwnerID: "ann"})
		require.NoError(t, err)
	})
}

// A member who is added while the target is deleted is either seen or refused: no membership is left of nothing.
func TestDeleteAndAddLeaveNoMembershipBehind(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b, "bob")
		for round := range 40 {
			id := fmt.Sprint("x", round)
			var target Target
			var remove func() error
			if round%2 == 0 {
				target = OrganizationTarget(id)
				_, err := stores.Organizations.Create(ctx, NewOrganization{ID: id, Slug: id, Name: id, OwnerID: "ann"})
				require.NoError(t, err)
				remove = func() error { return stores.Organizations.Delete(ctx, id) }
			} else {
				target = WorkspaceTarget(id)
				_, err := stores.Workspaces.Create(ctx, NewWorkspace{Slug: id, Name: id, OwnerID: "ann"})
				require.NoError(t, err)
				remove = func() error { return stores.Workspaces.Delete(ctx, id) }
			}
			errs := together(2, func(i int) error {
				if i == 0 {
					return remove()
				}
				_, err := stores.Memberships.Add(ctx, target, "bob", []string{RoleMember, RoleOwner}[round/2%2], "")
				return err
			})
			require.Equal(t, 1, orgsSucceeded(errs), "%v", errs)
			page, err := stores.Memberships.ListByTarget(ctx, target, "")
			require.NoError(t, err)
			if errs[0] == nil {
				require.Empty(t, page.Items)
				continue
			}
			require.ErrorIs(t, errs[0], ErrInUse)
			require.Len(t, page.Items, 2)
			orgsAgree(t, stores, target)
			if round%2 == 0 {
				found, err := stores.Organizations.Get(ctx, id)
				require.NoError(t, err)
				require.Equal(t, StatusActive, found.Status)
			}
		}
	})
}

// Another write comes between what Delete reads and what it writes.
func TestDeleteOfAnOrganizationSeesWhoCameMeanwhile(t *testing.T) {
	b := openBench(t)
	stores := orgsIn(t, b, "bob")
	orgsBefore(b, "UpdateItem", func() {
		_, err := stores.Memberships.Add(t.Context(), orgsTarget, "bob", RoleMember, "")
		require.NoError(t, err)
	})
	require.ErrorIs(t, stores.Organizations.Delete(t.Context(), "o"), ErrInUse)
	found, err := stores.Organizations.Get(t.Context(), "o")
	require.NoError(t, err)
	require.Equal(t, StatusActive, found.Status, "it gets its status back")
	require.Equal(t, []string{"ann"}, orgsAgree(t, stores, orgsTarget))

	require.NoError(t, stores.Memberships.Remove(t.Context(), orgsTarget, "bob"))
	orgsBefore(b, "TransactWriteItems", func() {
		_, err := stores.Organizations.Reactivate(t.Context(), "o")
		require.NoError(t, err)
		_, err = stores.Memberships.Add(t.Context(), orgsTarget, "bob", RoleMember, "")
		require.NoError(t, err)
	})
	require.ErrorIs(t, stores.Organizations.Delete(t.Context(), "o"), ErrInUse)
	found, err = stores.Organizations.Get(t.Context(), "o")
	require.NoError(t, err)
	require.Equal(t, StatusActive, found.Status)
}

func TestInterruptedDeleteOfAnOrganizationGoesOnOrIsUndone(t *testing.T) {
	b := openBench(t)
	stores := orgsIn(t, b, "bob")
	crash := func() {
		b.faults.On("TransactWriteItems").Times(8).DropBefore()
		require.Error(t, stores.Organizations.Delete(t.Context(), "o"))
		found, err := stores.Organizations.Get(t.Context(), "o")
		require.NoError(t, err)
		require.Equal(t, StatusDeleting, found.Status)
		for _, role := range []string{RoleMember, RoleOwner} {
			_, err = stores.Memberships.Add(t.Context(), orgsTarget, "bob", role, "")
			require.ErrorIs(t, err, theorydb.ErrConditionFailed, "nobody joins what is deleted")
		}
	}
	crash()
	_, err := stores.Organizations.Suspend(t.Context(), "o")
	require.ErrorIs(t, err, theorydb.ErrConditionFailed)
	_, err = stores.Organizations.Reactivate(t.Context(), "o")
	require.NoError(t, err)
	crash()
	require.NoError(t, stores.Organizations.Delete(t.Context(), "o"))
}

func TestOrganizationsAreListedOverShards(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b)
		p := stores.Organizations.project
		want := map[string]bool{"o": true}
		for i := range 230 {
			id := fmt.Sprint("n", i)
			want[id] = true
			require.NoError(t, p.organizations.Create(ctx, &Organization{ID: id, Slug: id, Name: id, Status: StatusActive}))
		}
		var cursor string
		for pages := 1; ; pages++ {
			page, err := stores.Organizations.List(ctx, cursor)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Items), listSize)
			for _, found := range page.Items {
				require.True(t, want[found.ID], "each once")
				delete(want, found.ID)
			}
			if cursor = page.Next; cursor == "" {
				require.Equal(t, 3, pages)
				break
			}
		}
		require.Empty(t, want)
		first, err := stores.Organizations.List(ctx, "")
		require.NoError(t, err)
		for _, bad := range []string{"x", "1.", "AAAA", first.Next + "AA", first.Next[1:]} {
			_, err := stores.Organizations.List(ctx, bad)
			require.ErrorIs(t, err, theorydb.ErrInvalidCursor, bad)
		}
		other, err := NewScope("acme", "test")
		require.NoError(t, err)
		_, err = b.For(other).Organizations.List(ctx, first.Next)
		require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
	})
}

// A cursor that stands at the beginning of a shard holds no cursor of theorydb that could tell whose it is.
func TestCursorOfAListIsOfThatListAlone(t *testing.T) {
	b := openBench(t)
	ctx, stores := t.Context(), b.For(b.scope)
	scope, err := NewScope("acme", "test")
	require.NoError(t, err)
	other := b.For(scope)
	born := b.clock.Now()
	_, err = stores.Audit.Append(ctx, Event{Type: EventAuthFailed})
	require.NoError(t, err)
	b.clock.Advance(100 * 24 * time.Hour)
	verbs := map[string]func(cursor string) error{
		"organizations":       func(c string) error { return second(stores.Organizations.List(ctx, c)) },
		"other organizations": func(c string) error { return second(other.Organizations.List(ctx, c)) },
		"users":               func(c string) error { return second(stores.Users.List(ctx, c)) },
		"other users":         func(c string) error { return second(other.Users.List(ctx, c)) },
		"tenants":             func(c string) error { return second(b.Platform("test").ListTenants(ctx, c)) },
		"purge":               func(c string) error { return second(stores.Audit.PurgeMonth(ctx, monthOf(born), "old", c)) },
		"purge of a month": func(c string) error {
			return second(stores.Audit.PurgeMonth(ctx, monthOf(born.AddDate(0, 1, 0)), "old", c))
		},
		"other purge": func(c string) error { return second(other.Audit.PurgeMonth(ctx, monthOf(born), "old", c)) },
	}
	at := waypoint{number: 1}
	for of, cursor := range map[string]string{
		"organizations": stores.Organizations.waypointText("Organizations.List", "", at),
		"users":         stores.Users.waypointText("Users.List", "", at),
		"tenants":       (&project{core: b.core}).waypointText("Platform.ListTenants", "", at),
		"purge":         stores.Audit.waypointText("Audit.PurgeMonth", monthOf(born), at),
	} {
		for name, list := range verbs {
			if name == of {
				require.NoError(t, list(cursor), name)
			} else {
				require.ErrorIs(t, list(cursor), theorydb.ErrInvalidCursor, "%s takes the cursor of %s", name, of)
			}
		}
	}
	past := stores.Users.waypointText("Users.List", "", waypoint{number: 64})
	require.ErrorIs(t, verbs["users"](past), theorydb.ErrInvalidCursor)
}

func TestWorkspaces(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b, "bob")
		w := stores.Workspaces
		made, err := w.Create(ctx, NewWorkspace{Slug: "staging", Name: "Staging"})
		require.NoError(t, err)
		require.Zero(t, made.OwnerCount)
		_, err = w.Create(ctx, NewWorkspace{Slug: "staging", Name: "Staging", OwnerID: "ann"})
		require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
		_, err = w.Create(ctx, NewWorkspace{Slug: "prod", Name: "Production", OwnerID: "nobody"})
		require.ErrorIs(t, err, ErrUserInactive)
		_, err = w.Create(ctx, NewWorkspace{Slug: "prod", Name: "Production", OwnerID: "ann"})
		require.NoError(t, err)
		require.Equal(t, []string{"ann"}, orgsAgree(t, stores, WorkspaceTarget("prod")))
		_, err = stores.Roles.Create(ctx, "deployer", nil)
		require.NoError(t, err)

		page, err := w.List(ctx, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 2, "and no role, which shares the partition")
		require.Equal(t, []string{"prod", "staging"}, []string{page.Items[0].Slug, page.Items[1].Slug})

		changed, err := w.Update(ctx, "prod", func(w *Workspace) error { w.Name, w.OwnerCount = "Live", 9; return nil })
		require.NoError(t, err)
		require.Equal(t, []any{"Live", int64(1)}, []any{changed.Name, changed.OwnerCount})
		got, err := w.Get(ctx, "prod")
		require.NoError(t, err)
		require.Equal(t, changed, got)
		_, err = w.Update(ctx, "prod", func(w *Workspace) error { w.Name = ""; return nil })
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)

		_, err = stores.Memberships.Add(ctx, WorkspaceTarget("staging"), "bob", "deployer", "")
		require.NoError(t, err)
		require.NoError(t, w.Delete(ctx, "staging"), "its only member goes with it")
		role, err := stores.Roles.Get(ctx, "deployer")
		require.NoError(t, err)
		require.Zero(t, role.Members)
		require.ErrorIs(t, w.Delete(ctx, "staging"), theorydb.ErrItemNotFound)
		require.NoError(t, w.Delete(ctx, "prod"))
	})
}

func TestChangeThatIsNilIsRefused(t *testing.T) {
	b := openBench(t)
	ctx, stores := t.Context(), b.For(b.scope)
	tenant, err := b.ForTenant("acme")
	require.NoError(t, err)
	b.aws.ResetCalls()
	for name, update := range map[string]func() error{
		"organization": func() error { return second(stores.Organizations.Update(ctx, "o", nil)) },
		"role":         func() error { return second(stores.Roles.Update(ctx, "billing", nil)) },
		"workspace":    func() error { return second(stores.Workspaces.Update(ctx, "staging", nil)) },
		"tenant":       func() error { return second(b.Platform("test").UpdateTenant(ctx, "acme", nil)) },
		"project":      func() error { return second(tenant.Projects.Update(ctx, "prod", nil)) },
		"user":         func() error { return second(stores.Users.Update(ctx, "bob", nil)) },
		"profile":      func() error { return second(stores.Profiles.Update(ctx, "bob", nil)) },
	} {
		require.ErrorIs(t, update(), theorydb.ErrInvalidValue, name)
	}
	require.Empty(t, b.aws.Calls())
}

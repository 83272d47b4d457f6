package theorydb_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

// desk is a model of one scope, read through the table, a global index and a local one.
type desk struct {
	_ theorydb.Entity `theorydb:"name:Desk"`
	_ theorydb.Key    `theorydb:"pk" key:"TENANT#{tenantID}#USER#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"DESK#{id}"`
	_ theorydb.Key    `theorydb:"index:byRoom" key:"TENANT#{tenantID}#ROOM#{room}"`
	_ theorydb.Key    `theorydb:"index:byRoom,sk" key:"{userID}#{id}"`
	_ theorydb.Key    `theorydb:"lsi:byText" key:"{text}"`

	TenantID         string `theorydb:"scope"`
	UserID, ID       string
	Room, Text, Note string
	Version          int64 `theorydb:"version"`
}

// binder is a model of two scope components.
type binder struct {
	_ theorydb.Entity `theorydb:"name:Binder"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#W#{workspace}"`
	_ theorydb.Key    `theorydb:"sk" key:"BINDER#{id}"`

	TenantID  string `theorydb:"scope"`
	Workspace string `theorydb:"scope"`
	ID, Text  string
}

func scopeOf(t require.TestingT, components ...string) theorydb.Scope {
	scope, err := theorydb.NewScope(components...)
	require.NoError(t, err)
	return scope
}

// scopedModel registers a scoped T and makes the table for it.
func scopedModel[T any](t testing.TB, e *engine) *theorydb.ScopedModel[T] {
	db := e.open(t)
	m, err := theorydb.NewScopedModel[T](db)
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))
	return m
}

func TestNewScopeTakesPlainComponentsOnly(t *testing.T) {
	long := strings.Repeat("a", 128)
	for name, components := range map[string][]string{
		"none": nil, "empty": {""}, "an empty one behind": {"a", ""}, "*": {"*"}, "?": {"a?"}, "#": {"a#b"}, "/": {"a/b"},
		"%": {"a%23"}, "space": {"a b"}, "line end": {"a\n"}, "not ASCII": {"ä"}, "129 bytes": {long + "a"}, "$": {"a$"},
	} {
		t.Run(name, func(t *testing.T) {
			scope, err := theorydb.NewScope(components...)
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			require.True(t, scope.IsZero())
			for _, component := range components {
				if len(component) > 1 {
					require.NotContains(t, err.Error(), component)
				}
			}
		})
	}
	for _, components := range [][]string{{"acme"}, {long}, {"A-z.0_9~"}, {"acme", "eu"}, {"a", "b", "c"}} {
		scope := scopeOf(t, components...)
		require.Equal(t, components, scope.Components())
		require.False(t, scope.IsZero())
		require.Equal(t, scope, scopeOf(t, components...), "scopes of the same components are equal")
	}
	require.NotEqual(t, scopeOf(t, "a", "b"), scopeOf(t, "a.b"))
	require.NotEqual(t, scopeOf(t, "a", "b"), scopeOf(t, "b", "a"))
	require.Nil(t, theorydb.Scope{}.Components())
}

func TestScopedAndUnscopedModelsEachRefuseTheOtherKind(t *testing.T) {
	type free struct {
		_  theorydb.Key `theorydb:"pk" key:"FREE#{id}"`
		_  theorydb.Key `theorydb:"sk" key:"ROW"`
		ID string
	}
	db := embedded(t).open(t)
	_, err := theorydb.NewModel[desk](db)
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)
	require.ErrorContains(t, err, "NewScopedModel")
	_, err = theorydb.NewScopedModel[free](db)
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)
	require.ErrorContains(t, err, "NewModel")
}

// deskVerbs are all verbs of a model, each with a record whose key is given.
func deskVerbs(m *theorydb.Model[desk]) map[string]func(context.Context, desk) error {
	query := func(d desk, index string) theorydb.Query[desk] {
		if index != "" {
			d = desk{TenantID: d.TenantID, Room: d.Room}
		}
		return theorydb.Query[desk]{Key: d, Index: index}
	}
	verbs := map[string]func(context.Context, desk) error{
		"Create": func(ctx context.Context, d desk) error { return m.Create(ctx, &d) },
		"Put":    func(ctx context.Context, d desk) error { return m.Put(ctx, &d) },
		"Update": func(ctx context.Context, d desk) error { return m.Update(ctx, &d) },
		"Delete": func(ctx context.Context, d desk) error { return m.Delete(ctx, &d) },
		"Get":    func(ctx context.Context, d desk) error { _, err := m.Get(ctx, d); return err },
		"Raw":    func(ctx context.Context, d desk) error { _, err := m.Raw(ctx, d); return err },
		"Change": func(ctx context.Context, d desk) error {
			_, err := m.Change(ctx, d, theorydb.Set("note", "new"), theorydb.AnyVersion())
			return err
		},
		"Change,OrCreate": func(ctx context.Context, d desk) error {
			_, err := m.Change(ctx, d, theorydb.Set("note", "new"), theorydb.AnyVersion(), theorydb.OrCreate())
			return err
		},
		"Modify": func(ctx context.Context, d desk) error {
			_, err := m.Modify(ctx, d, func(d *desk) error { d.Note = "new"; return nil })
			return err
		},
	}
	for _, index := range []string{"", "byRoom"} {
		verbs["Query "+index] = func(ctx context.Context, d desk) error {
			_, err := theorydb.Collect(m.Query(ctx, query(d, index)))
			return err
		}
		verbs["QueryPage "+index] = func(ctx context.Context, d desk) error { _, err := m.QueryPage(ctx, query(d, index), ""); return err }
		verbs["Count "+index] = func(ctx context.Context, d desk) error { _, err := m.Count(ctx, query(d, index)); return err }
		verbs["Explain "+index] = func(ctx context.Context, d desk) error { _, err := m.Explain(query(d, index)); return err }
	}
	return verbs
}

func TestEveryVerbRefusesAWrongScopeBeforeAnyRequest(t *testing.T) {
	e := embedded(t)
	desks := scopedModel[desk](t, e)
	acme := scopeOf(t, "acme")
	given := desk{UserID: "u", ID: "1", Room: "r"}
	of := func(tenant string) desk {
		d := given
		d.TenantID = tenant
		return d
	}
	checked := 0
	for _, c := range []struct {
		name   string
		scope  theorydb.Scope
		record desk
		want   error
	}{
		{"the zero scope", theorydb.Scope{}, given, theorydb.ErrScopeRequired},
		{"the zero scope and a record that names one", theorydb.Scope{}, of("acme"), theorydb.ErrScopeRequired},
		{"two components for one field", scopeOf(t, "acme", "eu"), given, theorydb.ErrScopeMismatch},
		{"a record of another scope", acme, of("rival"), theorydb.ErrScopeMismatch},
		{"a record of a longer scope", acme, of("acme.eu"), theorydb.ErrScopeMismatch},
		{"a record of a shorter scope", acme, of("acm"), theorydb.ErrScopeMismatch},
		{"a record of the scope in capitals", acme, of("ACME"), theorydb.ErrScopeMismatch},
		{"a record whose scope could leave its component", acme, of("acme#USER"), theorydb.ErrScopeMismatch},
	} {
		for verb, run := range deskVerbs(desks.In(c.scope)) {
			t.Run(c.name+"/"+verb, func(t *testing.T) {
				var err error
				require.Zero(t, e.sends(func() { err = run(t.Context(), c.record) }))
				require.ErrorIs(t, err, c.want)
				require.NotContains(t, err.Error(), "acm")
				require.NotContains(t, err.Error(), "rival")
			})
			checked++
		}
	}
	t.Logf("%d refusals", checked)

	binders := scopedModel[binder](t, embedded(t))
	for _, scope := range []theorydb.Scope{acme, scopeOf(t, "a", "b", "c")} {
		_, err := binders.In(scope).Get(t.Context(), binder{ID: "1"})
		require.ErrorIs(t, err, theorydb.ErrScopeMismatch)
	}
	_, err := binders.In(scopeOf(t, "acme", "eu")).Get(t.Context(), binder{ID: "1", Workspace: "us"})
	require.ErrorIs(t, err, theorydb.ErrScopeMismatch, "each component is compared")
}

func TestScopeIsFilledInOnWriteAndInKeysByExample(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := scopedModel[desk](t, e).In(scopeOf(t, "acme"))
		for _, tenant := range []string{"", "acme"} {
			id := "id-" + tenant
			record := desk{TenantID: tenant, UserID: "u#1", ID: id, Room: "r", Text: "one"}
			require.NoError(t, m.Create(t.Context(), &record))
			require.Equal(t, "acme", record.TenantID)
			stored := e.stored(t, "TENANT#acme#USER#u%231", "DESK#"+id)
			require.Equal(t, str("acme"), stored["tenantID"])
			require.Equal(t, str("TENANT#acme#ROOM#r"), stored["BYROOMPK"])
			require.Equal(t, str("u%231#"+id), stored["BYROOMSK"])

			key := desk{UserID: "u#1", ID: id}
			read, err := m.Get(t.Context(), key, theorydb.Consistent())
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(&record, read))
			require.Empty(t, key.TenantID, "a key by example is left alone")

			record.TenantID, record.Text = "", "two"
			require.NoError(t, m.Update(t.Context(), &record))
			require.Equal(t, "acme", record.TenantID)
			record.TenantID = ""
			require.NoError(t, m.Put(t.Context(), &record))
			require.Equal(t, "acme", record.TenantID)

			changed, err := m.Change(t.Context(), key, theorydb.Set("note", "three"), theorydb.AnyVersion())
			require.NoError(t, err)
			require.Equal(t, "acme", changed.TenantID)
			made, err := m.Change(t.Context(), desk{UserID: "new", ID: id}, theorydb.Set("text", "made"), theorydb.AnyVersion(), theorydb.OrCreate())
			require.NoError(t, err)
			require.Equal(t, "acme", made.TenantID)
			require.Equal(t, str("acme"), e.stored(t, "TENANT#acme#USER#new", "DESK#"+id)["tenantID"])
			modified, err := m.Modify(t.Context(), key, func(d *desk) error { d.TenantID = ""; return nil })
			require.NoError(t, err)
			require.Equal(t, "acme", modified.TenantID)
			require.NoError(t, m.Delete(t.Context(), modified))
			require.Nil(t, e.stored(t, "TENANT#acme#USER#u%231", "DESK#"+id))
		}

		in := scopedModelBeside[binder](t, e)
		record := binder{ID: "1", Workspace: "eu"}
		require.NoError(t, in.In(scopeOf(t, "acme", "eu")).Create(t.Context(), &record))
		require.Equal(t, binder{TenantID: "acme", Workspace: "eu", ID: "1"}, record)
		require.Equal(t, str("acme"), e.stored(t, "T#acme#W#eu", "BINDER#1")["tenantID"])
	})
}

// scopedModelBeside registers T in a DB of its own on a table that exists.
func scopedModelBeside[T any](t testing.TB, e *engine) *theorydb.ScopedModel[T] {
	m, err := theorydb.NewScopedModel[T](e.open(t))
	require.NoError(t, err)
	return m
}

func plantedDesk(pk, tenant string) theorydb.Item {
	return theorydb.Item{
		"PK": str(pk), "SK": str("DESK#1"), "_t": str("Desk"), "tenantID": str(tenant), "userID": str("u"), "id": str("1"),
		"room": str("r"), "text": str("t"), "note": str("n"), "version": num("1"),
		"BYROOMPK": str("TENANT#a#ROOM#r"), "BYROOMSK": str("u#1"), "BYTEXTSK": str("t"),
	}
}

// Somebody with access to the table stores a row of one scope where another scope reads.
func TestPlantedRowsOfAnotherScopeAreRefused(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		desks := scopedModel[desk](t, e)
		m := desks.In(scopeOf(t, "a"))
		ctx := t.Context()
		reads := map[string]func(index string) error{
			"Get": func(string) error {
				_, err := m.Get(ctx, desk{UserID: "u", ID: "1"}, theorydb.Consistent())
				return err
			},
			"Query": func(index string) error {
				_, err := theorydb.Collect(m.Query(ctx, theorydb.Query[desk]{Key: desk{UserID: "u", Room: "r"}, Index: index}))
				return err
			},
			"QueryPage": func(index string) error {
				_, err := m.QueryPage(ctx, theorydb.Query[desk]{Key: desk{UserID: "u", Room: "r"}, Index: index}, "")
				return err
			},
			"Modify": func(string) error {
				_, err := m.Modify(ctx, desk{UserID: "u", ID: "1"}, func(*desk) error { require.Fail(t, "it was read"); return nil })
				return err
			},
		}

		// The key is of scope a and the attributes are of scope b.
		e.put(t, plantedDesk("TENANT#a#USER#u", "b"))
		for verb, read := range reads {
			for _, index := range []string{"", "byText", "byRoom"} {
				if index == "byRoom" && strings.HasPrefix(verb, "Query") {
					continue // below: the partition is given otherwise
				}
				require.ErrorIs(t, read(index), theorydb.ErrTypeMismatch, "%s %s", verb, index)
			}
		}
		var old desk
		_, err := m.Change(ctx, desk{UserID: "u", ID: "1"}, theorydb.Set("note", "new"), theorydb.AnyVersion())
		var applied *theorydb.OpError
		require.ErrorAs(t, err, &applied)
		require.True(t, applied.Applied)
		require.NoError(t, m.Delete(ctx, &desk{UserID: "u", ID: "1"}, theorydb.AnyVersion(), theorydb.Returning(&old)))
		require.Zero(t, old, "what is of another scope is not returned")

		// The whole row is of scope b, but for the key of the index.
		e.put(t, plantedDesk("TENANT#b#USER#u", "b"))
		inRoom := theorydb.Query[desk]{Key: desk{Room: "r"}, Index: "byRoom"}
		_, err = theorydb.Collect(m.Query(ctx, inRoom))
		require.ErrorIs(t, err, theorydb.ErrScopeMismatch)
		_, err = m.QueryPage(ctx, inRoom, "")
		require.ErrorIs(t, err, theorydb.ErrScopeMismatch)
		_, err = m.Count(ctx, inRoom)
		require.ErrorIs(t, err, theorydb.ErrScopeMismatch)
		_, err = m.Get(ctx, desk{UserID: "u", ID: "1"})
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		theirs, err := desks.In(scopeOf(t, "b")).Get(ctx, desk{UserID: "u", ID: "1"}, theorydb.Consistent())
		require.NoError(t, err, "its own scope reads it")
		require.Equal(t, "b", theirs.TenantID)
	})
}

func TestCursorsOfAnotherScopeAreRefused(t *testing.T) {
	e := embedded(t)
	desks := scopedModel[desk](t, e)
	ctx := t.Context()
	for _, tenant := range []string{"a", "a.b", "b"} {
		for id := range 3 {
			require.NoError(t, desks.In(scopeOf(t, tenant)).Create(ctx, &desk{UserID: "u", ID: fmt.Sprint(id), Room: "r", Text: fmt.Sprint(id)}))
		}
	}
	for _, index := range []string{"", "byRoom", "byText"} {
		q := theorydb.Query[desk]{Key: desk{UserID: "u"}, Index: index, Limit: 1}
		if index == "byRoom" {
			q.Key = desk{Room: "r"}
		}
		page, err := desks.In(scopeOf(t, "a")).QueryPage(ctx, q, "")
		require.NoError(t, err)
		require.NotEmpty(t, page.Next)
		second, err := desks.In(scopeOf(t, "a")).QueryPage(ctx, q, page.Next)
		require.NoError(t, err)
		require.Equal(t, "1", second.Items[0].ID)

		for _, tenant := range []string{"a.b", "b"} {
			require.Zero(t, e.sends(func() {
				_, err = desks.In(scopeOf(t, tenant)).QueryPage(ctx, q, page.Next)
			}))
			require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
		}

		decoded, err := base64.RawURLEncoding.DecodeString(page.Next)
		require.NoError(t, err)
		for _, tenant := range []string{"a.b", "b", "", "a%23"} {
			// The table's key is of another scope; the partition of the index is still this one's.
			forged := strings.ReplaceAll(string(decoded), "TENANT#a#USER", "TENANT#"+tenant+"#USER")
			require.NotEqual(t, string(decoded), forged)
			if index == "byRoom" { // a page of a shared index may end with a row of another entity, so that its key is no sign
				page, err := desks.In(scopeOf(t, "a")).QueryPage(ctx, q, base64.RawURLEncoding.EncodeToString([]byte(forged)))
				require.NoError(t, err)
				for _, record := range page.Items {
					require.Equal(t, "a", record.TenantID, "the partition of the index confines the query")
				}
				continue
			}
			require.Zero(t, e.sends(func() {
				_, err = desks.In(scopeOf(t, "a")).QueryPage(ctx, q, base64.RawURLEncoding.EncodeToString([]byte(forged)))
			}))
			require.ErrorIs(t, err, theorydb.ErrInvalidCursor, "%s: a key of scope %q", index, tenant)
		}
	}
}

// Scopes that are prefixes of each other, users and ids that look like key text: what each scope wrote is all that it
// reads, and no write of one changes what another has.
func TestNothingOfOneScopeIsReachableThroughAnother(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		if e.aws == nil {
			fewerChecks(t, 10)
		}
		desks := scopedModel[desk](t, e)
		round, verbs := 0, 0
		component := rapid.StringMatching(`[ab][ab._~-]{0,2}`)
		user := rapid.SampledFrom([]string{"u", "a", "a#USER", "USER#a", "a%23", "b#ROOM#r", "#"})
		rapid.Check(t, func(rt *rapid.T) {
			round++
			ctx := t.Context()
			room := fmt.Sprint("room", round) // each check has partitions of its own
			names := rapid.SliceOfNDistinct(component, 2, 4, rapid.ID).Draw(rt, "scopes")
			want := map[string]map[string]desk{}
			for _, name := range names {
				want[name] = map[string]desk{}
			}
			for range rapid.IntRange(4, 14).Draw(rt, "writes") {
				name := rapid.SampledFrom(names).Draw(rt, "scope")
				m := desks.In(scopeOf(rt, name))
				d := desk{UserID: fmt.Sprint(round, "-", user.Draw(rt, "user")), ID: user.Draw(rt, "id"), Room: room, Text: "t" + name}
				id := d.UserID + "|" + d.ID
				held, exists := want[name][id]
				var err error
				switch verb := rapid.SampledFrom([]string{"Create", "Put", "Update", "Change", "Delete"}).Draw(rt, "verb"); {
				case verb == "Create" && !exists:
					err = m.Create(ctx, &d)
					want[name][id] = d
				case verb == "Create":
					require.ErrorIs(rt, m.Create(ctx, &d), theorydb.ErrAlreadyExists)
				case verb == "Put":
					d.Version = held.Version
					err = m.Put(ctx, &d)
					want[name][id] = d
				case !exists && verb == "Delete":
					err = m.Delete(ctx, &d)
				case !exists:
					require.ErrorIs(rt, m.Update(ctx, &d), theorydb.ErrItemNotFound, "whatever other scopes have")
				case verb == "Delete":
					err = m.Delete(ctx, &held)
					delete(want[name], id)
				case verb == "Update":
					held.Note += "u"
					err = m.Update(ctx, &held)
					want[name][id] = held
				default:
					var changed *desk
					changed, err = m.Change(ctx, desk{UserID: d.UserID, ID: d.ID}, theorydb.Set("note", "c"), theorydb.AnyVersion())
					require.NoError(rt, err)
					want[name][id] = *changed
				}
				require.NoError(rt, err)
				verbs++
			}
			for _, name := range names {
				requireDesks(ctx, rt, desks.In(scopeOf(rt, name)), room, want[name])
			}
		})
		t.Logf("%d checks, %d writes on %s", round, verbs, e.name)
	})
}

func requireDesks(ctx context.Context, t require.TestingT, m *theorydb.Model[desk], room string, want map[string]desk) {
	all, err := theorydb.Collect(m.Query(ctx, theorydb.Query[desk]{Key: desk{Room: room}, Index: "byRoom"}))
	require.NoError(t, err)
	require.Len(t, all, len(want))
	for _, got := range all {
		require.Empty(t, cmp.Diff(want[got.UserID+"|"+got.ID], *got))
	}
	for _, d := range want {
		read, err := m.Get(ctx, desk{UserID: d.UserID, ID: d.ID}, theorydb.Consistent())
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(&d, read))
		for _, index := range []string{"", "byText"} {
			q := theorydb.Query[desk]{Key: desk{UserID: d.UserID}, Index: index, Consistent: true}
			mine, err := theorydb.Collect(m.Query(ctx, q))
			require.NoError(t, err)
			n, err := m.Count(ctx, q)
			require.NoError(t, err)
			require.Len(t, mine, n)
			for _, got := range mine {
				require.Equal(t, d.UserID, got.UserID)
				require.Contains(t, want, got.UserID+"|"+got.ID)
			}
			require.True(t, slices.ContainsFunc(mine, func(got *desk) bool { return got.ID == d.ID }))
		}
	}
}

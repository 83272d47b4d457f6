package theorydb_test

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

// asRead compares records as they must be read: a nil and an empty slice differ, and a time is in UTC.
var asRead = cmp.Options{
	cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

// atRest is one record under test, and the form in which it must be stored now.
type atRest struct {
	t     *testing.T
	model *theorydb.Model[everything]
}

// requireRead requires that the struct a write left, and every way to read, give one and the same record.
func (r *atRest) requireRead(rt *rapid.T, verb string, written *everything, want everything) {
	want.Row = written.Row
	require.Equal(rt, time.UTC, written.UpdatedAt.Location(), verb)
	want.CreatedAt, want.UpdatedAt = written.CreatedAt, written.UpdatedAt
	require.Empty(rt, cmp.Diff(&want, written, asRead), "after %s the struct differs from the normal form", verb)

	want.Everywhere = "" // no attribute: it stays in a struct that is written and is in none that is read
	key := everything{Owner: written.Owner, Row: written.Row}
	got, err := r.model.Get(r.t.Context(), key, theorydb.Consistent())
	require.NoError(rt, err, verb)
	require.Empty(rt, cmp.Diff(&want, got, asRead), "Get after %s", verb)

	q := theorydb.Query[everything]{Key: key, Consistent: true}
	queried, err := theorydb.Collect(r.model.Query(r.t.Context(), q))
	require.NoError(rt, err, verb)
	require.Empty(rt, cmp.Diff([]*everything{&want}, queried, asRead), "Query after %s", verb)

	page, err := r.model.QueryPage(r.t.Context(), q, "")
	require.NoError(rt, err, verb)
	require.Empty(rt, cmp.Diff([]*everything{&want}, page.Items, asRead), "QueryPage after %s", verb)
}

func TestEveryTypeComesBackThroughEveryVerb(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		fewerChecks(t, 4)
		r := &atRest{t, model[everything](t, e)}
		// Far behind the wall clock too: an endpoint sweeps by its own.
		future := time.Date(2100, time.January, 1, 0, 0, 0, 0, time.UTC)
		row := int64(0)
		rapid.Check(t, func(rt *rapid.T) {
			row++
			record, want := drawEverything(rt, future)
			record.Row, want.Row = row, row

			require.NoError(rt, r.model.Create(t.Context(), &record))
			want.Version = 1
			require.False(rt, record.CreatedAt.IsZero())
			r.requireRead(rt, "Create", &record, want)
			createdAt := record.CreatedAt

			next := func() (everything, everything) { // another record over this one
				given, want := drawEverything(rt, future)
				given.Row, given.Version, given.CreatedAt = row, record.Version, createdAt
				want.Row, want.Version = row, record.Version+1
				return given, want
			}
			record, want = next()
			require.NoError(rt, r.model.Put(t.Context(), &record))
			require.Equal(rt, createdAt, record.CreatedAt)
			r.requireRead(rt, "Put", &record, want)

			record, want = next()
			require.NoError(rt, r.model.Update(t.Context(), &record))
			require.Equal(rt, createdAt, record.CreatedAt)
			r.requireRead(rt, "Update", &record, want)

			given, changed := next()
			fields := rapid.SliceOfNDistinct(rapid.SampledFrom(fieldsOfEverything), 1, 20, rapid.ID).Draw(rt, "fields")
			var attributes []string
			for _, field := range fields {
				attribute := strings.ToLower(field[:1]) + field[1:]
				if field == "Expiry" {
					attribute = "ttl" // the one name of it in a table
				}
				attributes = append(attributes, attribute)
				copyField(&record, &given, field)
				copyField(&want, &changed, field)
			}
			want.Version = record.Version + 1
			require.NoError(rt, r.model.Update(t.Context(), &record, theorydb.Fields(attributes...)))
			r.requireRead(rt, "Update with Fields", &record, want)

			// What was read is in its normal form, so that writing it back changes nothing but the stamp.
			got, err := r.model.Get(t.Context(), everything{Owner: "o", Row: row}, theorydb.Consistent())
			require.NoError(rt, err)
			got.Everywhere, want.Version = "kept", want.Version+1
			require.NoError(rt, r.model.Update(t.Context(), got))
			r.requireRead(rt, "Update of what was read", got, want)
		})
	})
}

func copyField(to, from *everything, field string) {
	reflect.ValueOf(to).Elem().FieldByName(field).Set(reflect.ValueOf(from).Elem().FieldByName(field))
}

func TestFieldsOfEverythingAreAllThatFieldsMayName(t *testing.T) {
	covered := map[string]bool{"Owner": true, "Row": true, "Version": true, "CreatedAt": true, "UpdatedAt": true, "Everywhere": true, "Extra": true, "Extras": true}
	for _, field := range fieldsOfEverything {
		covered[field] = true
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[everything]()) {
		if field.Name != "_" && !field.Anonymous {
			require.True(t, covered[field.Name], field.Name)
		}
	}
}

// Sparse is embedded as a pointer, and nothing of it need be stored.
type Sparse struct {
	Hint  *string
	Hints []string
}

type sparseRecord struct {
	_  theorydb.Key `theorydb:"pk" key:"SPARSE#{id}"`
	ID string
	*Sparse
}

func TestEmbeddedPointerOfAbsentAttributesIsNilAfterAWriteAsAfterARead(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[sparseRecord](t, e)
		for name, write := range map[string]func(*sparseRecord) error{
			"Create": func(r *sparseRecord) error { return m.Create(t.Context(), r) },
			"Put":    func(r *sparseRecord) error { return m.Put(t.Context(), r) },
			"Update": func(r *sparseRecord) error { return m.Update(t.Context(), r) },
		} {
			if name == "Update" {
				require.NoError(t, m.Create(t.Context(), &sparseRecord{ID: name}))
			}
			written := sparseRecord{ID: name, Sparse: &Sparse{}}
			require.NoError(t, write(&written))
			got, err := m.Get(t.Context(), sparseRecord{ID: name}, theorydb.Consistent())
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(got, &written), name)
		}
	})
}

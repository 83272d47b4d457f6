package theorydb_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// The models of the table of verbs: each has another set of roles, and with it another condition on every write.

type CellLedger struct {
	_ theorydb.Key `theorydb:"pk" key:"CellLedger#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID        string
	Text      string
	Note      string    `theorydb:"omitempty"`
	Version   int64     `theorydb:"version"`
	CreatedAt time.Time `theorydb:"created_at"`
	UpdatedAt time.Time `theorydb:"updated_at"`
}

type CellCounter struct {
	_ theorydb.Key `theorydb:"pk" key:"CellCounter#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID      string
	Text    string
	Note    string `theorydb:"omitempty"`
	Version int64  `theorydb:"version"`
}

type CellJournal struct {
	_ theorydb.Key `theorydb:"pk" key:"CellJournal#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID        string
	Text      string
	Note      string    `theorydb:"omitempty"`
	CreatedAt time.Time `theorydb:"created_at"`
}

type CellPlain struct {
	_ theorydb.Key `theorydb:"pk" key:"CellPlain#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID   string
	Text string
	Note string `theorydb:"omitempty"`
}

type CellFromZero struct {
	_ theorydb.Key `theorydb:"pk" key:"CellFromZero#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID        string
	Text      string
	Note      string    `theorydb:"omitempty"`
	Version   int64     `theorydb:"version:0"`
	CreatedAt time.Time `theorydb:"created_at"`
}

type CellOwned struct {
	_ theorydb.Key `theorydb:"pk" key:"CellOwned#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID      string
	Text    string
	Note    string `theorydb:"omitempty"`
	Owner   string `theorydb:"immutable,omitempty"`
	Version int64  `theorydb:"version"`
}

type CellLease struct {
	_ theorydb.Key `theorydb:"pk" key:"CellLease#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID        string
	Text      string
	Note      string    `theorydb:"omitempty"`
	ExpiresAt time.Time `theorydb:"ttl,required"`
	Version   int64     `theorydb:"version"`
}

// subject is a model under test without its type: records are pointers to what it stores.
type subject struct {
	entity string
	record func() any
	create func(context.Context, any) error
	put    func(context.Context, any, ...theorydb.PutOption) error
	update func(context.Context, any, ...theorydb.UpdateOption) error
	delete func(context.Context, any, ...theorydb.DeleteOption) error
	get    func(context.Context, any) (any, error)
}

func subjectOf[T any](t testing.TB, db *theorydb.DB) *subject {
	m, err := theorydb.NewModel[T](db)
	require.NoError(t, err)
	typed := func(record any) *T {
		same, ok := record.(*T)
		require.True(t, ok)
		return same
	}
	return &subject{
		entity: reflect.TypeFor[T]().Name(),
		record: func() any { return new(T) },
		create: func(ctx context.Context, r any) error { return m.Create(ctx, typed(r)) },
		put: func(ctx context.Context, r any, o ...theorydb.PutOption) error {
			return m.Put(ctx, typed(r), o...)
		},
		update: func(ctx context.Context, r any, o ...theorydb.UpdateOption) error {
			return m.Update(ctx, typed(r), o...)
		},
		delete: func(ctx context.Context, r any, o ...theorydb.DeleteOption) error {
			return m.Delete(ctx, typed(r), o...)
		},
		get: func(ctx context.Context, r any) (any, error) { return m.Get(ctx, *typed(r), theorydb.Consistent()) },
	}
}

// cellBench is every model of the table of verbs in one table, under a clock that stands still and counts its reads.
type cellBench struct {
	*engine
	subjects map[string]*subject
	reads    int
	rows     int // rows made so far; each cell has a key of its own
}

// What the rows and the records of the cells hold.
const (
	heldVersion  = 3
	storedWriter = "written-by-rival" // sixteen bytes, as every write id
)

// The times are far off, since an endpoint may delete what has expired by its own clock.
var (
	cellNow   = time.Date(2096, time.November, 14, 22, 13, 20, 123456789, time.UTC)
	cellBorn  = time.Date(2096, time.November, 1, 8, 0, 0, 0, time.UTC)
	cellLater = time.Date(2096, time.November, 15, 0, 0, 0, 0, time.UTC)
)

func newCellBench(t *testing.T, e *engine) *cellBench {
	bench := &cellBench{engine: e, subjects: map[string]*subject{}}
	db := e.open(t, func(c *theorydb.Config) {
		c.Clock = func() time.Time {
			bench.reads++
			return cellNow
		}
	})
	for _, s := range []*subject{
		subjectOf[CellLedger](t, db), subjectOf[CellCounter](t, db), subjectOf[CellJournal](t, db), subjectOf[CellPlain](t, db),
		subjectOf[CellFromZero](t, db), subjectOf[CellOwned](t, db), subjectOf[CellLease](t, db),
		subjectOf[CellGuarded](t, db),
	} {
		bench.subjects[s.entity] = s
	}
	require.NoError(t, db.CreateTable(t.Context()))
	return bench
}

// storedTime is the form in which the library stores a time.
func storedTime(at time.Time) types.AttributeValue {
	return str(at.UTC().Format("2006-01-02T15:04:05.000000000Z"))
}

// has reports whether a record has a field, and with it the role of that name.
func has(record any, field string) bool {
	return reflect.ValueOf(record).Elem().FieldByName(field).IsValid()
}

// assign sets a field that not every model has.
func assign(record any, field string, value any) {
	if f := reflect.ValueOf(record).Elem().FieldByName(field); f.IsValid() {
		f.Set(reflect.ValueOf(value))
	}
}

// copyOf copies a record that holds no pointers.
func copyOf(record any) any {
	same := reflect.New(reflect.TypeOf(record).Elem())
	same.Elem().Set(reflect.ValueOf(record).Elem())
	return same.Interface()
}

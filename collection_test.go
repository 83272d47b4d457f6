package theorydb_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestCollectionBringsEachRecordToItsDestination(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		d.fill(t, "1", 3)
		d.fill(t, "10", 1)

		people, passkeys := []*person{{ID: "left over"}}, []*passkey(nil)
		var seen []uint32
		var asked map[string]int
		sent := d.sends(func() {
			asked = d.asks(func() {
				require.NoError(t, d.db.Collection(t.Context(), d.partition("1"), d.people.Into(&people), d.passkeys.Into(&passkeys),
					d.entries.Each(func(e *entry) error { seen = append(seen, e.Seq); return nil })))
			})
		})
		require.Equal(t, 1, sent)
		require.Equal(t, map[string]int{"Decrypt": 3}, asked)
		require.Equal(t, []*person{{ID: "1", Name: "Ann"}}, people)
		require.Equal(t, []uint32{0, 1, 2}, seen)
		require.Len(t, passkeys, 3)
		for i, l := range passkeys {
			n := strconv.Itoa(i)
			requireSame(t, &passkey{PersonID: "1", ID: n, Secret: theorydb.NewSecret("s" + n)}, l)
		}
		told := d.only(t)
		require.Positive(t, told.Capacity)
		told.Capacity, told.Duration = 0, 0
		require.Equal(t, theorydb.Observation{Op: "Collection", Model: "Person, Passkey, Entry", Attempts: 1, Items: 7}, told)

		require.NoError(t, d.db.Collection(t.Context(), d.partition("nobody"), d.people.Into(&people), d.passkeys.Into(&passkeys)))
		require.Nil(t, people)
		require.Nil(t, passkeys)
	})
}

func TestCollectionNeverOpensWhatHasNoDestination(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		d.fill(t, "1", 3)
		d.kmsFaults.On("").Always().Error(400, "AccessDeniedException", "no")
		var people []*person
		require.Empty(t, d.asks(func() {
			require.NoError(t, d.db.Collection(t.Context(), d.partition("1"), d.people.Into(&people)))
		}))
		require.Len(t, people, 1)
		require.Equal(t, 1, d.only(t).Items)

		var passkeys []*passkey
		kept := people
		people = slices.Clone(kept)
		err := d.db.Collection(t.Context(), d.partition("1"), d.people.Into(&people), d.passkeys.Into(&passkeys))
		require.ErrorIs(t, err, theorydb.ErrKMSAccessDenied)
		require.Equal(t, kept, people, "a failed read changes no slice")
		require.Nil(t, passkeys)
		require.Equal(t, "ErrKMSAccessDenied", d.only(t).Error)
	})
}

func TestCollectionLeavesOutWhatHasExpired(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		now := d.clock.Now()
		for id, expires := range map[string]time.Time{"past": now.Add(-time.Hour), "now": now, "later": now.Add(time.Hour), "never": {}} {
			require.NoError(t, d.passkeys.Create(t.Context(), &passkey{PersonID: "1", ID: id, Secret: theorydb.NewSecret("s"), ExpiresAt: expires}))
		}
		var passkeys []*passkey
		asked := d.asks(func() { require.NoError(t, d.db.Collection(t.Context(), d.partition("1"), d.passkeys.Into(&passkeys))) })
		require.Equal(t, 2, asked["Decrypt"], "an expired item is not opened")
		require.Len(t, passkeys, 2)
		require.Equal(t, "later", passkeys[0].ID)
		require.Equal(t, "never", passkeys[1].ID)
	})
}

// lease always expires, and its expiry is the sort key, on which DynamoDB takes no filter.
type lease struct {
	_ theorydb.Entity `theorydb:"name:Lease"`
	_ theorydb.Key    `theorydb:"pk" key:"HOUSE#{house}"`

	House     string
	ExpiresAt int64 `theorydb:"sk,ttl,required"`
}

// permit always expires too, so that one without an expiry is none.
type permit struct {
	_ theorydb.Entity `theorydb:"name:Permit"`
	_ theorydb.Key    `theorydb:"pk" key:"PERSON#{personID}"`
	_ theorydb.Key    `theorydb:"sk" key:"PERMIT#{id}"`

	PersonID, ID string
	ExpiresAt    time.Time `theorydb:"ttl,required"`
}

func TestCollectionJudgesTheExpiryOfEveryModel(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[lease](t, e)
		db := e.open(t)
		mine := registered[lease](t, db)
		later := e.clock.Now().Add(time.Hour).Unix()
		require.NoError(t, m.Create(t.Context(), &lease{House: "1", ExpiresAt: later}))
		require.NoError(t, m.Create(t.Context(), &lease{House: "1", ExpiresAt: later - 7200}))
		var leases []*lease
		require.NoError(t, db.Collection(t.Context(), mine.Partition(lease{House: "1"}, theorydb.Consistent()), mine.Into(&leases)))
		require.Equal(t, []*lease{{House: "1", ExpiresAt: later}}, leases)
	})
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		mine := registered[permit](t, d.db)
		e.put(t, personRow("PERMIT#1", theorydb.Item{"_t": str("Permit")}))
		e.put(t, personRow("PASSKEY#1", theorydb.Item{"_t": str("Passkey"), "secret": str("not asked for")}))
		require.NoError(t, mine.Create(t.Context(), &permit{PersonID: "1", ID: "2", ExpiresAt: d.clock.Now().Add(time.Hour).UTC()}))
		var permits []*permit
		require.NoError(t, d.db.Collection(t.Context(), d.partition("1"), mine.Into(&permits)))
		require.Len(t, permits, 1)
		require.Equal(t, "2", permits[0].ID)
	})
}

// A page has one megabyte.
func TestCollectionReadsPageByPage(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		large := strings.Repeat("x", 300_000)
		for i := range 8 {
			require.NoError(t, d.passkeys.Create(t.Context(), &passkey{PersonID: "1", ID: strconv.Itoa(i), Secret: theorydb.NewSecret(large)}))
		}
		require.NoError(t, d.people.Create(t.Context(), &person{ID: "1"}))
		d.told = nil
		var ids []string
		var people []*person
		sent := d.sends(func() {
			require.NoError(t, d.db.Collection(t.Context(), d.partition("1"), d.people.Into(&people),
				d.passkeys.Each(func(l *passkey) error {
					require.Nil(t, people, "Into waits for the end")
					ids = append(ids, l.ID)
					return nil
				})))
		})
		require.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "7"}, ids)
		require.Len(t, people, 1)
		require.Greater(t, sent, 2)
		told := d.only(t)
		require.Equal(t, sent, told.Attempts)
		require.Equal(t, 9, told.Items)
		require.GreaterOrEqual(t, told.Capacity, 290.0, "2.4 MB read consistently, 4 kB a unit and page by page at most a unit less")
	})
}

func TestCollectionAsksForTheKeysOfAPageTogether(t *testing.T) {
	d := openDossier(t, embedded(t))
	const rows = 16
	d.fill(t, "1", rows)
	// Every call waits for all others.
	var arrived atomic.Int64
	full := make(chan struct{})
	d.busiest = 0
	d.during = func(string) {
		if arrived.Add(1) == rows {
			close(full)
		}
		select {
		case <-full:
		case <-time.After(10 * time.Second): // fewer at once: the assertion says so
		}
	}
	var people []*person
	var passkeys []*passkey
	asked := d.asks(func() {
		require.NoError(t, d.db.Collection(t.Context(), d.partition("1"), d.people.Into(&people), d.passkeys.Into(&passkeys)))
	})
	require.Equal(t, map[string]int{"Decrypt": rows}, asked)
	require.EqualValues(t, rows, d.busiest)
	require.Len(t, passkeys, rows)
}

func TestErrorOfEachEndsTheReadAsItIs(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		d.fill(t, "1", 3)
		enough := errors.New("enough")
		people, calls := []*person{{ID: "before"}}, 0
		err := d.db.Collection(t.Context(), d.partition("1"), d.people.Into(&people), d.entries.Each(func(*entry) error {
			if calls++; calls == 2 {
				return enough
			}
			return nil
		}))
		require.Equal(t, enough, err)
		require.Equal(t, 2, calls)
		require.Equal(t, "before", people[0].ID)
		told := d.only(t)
		require.Equal(t, "Other", told.Error)
		require.Equal(t, 2, told.Items)
	})
}

func TestCollectionIsRefusedBeforeAnyRequest(t *testing.T) {
	e := embedded(t)
	d := openDossier(t, e)
	other := registered[person](t, e.open(t))
	elsewhere := registered[annex](t, d.db)
	var people []*person
	var records []*theorydb.Record
	first, err := theorydb.NewRecordModel(d.db, []byte(recordDocument("First")))
	require.NoError(t, err)
	second, err := theorydb.NewRecordModel(d.db, []byte(recordDocument("Second")))
	require.NoError(t, err)
	into := d.people.Into(&people)
	many := make([]theorydb.Destination, 101)
	for i := range many {
		many[i] = into
	}
	for name, c := range map[string]struct {
		into []theorydb.Destination
		want error
		text string
	}{
		"no destination":            {nil, theorydb.ErrInvalidQuery, "Collection Person: "},
		"the zero Destination":      {[]theorydb.Destination{into, {}}, theorydb.ErrInvalidQuery, "Collection Person, ?: "},
		"of the zero Model":         {[]theorydb.Destination{(&theorydb.Model[person]{}).Into(&people)}, theorydb.ErrInvalidModel, "zero Model"},
		"of another DB":             {[]theorydb.Destination{other.Into(&people)}, theorydb.ErrInvalidQuery, "another DB"},
		"of another table":          {[]theorydb.Destination{into, elsewhere.Each(func(*annex) error { return nil })}, theorydb.ErrInvalidQuery, "another table"},
		"two of one entity":         {[]theorydb.Destination{into, d.people.Each(func(*person) error { return nil })}, theorydb.ErrInvalidQuery, "Person has two destinations"},
		"into nil":                  {[]theorydb.Destination{d.people.Into(nil)}, theorydb.ErrInvalidQuery, "nil"},
		"a nil function":            {[]theorydb.Destination{d.people.Each(nil)}, theorydb.ErrInvalidQuery, "nil"},
		"one slice of two entities": {[]theorydb.Destination{first.Into(&records), second.Into(&records)}, theorydb.ErrInvalidQuery, "shares its slice"},
		"too many":                  {many, theorydb.ErrInvalidQuery, "101"},
	} {
		t.Run(name, func(t *testing.T) {
			d.told = nil
			var err error
			d.requireSilent(t, func() { err = d.db.Collection(t.Context(), d.partition("1"), c.into...) })
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.text)
			told := d.only(t)
			require.Equal(t, "Collection", told.Op)
			require.Zero(t, told.Attempts)
			require.NotEmpty(t, told.Error)
		})
	}

	unconfigured := e.open(t)
	people2, passkeys := registered[person](t, unconfigured), registered[passkey](t, unconfigured)
	require.Zero(t, e.sends(func() {
		err := unconfigured.Collection(t.Context(), people2.Partition(person{ID: "1"}), passkeys.Each(func(*passkey) error { return nil }))
		require.ErrorIs(t, err, theorydb.ErrEncryptionNotConfigured)
	}))
}

// annex has a table of its own.
type annex struct {
	_ theorydb.Entity `theorydb:"name:Elsewhere,table:elsewhere"`
	_ theorydb.Key    `theorydb:"pk" key:"PERSON#{id}"`
	_ theorydb.Key    `theorydb:"sk" key:"ELSEWHERE"`

	ID string
}

// recordDocument describes a model without a Go type, in partitions of a person.
func recordDocument(name string) string {
	return `{"name": "` + name + `", "keys": {
		"partition": {"attribute": "PK", "type": "S", "template": "PERSON#{id}"},
		"sort": {"attribute": "SK", "type": "S", "template": "` + name + `"}},
		"attributes": [{"attribute": "id", "type": "S"}]}`
}

func TestCollectionOfRecordsWithoutGoTypes(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		records, err := theorydb.NewRecordModel(d.db, []byte(recordDocument("First")))
		require.NoError(t, err)
		require.NoError(t, records.Create(t.Context(), &theorydb.Record{"id": "1"}))
		var found []*theorydb.Record
		require.NoError(t, d.db.Collection(t.Context(), records.Partition(theorydb.Record{"id": "1"}, theorydb.Consistent()), records.Into(&found)))
		require.Equal(t, []*theorydb.Record{{"id": "1"}}, found)
	})
}

func TestCollectionResendsAPageAndReportsWhatFails(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		d.fill(t, "1", 1)
		var people []*person
		d.faults.On("Query").Attempt(1).CommitThenDrop()
		require.NoError(t, d.db.Collection(t.Context(), d.partition("1"), d.people.Into(&people)))
		require.Len(t, people, 1)
		require.Equal(t, 2, d.only(t).Attempts)

		d.faults.On("Query").Error(http.StatusBadRequest, "ResourceNotFoundException", "no table")
		err := d.db.Collection(t.Context(), d.partition("1"), d.people.Into(&people))
		require.ErrorIs(t, err, theorydb.ErrTableNotFound)
		require.Len(t, people, 1)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err = d.db.Collection(ctx, d.partition("1"), d.people.Into(&people))
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, d.faults.Unfired())
	})
}

package theorydb_test

import (
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestTTLIsStoredAndLeftAsWholeSeconds(t *testing.T) {
	for name, c := range map[string]struct {
		given  time.Time
		stored types.AttributeValue // nil: absent
		held   time.Time
	}{
		"nanoseconds":             {expiryAt.Add(time.Hour + 999_999_999), num("4000003600"), expiryAt.Add(time.Hour)},
		"another zone":            {expiryAt.Add(time.Hour).In(time.FixedZone("", 3600)), num("4000003600"), expiryAt.Add(time.Hour)},
		"zero":                    {},
		"the epoch":               {given: time.Unix(0, 0)},
		"within the epoch second": {given: time.Unix(0, 5)},
		"before the epoch":        {time.Unix(-2, 5), num("-2"), time.Unix(-2, 0).UTC()},
	} {
		t.Run(name, func(t *testing.T) {
			e := embedded(t)
			m := model[ExpiryTime](t, e)
			check := func(record *ExpiryTime, err error) {
				t.Helper()
				require.NoError(t, err)
				require.Equal(t, c.stored, e.stored(t, "ExpiryTime#h", "ROW#"+record.ID)["ttl"])
				require.Equal(t, c.held, record.ExpiresAt)
				read, err := m.Get(t.Context(), *record)
				require.NoError(t, err)
				require.Equal(t, read, record)
			}
			created := &ExpiryTime{Holder: "h", ID: "1", ExpiresAt: c.given}
			check(created, m.Create(t.Context(), created))
			put := &ExpiryTime{Holder: "h", ID: "2", ExpiresAt: c.given}
			check(put, m.Put(t.Context(), put))

			updated := &ExpiryTime{Holder: "h", ID: "3", ExpiresAt: expiryAt.Add(2 * time.Hour)}
			require.NoError(t, m.Create(t.Context(), updated))
			updated.ExpiresAt = c.given
			check(updated, m.Update(t.Context(), updated))

			partly := &ExpiryTime{Holder: "h", ID: "4", ExpiresAt: expiryAt.Add(2 * time.Hour)}
			require.NoError(t, m.Create(t.Context(), partly))
			partly.ExpiresAt = c.given
			check(partly, m.Update(t.Context(), partly, theorydb.Fields("ttl")))
		})
	}
}

func TestZeroSecondsAreStoredAndNeverExpire(t *testing.T) {
	e := embedded(t)
	m := model[ExpirySeconds](t, e)
	record := &ExpirySeconds{Holder: "h", ID: "1"}
	require.NoError(t, m.Create(t.Context(), record))
	require.Equal(t, num("0"), e.stored(t, "ExpirySeconds#h", "ROW#1")["ttl"])
	e.clock.Advance(100 * 365 * 24 * time.Hour)
	read, err := m.Get(t.Context(), *record)
	require.NoError(t, err)
	require.Equal(t, record, read)
}

func TestRequiredTTLRefusesAZeroBeforeAnyRequest(t *testing.T) {
	e := embedded(t)
	m := model[ExpiryRequired](t, e)
	for name, write := range map[string]func(*ExpiryRequired) error{
		"Create": func(r *ExpiryRequired) error { return m.Create(t.Context(), r) },
		"Put":    func(r *ExpiryRequired) error { return m.Put(t.Context(), r) },
		"Update": func(r *ExpiryRequired) error { return m.Update(t.Context(), r) },
		"Fields": func(r *ExpiryRequired) error { return m.Update(t.Context(), r, theorydb.Fields("ttl")) },
	} {
		for _, zero := range []time.Time{{}, time.Unix(0, 0)} {
			given := ExpiryRequired{Holder: "h", ID: "1", ExpiresAt: zero, Version: 3}
			record := given
			var err error
			require.Zero(t, e.sends(func() { err = write(&record) }), name)
			requireSentinels(t, err, theorydb.ErrInvalidValue)
			require.Equal(t, given, record, name)
		}
	}
}

func TestTTLAttributeOfTheConfigDecidesWhatExpires(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[ExpiryTime](t, e, func(c *theorydb.Config) {
			c.TTLAttribute = "expireAt"
			c.Clock = func() time.Time { return expiryAt }
		})
		row := theorydb.Item{
			"PK": str("ExpiryTime#h"), "SK": str("ROW#1"), "_t": str("ExpiryTime"), "holder": str("h"), "id": str("1"),
			"text": str("old"), "version": num("3"), "ttl": num("1"), "expireAt": seconds(expiryAt.Add(time.Second)),
		}
		e.put(t, row)
		read, err := m.Get(t.Context(), ExpiryTime{Holder: "h", ID: "1"})
		require.NoError(t, err)
		require.Equal(t, expiryAt.Add(time.Second), read.ExpiresAt)

		expired := maps.Clone(row)
		expired["expireAt"] = seconds(expiryAt)
		e.put(t, expired)
		_, err = m.Get(t.Context(), ExpiryTime{Holder: "h", ID: "1"})
		requireSentinels(t, err, theorydb.ErrItemNotFound)
		requireSentinels(t, m.Update(t.Context(), read), theorydb.ErrItemNotFound, theorydb.ErrConditionFailed)
		requireItem(t, expired, e.stored(t, "ExpiryTime#h", "ROW#1"))
	})
}

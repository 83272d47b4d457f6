package theorydb_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// lossyUser has a key that does not tell its e-mail address, and an index that is made of it.
type lossyUser struct {
	_ theorydb.Key `theorydb:"pk" key:"USERS#{team}"`
	_ theorydb.Key `theorydb:"sk" key:"USER#{email|lower}"`
	_ theorydb.Key `theorydb:"index:byEmail,pk" key:"TEAM#{team}"`
	_ theorydb.Key `theorydb:"index:byEmail,sk" key:"EMAIL#{email}#{status}"`

	Team, Email, Status string
}

// Two values of a lossy component share a key. What is stored decides, and no write may render an index key from the
// other one.
func TestAnIndexKeyIsNotRenderedFromAnotherValueOfALossyComponent(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[lossyUser](t, e)
		require.NoError(t, m.Create(t.Context(), &lossyUser{Team: "red", Email: "Ann@x", Status: "new"}))

		other := lossyUser{Team: "red", Email: "ANN@X", Status: "old"}
		require.ErrorIs(t, m.Update(t.Context(), &other), theorydb.ErrImmutable)
		require.ErrorIs(t, m.Update(t.Context(), &other, theorydb.Fields("status")), theorydb.ErrImmutable)
		_, err := m.Change(t.Context(), other, theorydb.Set("status", "old"))
		require.ErrorIs(t, err, theorydb.ErrImmutable)
		require.Equal(t, str("EMAIL#Ann@x#new"), e.stored(t, "USERS#red", "USER#ann@x")["BYEMAILSK"])

		_, err = m.Change(t.Context(), lossyUser{Team: "red", Email: "Ann@x"}, theorydb.Set("status", "old"))
		require.NoError(t, err)
		require.Equal(t, str("EMAIL#Ann@x#old"), e.stored(t, "USERS#red", "USER#ann@x")["BYEMAILSK"])
	})
}

func TestModifyKeepsToItsRecord(t *testing.T) {
	m := model[note](t, embedded(t))
	for _, id := range []string{"a", "b"} {
		require.NoError(t, m.Create(t.Context(), &note{ID: id, Text: id}))
	}
	_, err := m.Modify(t.Context(), note{ID: "a"}, func(n *note) error { n.ID = "b"; return nil })
	require.ErrorIs(t, err, theorydb.ErrImmutable)
	b, err := m.Get(t.Context(), note{ID: "b"})
	require.NoError(t, err)
	require.Equal(t, "b", b.Text)
	_, err = m.Modify(t.Context(), note{ID: "a"}, nil)
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
}

// A resolver may keep its keys in records of its own. That one of those is missing is not that the caller's is.
func TestAResolversErrorIsNotTheErrorOfTheRecord(t *testing.T) {
	type credential struct {
		PK     string `theorydb:"pk"`
		SK     string `theorydb:"sk"`
		Secret string `theorydb:"encrypted"`
	}
	e := embedded(t)
	aws := localaws.New()
	key := aws.KMSKeyARN(aws.KMSKey("alias/x"))
	var fails error
	m := model[credential](t, e, func(c *theorydb.Config) {
		c.KMS = aws.KMS()
		c.Keys = theorydb.KeyResolverFunc(func(context.Context, theorydb.KeyRequest) (theorydb.KeySet, error) {
			return theorydb.KeySet{Current: key}, fails
		})
	})
	c := credential{PK: "p", SK: "s", Secret: "x"}
	require.NoError(t, m.Create(t.Context(), &c))
	for _, fails = range []error{theorydb.ErrItemNotFound, theorydb.ErrTypeMismatch, theorydb.ErrAlreadyExists, theorydb.ErrVersionConflict} {
		_, err := m.Get(t.Context(), c)
		require.ErrorIs(t, err, theorydb.ErrEncryptionKeyUnresolved)
		require.NotErrorIs(t, err, fails)
		var old credential
		err = m.Put(t.Context(), &c, theorydb.Returning(&old))
		require.ErrorIs(t, err, theorydb.ErrEncryptionKeyUnresolved)
	}
	fails = context.Canceled
	_, err := m.Get(t.Context(), c)
	require.ErrorIs(t, err, context.Canceled)
}

// A schema document names tables as they are logically, wherever they were restored to.
func TestADescribedModelGoesToTheTableOfItsDB(t *testing.T) {
	e := embedded(t)
	logical := func(c *theorydb.Config) { c.LogicalTable = "identity" }
	db := e.open(t, logical)
	_, err := theorydb.NewModel[note](db)
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))
	document, err := db.Describe()
	require.NoError(t, err)
	var described struct {
		Models []json.RawMessage `json:"models"`
	}
	require.NoError(t, json.Unmarshal(document, &described))

	records, err := theorydb.NewRecordModel(e.open(t, logical), described.Models[0])
	require.NoError(t, err)
	require.NoError(t, records.Create(t.Context(), &theorydb.Record{"id": "1", "text": "x", "locked": ""}))
	require.NotNil(t, e.stored(t, "NOTE#1", "NOTE"))
}

// Raw finds what Get finds, and no more.
func TestRawRefusesRowsThatNameAnotherKey(t *testing.T) {
	e := embedded(t)
	m := model[note](t, e)
	e.put(t, theorydb.Item{"PK": str("NOTE#1"), "SK": str("NOTE"), "_t": str("note"), "id": str("2")})
	_, getErr := m.Get(t.Context(), note{ID: "1"})
	_, rawErr := m.Raw(t.Context(), note{ID: "1"})
	require.ErrorIs(t, getErr, theorydb.ErrTypeMismatch)
	require.ErrorIs(t, rawErr, theorydb.ErrTypeMismatch)
}

// Several OrCreate meet one expired counter: one makes it anew, and the others count on it.
func TestOrCreateOverAnExpiredItemCountsEveryCall(t *testing.T) {
	e := embedded(t)
	type counted struct {
		_   theorydb.Key `theorydb:"pk" key:"COUNT#{id}"`
		_   theorydb.Key `theorydb:"sk" key:"COUNT"`
		ID  string
		N   int64
		TTL int64 `theorydb:"ttl"`
	}
	m := model[counted](t, e)
	for round := range 20 {
		id := fmt.Sprint(round)
		e.put(t, theorydb.Item{"PK": str("COUNT#" + id), "SK": str("COUNT"), "ttl": num("5"), "n": num("900")})
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				_, err := m.Change(t.Context(), counted{ID: id}, theorydb.Add("n", 1), theorydb.OrCreate())
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		got, err := m.Get(t.Context(), counted{ID: id})
		require.NoError(t, err)
		require.Equal(t, int64(8), got.N)
	}
}

func TestAPartOfAChangePrintsWithoutItsValue(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		require.NotContains(t, fmt.Sprintf(verb, theorydb.Set("secret", canary)), canary)
	}
	require.Equal(t, `Set("secret", ...)`, fmt.Sprint(theorydb.Set("secret", canary)))
}

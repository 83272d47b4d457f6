package theorydb_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// parcel has an index of every kind: templated and plain, global and local, sparse, inverse, over the ttl.
type parcel struct {
	_ theorydb.Entity `theorydb:"name:Parcel,project:byCourier=_t+ttl+version+weight"`
	_ theorydb.Key    `theorydb:"pk" key:"DEPOT#{depot}"`
	_ theorydb.Key    `theorydb:"sk" key:"PARCEL#{id}"`
	_ theorydb.Key    `theorydb:"index:byState" key:"STATE#{state|lower}"`
	_ theorydb.Key    `theorydb:"index:byState,sk" key:"{due|ms}#{rank|pad:4}"`
	_ theorydb.Key    `theorydb:"index:byCourier" key:"COURIER#{courier}"`
	_ theorydb.Key    `theorydb:"index:byCourier,sk" key:"{delta|int}#{seen}"`
	_ theorydb.Key    `theorydb:"index:inverse" key:"PARCEL#{id}"`
	_ theorydb.Key    `theorydb:"index:inverse,sk" key:"DEPOT#{depot}"`
	_ theorydb.Key    `theorydb:"lsi:byDelta" key:"DELTA#{delta|int}"`

	Depot, ID, State string
	Due              time.Time
	Rank             uint16
	Courier          *string
	Delta            int64
	Seen             *time.Time
	Weight           float64 `theorydb:"index:byWeight,sk,omitempty"`
	Zone             string  `theorydb:"index:byWeight,omitempty"`
	Gate             string  `theorydb:"index:byExpiry,omitempty"`
	Note             string
	ExpiresAt        time.Time `theorydb:"ttl,index:byExpiry,sk"`
	Version          int64     `theorydb:"version"`
}

var parcelDue = time.Date(2096, time.March, 4, 5, 6, 7, 89_012_345, time.UTC)

func fullParcel() parcel {
	return parcel{
		Depot: "d#1", ID: "p%2", State: "Open", Due: parcelDue, Rank: 7, Courier: ptr("ann"), Delta: -2, Seen: ptr(parcelDue.Add(time.Hour)),
		Weight: 2.5, Zone: "north", Gate: "g", Note: "n", ExpiresAt: cellLater,
	}
}

func TestIndexKeysAreRenderedFromTheirComponents(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[parcel](t, e)
		record := fullParcel()
		require.NoError(t, m.Create(t.Context(), &record))
		want := theorydb.Item{
			"BYSTATEPK": str("STATE#open"), "BYSTATESK": str("2096-03-04T05:06:07.089Z#0007"),
			"BYCOURIERPK": str("COURIER#ann"), "BYCOURIERSK": str("09223372036854775806#2096-03-04T06:06:07.089012345Z"),
			"INVERSEPK": str("PARCEL#p%252"), "INVERSESK": str("DEPOT#d%231"),
			"BYDELTASK": str("DELTA#09223372036854775806"),
			"zone":      str("north"), "weight": num("2.5"), "gate": str("g"), "ttl": seconds(cellLater),
		}
		requireIndexed(t, e, record, want)

		for name, index := range map[string]theorydb.Query[parcel]{
			"byState":  {Key: parcel{State: "OPEN"}, Sort: theorydb.Is(parcelDue)},
			"inverse":  {Key: parcel{ID: "p%2"}},
			"byDelta":  {Key: parcel{Depot: "d#1"}, Sort: theorydb.AtMost(-2), Consistent: true},
			"byWeight": {Key: parcel{Zone: "north"}, Sort: theorydb.Between(2, 3)},
			"byExpiry": {Key: parcel{Gate: "g"}, Sort: theorydb.AtLeast(cellLater)},
		} {
			index.Index = name
			got, err := theorydb.Collect(m.Query(t.Context(), index))
			require.NoError(t, err)
			require.Len(t, got, 1, name)
			require.Empty(t, cmp.Diff(&record, got[0]), name)
			n, err := m.Count(t.Context(), index)
			require.NoError(t, err)
			require.Equal(t, 1, n, name)
		}

		// A component that becomes absent takes both halves with it, through every verb that can make it so.
		record.Seen = nil
		require.NoError(t, m.Update(t.Context(), &record, theorydb.Fields("seen")))
		delete(want, "BYCOURIERPK")
		delete(want, "BYCOURIERSK")
		requireIndexed(t, e, record, want)
		record.State, record.Zone, record.Weight = "", "", 0
		require.NoError(t, m.Update(t.Context(), &record))
		for _, gone := range []string{"BYSTATEPK", "BYSTATESK", "zone", "weight"} {
			delete(want, gone)
		}
		requireIndexed(t, e, record, want)
		record.State, record.Due, record.Courier, record.Seen = "late", time.Time{}, ptr("bob"), ptr(parcelDue)
		require.NoError(t, m.Put(t.Context(), &record))
		want["BYCOURIERPK"], want["BYCOURIERSK"] = str("COURIER#bob"), str("09223372036854775806#2096-03-04T05:06:07.089012345Z")
		requireIndexed(t, e, record, want)
		changed, err := m.Change(t.Context(), parcel{Depot: "d#1", ID: "p%2"}, theorydb.AnyVersion(),
			theorydb.Set("state", "Late"), theorydb.Set("due", parcelDue), theorydb.Set("rank", 0))
		require.NoError(t, err)
		want["BYSTATEPK"], want["BYSTATESK"] = str("STATE#late"), str("2096-03-04T05:06:07.089Z#0000")
		requireIndexed(t, e, *changed, want)
	})
}

// requireIndexed requires the key attributes of indexes of a parcel to be these, and no others.
func requireIndexed(t *testing.T, e *engine, record parcel, want theorydb.Item) {
	t.Helper()
	stored := e.stored(t, "DEPOT#"+escaped(record.Depot), "PARCEL#"+escaped(record.ID))
	keys := theorydb.Item{}
	for name, value := range stored {
		if strings.HasSuffix(name, "PK") || strings.HasSuffix(name, "SK") || slices.Contains([]string{"zone", "weight", "gate", "ttl"}, name) {
			keys[name] = value
		}
	}
	delete(keys, "PK")
	delete(keys, "SK")
	requireItem(t, want, keys)
}

// member is read both ways: the users of a group and the groups of a user.
type member struct {
	_ theorydb.Key `theorydb:"pk" key:"GROUP#{groupID}"`
	_ theorydb.Key `theorydb:"sk" key:"USER#{userID}"`
	_ theorydb.Key `theorydb:"index:gsi1,pk" key:"USER#{userID}"`
	_ theorydb.Key `theorydb:"index:gsi1,sk" key:"GROUP#{groupID}"`

	GroupID, UserID, Role string
	ExpiresAt             int64 `theorydb:"ttl,omitempty"`
}

func TestMembershipsAreReadBothWaysWithCursors(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[member](t, e)
		ctx := t.Context()
		for group := range 4 {
			for user := range 5 {
				require.NoError(t, m.Put(ctx, &member{GroupID: fmt.Sprint("g", group), UserID: fmt.Sprint("u", user), Role: "r"}))
			}
		}
		users, err := everyPage(ctx, m, theorydb.Query[member]{Key: member{GroupID: "g2"}, Limit: 2})
		require.NoError(t, err)
		require.Len(t, users, 5)
		groups := theorydb.Query[member]{Key: member{UserID: "u3"}, Index: "gsi1", Limit: 3, Descending: true}
		all, err := everyPage(ctx, m, groups)
		require.NoError(t, err)
		var ids []string
		for _, g := range all {
			require.Equal(t, "u3", g.UserID)
			ids = append(ids, g.GroupID)
		}
		require.Equal(t, []string{"g3", "g2", "g1", "g0"}, ids)

		page, err := m.QueryPage(ctx, groups, "")
		require.NoError(t, err)
		cursor, err := base64.RawURLEncoding.DecodeString(page.Next)
		require.NoError(t, err)
		require.Contains(t, string(cursor), `{"index":"gsi1","lastKey":{"GSI1PK":{"S":"USER#u3"},"GSI1SK":{"S":"GROUP#g1"},"PK":{"S":"GROUP#g1"},"SK":{"S":"USER#u3"}},"q":"`)

		_, err = m.QueryPage(ctx, theorydb.Query[member]{Key: member{GroupID: "g1"}, Descending: true}, page.Next)
		require.ErrorIs(t, err, theorydb.ErrInvalidCursor, "the table does not take an index's cursor")
		other := groups
		other.Key.UserID = "u4"
		_, err = m.QueryPage(ctx, other, page.Next)
		require.ErrorIs(t, err, theorydb.ErrInvalidCursor, "nor does another partition")
		n, err := m.Count(ctx, theorydb.Query[member]{Key: member{UserID: "u3"}, Index: "gsi1", Sort: theorydb.After("g1")})
		require.NoError(t, err)
		require.Equal(t, 2, n)
	})
}

func TestExpiredRowsAreInvisibleThroughIndexes(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		e.clock.Set(cellNow)
		m := model[parcel](t, e)
		alive, dead := fullParcel(), fullParcel()
		alive.ID, dead.ID = "alive", "dead"
		dead.ExpiresAt = cellNow.Add(time.Minute)
		require.NoError(t, m.Create(t.Context(), &alive))
		require.NoError(t, m.Create(t.Context(), &dead))
		reads := map[string]parcel{
			"byState": {State: "Open"}, "byDelta": {Depot: "d#1"}, "byWeight": {Zone: "north"}, "byExpiry": {Gate: "g"}, "byCourier": {Courier: ptr("ann")},
		}
		check := func(want ...string) {
			for index, key := range reads {
				q := theorydb.Query[parcel]{Key: key, Index: index, PageSize: 1}
				n, err := m.Count(t.Context(), q)
				require.NoError(t, err)
				require.Equal(t, len(want), n, "Count by %s", index)
				if index == "byCourier" {
					continue // it holds no whole parcels
				}
				got, err := theorydb.Collect(m.Query(t.Context(), q))
				require.NoError(t, err)
				var ids []string
				for _, p := range got {
					ids = append(ids, p.ID)
				}
				slices.Sort(ids)
				require.Equal(t, want, ids, "Query by %s", index)
			}
		}
		check("alive", "dead")
		e.clock.Advance(2 * time.Minute)
		check("alive")
		request, err := m.Explain(theorydb.Query[parcel]{Key: parcel{Gate: "g"}, Index: "byExpiry"})
		require.NoError(t, err)
		require.NotContains(t, *request.FilterExpression, "BETWEEN", "DynamoDB refuses a filter on a key of the index")
	})
}

func TestIndexQueriesAreRefusedBeforeAnyRequest(t *testing.T) {
	e := embedded(t)
	m := model[parcel](t, e)
	for name, c := range map[string]struct {
		query theorydb.Query[parcel]
		err   error
		text  string
	}{
		"unknown index":          {theorydb.Query[parcel]{Key: parcel{State: "s"}, Index: "bystate"}, theorydb.ErrInvalidQuery, `"byState" "byCourier" "inverse" "byDelta"`},
		"consistent on a GSI":    {theorydb.Query[parcel]{Key: parcel{State: "s"}, Index: "byState", Consistent: true}, theorydb.ErrInvalidQuery, "consistently"},
		"no partition component": {theorydb.Query[parcel]{Key: parcel{Depot: "d"}, Index: "byState"}, theorydb.ErrKeyIncomplete, "state"},
		"hole in the sort key":   {theorydb.Query[parcel]{Key: parcel{State: "s", Rank: 1}, Index: "byState"}, theorydb.ErrInvalidQuery, `"rank" but not "due"`},
		"sort of another type":   {theorydb.Query[parcel]{Key: parcel{State: "s"}, Index: "byState", Sort: theorydb.Is("x")}, theorydb.ErrInvalidQuery, `"due"`},
		"filter on a plain key":  {theorydb.Query[parcel]{Key: parcel{Zone: "z"}, Index: "byWeight", Filter: theorydb.Greater("weight", 1)}, theorydb.ErrInvalidQuery, `"weight"`},
		"filter on a derived key": {
			theorydb.Query[parcel]{Key: parcel{State: "s"}, Index: "byState", Filter: theorydb.Exists("BYSTATESK")}, theorydb.ErrInvalidQuery, `"BYSTATESK"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			requireRefused(t, e, m, c.query, c.err, c.text)
		})
	}

	partial := theorydb.Query[parcel]{Key: parcel{Courier: ptr("ann")}, Index: "byCourier"}
	require.Zero(t, e.sends(func() {
		_, err := theorydb.Collect(m.Query(t.Context(), partial))
		require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
		require.ErrorContains(t, err, "does not project")
		_, err = m.QueryPage(t.Context(), partial, "")
		require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	}))
	record := fullParcel()
	require.NoError(t, m.Create(t.Context(), &record))
	n, err := m.Count(t.Context(), partial)
	require.NoError(t, err)
	require.Equal(t, 1, n, "Count works on it")
	partial.Filter = theorydb.Greater("weight", 1)
	n, err = m.Count(t.Context(), partial)
	require.NoError(t, err)
	require.Equal(t, 1, n, "with a filter on what it projects")
	partial.Filter = theorydb.And(theorydb.Greater("weight", 1), theorydb.Equal("note", "n"))
	require.Zero(t, e.sends(func() { _, err = m.Count(t.Context(), partial) }))
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	require.ErrorContains(t, err, `"note"`, "what it does not hold would never be found there")
}

func TestCreateTableMakesTheIndexesOfAllModels(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		db := e.open(t)
		_, err := theorydb.NewModel[parcel](db)
		require.NoError(t, err)
		_, err = theorydb.NewModel[member](db)
		require.NoError(t, err)
		require.NoError(t, db.CreateTable(t.Context()))
		output, err := e.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &e.table})
		require.NoError(t, err)

		got := map[string]string{}
		describe := func(name *string, keys []types.KeySchemaElement, p *types.Projection) {
			text := string(p.ProjectionType)
			for _, key := range keys {
				text += fmt.Sprintf(" %s:%s", *key.AttributeName, key.KeyType)
			}
			fields := slices.Sorted(slices.Values(p.NonKeyAttributes))
			got[*name] = strings.TrimSpace(text + " " + strings.Join(fields, "+"))
		}
		for _, index := range output.Table.GlobalSecondaryIndexes {
			describe(index.IndexName, index.KeySchema, index.Projection)
		}
		for _, index := range output.Table.LocalSecondaryIndexes {
			describe(index.IndexName, index.KeySchema, index.Projection)
		}
		require.Equal(t, map[string]string{
			"byState":   "ALL BYSTATEPK:HASH BYSTATESK:RANGE",
			"byCourier": "INCLUDE BYCOURIERPK:HASH BYCOURIERSK:RANGE _t+ttl+version+weight",
			"inverse":   "ALL INVERSEPK:HASH INVERSESK:RANGE",
			"byWeight":  "ALL zone:HASH weight:RANGE",
			"byExpiry":  "ALL gate:HASH ttl:RANGE",
			"byDelta":   "ALL PK:HASH BYDELTASK:RANGE",
			"gsi1":      "ALL GSI1PK:HASH GSI1SK:RANGE",
		}, got)
		attributes := map[string]types.ScalarAttributeType{}
		for _, d := range output.Table.AttributeDefinitions {
			attributes[*d.AttributeName] = d.AttributeType
		}
		require.Equal(t, types.ScalarAttributeTypeN, attributes["weight"])
		require.Equal(t, types.ScalarAttributeTypeN, attributes["ttl"])
		require.Equal(t, types.ScalarAttributeTypeS, attributes["zone"])
		require.Len(t, attributes, 15)
	})
}

// indexed is a model whose index differs by what fills it.
type (
	indexedBase struct {
		_      theorydb.Key `theorydb:"pk" key:"BASE#{id}"`
		_      theorydb.Key `theorydb:"sk" key:"ROW"`
		_      theorydb.Key `theorydb:"index:gsi1" key:"A#{a}"`
		ID, A  string
		Number int64
	}
	indexedSame struct {
		_     theorydb.Key `theorydb:"pk" key:"SAME#{id}"`
		_     theorydb.Key `theorydb:"sk" key:"ROW"`
		_     theorydb.Key `theorydb:"index:gsi1" key:"B#{b}"`
		ID, B string
	}
	indexedSorted struct {
		_     theorydb.Key `theorydb:"pk" key:"SORTED#{id}"`
		_     theorydb.Key `theorydb:"sk" key:"ROW"`
		_     theorydb.Key `theorydb:"index:gsi1" key:"B#{b}"`
		_     theorydb.Key `theorydb:"index:gsi1,sk" key:"{id}"`
		ID, B string
	}
	indexedPlain struct {
		_  theorydb.Key `theorydb:"pk" key:"PLAIN#{id}"`
		_  theorydb.Key `theorydb:"sk" key:"ROW"`
		ID string
		B  int64 `theorydb:"index:gsi1,attr:GSI1PK"`
	}
	indexedProjected struct {
		_     theorydb.Entity `theorydb:"project:gsi1=_t+ttl"`
		_     theorydb.Key    `theorydb:"pk" key:"PROJECTED#{id}"`
		_     theorydb.Key    `theorydb:"sk" key:"ROW"`
		_     theorydb.Key    `theorydb:"index:gsi1" key:"B#{b}"`
		ID, B string
	}
	indexedLocal struct {
		_     theorydb.Key `theorydb:"pk" key:"LOCAL#{id}"`
		_     theorydb.Key `theorydb:"sk" key:"ROW"`
		_     theorydb.Key `theorydb:"lsi:gsi1" key:"B#{b}"`
		ID, B string
	}
)

func TestOneIndexHasOneDefinitionInATable(t *testing.T) {
	db := embedded(t).open(t)
	_, err := theorydb.NewModel[indexedBase](db)
	require.NoError(t, err)
	_, err = theorydb.NewModel[indexedSame](db)
	require.NoError(t, err, "another template in the same index is what an overloaded index is for")
	refused := map[string]error{}
	_, refused["another sort key"] = theorydb.NewModel[indexedSorted](db)
	_, refused["another type of key"] = theorydb.NewModel[indexedPlain](db)
	_, refused["another projection"] = theorydb.NewModel[indexedProjected](db)
	_, refused["local and not global"] = theorydb.NewModel[indexedLocal](db)
	for what, err := range refused {
		require.ErrorIs(t, err, theorydb.ErrInvalidModel, what)
		require.ErrorContains(t, err, `index "gsi1"`, what)
		require.ErrorContains(t, err, "indexedBase", what)
	}
}

func TestAnIndexMustProjectWhatJudgesItsRows(t *testing.T) {
	type lacksEntity struct {
		_  theorydb.Entity `theorydb:"project:byA=keys"`
		_  theorydb.Key    `theorydb:"pk" key:"L#{id}"`
		ID string
		A  string `theorydb:"index:byA,omitempty"`
	}
	type lacksTTL struct {
		_  theorydb.Entity `theorydb:"project:byA=_t+version"`
		_  theorydb.Key    `theorydb:"pk" key:"L#{id}"`
		ID string
		A  string    `theorydb:"index:byA,omitempty"`
		T  time.Time `theorydb:"ttl"`
		V  int64     `theorydb:"version,attr:version"`
	}
	type lacksVersion struct {
		_  theorydb.Entity `theorydb:"project:byA=_t+ttl"`
		_  theorydb.Key    `theorydb:"pk" key:"L#{id}"`
		ID string
		A  string    `theorydb:"index:byA,omitempty"`
		T  time.Time `theorydb:"ttl"`
		V  int64     `theorydb:"version,attr:version"`
	}
	type lacksTTLOfTheTable struct {
		_  theorydb.Entity `theorydb:"project:byA=_t"`
		_  theorydb.Key    `theorydb:"pk" key:"L#{id}"`
		ID string
		A  string `theorydb:"index:byA,omitempty"`
	}
	type hasAll struct {
		_  theorydb.Entity `theorydb:"project:byA=_t+ttl"`
		_  theorydb.Key    `theorydb:"pk" key:"L#{id}"`
		ID string
		A  string `theorydb:"index:byA,omitempty"`
	}
	db := embedded(t).open(t)
	_, err := theorydb.NewModel[lacksTTLOfTheTable](db)
	require.ErrorContains(t, err, `does not project "ttl"`, "the rows of every model expire")
	_, entity := theorydb.NewModel[lacksEntity](db)
	_, ttl := theorydb.NewModel[lacksTTL](db)
	_, version := theorydb.NewModel[lacksVersion](db)
	for name, err := range map[string]error{`"_t"`: entity, `"ttl"`: ttl, `"version"`: version} {
		require.ErrorIs(t, err, theorydb.ErrInvalidModel)
		require.ErrorContains(t, err, `does not project `+name)
		require.ErrorContains(t, err, "project:byA")
	}
	_, err = theorydb.NewModel[hasAll](db)
	require.NoError(t, err)
}

package theorydb_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// Stamps is embedded in a model and in parts of it.
type Stamps struct {
	CreatedAt time.Time `theorydb:"created_at"`
	Version   int64     `theorydb:"version"`
}

// file is a model with a part worth selecting.
type file struct {
	_ theorydb.Entity `theorydb:"name:File,project:byState=_t+ttl+version+folder+id+state+title,project:byRank=_t+ttl+version+title"`
	_ theorydb.Key    `theorydb:"pk" key:"FOLDER#{folder}"`
	_ theorydb.Key    `theorydb:"sk" key:"FILE#{id}"`
	_ theorydb.Key    `theorydb:"index:byState" key:"STATE#{state}"`
	_ theorydb.Key    `theorydb:"index:byState,sk" key:"{id}"`
	_ theorydb.Key    `theorydb:"index:byRank" key:"RANK#{rank|int}"`

	Folder, ID, State string
	Rank              int64
	Heading           string            `theorydb:"attr:title"`
	Meta              map[string]string `theorydb:"json"`
	Tags              []string          `theorydb:"set"`
	Content           []byte            `theorydb:"required"`
	ExpiresAt         time.Time         `theorydb:"ttl"`
	Stamps
}

// fileBrief is a part of a file, with names of every origin.
type fileBrief struct {
	ID        string
	Name      string `theorydb:"attr:title"`
	Meta      struct{ Author string }
	Tags      []string
	ExpiresAt int64
	*Stamps
}

func newFile(i int) *file {
	return &file{
		Folder: "f", ID: fmt.Sprint(i), State: []string{"open", "done"}[i%2], Rank: int64(i % 3), Heading: fmt.Sprint("title ", i),
		Meta: map[string]string{"Author": "ann"}, Tags: []string{"b", "a"}, Content: []byte("content"), ExpiresAt: cellLater,
	}
}

// files makes a model of files with nine of them.
func files(t testing.TB, e *engine) *theorydb.Model[file] {
	m := model[file](t, e)
	for i := range 9 {
		require.NoError(t, m.Create(t.Context(), newFile(i)))
	}
	return m
}

func allFiles() theorydb.Query[file] { return theorydb.Query[file]{Key: file{Folder: "f"}} }

// requestsOf gives the bodies of the requests of an operation that a call sends.
func requestsOf(t testing.TB, e *engine, operation string, call func()) []map[string]any {
	var bodies []map[string]any
	before := e.faults
	e.faults = &localaws.Faults{Next: before}
	e.faults.On(operation).When(func(r localaws.Request) bool {
		var body map[string]any
		require.NoError(t, json.Unmarshal(r.Body, &body))
		bodies = append(bodies, body)
		return false
	})
	call()
	e.faults = before
	return bodies
}

// asksFor gives the attributes that a request's projection names, sorted.
func asksFor(t testing.TB, body map[string]any) string {
	projection, ok := body["ProjectionExpression"].(string)
	require.True(t, ok)
	placeholders := map[string]string{}
	for placeholder, name := range body["ExpressionAttributeNames"].(map[string]any) {
		placeholders[placeholder] = name.(string)
	}
	var names []string
	for placeholder := range strings.SplitSeq(projection, ",") {
		names = append(names, placeholders[placeholder])
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestSelectReadsWhatItsFieldsName(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := files(t, e)
		q := allFiles()
		q.Descending, q.Limit, q.Filter = true, 3, theorydb.Equal("state", "open")
		var got []*fileBrief
		bodies := requestsOf(t, e, "Query", func() {
			var err error
			got, err = theorydb.Collect(theorydb.Select[fileBrief](t.Context(), m, q))
			require.NoError(t, err)
		})
		require.Equal(t, "PK SK _t createdAt folder id meta tags title ttl version", asksFor(t, bodies[0]))
		whole, err := theorydb.Collect(m.Query(t.Context(), q))
		require.NoError(t, err)
		require.Len(t, got, 3)
		for i, w := range whole {
			want := &fileBrief{ID: w.ID, Name: w.Heading, Tags: w.Tags, ExpiresAt: w.ExpiresAt.Unix(), Stamps: &w.Stamps}
			want.Meta.Author = w.Meta["Author"]
			require.Empty(t, cmp.Diff(want, got[i]))
		}
	})
}

func TestSelectIteratesAsQueryDoes(t *testing.T) {
	e := embedded(t)
	m := files(t, e)
	type brief struct{ ID string }
	q := allFiles()
	q.PageSize = 4
	found := theorydb.Select[brief](t.Context(), m, q)
	for range 2 { // an iterator can be ranged over again, and starts anew
		require.Equal(t, 3, e.sends(func() {
			all, err := theorydb.Collect(found)
			require.NoError(t, err)
			require.Len(t, all, 9)
		}))
	}
	require.Equal(t, 1, e.sends(func() {
		for one, err := range found {
			require.NoError(t, err)
			require.Equal(t, "0", one.ID)
			break
		}
	}), "leaving the loop stops the paging")
	require.Equal(t, 2, e.sends(func() {
		limited := q
		limited.Limit = 5
		all, err := theorydb.Collect(theorydb.Select[brief](t.Context(), m, limited))
		require.NoError(t, err)
		require.Len(t, all, 5)
	}))

	e.faults.On("Query").Nth(1).Error(400, "ThrottlingException", "slow down")
	e.faults.On("Query").Nth(3).CutBody()
	e.faults.On("Query").Nth(5).CommitThenDrop()
	all, err := theorydb.Collect(found)
	require.NoError(t, err)
	require.Len(t, all, 9, "a lost answer is asked for again")
	require.Empty(t, e.faults.Unfired())
}

// A row that Query leaves out or fails on Select leaves out or fails on too, though it reads less of it.
func TestSelectJudgesRowsAsQueryDoes(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := files(t, e)
		genuine := e.stored(t, "FOLDER#f", "FILE#0")
		for name, change := range map[string]func(row theorydb.Item){
			"genuine":                   func(theorydb.Item) {},
			"expired":                   func(row theorydb.Item) { row["ttl"] = seconds(e.clock.Now().Add(-time.Second)) },
			"another entity":            func(row theorydb.Item) { row["_t"] = str("Elsewhere") },
			"another writer's":          func(row theorydb.Item) { delete(row, "_t"); delete(row, "id"); delete(row, "folder") },
			"another writer's key":      func(row theorydb.Item) { delete(row, "_t"); row["SK"] = str("FILE#zz#1") },
			"a key of no template":      func(row theorydb.Item) { row["SK"] = str("FILE#zz#1") },
			"another sort component":    func(row theorydb.Item) { row["id"] = str("other") },
			"another folder":            func(row theorydb.Item) { row["folder"] = str("other") },
			"no component":              func(row theorydb.Item) { delete(row, "id") },
			"a component of a type":     func(row theorydb.Item) { row["id"] = num("7") },
			"an attribute of a type":    func(row theorydb.Item) { row["title"] = num("7") },
			"a ttl that is no whole":    func(row theorydb.Item) { row["ttl"] = num("4000000000.5") },
			"a ttl that is text":        func(row theorydb.Item) { row["ttl"] = str("soon") },
			"a planted row of no title": func(row theorydb.Item) { row["id"] = str("other"); delete(row, "title") },
		} {
			row := theorydb.Item{}
			for attribute, value := range genuine {
				row[attribute] = value
			}
			row["SK"], row["id"] = str("FILE#zz"), str("zz")
			change(row)
			e.put(t, row)
			q := allFiles()
			q.Sort = theorydb.AtLeast("zz")
			whole, queried := theorydb.Collect(m.Query(t.Context(), q))
			some, selected := theorydb.Collect(theorydb.Select[fileBrief](t.Context(), m, q))
			require.Len(t, some, len(whole), name)
			for _, sentinel := range []error{theorydb.ErrTypeMismatch, theorydb.ErrInvalidValue} {
				require.Equal(t, errors.Is(queried, sentinel), errors.Is(selected, sentinel), "%s: %v, %v", name, queried, selected)
			}
			require.Equal(t, queried == nil, selected == nil, "%s: %v, %v", name, queried, selected)
			_, err := e.client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
				TableName: &e.table, Key: theorydb.Item{"PK": row["PK"], "SK": row["SK"]},
			})
			require.NoError(t, err)
		}
	})
}

func TestSelectChecksOfWhatTheModelDemandsItsOwnAttributesOnly(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := files(t, e)
		row := e.stored(t, "FOLDER#f", "FILE#0")
		delete(row, "content")
		row["meta"] = str("no JSON")
		e.put(t, row)
		q := theorydb.Query[file]{Key: file{Folder: "f", ID: "0"}}
		_, err := theorydb.Collect(m.Query(t.Context(), q))
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		got, err := theorydb.Collect(theorydb.Select[struct{ Heading string }](t.Context(), m, q))
		require.NoError(t, err)
		require.Equal(t, "title 0", got[0].Heading)
		_, err = theorydb.Collect(theorydb.Select[struct{ Content []byte }](t.Context(), m, q))
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		require.ErrorContains(t, err, "content")
	})
}

func TestSelectNeedsAnIndexThatProjectsWhatItReads(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := files(t, e)
		type brief struct {
			Name string `theorydb:"attr:title"`
		}
		open := theorydb.Query[file]{Key: file{State: "open"}, Index: "byState", PageSize: 2}
		_, err := theorydb.Collect(m.Query(t.Context(), open))
		require.ErrorIs(t, err, theorydb.ErrInvalidQuery, "it has no whole files")
		var got []*brief
		bodies := requestsOf(t, e, "Query", func() {
			got, err = theorydb.Collect(theorydb.Select[brief](t.Context(), m, open))
		})
		require.NoError(t, err)
		require.Len(t, got, 5)
		require.Equal(t, "BYSTATEPK BYSTATESK PK SK _t folder id title ttl", asksFor(t, bodies[0]))

		for name, c := range map[string]struct {
			run  func() error
			text string
		}{
			"an attribute": {func() error {
				_, err := theorydb.Collect(theorydb.Select[struct{ Tags []string }](t.Context(), m, open))
				return err
			}, `"byState" does not project "tags"`},
			"a component of the key": {func() error {
				_, err := theorydb.Collect(theorydb.Select[brief](t.Context(), m, theorydb.Query[file]{Index: "byRank"}))
				return err
			}, `"byRank" does not project "folder"`},
			"the filter": {func() error {
				q := open
				q.Filter = theorydb.Exists("tags")
				_, err := theorydb.Collect(theorydb.Select[brief](t.Context(), m, q))
				return err
			}, `Filter names "tags"`},
		} {
			require.Zero(t, e.sends(func() { err = c.run() }), name)
			require.ErrorIs(t, err, theorydb.ErrInvalidQuery, name)
			require.ErrorContains(t, err, c.text, name)
		}
	})
}

func TestSelectRefusesAPartThatIsNone(t *testing.T) {
	e := embedded(t)
	m := files(t, e)
	type wrong struct {
		Titel string
		Rank  string
		Tags  []string `theorydb:"json"`
	}
	var err error
	require.Zero(t, e.sends(func() { _, err = theorydb.Collect(theorydb.Select[wrong](t.Context(), m, allFiles())) }))
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)
	var op *theorydb.OpError
	require.ErrorAs(t, err, &op)
	require.Equal(t, "Select", op.Op)
	var problem *theorydb.ModelError
	require.ErrorAs(t, err, &problem)
	require.Equal(t, "wrong", problem.Model)
	for _, text := range []string{`no attribute "titel" (did you mean "title"?)`, "wrong.Rank", "wrong.Tags"} {
		require.ErrorContains(t, err, text)
	}
	for _, refused := range []func() error{
		func() error {
			_, err := theorydb.Collect(theorydb.Select[file](t.Context(), m, allFiles()))
			return err
		},
		func() error { _, err := theorydb.Collect(theorydb.Select[int](t.Context(), m, allFiles())); return err },
		func() error {
			_, err := theorydb.Collect(theorydb.Select[theorydb.Record](t.Context(), m, allFiles()))
			return err
		},
		func() error {
			_, err := theorydb.Collect(theorydb.Select[wrong](t.Context(), (*theorydb.Model[file])(nil), allFiles()))
			return err
		},
	} {
		require.ErrorIs(t, refused(), theorydb.ErrInvalidModel)
	}
}

func TestSelectStaysInItsScope(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		desks := scopedModel[desk](t, e)
		acme := desks.In(scopeOf(t, "acme"))
		for _, tenant := range []string{"acme", "other"} {
			require.NoError(t, desks.In(scopeOf(t, tenant)).Create(t.Context(), &desk{UserID: "u", ID: "1", Room: "r", Text: tenant}))
		}
		type brief struct{ Text string }
		q := theorydb.Query[desk]{Key: desk{UserID: "u"}}
		got, err := theorydb.Collect(theorydb.Select[brief](t.Context(), acme, q))
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Equal(t, "acme", got[0].Text)

		planted := e.stored(t, "TENANT#acme#USER#u", "DESK#1")
		planted["tenantID"] = str("other")
		e.put(t, planted)
		_, err = theorydb.Collect(theorydb.Select[brief](t.Context(), acme, q))
		require.ErrorIs(t, err, theorydb.ErrTypeMismatch)

		_, err = theorydb.Collect(theorydb.Select[brief](t.Context(), desks.In(theorydb.Scope{}), q))
		require.ErrorIs(t, err, theorydb.ErrScopeRequired)
		q.Key.TenantID = "other"
		_, err = theorydb.Collect(theorydb.Select[brief](t.Context(), acme, q))
		require.ErrorIs(t, err, theorydb.ErrScopeMismatch)
	})
}

func TestSelectReadsPartsOfRecordsWithoutAType(t *testing.T) {
	e := embedded(t)
	db := e.open(t)
	m, err := theorydb.NewRecordModel(db, []byte(`{"name": "Doc",
		"keys": {"partition": {"attribute": "PK", "type": "S", "template": "D#{group}"}, "sort": {"attribute": "SK", "type": "S", "template": "{id}"}},
		"attributes": [{"attribute": "group", "type": "S"}, {"attribute": "id", "type": "S"}, {"attribute": "uses", "type": "N", "format": "int"},
			{"attribute": "note", "type": "S", "optional": true}]}`))
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))
	require.NoError(t, m.Create(t.Context(), &theorydb.Record{"group": "g", "id": "1", "uses": 3, "note": "n"}))
	got, err := theorydb.Collect(theorydb.Select[struct {
		Uses int
		Note *string
	}](t.Context(), m, theorydb.Query[theorydb.Record]{Key: theorydb.Record{"group": "g"}}))
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, 3, got[0].Uses)
	require.Equal(t, "n", *got[0].Note)
}

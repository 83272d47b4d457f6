package theorydb_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// wide is a record that can hold every kind of bad value.
type wide struct {
	_ theorydb.Key `theorydb:"pk" key:"WIDE#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"PART#{part}#SEQ#{seq|pad:3}"`

	ID     string
	Part   string
	Seq    int64
	Text   string
	Score  float64
	Status string            `theorydb:"enum:active|gone"`
	Owner  string            `theorydb:"required"`
	Names  map[string]string `theorydb:"omitempty"`
	TTL    time.Time         `theorydb:"ttl"`

	Version   int64     `theorydb:"version"`
	CreatedAt time.Time `theorydb:"created_at"`
	UpdatedAt time.Time `theorydb:"updated_at"`
}

func goodWide() wide { return wide{ID: "1", Part: "p", Seq: 7, Status: "active", Owner: "ada"} }

// verbsOf are the verbs that take a record.
func verbsOf(t *testing.T, m *theorydb.Model[wide]) map[string]func(*wide) error {
	return map[string]func(*wide) error{
		"Create": func(w *wide) error { return m.Create(t.Context(), w) },
		"Put":    func(w *wide) error { return m.Put(t.Context(), w) },
		"Update": func(w *wide) error { return m.Update(t.Context(), w) },
		"Delete": func(w *wide) error { return m.Delete(t.Context(), w) },
		"Get":    func(w *wide) error { _, err := m.Get(t.Context(), *w); return err },
	}
}

var (
	keyVerbs   = []string{"Create", "Put", "Update", "Delete", "Get"}
	valueVerbs = []string{"Create", "Put", "Update"}
)

func TestBadRecordsAreRefusedBeforeAnyRequest(t *testing.T) {
	rows := []struct {
		name  string
		spoil func(*wide)
		verbs []string
		want  error
	}{
		{"empty partition component", func(w *wide) { w.ID = "" }, keyVerbs, theorydb.ErrKeyIncomplete},
		{"empty sort component", func(w *wide) { w.Part = "" }, keyVerbs, theorydb.ErrKeyIncomplete},
		{"partition key of 2,049 bytes", func(w *wide) { w.ID = strings.Repeat("a", 2049-len("WIDE#")) }, keyVerbs, theorydb.ErrKeyTooLong},
		{"sort key of 1,025 bytes", func(w *wide) { w.Part = strings.Repeat("a", 1025-len("PART##SEQ#007")) }, keyVerbs, theorydb.ErrKeyTooLong},
		{"key too long by its encoding", func(w *wide) { w.ID = strings.Repeat("#", 700) }, keyVerbs, theorydb.ErrKeyTooLong},
		{"key component of invalid UTF-8", func(w *wide) { w.ID = "a\xff" }, keyVerbs, theorydb.ErrInvalidValue},
		{"padded number that overflows", func(w *wide) { w.Seq = 1000 }, keyVerbs, theorydb.ErrInvalidValue},
		{"padded number below zero", func(w *wide) { w.Seq = -1 }, keyVerbs, theorydb.ErrInvalidValue},
		{"invalid UTF-8", func(w *wide) { w.Text = "\xc3\x28" }, valueVerbs, theorydb.ErrInvalidValue},
		{"invalid UTF-8 in a map key", func(w *wide) { w.Names = map[string]string{"\xff": "x"} }, valueVerbs, theorydb.ErrInvalidValue},
		{"empty map key", func(w *wide) { w.Names = map[string]string{"": "x"} }, valueVerbs, theorydb.ErrInvalidValue},
		{"NaN", func(w *wide) { w.Score = math.NaN() }, valueVerbs, theorydb.ErrInvalidValue},
		{"infinity", func(w *wide) { w.Score = math.Inf(-1) }, valueVerbs, theorydb.ErrInvalidValue},
		{"1e300", func(w *wide) { w.Score = 1e300 }, valueVerbs, theorydb.ErrInvalidValue},
		{"1e-200", func(w *wide) { w.Score = 1e-200 }, valueVerbs, theorydb.ErrInvalidValue},
		{"text outside its enum", func(w *wide) { w.Status = "other" }, valueVerbs, theorydb.ErrInvalidValue},
		{"required text that is empty", func(w *wide) { w.Owner = "" }, valueVerbs, theorydb.ErrInvalidValue},
		{"year 10000", func(w *wide) { w.TTL = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) }, valueVerbs, theorydb.ErrInvalidValue},
		{"item of 401 KB", func(w *wide) { w.Text = strings.Repeat("a", 401<<10) }, valueVerbs, theorydb.ErrItemTooLarge},
	}
	e := embedded(t)
	m := model[wide](t, e)
	for _, row := range rows {
		for _, verb := range row.verbs {
			t.Run(row.name+"/"+verb, func(t *testing.T) {
				record := goodWide()
				row.spoil(&record)
				before := record
				var err error
				sent := e.sends(func() { err = verbsOf(t, m)[verb](&record) })
				require.ErrorIs(t, err, row.want)
				require.Zero(t, sent)
				requireOpError(t, err, verb)
				require.NotContains(t, err.Error(), "aaaa", "an error holds no value")
				require.True(t, reflect.DeepEqual(before, record) || math.IsNaN(before.Score), "the record is untouched")
			})
		}
	}
}

func requireOpError(t *testing.T, err error, verb string) {
	t.Helper()
	var op *theorydb.OpError
	require.ErrorAs(t, err, &op)
	require.Equal(t, verb, op.Op)
	require.Equal(t, "wide", op.Model)
	require.Zero(t, op.Attempts)
}

func TestBadOptionsAreRefusedBeforeAnyRequest(t *testing.T) {
	e := embedded(t)
	m := model[wide](t, e)
	record := goodWide()
	update := func(options ...theorydb.UpdateOption) func() error {
		return func() error { return m.Update(t.Context(), &record, options...) }
	}
	rows := []struct {
		name string
		call func() error
		want error
		hint string
	}{
		{"Fields with none", update(theorydb.Fields()), theorydb.ErrInvalidQuery, "names no attribute"},
		{"Fields with an unknown one", update(theorydb.Fields("txet")), theorydb.ErrInvalidQuery, `did you mean "text"?`},
		{"Fields with the version", update(theorydb.Fields("version")), theorydb.ErrInvalidQuery, "sets itself"},
		{"Fields with created_at", update(theorydb.Fields("createdAt")), theorydb.ErrInvalidQuery, "sets itself"},
		{"Fields with updated_at", update(theorydb.Fields("updatedAt")), theorydb.ErrInvalidQuery, "sets itself"},
		{"Fields with _t", update(theorydb.Fields("_t")), theorydb.ErrInvalidQuery, "no attribute"},
		{"Fields with _w", update(theorydb.Fields("_w")), theorydb.ErrInvalidQuery, "no attribute"},
		{"Fields with a key", update(theorydb.Fields("PK")), theorydb.ErrInvalidQuery, "no attribute"},
		{"Fields with a component of the key", update(theorydb.Fields("text", "part")), theorydb.ErrImmutable, "primary key"},
		{"Fields with a required one that is zero", func() error {
			return m.Update(t.Context(), &wide{ID: "1", Part: "p", Seq: 7}, theorydb.Fields("owner"))
		}, theorydb.ErrInvalidValue, "required"},
		{"condition on an unknown attribute", update(theorydb.OnlyIf(theorydb.Equal("staus", "x"))), theorydb.ErrInvalidQuery, `did you mean "status"?`},
		{"condition on an unknown attribute inside And", update(theorydb.OnlyIf(theorydb.And(theorydb.Exists("text"), theorydb.NotExists("nope")))), theorydb.ErrInvalidQuery, `"nope"`},
		{"condition with a value of another type", update(theorydb.OnlyIf(theorydb.Equal("seq", "seven"))), theorydb.ErrInvalidValue, "seq"},
		{"condition with nil", update(theorydb.OnlyIf(theorydb.Equal("text", nil))), theorydb.ErrInvalidValue, "text"},
		{"condition with NaN", update(theorydb.OnlyIf(theorydb.Equal("score", math.NaN()))), theorydb.ErrInvalidValue, "score"},
		{"condition with invalid UTF-8", update(theorydb.OnlyIf(theorydb.Equal("text", "\xff"))), theorydb.ErrInvalidValue, "text"},
		{"nil record", func() error { return m.Create(t.Context(), nil) }, theorydb.ErrInvalidValue, "nil"},
		{"nil record to Delete", func() error { return m.Delete(t.Context(), nil) }, theorydb.ErrInvalidValue, "nil"},
		{"IfVersion below zero", update(theorydb.IfVersion(-1)), theorydb.ErrInvalidValue, "version"},
		{"IfVersion at the end", update(theorydb.IfVersion(math.MaxInt64)), theorydb.ErrInvalidValue, "version"},
		{"a version below zero", func() error {
			return m.Update(t.Context(), &wide{ID: "1", Part: "p", Seq: 7, Owner: "ada", Status: "active", Version: -1})
		}, theorydb.ErrInvalidValue, "version"},
		{"a version at the end", func() error {
			return m.Put(t.Context(), &wide{ID: "1", Part: "p", Seq: 7, Owner: "ada", Status: "active", Version: math.MaxInt64})
		}, theorydb.ErrInvalidValue, "version"},
		{"a condition of 400 terms", update(theorydb.OnlyIf(theorydb.And(slices.Repeat([]theorydb.Condition{theorydb.Exists("text")}, 400)...))), theorydb.ErrInvalidQuery, "4096"},
		{"a condition of 160 comparisons", update(theorydb.OnlyIf(theorydb.And(slices.Repeat([]theorydb.Condition{theorydb.Equal("text", "x")}, 160)...))), theorydb.ErrInvalidQuery, "300"},
		{"a filter of 400 terms", func() error {
			_, err := m.Count(t.Context(), theorydb.Query[wide]{Key: wide{ID: "1"}, Filter: theorydb.And(slices.Repeat([]theorydb.Condition{theorydb.Exists("text")}, 400)...)})
			return err
		}, theorydb.ErrInvalidQuery, "4096"},
		{"cursor of nothing", func() error {
			_, err := m.QueryPage(t.Context(), theorydb.Query[wide]{Key: wide{ID: "1"}}, "nonsense")
			return err
		}, theorydb.ErrInvalidCursor, ""},
		{"Between with its bounds reversed", func() error {
			_, err := m.Count(t.Context(), theorydb.Query[wide]{Key: wide{ID: "1"}, Sort: theorydb.Between("b", "a")})
			return err
		}, theorydb.ErrInvalidQuery, "wrong order"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var err error
			require.Zero(t, e.sends(func() { err = row.call() }))
			require.ErrorIs(t, err, row.want)
			require.ErrorContains(t, err, row.hint)
		})
	}
}

func TestAnAppendOnlyModelIsOnlyCreatedAndRead(t *testing.T) {
	type event struct {
		_  theorydb.Entity `theorydb:"append_only"`
		_  theorydb.Key    `theorydb:"pk" key:"EVENT#{id}"`
		ID string
	}
	e := embedded(t)
	m := model[event](t, e)
	require.NoError(t, m.Create(t.Context(), &event{ID: "1"}))
	require.Zero(t, e.sends(func() {
		for _, err := range []error{
			m.Put(t.Context(), &event{ID: "1"}),
			m.Update(t.Context(), &event{ID: "1"}),
			m.Delete(t.Context(), &event{ID: "1"}),
		} {
			require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
			require.ErrorContains(t, err, "append_only")
		}
	}))
	_, err := m.Get(t.Context(), event{ID: "1"})
	require.NoError(t, err)
}

func TestVersionOptionsNeedAVersion(t *testing.T) {
	type plain struct {
		_  theorydb.Key `theorydb:"pk" key:"PLAIN#{id}"`
		ID string
	}
	e := embedded(t)
	m := model[plain](t, e)
	require.Zero(t, e.sends(func() {
		for _, err := range []error{
			m.Put(t.Context(), &plain{ID: "1"}, theorydb.IfVersion(1)),
			m.Update(t.Context(), &plain{ID: "1"}, theorydb.IfVersion(1)),
			m.Delete(t.Context(), &plain{ID: "1"}, theorydb.AnyVersion()),
		} {
			require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
		}
	}))
}

// A model with an encrypted field exists, and nothing can be done with it.
func TestWithoutAKeyEveryVerbOnAnEncryptedModelRefuses(t *testing.T) {
	type credential struct {
		PK     string `theorydb:"pk" json:"pk"`
		SK     string `theorydb:"sk" json:"sk"`
		Secret string `theorydb:"encrypted" json:"secret"`
	}
	e := embedded(t)
	m := model[credential](t, e)
	c := credential{PK: "a", SK: "b", Secret: "hunter2"}
	sent := e.sends(func() {
		_, getErr := m.Get(t.Context(), c)
		_, pageErr := m.QueryPage(t.Context(), theorydb.Query[credential]{Key: c}, "")
		_, countErr := m.Count(t.Context(), theorydb.Query[credential]{Key: c})
		_, queryErr := theorydb.Collect(m.Query(t.Context(), theorydb.Query[credential]{Key: c}))
		for _, err := range []error{
			m.Create(t.Context(), &c), m.Put(t.Context(), &c), m.Update(t.Context(), &c),
			m.Update(t.Context(), &c, theorydb.Fields("secret")), m.Delete(t.Context(), &c),
			getErr, pageErr, countErr, queryErr,
		} {
			require.ErrorIs(t, err, theorydb.ErrEncryptionNotConfigured)
			require.ErrorIs(t, err, theorydb.ErrEncryption)
			require.NotContains(t, err.Error(), "hunter2")
		}
	})
	require.Zero(t, sent)
	require.Equal(t, "hunter2", c.Secret)
}

func TestModelsOfATableMustNotShareAKey(t *testing.T) {
	type user struct {
		_  theorydb.Key `theorydb:"pk" key:"USER#{id}"`
		_  theorydb.Key `theorydb:"sk" key:"PROFILE"`
		ID string
	}
	type note struct {
		_  theorydb.Key `theorydb:"pk" key:"USER#{user}"`
		_  theorydb.Key `theorydb:"sk" key:"{name}"`
		ID string       `theorydb:"attr:user"`
		N  string       `theorydb:"attr:name"`
	}
	type plainKeys struct{ PK, SK string }
	type partitionOnly struct {
		_  theorydb.Key `theorydb:"pk" key:"ONLY#{id}"`
		ID string
	}
	type numbered struct {
		PK string `theorydb:"pk"`
		SK int64  `theorydb:"sk"`
	}
	db := embedded(t).open(t)
	first, err := theorydb.NewModel[user](db)
	require.NoError(t, err)
	again, err := theorydb.NewModel[user](db)
	require.NoError(t, err)
	require.Equal(t, first, again, "registering a type twice gives the same model")

	_, err = theorydb.NewModel[note](db)
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)
	require.ErrorContains(t, err, "can produce a key of user")

	_, err = theorydb.NewModel[plainKeys](db)
	require.ErrorIs(t, err, theorydb.ErrMissingPrimaryKey, "untagged fields are no keys")

	for _, register := range []func() error{
		func() error { _, err := theorydb.NewModel[partitionOnly](db); return err },
		func() error { _, err := theorydb.NewModel[numbered](db); return err },
	} {
		err := register()
		require.ErrorIs(t, err, theorydb.ErrInvalidModel)
		require.ErrorContains(t, err, "one key schema")
	}

	{
		type user struct {
			_  theorydb.Key `theorydb:"pk" key:"OTHER#{id}"`
			_  theorydb.Key `theorydb:"sk" key:"PROFILE"`
			ID string
		}
		_, err = theorydb.NewModel[user](db)
		require.ErrorIs(t, err, theorydb.ErrInvalidModel)
		require.ErrorContains(t, err, "another type is registered")
	}
}

func TestASecondTTLNameOnATableIsRefused(t *testing.T) {
	type session struct {
		_  theorydb.Key `theorydb:"pk" key:"S#{id}"`
		ID string
		At time.Time `theorydb:"ttl,attr:expires"`
	}
	_, err := theorydb.NewModel[session](embedded(t).open(t))
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)
	require.ErrorContains(t, err, "expires")

	_, err = theorydb.NewModel[session](embedded(t).open(t, func(c *theorydb.Config) { c.TTLAttribute = "expires" }))
	require.NoError(t, err)
}

func TestWordsOfLaterVersionsAreRefusedByName(t *testing.T) {
	type unique struct {
		_     theorydb.Key `theorydb:"pk" key:"A#{id}"`
		ID    string
		Email string `theorydb:"unique"`
	}
	type reserved struct {
		_  theorydb.Key `theorydb:"pk" key:"A#{id}"`
		ID string
		A  string `theorydb:"blind:x"`
	}
	db := embedded(t).open(t)
	for want, register := range map[string]func() error{
		"unique":   func() error { _, err := theorydb.NewModel[unique](db); return err },
		"reserved": func() error { _, err := theorydb.NewModel[reserved](db); return err },
	} {
		err := register()
		require.ErrorIs(t, err, theorydb.ErrInvalidModel)
		require.ErrorContains(t, err, want)
	}
}

// A model whose whole Update DynamoDB would refuse is refused at the start.
func TestAModelWiderThanAnUpdateExpressionIsRefused(t *testing.T) {
	withFields := func(n int, tag reflect.StructTag) []byte {
		var b strings.Builder
		b.WriteString(`{"name":"Wide","keys":{"partition":{"attribute":"PK","type":"S","template":"W#{id}"}},"attributes":[{"attribute":"id","type":"S"}`)
		for i := range n {
			b.WriteString(`,{"attribute":"a` + strings.Repeat("x", i) + `","type":"S"}`)
		}
		b.WriteString("]")
		if tag != "" {
			b.WriteString(`,"write_policy":{"protected_attributes":["a"`)
			for i := 1; i < n; i++ {
				b.WriteString(`,"a` + strings.Repeat("x", i) + `"`)
			}
			b.WriteString(`]}`)
		}
		b.WriteString("}")
		return []byte(b.String())
	}
	register := func(n int, tag reflect.StructTag) error {
		_, err := theorydb.NewRecordModel(embedded(t).open(t), withFields(n, tag))
		return err
	}
	require.NoError(t, register(400, ""))
	err := register(600, "")
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)
	require.ErrorContains(t, err, "4096")
	require.NoError(t, register(70, "immutable"))
	err = register(80, "immutable")
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)
	require.ErrorContains(t, err, "300")
}

func TestNewRefusesAConfigThatCannotWork(t *testing.T) {
	_, err := theorydb.New(theorydb.Config{Table: " ", Attempts: -1})
	require.ErrorContains(t, err, "Config.DynamoDB")
	require.ErrorContains(t, err, "Config.Table")
	require.ErrorContains(t, err, "Config.Attempts")
}

func TestAMissingTableIsNamedByItsError(t *testing.T) {
	e := embedded(t)
	m, err := theorydb.NewModel[wide](e.open(t))
	require.NoError(t, err)
	record := goodWide()
	require.ErrorIs(t, m.Create(t.Context(), &record), theorydb.ErrTableNotFound)
	_, err = m.Get(t.Context(), record)
	require.ErrorIs(t, err, theorydb.ErrTableNotFound)
	require.NotErrorIs(t, err, theorydb.ErrItemNotFound)
}

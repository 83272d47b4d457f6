package theorydb_test

import (
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// images are what a stream would carry of a passkey: as it was created and as it was changed afterwards.
func images(t *testing.T, d *dossier) (first, second theorydb.Item) {
	p := passkey{PersonID: "1", ID: "1", Secret: theorydb.NewSecret("first"), ExpiresAt: d.clock.Now().Add(time.Hour)}
	require.NoError(t, d.passkeys.Create(t.Context(), &p))
	first = d.stored(t, "PERSON#1", "PASSKEY#1")
	p.Secret = theorydb.NewSecret("second")
	require.NoError(t, d.passkeys.Put(t.Context(), &p))
	second = d.stored(t, "PERSON#1", "PASSKEY#1")
	d.told = nil
	return first, second
}

func TestDecodeReadsBothImages(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		first, second := images(t, d)
		for name, c := range map[string]struct {
			old, new      theorydb.Item
			before, after string // "" for nil
			asks          map[string]int
		}{
			"a change":    {first, second, "first", "second", map[string]int{"Decrypt": 2}},
			"an insert":   {nil, first, "", "first", map[string]int{"Decrypt": 1}},
			"a deletion":  {second, theorydb.Item{}, "second", "", map[string]int{"Decrypt": 1}},
			"a touch":     {first, first, "first", "first", map[string]int{"Decrypt": 1}},
			"out of turn": {second, first, "second", "first", map[string]int{"Decrypt": 2}},
		} {
			t.Run(name, func(t *testing.T) {
				oldImage, newImage := maps.Clone(c.old), maps.Clone(c.new)
				var before, after *passkey
				var asked map[string]int
				require.Zero(t, d.sends(func() {
					asked = d.asks(func() {
						var err error
						before, after, err = d.passkeys.Decode(t.Context(), c.old, c.new)
						require.NoError(t, err)
					})
				}), "requests to DynamoDB")
				require.Equal(t, c.asks, asked)
				records := 0
				for _, each := range []struct {
					want string
					got  *passkey
				}{{c.before, before}, {c.after, after}} {
					if each.want == "" {
						require.Nil(t, each.got)
						continue
					}
					records++
					require.Equal(t, each.want, each.got.Secret.Reveal())
					require.Equal(t, "1", each.got.ID)
				}
				require.Equal(t, oldImage, c.old, "the images are left as they are")
				require.Equal(t, newImage, c.new)
				told := d.only(t)
				told.Duration = 0
				require.Equal(t, theorydb.Observation{Op: "Decode", Model: "Passkey", Items: records}, told)
			})
		}
	})
}

// An expired item is never returned: its deletion by DynamoDB gives nothing, and a write over it looks like an insert.
func TestDecodeGivesNoExpiredImage(t *testing.T) {
	d := openDossier(t, embedded(t))
	first, second := images(t, d)
	d.clock.Advance(2 * time.Hour)
	d.requireSilent(t, func() {
		before, after, err := d.passkeys.Decode(t.Context(), first, nil)
		require.NoError(t, err)
		require.Nil(t, before)
		require.Nil(t, after)
	})
	second["ttl"] = num(strconv.FormatInt(d.clock.Now().Unix()+1, 10))
	before, after, err := d.passkeys.Decode(t.Context(), first, second)
	require.NoError(t, err)
	require.Nil(t, before)
	require.Equal(t, "second", after.Secret.Reveal())
}

func TestDecodeTellsEntitiesApart(t *testing.T) {
	d := openDossier(t, embedded(t))
	d.fill(t, "1", 1)
	theirs := d.stored(t, "PERSON#1", "PERSON")
	ours := d.stored(t, "PERSON#1", "PASSKEY#0")
	expired := maps.Clone(theirs)
	expired["ttl"] = num("1")
	stray := theorydb.Item{"PK": str("PERSON#1"), "SK": str("ELSE"), "name": str("n")}
	for name, images := range map[string][2]theorydb.Item{
		"the old one":             {theirs, nil},
		"the new one":             {nil, theirs},
		"both":                    {theirs, theirs},
		"an expired one":          {expired, nil},
		"one that fits no key":    {nil, stray},
		"one without keys":        {nil, {"name": str("n")}},
		"a name that is no text":  {nil, {"PK": str("PERSON#1"), "SK": str("PASSKEY#1"), "_t": num("1")}},
		"a name of another model": {nil, {"PK": str("PERSON#1"), "SK": str("PASSKEY#1"), "_t": str("Person")}},
	} {
		t.Run(name, func(t *testing.T) {
			d.requireSilent(t, func() {
				before, after, err := d.passkeys.Decode(t.Context(), images[0], images[1])
				require.ErrorIs(t, err, theorydb.ErrTypeMismatch)
				require.Nil(t, before)
				require.Nil(t, after)
			})
		})
	}

	// A key that goes from one entity to another: each model is given its own image.
	before, after, err := d.passkeys.Decode(t.Context(), theirs, ours)
	require.NoError(t, err)
	require.Nil(t, before)
	require.Equal(t, "s0", after.Secret.Reveal())
	was, is, err := d.people.Decode(t.Context(), theirs, ours)
	require.NoError(t, err)
	require.Equal(t, &person{ID: "1", Name: "Ann"}, was)
	require.Nil(t, is)

	// What says that it is ours and stands under another key was put there by somebody else.
	planted := maps.Clone(ours)
	planted["id"] = str("7")
	_, _, err = d.passkeys.Decode(t.Context(), theirs, planted)
	require.ErrorIs(t, err, theorydb.ErrTypeMismatch)

	// A row of another writer is known by its key.
	was, _, err = d.people.Decode(t.Context(), theorydb.Item{"PK": str("PERSON#3"), "SK": str("PERSON")}, nil)
	require.NoError(t, err)
	require.Equal(t, &person{ID: "3"}, was)
}

func TestDecodeFailsWholeOnWhatItCannotOpen(t *testing.T) {
	d := openDossier(t, embedded(t))
	first, second := images(t, d)
	inClear := maps.Clone(second)
	inClear["secret"] = str("in clear")
	moved := maps.Clone(second)
	moved["secret"], moved["SK"], moved["id"] = first["secret"], str("PASSKEY#2"), str("2")
	damaged := maps.Clone(second)
	damaged["ttl"] = num("99999999999999999999999")
	for name, c := range map[string]struct {
		image theorydb.Item
		want  error
	}{
		"in clear": {inClear, theorydb.ErrInvalidEncryptedEnvelope}, "moved": {moved, theorydb.ErrDecryptAuth},
		"a ttl out of range": {damaged, theorydb.ErrInvalidValue},
	} {
		t.Run(name, func(t *testing.T) {
			before, after, err := d.passkeys.Decode(t.Context(), first, c.image)
			require.ErrorIs(t, err, c.want)
			require.Nil(t, before)
			require.Nil(t, after)
			require.NotContains(t, err.Error(), "clear")
		})
	}
	d.kmsFaults.On("Decrypt").Always().Error(400, "DisabledException", "no")
	_, _, err := d.passkeys.Decode(t.Context(), first, second)
	require.ErrorIs(t, err, theorydb.ErrKMSKeyUnusable)

	passkeys := registered[passkey](t, d.open(t))
	_, _, err = passkeys.Decode(t.Context(), nil, nil)
	require.ErrorIs(t, err, theorydb.ErrEncryptionNotConfigured)
	_, _, err = (&theorydb.Model[passkey]{}).Decode(t.Context(), first, nil)
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)
}

func TestDecodeIsConfinedToItsScope(t *testing.T) {
	o := openOffice(t, embedded(t))
	image := o.stored(t, "TENANT#a#USER#u", "DESK#1")
	_, after, err := o.desks.In(scopeOf(t, "a")).Decode(t.Context(), nil, image)
	require.NoError(t, err)
	require.Equal(t, "a", after.Note)
	for _, c := range []struct {
		scope theorydb.Scope
		want  error
	}{
		{scopeOf(t, "b"), theorydb.ErrScopeMismatch},
		{theorydb.Scope{}, theorydb.ErrScopeRequired},
		{scopeOf(t, "a", "u"), theorydb.ErrScopeMismatch},
	} {
		_, after, err = o.desks.In(c.scope).Decode(t.Context(), nil, image)
		require.ErrorIs(t, err, c.want)
		require.Nil(t, after)
	}
	require.Equal(t, "Desk", o.db.EntityOf(image), "whatever the scope")
}

func TestEntityOfNamesWhoseARowIs(t *testing.T) {
	d := openDossier(t, embedded(t))
	registerElsewhere(t, d.db)
	row := func(pk, sk string, more ...theorydb.Item) theorydb.Item {
		row := theorydb.Item{"PK": str(pk), "SK": str(sk)}
		for _, each := range more {
			maps.Copy(row, each)
		}
		return row
	}
	for name, c := range map[string]struct {
		row  theorydb.Item
		want string
	}{
		"nil":                       {nil, ""},
		"its name":                  {row("x", "y", theorydb.Item{"_t": str("Person")}), "Person"},
		"a name nobody knows":       {row("x", "y", theorydb.Item{"_t": str("Stranger")}), "Stranger"},
		"a name before a key":       {row("PERSON#1", "PERSON", theorydb.Item{"_t": str("Entry")}), "Entry"},
		"a name that is no text":    {row("PERSON#1", "PERSON", theorydb.Item{"_t": num("1")}), ""},
		"a key":                     {row("PERSON#1", "PASSKEY#x"), "Passkey"},
		"a key of another table":    {row("PERSON#1", "ELSEWHERE"), "Elsewhere"},
		"a key that fits nothing":   {row("PERSON#1", "ENTRY#1"), ""},
		"half a key":                {theorydb.Item{"PK": str("PERSON#1")}, ""},
		"a key of another type":     {theorydb.Item{"PK": str("PERSON#1"), "SK": num("1")}, ""},
		"a key of several entities": {row("PERSON#1", "TWICE"), ""},
	} {
		t.Run(name, func(t *testing.T) { d.requireSilent(t, func() { require.Equal(t, c.want, d.db.EntityOf(c.row)) }) })
	}
}

// registerElsewhere registers models of other tables: one whose keys are its own, and two whose keys are the same.
func registerElsewhere(t *testing.T, db *theorydb.DB) {
	type twice struct {
		_  theorydb.Entity `theorydb:"name:Twice,table:one"`
		_  theorydb.Key    `theorydb:"pk" key:"PERSON#{id}"`
		_  theorydb.Key    `theorydb:"sk" key:"TWICE"`
		ID string
	}
	type again struct {
		_  theorydb.Entity `theorydb:"name:Again,table:two"`
		_  theorydb.Key    `theorydb:"pk" key:"PERSON#{id}"`
		_  theorydb.Key    `theorydb:"sk" key:"TWICE"`
		ID string
	}
	registered[annex](t, db)
	registered[twice](t, db)
	registered[again](t, db)
}

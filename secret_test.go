package theorydb_test

import (
	"bytes"
	"database/sql/driver"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

const mask = "[REDACTED]"

func TestSecretRevealsWhatItHolds(t *testing.T) {
	require.Equal(t, "key", theorydb.NewSecret("key").Reveal())
	require.Equal(t, 7, theorydb.NewSecret(7).Reveal())
	require.Nil(t, theorydb.NewSecret[[]byte](nil).Reveal())
	require.Equal(t, []byte{}, theorydb.NewSecret([]byte{}).Reveal())

	var unset theorydb.Secret[string]
	require.Empty(t, unset.Reveal())
	require.False(t, unset.IsSet())
	require.True(t, unset.IsZero())
	require.True(t, theorydb.NewSecret("").IsSet())
	require.False(t, theorydb.NewSecret("").IsZero())
}

type keyMaterial []byte

func TestSecretKeepsBytesToItself(t *testing.T) {
	given := keyMaterial("0123")
	s := theorydb.NewSecret(given)
	clear(given)
	revealed := s.Reveal()
	require.Equal(t, keyMaterial("0123"), revealed)
	clear(revealed)
	require.Equal(t, keyMaterial("0123"), s.Reveal())
}

func TestSecretEquality(t *testing.T) {
	type name string
	var unset theorydb.Secret[string]
	require.True(t, unset.Equal(theorydb.Secret[string]{}))
	require.False(t, unset.Equal(theorydb.NewSecret("")))
	require.False(t, theorydb.NewSecret("").Equal(unset))
	require.True(t, theorydb.NewSecret("a").Equal(theorydb.NewSecret("a")))
	require.False(t, theorydb.NewSecret("a").Equal(theorydb.NewSecret("b")))
	require.False(t, theorydb.NewSecret("a").Equal(theorydb.NewSecret("ab")))
	require.True(t, theorydb.NewSecret(name("a")).Equal(theorydb.NewSecret(name("a"))))
	require.True(t, theorydb.NewSecret(keyMaterial("a")).Equal(theorydb.NewSecret(keyMaterial("a"))))
	require.False(t, theorydb.NewSecret(keyMaterial("a")).Equal(theorydb.NewSecret(keyMaterial("b"))))
	require.True(t, theorydb.NewSecret[[]byte](nil).Equal(theorydb.NewSecret([]byte{})))
	require.True(t, theorydb.NewSecret(map[string]int{"a": 1}).Equal(theorydb.NewSecret(map[string]int{"a": 1})))
	require.False(t, theorydb.NewSecret(map[string]int{"a": 1}).Equal(theorydb.NewSecret(map[string]int{"a": 2})))
	require.True(t, theorydb.NewSecret(&holder[int]{1}).Equal(theorydb.NewSecret(&holder[int]{1})))

	// What the doc comment warns of.
	require.False(t, reflect.DeepEqual(theorydb.NewSecret("a"), theorydb.NewSecret("a")))
	require.False(t, reflect.TypeFor[theorydb.Secret[string]]().Comparable())
}

func TestSecretEqualityIsThatOfTheValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringN(0, 3, 6).Draw(t, "a"), rapid.StringN(0, 3, 6).Draw(t, "b")
		require.Equal(t, a == b, theorydb.NewSecret(a).Equal(theorydb.NewSecret(b)))
		require.Equal(t, a == b, theorydb.NewSecret([]byte(a)).Equal(theorydb.NewSecret([]byte(b))))
	})
}

func TestSecretIsWrittenAsItsMask(t *testing.T) {
	for _, s := range []theorydb.Secret[string]{{}, theorydb.NewSecret(""), theorydb.NewSecret("key")} {
		require.Equal(t, mask, s.String())
		require.Equal(t, mask, s.GoString())
		require.Equal(t, mask, s.LogValue().String())
		text, err := s.MarshalText()
		require.NoError(t, err)
		require.Equal(t, mask, string(text))
		data, err := json.Marshal(map[string]any{"key": s})
		require.NoError(t, err)
		require.JSONEq(t, `{"key":"[REDACTED]"}`, string(data))
		data, err = yaml.Marshal(struct{ Key theorydb.Secret[string] }{s})
		require.NoError(t, err)
		require.Equal(t, "key: '[REDACTED]'\n", string(data))
		if s.IsSet() { // gob passes over a zero field before it asks
			require.Error(t, gob.NewEncoder(&bytes.Buffer{}).Encode(struct{ Key theorydb.Secret[string] }{s}))
		}
		_, err = s.GobEncode()
		require.Error(t, err)
		var valuer driver.Valuer = s
		value, err := valuer.Value()
		require.Error(t, err)
		require.Nil(t, value)
	}
}

func TestUnsetSecretIsLeftOutByOmitZero(t *testing.T) {
	type credential struct {
		Key theorydb.Secret[string] `json:"key,omitzero"`
	}
	data, err := json.Marshal(credential{})
	require.NoError(t, err)
	require.JSONEq(t, `{}`, string(data))
	data, err = json.Marshal(credential{theorydb.NewSecret("")})
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"[REDACTED]"}`, string(data))
}

func TestSecretIsReadFromJSON(t *testing.T) {
	var into struct {
		Text   theorydb.Secret[string]
		Number theorydb.Secret[int64]
		Bytes  theorydb.Secret[[]byte]
		Nested theorydb.Secret[map[string]string]
		Time   theorydb.Secret[time.Time]
		Null   theorydb.Secret[string]
	}
	into.Null = theorydb.NewSecret("kept")
	require.NoError(t, json.Unmarshal([]byte(`{"Text":"a","Number":7,"Bytes":"AQI=","Nested":{"a":"b"},"Time":"2023-11-14T22:13:20Z","Null":null}`), &into))
	require.Equal(t, "a", into.Text.Reveal())
	require.Equal(t, int64(7), into.Number.Reveal())
	require.Equal(t, []byte{1, 2}, into.Bytes.Reveal())
	require.Equal(t, map[string]string{"a": "b"}, into.Nested.Reveal())
	require.True(t, into.Time.Reveal().Equal(time.Unix(1700000000, 0)))
	require.Equal(t, "kept", into.Null.Reveal())
}

func TestRedactedDocumentNeverBecomesTheSecret(t *testing.T) {
	type credential struct{ Key theorydb.Secret[string] }
	data, err := json.Marshal(credential{theorydb.NewSecret("key")})
	require.NoError(t, err)
	var read credential
	require.ErrorIs(t, json.Unmarshal(data, &read), theorydb.ErrInvalidValue)
	require.False(t, read.Key.IsSet())

	for _, form := range []string{`"[REDACTED]"`, ` "[REDACTED]" `, `"\u005bREDACTED]"`} {
		s := theorydb.NewSecret("held")
		require.ErrorIs(t, s.UnmarshalJSON([]byte(form)), theorydb.ErrInvalidValue, form)
		require.Equal(t, "held", s.Reveal(), form)
		anything := theorydb.NewSecret[any]("held")
		require.ErrorIs(t, anything.UnmarshalJSON([]byte(form)), theorydb.ErrInvalidValue, form)
	}
	var s theorydb.Secret[string]
	require.NoError(t, s.UnmarshalJSON([]byte(`"[REDACTED] "`)), "only the token itself")
}

func TestErrorsOfASecretNeverHoldTheValue(t *testing.T) {
	var number theorydb.Secret[int8]
	err := number.UnmarshalJSON([]byte(`31337`))
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	require.NotContains(t, err.Error(), "31337")
	require.False(t, number.IsSet())

	var text theorydb.Secret[string]
	for _, data := range []string{`31337`, `"31337`, `{"31337":1}`, "\"31337\xff\"", ``} {
		err := text.UnmarshalJSON([]byte(data))
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, data)
		require.NotContains(t, err.Error(), "31337")
		require.False(t, text.IsSet())
	}

	_, err = theorydb.NewSecret(talkative{"31337"}).JSON().MarshalJSON()
	require.Error(t, err)
	require.NotContains(t, err.Error(), "31337")
}

// talkative puts its value into its error.
type talkative struct{ value string }

func (v talkative) MarshalJSON() ([]byte, error) { return nil, errors.New(v.value) }

func TestOnlyJSONShowsTheSecret(t *testing.T) {
	shown := theorydb.NewSecret("key").JSON()
	data, err := json.Marshal(map[string]any{"key": shown})
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"key"}`, string(data))
	require.Equal(t, mask, fmt.Sprint(shown))
	require.Equal(t, mask, fmt.Sprintf("%#v", shown))
	require.NotContains(t, fmt.Sprintf("%#v", struct{ shown any }{shown}), `"key"`)

	data, err = theorydb.Secret[string]{}.JSON().MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, "null", string(data))

	var read theorydb.Secret[[]byte]
	data, err = theorydb.NewSecret([]byte{1, 2}).JSON().MarshalJSON()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &read))
	require.Equal(t, []byte{1, 2}, read.Reveal())
}

func FuzzSecretUnmarshalJSON(f *testing.F) {
	for _, seed := range []string{`"a"`, `"[REDACTED]"`, `"\u005bREDACTED]"`, `null`, ` null `, `1`, `{}`, `"`, "\"\xff\"", `"\ud800"`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		held := theorydb.NewSecret("held")
		s := held
		err := s.UnmarshalJSON(data)
		var plain *string
		valid := json.Unmarshal(data, &plain) == nil
		switch {
		case err != nil:
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			require.True(t, s.Equal(held))
		case !valid:
			t.Fatal("took what encoding/json refuses")
		case plain == nil:
			require.True(t, s.Equal(held))
		default:
			require.Equal(t, *plain, s.Reveal())
			require.NotEqual(t, mask, s.Reveal())
			shown, err := s.JSON().MarshalJSON()
			require.NoError(t, err)
			var again theorydb.Secret[string]
			require.NoError(t, again.UnmarshalJSON(shown))
			require.True(t, again.Equal(s))
		}
	})
}

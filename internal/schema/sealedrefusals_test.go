package schema

import (
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

type (
	textForm struct {
		Secret string `theorydb:"encrypted"`
	}
	storedForm struct{ Held Secret[string] }
)

func (*textForm) MarshalText() ([]byte, error) { return nil, nil }
func (*textForm) UnmarshalText([]byte) error   { return nil }

func (*storedForm) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return null, nil }
func (*storedForm) UnmarshalDynamoDBAttributeValue(types.AttributeValue) error   { return nil }

// sealedRefusals are models that would store a secret in clear, or its mask.
var sealedRefusals = []refusal{
	{"a Secret that is not encrypted", struct {
		ID string `theorydb:"pk"`
		S  Secret[string]
	}{}, "S", `with the word "encrypted"`, ErrInvalidModel},
	{"a Secret as JSON that is not encrypted", struct {
		ID string         `theorydb:"pk"`
		S  Secret[string] `theorydb:"json"`
	}{}, "S", `with the word "encrypted"`, ErrInvalidModel},
	{"a Secret as a key", struct {
		ID Secret[string] `theorydb:"pk"`
	}{}, "ID", `with the word "encrypted"`, ErrInvalidModel},
	{"an encrypted Secret as a key", struct {
		ID Secret[string] `theorydb:"pk,encrypted"`
	}{}, "ID", "both encrypted and pk", ErrInvalidModel},
	{"an encrypted Secret as a version", struct {
		ID string        `theorydb:"pk"`
		V  Secret[int64] `theorydb:"version,encrypted"`
	}{}, "V", "both encrypted and version", ErrInvalidModel},
	{"a Secret behind a pointer", struct {
		ID string          `theorydb:"pk"`
		S  *Secret[string] `theorydb:"encrypted"`
	}{}, "S", "never inside another value", ErrInvalidModel},
	{"a list of Secrets", struct {
		ID string           `theorydb:"pk"`
		S  []Secret[string] `theorydb:"encrypted"`
	}{}, "S", "never inside another value", ErrInvalidModel},
	{"a map of Secrets", struct {
		ID string                    `theorydb:"pk"`
		S  map[string]Secret[string] `theorydb:"encrypted"`
	}{}, "S", "never inside another value", ErrInvalidModel},
	{"a Secret in a nested struct", struct {
		ID string `theorydb:"pk"`
		N  struct{ S Secret[string] }
	}{}, "N.S", "never inside another value", ErrInvalidModel},
	{"a Secret of a Secret", struct {
		ID string                 `theorydb:"pk"`
		S  Secret[Secret[string]] `theorydb:"encrypted"`
	}{}, "S", "never inside another value", ErrInvalidModel},
	{"a struct that embeds a Secret", struct {
		ID string                   `theorydb:"pk"`
		S  struct{ Secret[string] } `theorydb:"encrypted"`
	}{}, "S", "MarshalText", ErrInvalidModel},
	{"an embedded Secret", struct {
		ID             string `theorydb:"pk"`
		Secret[string] `theorydb:"encrypted"`
	}{}, "Secret", "embedded and encrypted", ErrInvalidModel},
	{"an embedded time that is encrypted", struct {
		ID        string `theorydb:"pk"`
		time.Time `theorydb:"encrypted"`
	}{}, "Time", "embedded and encrypted", ErrInvalidModel},
	{"a Secret of what can't be stored", struct {
		ID string           `theorydb:"pk"`
		S  Secret[chan int] `theorydb:"encrypted"`
	}{}, "S", "chan int can't be stored", ErrInvalidModel},
	{"a Secret of anything", struct {
		ID string      `theorydb:"pk"`
		S  Secret[any] `theorydb:"encrypted"`
	}{}, "S", "can't be encrypted", ErrInvalidModel},
	{"encrypted any", struct {
		ID string `theorydb:"pk"`
		S  any    `theorydb:"encrypted"`
	}{}, "S", "can't be encrypted", ErrInvalidModel},
	{"encrypted pointer to any", struct {
		ID string `theorydb:"pk"`
		S  *any   `theorydb:"encrypted"`
	}{}, "S", "can't be encrypted", ErrInvalidModel},
	{"encrypted any as JSON", struct {
		ID string `theorydb:"pk"`
		S  any    `theorydb:"encrypted,json"`
	}{}, "S", "can't be encrypted", ErrInvalidModel},
	{"encrypted interface", struct {
		ID string           `theorydb:"pk"`
		S  interface{ M() } `theorydb:"encrypted"`
	}{}, "S", "can't be encrypted", ErrInvalidModel},
	{"encrypted func", struct {
		ID string `theorydb:"pk"`
		S  func() `theorydb:"encrypted"`
	}{}, "S", "can't be stored", ErrInvalidModel},
	{"encrypted chan", struct {
		ID string   `theorydb:"pk"`
		S  chan int `theorydb:"encrypted"`
	}{}, "S", "can't be stored", ErrInvalidModel},
	{"encrypted complex", struct {
		ID string     `theorydb:"pk"`
		S  complex128 `theorydb:"encrypted"`
	}{}, "S", "can't be stored", ErrInvalidModel},
	{"encrypted inside a struct stored as JSON", struct {
		ID string         `theorydb:"pk"`
		N  []nestedSecret `theorydb:"json"`
	}{}, "N", `a field with the word "encrypted"`, ErrInvalidModel},
	{"a Secret inside a map stored as JSON", struct {
		ID string                    `theorydb:"pk"`
		N  map[string]Secret[string] `theorydb:"json"`
	}{}, "N", "holds a Secret", ErrInvalidModel},
	{"encrypted inside a nested struct stored as JSON", struct {
		ID string `theorydb:"pk"`
		N  struct {
			In struct{ S *nestedSecret } `theorydb:"json"`
		}
	}{}, "N.In", `a field with the word "encrypted"`, ErrInvalidModel},
	{"encrypted inside a map of lists", struct {
		ID string `theorydb:"pk"`
		N  map[string][]*nestedSecret
	}{}, "N.Secret", "no meaning on a field of a nested struct", ErrInvalidTag},
	{"encrypted inside an encrypted struct", struct {
		ID string       `theorydb:"pk"`
		N  nestedSecret `theorydb:"encrypted"`
	}{}, "N.Secret", "no meaning on a field of a nested struct", ErrInvalidTag},
	{"encrypted inside a type with a text form", struct {
		ID string `theorydb:"pk"`
		N  textForm
	}{}, "N", `a field with the word "encrypted"`, ErrInvalidModel},
	{"a Secret inside a type with a stored form", struct {
		ID string `theorydb:"pk"`
		N  *storedForm
	}{}, "N", "holds a Secret", ErrInvalidModel},
}

func TestNothingSealedIsStoredInClear(t *testing.T) {
	for _, r := range sealedRefusals {
		t.Run(r.name, func(t *testing.T) {
			_, err := Compile(reflect.TypeOf(r.model), testOptions)
			require.Error(t, err)
			found := problemsOf(t, err)
			for _, p := range found {
				if p.Field == r.field && p.Err == r.err { //nolint:errorlint // which of the two sentinels is what is tested
					require.Contains(t, p.Problem, r.text)
					return
				}
			}
			t.Fatalf("no problem of %s that matches %v in %v", r.field, r.err, err)
		})
	}
}

// Where only the value tells its type, the value is refused.
func TestNothingSealedIsStoredInClearThroughAny(t *testing.T) {
	type model struct {
		ID  string         `theorydb:"pk"`
		Any any            `theorydb:"omitempty"`
		Doc map[string]any `theorydb:"json"`
	}
	plan := mustCompile[model]()
	for name, v := range map[string]any{
		"tagged": nestedSecret{"planted"}, "pointer": &nestedSecret{"planted"}, "list": []any{nestedSecret{"planted"}}, "Secret": secretOf("planted"),
		"typed list": []nestedSecret{{"planted"}}, "map": map[string]any{"a": map[string]any{"b": &nestedSecret{"planted"}}},
	} {
		for _, rec := range []*model{{ID: "1", Any: v}, {ID: "1", Doc: map[string]any{"v": v}}} {
			item, err := plan.Encode(rec)
			require.ErrorIs(t, err, ErrInvalidValue, name)
			require.Nil(t, item)
			require.NotContains(t, err.Error(), "planted")
		}
	}
	_, err := plan.Encode(&model{ID: "1", Any: device{}, Doc: map[string]any{"v": []any{1, device{}}}})
	require.NoError(t, err)
}

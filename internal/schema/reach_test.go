package schema

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type (
	loose struct {
		Spaced string `theorydb:"omitempty, Encrypted"`
	}
	family struct {
		Name     string
		Children []*family
	}
	sealedFamily struct {
		Children []*sealedFamily
		nestedSecret
	}
	// mutual types: whichever is asked about first, both are sealed.
	left  struct{ R *right }
	right struct {
		L *left
		S Secret[int]
	}
)

func TestReachOfTypes(t *testing.T) {
	for want, all := range map[Reach][]any{
		ReachNone:   {1, "", []byte{}, time.Time{}, device{}, map[string][]device{}, func() any { return nil }, make(chan nestedSecret)},
		ReachOpen:   {[]any{}, map[string]any{}, struct{ e error }{}, family{}, &http.Request{}, reflect.Value{}, slog.Attr{}},
		ReachSealed: {nestedSecret{}, &nestedSecret{}, []nestedSecret{}, map[nestedSecret]int{}, [2]map[string]*nestedSecret{}, loose{}, sealedFamily{}, secretOf(1), struct{ s Secret[int] }{}, left{}, right{}},
	} {
		for _, v := range all {
			require.Equal(t, want, ReachOf(reflect.TypeOf(v)), "%T", v)
			require.Equal(t, want, ReachOf(reflect.TypeOf(v)), "%T again", v)
		}
	}
}

type sealedError struct{ Cause nestedSecret }

func (sealedError) Error() string { return "" }

func TestHoldsFindsWhatIsSealed(t *testing.T) {
	secret := nestedSecret{"x"}
	behind := struct{ any }{&struct{ v any }{secret}}
	for name, test := range map[string]struct {
		v              any
		sealed, cyclic bool
	}{
		"nil":              {nil, false, false},
		"plain":            {[]any{1, "x", map[string]any{"a": nil}}, false, false},
		"in any":           {[]any{1, map[string]any{"a": &secret}}, true, false},
		"map key":          {map[any]any{secret: 1}, true, false},
		"unexported":       {struct{ v any }{secret}, true, false},
		"slog value":       {map[string]any{"v": slog.GroupValue(slog.Int("a", 1), slog.Any("b", secret))}, true, false},
		"reflect value":    {reflect.ValueOf(secret), true, false},
		"error":            {fmt.Errorf("a: %w", fmt.Errorf("b: %w", &sealedError{})), true, false},
		"joined":           {errors.Join(errors.New("a"), fmt.Errorf("b: %w", sealedError{})), true, false},
		"plain error":      {fmt.Errorf("a: %w", errors.New("b")), false, false},
		"behind a pointer": {behind, true, false},
		"not followed":     {struct{ v any }{&struct{ V any }{secret}}, false, false},
		"shared":           {[]any{&behind.any, &behind.any, 1}, true, false},
		"list that loops":  {func() any { l := make([]any, 1); l[0] = l; return l }(), false, true},
		"shared, no loop":  {func() any { l := []any{1}; return []any{l, l} }(), false, false},
		"tree":             {family{Children: []*family{{Name: "a"}}}, false, false},
	} {
		sealed, cyclic := Holds(reflect.ValueOf(test.v), true)
		require.Equal(t, test.sealed, sealed, name)
		if !sealed {
			require.Equal(t, test.cyclic, cyclic, name)
		}
	}
}

func TestSecretIsKnownByItsInside(t *testing.T) {
	type alike struct{ get func() string } //nolint:unused // its likeness to a Hidden is what is tested
	for _, v := range []any{alike{}, struct{ alike }{}, Hide(1), struct{ Secret[int] }{}, struct {
		concealed[int]
		X int
	}{}, 1} {
		require.False(t, IsSecret(reflect.TypeOf(v)), "%T", v)
	}
	type password Secret[string] // has lost Secret's methods, not what it is
	require.True(t, IsSecret(reflect.TypeFor[Secret[int]]()))
	require.True(t, IsSecret(reflect.TypeFor[password]()))
}

package theorydb_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/theorydb/theorydb"
)

// planted is a value that must not come out.
const planted = "canary-7f3a91"

// leaks reports whether text holds the planted in any form that a printer may give it.
func leaks(text string) bool {
	var numbers strings.Builder // %d of bytes
	for i, b := range []byte(planted) {
		if i > 0 {
			numbers.WriteByte(' ')
		}
		fmt.Fprint(&numbers, b)
	}
	for _, form := range []string{planted, hex.EncodeToString([]byte(planted)), base64.StdEncoding.EncodeToString([]byte(planted))[:16], numbers.String()} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
			return true
		}
	}
	return false
}

// channels are the ways a value gets into text by accident.
var channels = map[string]func(v any) string{
	"%v":  func(v any) string { return fmt.Sprintf("%v", v) },
	"%+v": func(v any) string { return fmt.Sprintf("%+v", v) },
	"%#v": func(v any) string { return fmt.Sprintf("%#v", v) },
	"%s":  func(v any) string { return fmt.Sprintf("%s", v) },
	"%q":  func(v any) string { return fmt.Sprintf("%q", v) },
	"%x":  func(v any) string { return fmt.Sprintf("%x", v) },
	"%X":  func(v any) string { return fmt.Sprintf("%X", v) },
	"%d":  func(v any) string { return fmt.Sprintf("%d", v) },
	"slog text": func(v any) string {
		return logged(func(w *bytes.Buffer) slog.Handler { return slog.NewTextHandler(w, nil) }, v)
	},
	"slog JSON": func(v any) string {
		return logged(func(w *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(w, nil) }, v)
	},
	"json": func(v any) string { return encoded(json.Marshal, v) },
	"xml":  func(v any) string { return encoded(xml.Marshal, v) },
	"yaml": func(v any) string { return encoded(yaml.Marshal, v) },
	"gob": func(v any) string {
		var out bytes.Buffer
		err := gob.NewEncoder(&out).Encode(v)
		return fmt.Sprint(out.String(), err)
	},
	"testify": func(v any) string {
		var t recordedT
		assert.Equal(&t, reflect.Zero(reflect.TypeOf(v)).Interface(), v)
		return string(t)
	},
	"cmp": func(v any) string {
		return cmp.Diff(nil, v, cmp.Exporter(func(reflect.Type) bool { return true })) +
			cmp.Diff(reflect.New(reflect.TypeOf(v)).Elem().Interface(), v, cmp.Exporter(func(reflect.Type) bool { return true }))
	},
	"panic": panicText,
	"%w chain": func(v any) string {
		wrapping := "inner: %w" // of a value that is no error; vet would object to the constant
		err := fmt.Errorf("outer: %w", errors.Join(fmt.Errorf("inner: %v", v), fmt.Errorf(wrapping, v)))
		return fmt.Sprintf("%v %+v %#v %q", err, err, err, err)
	},
}

func logged(handler func(*bytes.Buffer) slog.Handler, v any) string {
	var out bytes.Buffer
	logger := slog.New(handler(&out))
	logger.With("with", v).WithGroup("group").Info("message", "key", v, slog.Group("inner", "key", v))
	return out.String()
}

func encoded(marshal func(any) ([]byte, error), v any) (text string) {
	defer func() {
		if r := recover(); r != nil { // yaml panics at some values
			text = fmt.Sprint(r)
		}
	}()
	data, err := marshal(v)
	return fmt.Sprint(string(data), err)
}

// panicText is what the runtime prints of a panic with v and with an error that was made of it.
func panicText(v any) (text string) {
	for _, thrown := range []any{v, fmt.Errorf("failed: %+v", v)} {
		func() {
			defer func() {
				switch r := recover().(type) {
				case error:
					text += r.Error()
				case fmt.Stringer:
					text += r.String()
				default:
					text += fmt.Sprintf("%v%#v", r, r)
				}
			}()
			panic(thrown)
		}()
	}
	return text
}

// recordedT is the text of a failed assertion.
type recordedT string

func (t *recordedT) Errorf(format string, args ...any) { *t += recordedT(fmt.Sprintf(format, args...)) }

type (
	holder[T any]           struct{ Held T }
	nestedHolder[T any]     struct{ Inner holder[T] }
	hiddenHolder[T any]     struct{ held T }
	nestedUnexported[T any] struct {
		Name  string
		inner hiddenHolder[T]
	}
)

// shapes are the ways a value lies inside others.
func shapes[T any](v T) map[string]any {
	return map[string]any{
		"value":            v,
		"pointer":          &v,
		"field":            holder[T]{v},
		"pointer to field": &holder[T]{v},
		"nested":           nestedHolder[T]{holder[T]{v}},
		"unexported":       nestedUnexported[T]{"name", hiddenHolder[T]{v}},
		"map":              map[string]T{"key": v},
		"slice":            []T{v},
		"array":            [1]T{v},
		"any":              holder[any]{v},
		"pointer inside":   holder[*T]{&v},
	}
}

func TestSecretLeaksThroughNoChannel(t *testing.T) {
	cases := 0
	for channel, print := range channels {
		for kind, all := range map[string]map[string]any{
			"string": shapes(theorydb.NewSecret(planted)),
			"bytes":  shapes(theorydb.NewSecret([]byte(planted))),
			"struct": shapes(theorydb.NewSecret(holder[string]{planted})),
		} {
			for shape, v := range all {
				cases++
				text := print(v)
				require.NotEmpty(t, text, "%s of %s %s says nothing, so it shows nothing", channel, kind, shape)
				require.False(t, leaks(text), "%s of %s %s: %s", channel, kind, shape, text)
			}
		}
	}
	require.GreaterOrEqual(t, cases, 500)
}

// The control: the same search finds the same value without Secret.
func TestChannelsLeakWithoutSecret(t *testing.T) {
	found := map[string][]string{}
	for channel, print := range channels {
		for shape, v := range shapes(planted) {
			if leaks(print(v)) {
				found[channel] = append(found[channel], shape)
			}
		}
	}
	for channel := range channels {
		require.Contains(t, found[channel], "value", channel)
		require.Contains(t, found[channel], "nested", channel)
		if !strings.Contains("json xml yaml gob slog JSON", channel) { // these pass over unexported fields
			require.Contains(t, found[channel], "unexported", channel)
		}
		if channel != "xml" { // it has no maps
			require.Contains(t, found[channel], "map", channel)
		}
		require.Contains(t, found[channel], "slice", channel)
	}
	require.Contains(t, found["slog text"], "unexported")
}

package theorydb_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

type (
	login struct {
		User     string `json:"user"`
		Password string `json:"password" theorydb:"encrypted"`
	}
	pin struct {
		Digits int    `theorydb:"attr:pin,encrypted,omitempty"`
		Seed   []byte `theorydb:" Encrypted "`
	}
	unexportedLogin struct {
		user  string
		inner login
	}
	embeddedLogin struct {
		login
		*Base
		At time.Time `json:"at"`
	}
	Base struct {
		Token string `theorydb:"encrypted"`
		Kind  string
	}
	// chatty would print its field by every method it has.
	chatty struct {
		Key string `theorydb:"encrypted"`
	}
	loginError struct{ login login }
)

func (c chatty) String() string               { return c.Key }
func (c chatty) GoString() string             { return c.Key }
func (c chatty) Format(f fmt.State, _ rune)   { _, _ = fmt.Fprint(f, c.Key) }
func (c chatty) LogValue() slog.Value         { return slog.StringValue(c.Key) }
func (c chatty) MarshalJSON() ([]byte, error) { return json.Marshal(c.Key) }
func (c chatty) MarshalText() ([]byte, error) { return []byte(c.Key), nil }
func (e loginError) Error() string            { return "no login with " + e.login.Password }

// sealedValues hold the planted text in encrypted fields only.
func sealedValues() map[string]any {
	secret := login{User: "ann", Password: planted}
	self := map[string]any{"login": secret}
	self["self"] = self
	type ring struct {
		Login login
		Next  *ring
	}
	loop := &ring{Login: secret}
	loop.Next = &ring{Login: secret, Next: loop}
	values := map[string]any{
		"bytes":                  pin{Seed: []byte(planted)},
		"embedded":               embeddedLogin{login: secret, Base: &Base{Token: planted, Kind: "k"}},
		"own methods":            chatty{planted},
		"error":                  loginError{secret},
		"wrapped error":          fmt.Errorf("outer: %w", fmt.Errorf("inner: %w", loginError{secret})),
		"joined error":           errors.Join(errors.New("other"), &loginError{secret}),
		"map that loops":         self,
		"pointers that loop":     loop,
		"map key":                map[login]int{secret: 1},
		"pointer to pointer":     func() **login { p := &secret; return &p }(),
		"list of any":            []any{1, "two", []any{secret}},
		"slog value":             map[string]any{"v": slog.GroupValue(slog.Int("a", 1), slog.Any("b", secret))},
		"slog attributes":        []slog.Attr{slog.Int("a", 1), slog.Any("b", secret)},
		"secret of its own":      theorydb.NewSecret(planted),
		"unexported secret":      hiddenHolder[theorydb.Secret[string]]{theorydb.NewSecret(planted)},
		"shown as JSON":          map[string]any{"v": theorydb.NewSecret(planted).JSON()},
		"unexported any":         hiddenHolder[any]{secret},
		"pointer behind any":     hiddenHolder[any]{&secret},
		"pointer in several any": holder[any]{holder[any]{holder[any]{&unexportedLogin{"ann", secret}}}},
	}
	for name, v := range shapes(secret) {
		values[name] = v
	}
	for name, v := range shapes(chatty{planted}) {
		values["own methods, "+name] = v
	}
	for name, v := range shapes(unexportedLogin{"ann", secret}) {
		values["unexported field, "+name] = v
	}
	return values
}

func TestRedactShowsNoEncryptedField(t *testing.T) {
	printed := 0
	for name, v := range sealedValues() {
		for channel, print := range channels {
			text := print(theorydb.Redact(v))
			printed++
			require.False(t, leaks(text), "%s of %s: %s", channel, name, text)
		}
		// The text itself tells that something was masked, and nothing was lost for it.
		text := theorydb.Redact(v).String()
		require.Contains(t, text, mask, name)
		require.Contains(t, theorydb.Redact(v).GoString(), mask, name)
		data, err := json.Marshal(theorydb.Redact(v))
		require.NoError(t, err, name)
		require.True(t, json.Valid(data), name)
	}
	require.GreaterOrEqual(t, printed, 700)
}

// The control: without Redact and RedactHandler the same values leak.
func TestEncryptedFieldsLeakWithoutRedact(t *testing.T) {
	for name, v := range sealedValues() {
		if strings.Contains(name, "loop") || strings.Contains(name, "secret") {
			continue // fmt does not come back from the one, and the other needs no Redact
		}
		leaking := 0
		for channel, print := range channels {
			if (channel == "cmp" || channel == "testify") && strings.Contains(name, "own methods") {
				continue
			}
			if leaks(print(v)) {
				leaking++
			}
		}
		if name == "pointer behind any" || name == "pointer to pointer" { // fmt shows addresses
			continue
		}
		require.Positive(t, leaking, name)
	}
}

func TestRedactPrintsTheRestAsFmtDoes(t *testing.T) {
	type pair struct {
		A int
		B string `theorydb:"encrypted"`
		C any
		d []string
	}
	v := pair{A: 7, B: planted, C: time.Unix(0, 0).UTC(), d: []string{"x", "y"}}
	want := pair{A: 7, B: mask, C: v.C, d: v.d}
	for _, verb := range []string{"%v", "%+v", "%s", "%4v"} {
		require.Equal(t, fmt.Sprintf(verb, want), fmt.Sprintf(verb, theorydb.Redact(v)), verb)
		require.Equal(t, fmt.Sprintf(verb, &want), fmt.Sprintf(verb, theorydb.Redact(&v)), verb)
		require.Equal(t, fmt.Sprintf(verb, []pair{want, want}), fmt.Sprintf(verb, theorydb.Redact([]pair{v, v})), verb)
		require.Equal(t, fmt.Sprintf(verb, map[string]pair{"b": want, "a": want}), fmt.Sprintf(verb, theorydb.Redact(map[string]pair{"a": v, "b": v})), verb)
	}
	require.Equal(t, `theorydb_test.pair{A:7, B:[REDACTED], C:time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC), d:[]string{"x", "y"}}`, theorydb.Redact(v).GoString())
	require.Equal(t, `&{Login:[REDACTED] Next:&{Login:[REDACTED] Next:<cycle>}}`, func() string {
		type ring struct {
			Login string `theorydb:"encrypted"`
			Next  *ring
		}
		loop := &ring{Next: &ring{}}
		loop.Next.Next = loop
		return theorydb.Redact(loop).String()
	}())
}

func TestRedactLeavesOtherValuesAlone(t *testing.T) {
	for _, v := range []any{nil, 1, "text", []byte("x"), errors.New("x"), time.Unix(0, 0), []any{1, nil}, map[string]any{"a": 1}, holder[string]{"x"}, (*login)(nil) == nil, &holder[error]{errors.New("x")}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%08x"} {
			if strings.Contains(fmt.Sprintf(verb, v), "0x") {
				continue // an address, which tells nothing
			}
			require.Equal(t, fmt.Sprintf(verb, v), fmt.Sprintf(verb, theorydb.Redact(v)), "%s of %T", verb, v)
		}
		plain, err := json.Marshal(v)
		require.NoError(t, err)
		redacted, err := json.Marshal(theorydb.Redact(v))
		require.NoError(t, err)
		require.JSONEq(t, string(plain), string(redacted), "%T", v)
	}
	require.Equal(t, "<nil>", theorydb.Redacted{}.String())
	require.Equal(t, "<nil>", theorydb.Redact((*login)(nil)).String())
}

func TestRedactComesBackFromValuesThatHoldThemselves(t *testing.T) {
	type list []list
	type tree map[string]tree
	plainList, plainTree, anyList := make(list, 1), tree{}, make([]any, 1)
	plainList[0], plainTree["a"], anyList[0] = plainList, plainTree, anyList
	for _, v := range []any{plainList, plainTree, anyList, map[string]any{"x": anyList, "y": anyList}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			require.Contains(t, fmt.Sprintf(verb, theorydb.Redact(v)), "<cycle>")
		}
		data, err := json.Marshal(theorydb.Redact(v))
		require.NoError(t, err)
		require.Contains(t, string(data), "cycle")
	}
}

func TestRedactedJSONHasTheNamesOfEncodingJSON(t *testing.T) {
	type inner struct {
		Deep string
		Same string `json:"same"`
	}
	type document struct {
		inner
		*Base
		Secret  string    `theorydb:"encrypted" json:"secret,omitempty"`
		Same    string    `json:"same"`
		Left    string    `json:"left,omitempty"`
		Zero    time.Time `json:"zero,omitzero"`
		Never   string    `json:"-"`
		Dash    string    `json:"-,"` //nolint:staticcheck // the odd name is what is tested
		List    []any
		None    map[string]any
		Nothing any
		private string
	}
	v := document{inner: inner{"d", "inner"}, Base: &Base{planted, "k"}, Secret: planted, Same: "outer", Never: "n", Dash: "d", List: []any{1, login{"ann", planted}}, private: "p"}
	data, err := json.Marshal(theorydb.Redact(v))
	require.NoError(t, err)
	require.JSONEq(t, `{"Deep":"d","same":"outer","Token":"[REDACTED]","Kind":"k","secret":"[REDACTED]","-":"d",
		"List":[1,{"user":"ann","password":"[REDACTED]"}],"None":null,"Nothing":null}`, string(data))
	masked := v
	masked.Base, masked.Secret = &Base{mask, "k"}, mask
	masked.List = []any{1, login{"ann", mask}}
	plain, err := json.Marshal(masked)
	require.NoError(t, err)
	require.JSONEq(t, string(plain), string(data))
}

func TestRedactedJSONOfNilsAndOfWhatHasNoJSON(t *testing.T) {
	type odd struct {
		Nil     *login
		List    []login
		Map     map[string]login
		Empty   []login `json:",omitempty"`
		Number  int     `json:",omitempty"`
		Sent    [1]int  `json:",omitempty"`
		Channel chan int
	}
	data, err := json.Marshal(theorydb.Redact(odd{Channel: make(chan int)}))
	require.NoError(t, err)
	require.JSONEq(t, `{"Nil":null,"List":null,"Map":null,"Sent":[0],"Channel":"!ERROR: chan int can't be written as JSON"}`, string(data))
	require.Equal(t, "{Nil:<nil> List:[] Map:map[] Empty:[] Number:0 Sent:[0] Channel:<nil>}", theorydb.Redact(odd{}).String())
}

// What lies behind a pointer that no printer follows may be in use, as a map under a lock is.
func TestRedactLeavesAloneWhatOthersMayUse(t *testing.T) {
	type client struct {
		Login login
		state any
	}
	state := &struct{ counts map[string]any }{map[string]any{"planted": planted}}
	text := theorydb.Redact(client{Login: login{"ann", planted}, state: state}).String()
	require.Equal(t, fmt.Sprintf("{Login:{User:ann Password:[REDACTED]} state:%p}", state), text)
}

// Whatever lies beside the secret and however deep, the secret stays where it is.
func TestRedactAtAnyDepth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v any = login{"ann", planted}
		for range rapid.IntRange(0, 8).Draw(t, "depth") {
			wraps := shapes(v)
			v = wraps[rapid.SampledFrom([]string{"pointer", "field", "nested", "unexported", "map", "slice", "array", "any", "pointer to field"}).Draw(t, "shape")]
		}
		for _, channel := range []string{"%v", "%+v", "%#v", "%x", "slog text", "slog JSON", "json"} {
			require.False(t, leaks(channels[channel](theorydb.Redact(v))), channel)
			require.False(t, leaks(throughHandler(channel, v)), channel)
		}
	})
}

// throughHandler logs v by a RedactHandler.
func throughHandler(channel string, v any) string {
	return logged(func(w *bytes.Buffer) slog.Handler {
		if channel == "slog JSON" {
			return theorydb.RedactHandler(slog.NewJSONHandler(w, nil))
		}
		return theorydb.RedactHandler(slog.NewTextHandler(w, nil))
	}, v)
}

type lazyLogin struct{ login }

func (l lazyLogin) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("login", l.login), slog.String("password", l.Password))
}

// detour resolves to another LogValuer and then to a login.
type detour struct{ to func() any }

func (d detour) LogValue() slog.Value { return slog.AnyValue(d.to()) }

func TestRedactHandlerMasksEncryptedFields(t *testing.T) {
	values := sealedValues()
	secret := login{"ann", planted}
	values["log valuer"] = lazyLogin{secret}
	values["log valuer behind a log valuer"] = detour{func() any { return detour{func() any { return secret }} }}
	values["group"] = slog.GroupValue(slog.Any("login", secret))
	values["log valuer in a group"] = slog.GroupValue(slog.Any("login", detour{func() any { return &secret }}))
	values["log valuer that gives a group"] = detour{func() any { return slog.GroupValue(slog.Any("login", secret)) }}
	for name, v := range values {
		for _, channel := range []string{"slog text", "slog JSON"} {
			text := throughHandler(channel, v)
			require.False(t, leaks(text), "%s of %s: %s", channel, name, text)
			if channel == "slog text" { // JSON passes over unexported fields
				require.Contains(t, text, mask, name)
			}
			if name == "shown as JSON" {
				require.Equal(t, channel == "slog JSON", leaks(channels[channel](v)))
				continue
			}
			if channel == "slog text" && !strings.Contains(name, "loop") && !strings.Contains(name, "secret") && !strings.Contains(name, "pointer") {
				require.True(t, leaks(channels[channel](v)), "the control leaks nothing: %s of %s", channel, name)
			}
		}
	}
}

func TestRedactHandlerGivesJSONObjects(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(theorydb.RedactHandler(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: dropTime})))
	logger.With("by", login{"bob", planted}).WithGroup("g").Info("m", "login", &login{"ann", planted}, "n", 1)
	require.JSONEq(t, `{"level":"INFO","msg":"m","by":{"user":"bob","password":"[REDACTED]"},"g":{"login":{"user":"ann","password":"[REDACTED]"},"n":1}}`, out.String())
}

func dropTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func TestRedactHandlerLeavesOtherRecordsAsTheyAre(t *testing.T) {
	write := func(wrap func(slog.Handler) slog.Handler, format string) string {
		var out bytes.Buffer
		options := &slog.HandlerOptions{ReplaceAttr: dropTime, AddSource: true, Level: slog.LevelInfo}
		var handler slog.Handler = slog.NewTextHandler(&out, options)
		if format == "json" {
			handler = slog.NewJSONHandler(&out, options)
		}
		logger := slog.New(wrap(handler)).With("w", 1, slog.Group("", slog.Int("inline", 2))).WithGroup("g")
		logger.Debug("not enabled")
		for range 1 { // one source line for both
			logger.Info("m", "s", "x", "e", fmt.Errorf("outer: %w", errors.New("x")), "t", time.Unix(0, 0), "d", time.Second, "any", holder[any]{1}, "nil", nil, "list", []any{1, "a"},
				"v", detour{func() any { return 5 }}, slog.Group("empty"), slog.Group("in", "a", 1), "f", 1.5, "b", true, "u", uint64(1), "bytes", []byte("x"))
		}
		return out.String()
	}
	for _, format := range []string{"text", "json"} {
		plain := write(func(h slog.Handler) slog.Handler { return h }, format)
		require.Contains(t, plain, "redact_test.go")
		require.Equal(t, plain, write(theorydb.RedactHandler, format))
	}
}

func TestRedactHandlerSurvivesALogValueThatPanics(t *testing.T) {
	for _, channel := range []string{"slog text", "slog JSON"} {
		text := throughHandler(channel, detour{func() any { panic(planted) }})
		require.False(t, leaks(text), text)
		require.Contains(t, text, "panicked")
	}
	var endless func() any
	endless = func() any { return detour{endless} }
	require.Contains(t, throughHandler("slog text", detour{endless}), "too deeply")
}

func TestRedactHandlerAsksTheNextWhetherALevelIsEnabled(t *testing.T) {
	handler := theorydb.RedactHandler(slog.NewTextHandler(&bytes.Buffer{}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	require.False(t, handler.Enabled(context.Background(), slog.LevelInfo))
	require.True(t, handler.WithGroup("g").Enabled(context.Background(), slog.LevelWarn))
}

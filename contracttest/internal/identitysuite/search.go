package identitysuite

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/internal/keys"
)

// keepSecret remembers texts that nothing stored, sent or told may hold.
func (b *bench) keepSecret(texts ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.secrets = append(b.secrets, texts...)
}

// handedOut keeps tokens secret, and what is secret in each: its last 32 bytes, which could be stored in another form.
func (b *bench) handedOut(t testing.TB, tokens ...theorydb.Secret[string]) {
	t.Helper()
	for _, token := range tokens {
		text := token.Reveal()
		if text == "" {
			continue
		}
		_, encoded, _ := strings.Cut(text, "_")
		whole, err := base64.RawURLEncoding.DecodeString(encoded)
		require.NoError(t, err)
		b.keepSecret(text, string(whole[max(0, len(whole)-32):]))
	}
}

// notice and observe keep what the service and the library tell, as a log would.
func (b *bench) notice(_ context.Context, n identity.Notice) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = append(b.told, n)
	fmt.Fprintf(&b.log, "%+v\n", n)
}

func (b *bench) observe(_ context.Context, o theorydb.Observation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprintf(&b.log, "%+v\n", o)
}

// tells keeps an error that a verb returned, as a program would log it, and gives it back.
func (b *bench) tells(err error) error {
	if err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		fmt.Fprintf(&b.log, "%v %+v %#v\n", err, err, err)
	}
	return err
}

// holdsNoSecret requires that nothing holds what was kept secret, or a key that KMS gave in clear: no stored item, no request
// to DynamoDB or to KMS, and nothing that observers and callers were told.
func (b *bench) holdsNoSecret(t testing.TB) {
	t.Helper()
	b.mu.Lock()
	secrets := slices.Concat(b.secrets, b.kmsFaults.opened())
	b.mu.Unlock()
	require.Empty(t, b.holding(t, secrets...), "these hold what was kept secret")
}

// holding names the places that hold one of some secrets.
func (b *bench) holding(t testing.TB, secrets ...string) (places []string) {
	t.Helper()
	forms := newNeedles()
	for _, secret := range secrets {
		require.GreaterOrEqual(t, len(secret), 6, "a secret so short is found by chance")
		for _, form := range formsOf(secret) {
			forms.add(form)
		}
	}
	look := func(place string, text []byte) {
		if forms.in(lowerASCII(text)) {
			places = append(places, place)
		}
	}
	for _, item := range b.items(t) {
		for name, value := range item {
			look("attribute "+name, textOf(value))
			look("the name of an attribute", []byte(name))
		}
	}
	for service, requests := range map[string][]request{"DynamoDB": b.faults.all(), "KMS": b.kmsFaults.all()} {
		for _, r := range requests {
			look(r.operation+" to "+service, textOfBody(t, r.body))
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	look("what was told", b.log.Bytes())
	return places
}

// formsOf are the forms in which a secret could stand somewhere, in lower case: as it is, without dashes, as a component of a
// key, in hex, and in base64, wherever it begins in what was encoded.
func formsOf(secret string) (forms [][]byte) {
	raw := []byte(secret)
	all := []string{
		secret, strings.ReplaceAll(secret, "-", ""), keys.EncodeText(secret), hex.EncodeToString(raw),
		base64.RawStdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
	}
	for before := range 3 {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			// The first and the last characters may be made of other bits too.
			encoded := encoding.EncodeToString(append(make([]byte, before), raw...))
			all = append(all, encoded[(before*8+5)/6:(before+len(raw))*8/6])
		}
	}
	slices.Sort(all)
	for _, form := range slices.Compact(all) {
		forms = append(forms, lowerASCII([]byte(form)))
	}
	return forms
}

// lowerASCII is a text with its ASCII letters in lower case, and every other byte as it is: bytes.ToLower would replace what
// is no UTF-8, such as most of what is random.
func lowerASCII(text []byte) []byte {
	lower := bytes.Clone(text)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return lower
}

// textOf is every text and all bytes in a value, names of members among them.
func textOf(value types.AttributeValue) []byte {
	var text []byte
	add := func(parts ...[]byte) { text = append(append(text, bytes.Join(parts, []byte{0})...), 0) }
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		add([]byte(v.Value))
	case *types.AttributeValueMemberN:
		add([]byte(v.Value))
	case *types.AttributeValueMemberB:
		add(v.Value)
	case *types.AttributeValueMemberSS:
		add([]byte(strings.Join(v.Value, "\x00")))
	case *types.AttributeValueMemberNS:
		add([]byte(strings.Join(v.Value, "\x00")))
	case *types.AttributeValueMemberBS:
		add(v.Value...)
	case *types.AttributeValueMemberL:
		for _, member := range v.Value {
			add(textOf(member))
		}
	case *types.AttributeValueMemberM:
		for name, member := range v.Value {
			add([]byte(name), textOf(member))
		}
	}
	return text
}

// textOfBody is every text of a request, and what a text holds that is base64, as bytes travel.
func textOfBody(t testing.TB, body []byte) []byte {
	t.Helper()
	var whole any
	require.NoError(t, json.Unmarshal(body, &whole))
	var text []byte
	var walk func(any)
	walk = func(node any) {
		switch v := node.(type) {
		case map[string]any:
			for name, member := range v {
				text = append(append(text, name...), 0)
				walk(member)
			}
		case []any:
			for _, member := range v {
				walk(member)
			}
		case string:
			text = append(append(text, v...), 0)
			if raw, err := base64.StdEncoding.DecodeString(v); err == nil {
				text = append(append(text, raw...), 0)
			}
		}
	}
	walk(whole)
	return text
}

package schema

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/keys"
)

func TestKeyIsRenderedFromTheRecord(t *testing.T) {
	plan := mustCompile[session]()
	key, err := plan.Key(&session{TenantID: "acme", UserID: "a#b", ID: "7"})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(Item{"PK": text("TENANT#acme#USER#a%23b"), "SK": text("SESSION#7")}, key, avOptions))

	_, err = plan.Key(&session{TenantID: "acme", ID: "4711"})
	require.ErrorIs(t, err, keys.ErrIncomplete)
	require.ErrorContains(t, err, "userID")
	_, err = plan.Key(&session{TenantID: "acme", UserID: "u", ID: strings.Repeat("4711", 300)})
	require.ErrorIs(t, err, keys.ErrTooLong)
	require.NotContains(t, err.Error(), "4711")
	_, err = plan.Key(&session{TenantID: "acme", UserID: "4711\xff", ID: "7"})
	require.ErrorIs(t, err, ErrInvalidValue)
	require.ErrorContains(t, err, "userID")
	require.NotContains(t, err.Error(), "4711")
}

func TestPlainKeysAreHeldToTheirLength(t *testing.T) {
	plan := mustCompile[credential]()
	key, err := plan.Key(&credential{PK: "a#b%", SK: "s"})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(Item{"PK": text("a#b%"), "SK": text("s")}, key, avOptions))
	_, err = plan.Key(&credential{PK: "a"})
	require.ErrorIs(t, err, keys.ErrIncomplete)
	require.ErrorContains(t, err, "SK")
	_, err = plan.Key(&credential{PK: "a", SK: strings.Repeat("x", 1025)})
	require.ErrorIs(t, err, keys.ErrTooLong)

	type counted struct {
		ID  int64  `theorydb:"pk"`
		Raw []byte `theorydb:"sk"`
	}
	key, err = mustCompile[counted]().Key(&counted{Raw: []byte{1}})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(Item{"id": number("0"), "raw": blob("\x01")}, key, avOptions))
	_, err = mustCompile[counted]().Key(&counted{Raw: []byte{}})
	require.ErrorIs(t, err, keys.ErrIncomplete)
}

type ranked struct {
	_ Key `theorydb:"pk" key:"R#{board}"`
	_ Key `theorydb:"sk" key:"{score|int}#{seq|pad:5}#{at}#{name|lower}"`
	_ Key `theorydb:"index:byName" key:"N#{name|hash}"`
	_ Key `theorydb:"index:byName,sk" key:"{nick}#{score|int}"`

	Board string
	Score int64
	Seq   uint16
	At    time.Time
	Name  string
	Nick  *string
}

func TestTextsTellZeroFromAbsent(t *testing.T) {
	plan := mustCompile[ranked]()
	texts, err := plan.SK.Texts(&ranked{})
	require.NoError(t, err)
	require.Equal(t, []string{"0", "0", "", ""}, texts)
	at := time.Date(2023, 11, 14, 23, 13, 20, 0, time.FixedZone("", 3600))
	texts, err = plan.SK.Texts(&ranked{Score: -5, Seq: 7, At: at, Name: "Ann"})
	require.NoError(t, err)
	require.Equal(t, []string{"-5", "7", "2023-11-14T22:13:20.000000000Z", "Ann"}, texts)
}

func TestFromKeyTellsWhatIsAbsent(t *testing.T) {
	plan := mustCompile[ranked]()
	at := time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)
	key, err := plan.Key(&ranked{Board: "b%", Score: -5, Seq: 7, At: at, Name: "Ann"})
	require.NoError(t, err)
	told, err := plan.FromKey(key)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(Item{
		"board": text("b%"), "score": number("-5"), "seq": number("7"), "at": text("2023-11-14T22:13:20.000000000Z"),
	}, told, avOptions), "name is lossy")

	key["board"] = text("there")
	told, err = plan.FromKey(key)
	require.NoError(t, err)
	require.NotContains(t, told, "board")

	for _, bad := range []Item{{}, {"PK": number("1"), "SK": key["SK"]}, {"PK": text("X#b"), "SK": key["SK"]}, {"PK": text("R#%2a"), "SK": key["SK"]}} {
		_, err = plan.FromKey(bad)
		require.ErrorIs(t, err, keys.ErrMismatch)
	}
	told, err = mustCompile[credential]().FromKey(Item{"PK": text("a"), "SK": text("b")})
	require.NoError(t, err)
	require.NotNil(t, told)
	require.Empty(t, told)
}

func TestFromKeyRefusesHalvesThatDisagree(t *testing.T) {
	type model struct {
		_ Key `theorydb:"pk" key:"A#{a}"`
		_ Key `theorydb:"sk" key:"B#{a}"`
		A string
	}
	_, err := mustCompile[model]().FromKey(Item{"PK": text("A#1"), "SK": text("B#2")})
	require.ErrorIs(t, err, keys.ErrMismatch)
}

func TestIndexKeysAreWrittenWholeOrNotAtAll(t *testing.T) {
	index := mustCompile[ranked]().Indexes[0]
	require.True(t, index.Sparse)
	nick := "nick"
	key, err := index.Keys(&ranked{Name: "Ann", Nick: &nick})
	require.NoError(t, err)
	require.Len(t, key, 2)
	require.Equal(t, text("nick#09223372036854775808"), key["BYNAMESK"], "the number 0 is a value")
	empty := ""
	for _, rec := range []*ranked{{Name: "Ann"}, {Nick: &nick}, {Name: "Ann", Nick: &empty}} {
		key, err = index.Keys(rec)
		require.NoError(t, err)
		require.Empty(t, key)
	}
	_, err = index.Keys(&ranked{Name: strings.Repeat("x", 9999), Nick: &nick})
	require.NoError(t, err, "hashed")
	long := strings.Repeat("x", 1025)
	_, err = index.Keys(&ranked{Name: "Ann", Nick: &long})
	require.ErrorIs(t, err, keys.ErrTooLong)
}

func TestEmptyPlainIndexKeysAreLeftOut(t *testing.T) {
	type model struct {
		ID    string `theorydb:"pk"`
		Email string `theorydb:"index:gsi1"`
	}
	item, err := mustCompile[model]().Encode(&model{ID: "1"})
	require.NoError(t, err)
	require.NotContains(t, item, "email")
}

func TestOverlapNeedsBothHalves(t *testing.T) {
	type a struct {
		_  Key `theorydb:"pk" key:"T#{id}"`
		_  Key `theorydb:"sk" key:"X#{id}"`
		ID string
	}
	type b struct {
		_  Key `theorydb:"pk" key:"T#{id}"`
		_  Key `theorydb:"sk" key:"Y#{id}"`
		ID string
	}
	type c struct {
		_                  Key `theorydb:"pk" key:"T#{tenant}"`
		_                  Key `theorydb:"sk" key:"{kind}#{name}"`
		Tenant, Kind, Name string
	}
	type alone struct {
		_  Key `theorydb:"pk" key:"T#{id}"`
		ID string
	}
	require.False(t, Overlap(mustCompile[a](), mustCompile[b]()))
	require.True(t, Overlap(mustCompile[a](), mustCompile[c]()))
	require.True(t, Overlap(mustCompile[alone](), mustCompile[alone]()))
	require.False(t, Overlap(mustCompile[a](), mustCompile[alone]()))
	require.False(t, Overlap(mustCompile[credential](), mustCompile[credential]()))
}

package schema

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type Stamp struct {
	Version int64 `theorydb:"version"`
	Owner   string
	Local   string `theorydb:"-"`
	private int
}

type stamped struct {
	ID string `theorydb:"pk"`
	*Stamp
	Name    string `theorydb:"required"`
	Tags    []string
	Limits  map[string]int
	Best    *string
	Local   int `theorydb:"-"`
	private int
}

func TestDecodeReplacesAttributesAndKeepsTheRest(t *testing.T) {
	plan := mustCompile[stamped]()
	best := "old"
	stamp := &Stamp{Version: 1, Owner: "o", Local: "kept", private: 5}
	tags, limits := []string{"old"}, map[string]int{"old": 1}
	rec := &stamped{ID: "1", Stamp: stamp, Name: "n", Tags: tags, Limits: limits, Best: &best, Local: 3, private: 4}
	err := plan.Decode(Item{
		"id": text("2"), "name": text("m"), "version": number("2"), "tags": list(text("new")), "limits": mapOf("new", number("2")), "best": text("new"), "unknown": text("x"),
	}, rec)
	require.NoError(t, err)
	now := "new"
	require.Equal(t, &stamped{
		ID: "2", Stamp: &Stamp{Version: 2, Local: "kept", private: 5}, Name: "m", Tags: []string{"new"}, Limits: map[string]int{"new": 2}, Best: &now, Local: 3, private: 4,
	}, rec)
	require.Equal(t, &Stamp{Version: 1, Owner: "o", Local: "kept", private: 5}, stamp, "the old embedded struct")
	require.Equal(t, []string{"old"}, tags)
	require.Equal(t, map[string]int{"old": 1}, limits)
	require.Equal(t, "old", best)

	require.NoError(t, plan.Decode(Item{"name": text("m")}, rec))
	require.Equal(t, &stamped{Stamp: &Stamp{Local: "kept", private: 5}, Name: "m", Local: 3, private: 4}, rec)
}

func TestEmbeddedPointersAppearWithTheirFirstAttribute(t *testing.T) {
	plan := mustCompile[stamped]()
	rec := &stamped{}
	require.NoError(t, plan.Decode(Item{"name": text("m")}, rec))
	require.Nil(t, rec.Stamp)
	require.NoError(t, plan.Decode(Item{"name": text("m"), "owner": text("o")}, rec))
	require.Equal(t, &Stamp{Owner: "o"}, rec.Stamp)

	item, err := plan.Encode(&stamped{ID: "1", Name: "n"})
	require.NoError(t, err)
	require.NotContains(t, item, "version")
	require.True(t, plan.Version.IsZero(&stamped{}))
	require.False(t, plan.Version.IsZero(&stamped{Stamp: &Stamp{Version: 1}}))
}

func TestMergeSetsOnlyTheNamedAttributes(t *testing.T) {
	plan := mustCompile[stamped]()
	stamp := &Stamp{Version: 1, Owner: "o"}
	rec := &stamped{ID: "1", Stamp: stamp, Name: "n", Tags: []string{"old"}}
	require.NoError(t, plan.Merge(Item{"version": number("2"), "id": text("9")}, rec, []string{"version", "tags", "_w"}))
	require.Equal(t, &stamped{ID: "1", Stamp: &Stamp{Version: 2, Owner: "o"}, Name: "n"}, rec)
	require.Equal(t, &Stamp{Version: 1, Owner: "o"}, stamp)
}

func TestRequiredIsHeldInBothDirections(t *testing.T) {
	plan := mustCompile[stamped]()
	var value *ValueError
	_, err := plan.Encode(&stamped{ID: "1"})
	require.ErrorAs(t, err, &value)
	require.Equal(t, &ValueError{Attr: "name", Problem: "is required and has no value"}, value)
	rec := &stamped{ID: "kept"}
	require.ErrorAs(t, plan.Decode(Item{"id": text("1")}, rec), &value)
	require.Equal(t, &ValueError{Attr: "name", Problem: "is required and absent"}, value)
	require.Equal(t, &stamped{ID: "kept"}, rec)
}

func TestEnumIsHeldOnWriteOnly(t *testing.T) {
	plan := mustCompile[session]()
	rec := &session{ExpiresAt: time.Unix(1, 0), Kind: "tv"}
	_, err := plan.Encode(rec)
	require.ErrorIs(t, err, ErrInvalidValue)
	require.NotContains(t, err.Error(), "tv")
	_, err = plan.Attribute("kind").Encode("tv")
	require.ErrorIs(t, err, ErrInvalidValue)
	rec.Kind = "web"
	_, err = plan.Encode(rec)
	require.NoError(t, err)
	require.NoError(t, plan.Decode(Item{"kind": text("tv"), "ttl": number("1")}, rec))
	require.Equal(t, "tv", rec.Kind)
}

func TestPlansRefuseRecordsOfOtherTypes(t *testing.T) {
	plan := mustCompile[stamped]()
	for _, rec := range []any{nil, stamped{}, (*stamped)(nil), &session{}, 1} {
		_, err := plan.Encode(rec)
		require.ErrorIs(t, err, ErrInvalidValue)
		require.ErrorIs(t, plan.Decode(Item{}, rec), ErrInvalidValue)
		require.ErrorIs(t, plan.Merge(Item{}, rec, nil), ErrInvalidValue)
		_, err = plan.Key(rec)
		require.ErrorIs(t, err, ErrInvalidValue)
		_, err = plan.PK.Value(rec)
		require.ErrorIs(t, err, ErrInvalidValue)
		_, err = plan.PK.Texts(rec)
		require.ErrorIs(t, err, ErrInvalidValue)
		_, err = plan.Attributes[0].Value(rec)
		require.ErrorIs(t, err, ErrInvalidValue)
		require.True(t, plan.Attributes[0].IsZero(rec))
	}
}

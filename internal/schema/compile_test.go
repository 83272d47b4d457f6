package schema

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/keys"
)

func parsed(t *testing.T, text string, kinds map[string]keys.Kind) *keys.Template {
	t.Helper()
	k, err := keys.Parse(text, func(name string) (keys.Kind, error) { return kinds[name], nil })
	require.NoError(t, err)
	return k
}

func TestCompileGivesThePlanOfASession(t *testing.T) {
	plan, err := Compile(reflect.TypeFor[session](), testOptions)
	require.NoError(t, err)

	kinds := map[string]keys.Kind{"tenantID": keys.Text, "userID": keys.Text, "id": keys.Text, "secretHash": keys.Text, "expiry": keys.Time}
	tenant := &Attribute{Name: "tenantID", Field: "TenantID", Type: "S"}
	user := &Attribute{Name: "userID", Field: "UserID", Type: "S"}
	id := &Attribute{Name: "id", Field: "ID", Type: "S"}
	hash := &Attribute{Name: "secretHash", Field: "SecretHash", Type: "S", OmitEmpty: true, Optional: true}
	expiry := &Attribute{Name: "expiry", Field: "Expiry", Type: "S", Format: FormatTime, Optional: true}
	ttl := &Attribute{Name: "ttl", Field: "ExpiresAt", Type: "N", Format: FormatUnixSeconds, Required: true}
	version := &Attribute{Name: "version", Field: "Version", Type: "N", Format: FormatInt}
	created := &Attribute{Name: "createdAt", Field: "CreatedAt", Type: "S", Format: FormatTime}
	updated := &Attribute{Name: "updatedAt", Field: "UpdatedAt", Type: "S", Format: FormatTime}
	want := &Plan{
		Entity: "Session", Table: "identity",
		Attributes: []*Attribute{
			tenant, user, id, hash,
			{Name: "uses", Field: "Uses", Type: "N", Format: FormatInt},
			{Name: "kind", Field: "Kind", Type: "S", Enum: []string{"web", "app"}, Immutable: true},
			expiry,
			{Name: "seed", Field: "Seed", Type: "B", Encrypted: true},
			{Name: "roles", Field: "Roles", Type: "SS", Set: true},
			{Name: "device", Field: "Device", Type: "S", Format: FormatJSON, JSON: true},
			ttl, version, created, updated,
		},
		PK: &KeyPart{Name: "PK", Type: "S", Template: parsed(t, "TENANT#{tenantID}#USER#{userID}", kinds), Components: []*Attribute{tenant, user}, Max: 2048},
		SK: &KeyPart{Name: "SK", Type: "S", Template: parsed(t, "SESSION#{id}", kinds), Components: []*Attribute{id}, Max: 1024},
		Indexes: []*Index{{
			Name:       "gsi1",
			PK:         &KeyPart{Name: "GSI1PK", Type: "S", Template: parsed(t, "T#{tenantID}#HASH#{secretHash|shard:4}", kinds), Components: []*Attribute{tenant, hash}, Max: 2048},
			SK:         &KeyPart{Name: "GSI1SK", Type: "S", Template: parsed(t, "{expiry|ms}", kinds), Components: []*Attribute{expiry}, Max: 1024},
			Projection: ProjectInclude, Fields: []string{"userID", "uses"}, Sparse: true,
		}},
		Scope:   []*Attribute{tenant},
		Version: version, TTL: ttl, CreatedAt: created, UpdatedAt: updated, FirstVersion: 1,
	}
	require.Empty(t, cmp.Diff(want, plan, avOptions))
	require.Empty(t, cmp.Diff([]*Attribute{tenant, user, id}, plan.KeyComponents(), avOptions))
	require.Equal(t, "secretHash", plan.Nearest("secrethahs"))
	require.Empty(t, plan.Nearest("nothingLikeIt"))
	require.IsType(t, &session{}, plan.New())
}

func TestCompileTakesPlainKeysAsTheSourceDocumentsWriteThem(t *testing.T) {
	plan, err := Compile(reflect.TypeFor[credential](), Options{})
	require.NoError(t, err)
	pk := &Attribute{Name: "PK", Field: "PK", Type: "S"}
	sk := &Attribute{Name: "SK", Field: "SK", Type: "S"}
	want := &Plan{
		Entity:     "credential",
		Attributes: []*Attribute{pk, sk, {Name: "secret", Field: "Secret", Type: "S", Encrypted: true}},
		PK:         &KeyPart{Name: "PK", Type: "S", Components: []*Attribute{pk}, Max: 2048},
		SK:         &KeyPart{Name: "SK", Type: "S", Components: []*Attribute{sk}, Max: 1024},
	}
	require.Empty(t, cmp.Diff(want, plan, avOptions))
}

func TestCompileFlattensEmbeddedStructsAndNestsTheOthers(t *testing.T) {
	type Address struct {
		StreetName string
		Zip        string `theorydb:"attr:z,omitempty"`
	}
	type Stamps struct {
		Version int64 `theorydb:"version:0"`
	}
	type lower struct {
		Colour string
		Seen   time.Time
	}
	type model struct {
		_  Entity `theorydb:"naming:snake_case,append_only"`
		ID string `theorydb:"pk"`
		*Stamps
		lower
		HomeAddress Address
	}
	plan := mustCompile[model]()
	require.True(t, plan.AppendOnly)
	require.Equal(t, int64(0), plan.FirstVersion)
	require.Equal(t, "Stamps.Version", plan.Version.Field)
	require.Equal(t, []string{"id", "version", "colour", "seen", "home_address"}, plan.names)

	item, err := plan.Encode(&model{ID: "1", lower: lower{"red", time.Unix(5, 0)}, HomeAddress: Address{StreetName: "High"}})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(mapOf("street_name", text("High")), item["home_address"], avOptions))
	require.NotContains(t, item, "version")
	read := &model{}
	require.NoError(t, plan.Decode(item, read))
	require.Equal(t, lower{"red", time.Unix(5, 0).UTC()}, read.lower)
}

func TestOneFieldMayHoldHalvesOfSeveralKeys(t *testing.T) {
	type model struct {
		ID    string `theorydb:"pk,index:gsi1,sk,index:gsi2"`
		Email string `theorydb:"index:gsi1"`
		At    int64  `theorydb:"sk"`
		Rank  int64  `theorydb:"lsi:ranks"`
	}
	plan := mustCompile[model]()
	require.Len(t, plan.Indexes, 3)
	require.Equal(t, "id", plan.Indexes[0].SK.Name)
	require.Equal(t, "email", plan.Indexes[0].PK.Name)
	require.Equal(t, "id", plan.Indexes[1].PK.Name)
	require.Nil(t, plan.Indexes[1].SK)
	require.True(t, plan.Indexes[2].Local)
	require.Same(t, plan.PK, plan.Indexes[2].PK)
	require.Equal(t, "N", plan.Indexes[2].SK.Type)
}

package contracttest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// Scenarios have records without Go types. What only a Go type can get wrong is shown here, on the same engines.

type address struct {
	StreetName string
	Geo        struct{ Lat, Lon float64 }
}

type audited struct {
	ChangedBy string
	CreatedAt time.Time `theorydb:"created_at"`
	UpdatedAt time.Time `theorydb:"updated_at"`
}

// Contact is embedded by a pointer, which needs an exported name.
type Contact struct {
	Mail string `json:"e_mail"`
}

type customer struct {
	_ theorydb.Entity `theorydb:"name:Customer"`
	_ theorydb.Key    `theorydb:"pk" key:"CUSTOMER#{id}"`
	audited
	*Contact

	ID      string
	Home    address
	Others  []address
	ByName  map[string]address
	Photo   []byte
	Tags    []string `theorydb:"set"`
	Scores  []int64  `theorydb:"set"`
	Since   time.Time
	Any     any
	Version int64 `theorydb:"version"`
}

func aCustomer(id string) customer {
	home := address{StreetName: "High Street"}
	home.Geo.Lat = 1.5
	return customer{
		audited: audited{ChangedBy: "ann"}, Contact: &Contact{Mail: "ann@example.org"}, ID: id, Home: home,
		Others: []address{{StreetName: "Mill Lane"}}, ByName: map[string]address{"work": home}, Photo: []byte{1, 2, 3},
		Tags: []string{"b", "a"}, Scores: []int64{10, 9}, Since: time.Date(2033, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)),
		Any: map[string]any{"Inner": []any{"x", true}},
	}
}

// eachEngine runs a test with a DB and a table of its own, on the embedded engine and on the endpoint that the environment
// names.
func eachEngine(t *testing.T, test func(t *testing.T, engine *Engine, db *theorydb.DB, table string)) {
	engines := map[string]*Engine{"embedded engine": LocalAWS()}
	if url := os.Getenv("DYNAMODB_LOCAL_ENDPOINT"); url != "" {
		engines["endpoint"] = Endpoint(url)
	}
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) {
			suffix := make([]byte, 8)
			_, _ = rand.Read(suffix)
			table := "structs-" + hex.EncodeToString(suffix)
			db, err := theorydb.New(theorydb.Config{
				DynamoDB: engine.Client, Table: table,
				Clock: func() time.Time { return Start }, // one moment, so that all timestamps are equal
			})
			require.NoError(t, err)
			test(t, engine, db, table)
		})
	}
}

func makeTable(t *testing.T, engine *Engine, db *theorydb.DB, table string) {
	t.Helper()
	require.NoError(t, db.CreateTable(t.Context()))
	t.Cleanup(func() {
		_, err := engine.Client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &table})
		require.NoError(t, err)
	})
}

func TestStructsHaveOneFormWhicheverVerbWritesThem(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine *Engine, db *theorydb.DB, table string) {
		ctx := t.Context()
		customers, err := theorydb.NewModel[customer](db)
		require.NoError(t, err)
		makeTable(t, engine, db, table)

		records := map[string]*customer{}
		for _, id := range []string{"create", "put", "createop", "putop", "batch", "update", "updateop"} {
			record := aCustomer(id)
			records[id] = &record
		}
		require.NoError(t, customers.Create(ctx, records["create"]))
		require.NoError(t, customers.Put(ctx, records["put"]))
		require.NoError(t, db.Transact(ctx, customers.CreateOp(records["createop"]), customers.PutOp(records["putop"])))
		require.NoError(t, db.BatchWrite(ctx, customers.PutOp(records["batch"], theorydb.Unchecked())))
		for _, id := range []string{"update", "updateop"} {
			bare := customer{ID: id}
			require.NoError(t, customers.Create(ctx, &bare))
			records[id].Version, records[id].CreatedAt = bare.Version, bare.CreatedAt
		}
		require.NoError(t, customers.Update(ctx, records["update"]))
		require.NoError(t, db.Transact(ctx, customers.UpdateOp(records["updateop"])))

		want := storedCustomer(t, engine, table, "create")
		require.IsType(t, &types.AttributeValueMemberB{}, want["photo"])
		require.IsType(t, &types.AttributeValueMemberSS{}, want["tags"])
		require.IsType(t, &types.AttributeValueMemberNS{}, want["scores"])
		require.Equal(t, &types.AttributeValueMemberS{Value: "ann"}, want["changedBy"], "an embedded struct is flattened")
		require.Equal(t, &types.AttributeValueMemberS{Value: "ann@example.org"}, want["mail"])
		require.Equal(t, &types.AttributeValueMemberS{Value: "2033-05-18T03:33:20.000000000Z"}, want["createdAt"])
		home, _ := want["home"].(*types.AttributeValueMemberM)
		require.Equal(t, []string{"geo", "streetName"}, slices.Sorted(maps.Keys(home.Value)))
		for id := range records {
			require.Equal(t, want, storedCustomer(t, engine, table, id), id)
		}

		first, err := customers.Get(ctx, customer{ID: "create"}, theorydb.Consistent())
		require.NoError(t, err)
		require.True(t, Equal(*first, *records["create"]), "the record holds what a read gives")
		for id, record := range records {
			read, err := customers.Get(ctx, customer{ID: id}, theorydb.Consistent())
			require.NoError(t, err)
			require.True(t, Equal(read.Home, record.Home) && read.Contact != nil && read.Mail == record.Mail, id)
			read.ID, read.Version = first.ID, first.Version
			require.True(t, Equal(*first, *read), id)
		}
	})
}

// storedCustomer is an item as it is stored, without what tells one write from another.
func storedCustomer(t *testing.T, engine *Engine, table, id string) item {
	t.Helper()
	output, err := engine.Client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: &table, ConsistentRead: aws.Bool(true),
		Key: item{"PK": &types.AttributeValueMemberS{Value: "CUSTOMER#" + id}},
	})
	require.NoError(t, err)
	require.Contains(t, output.Item, "_w")
	for _, name := range []string{"PK", "id", "_w", "version"} {
		delete(output.Item, name)
	}
	return output.Item
}

func TestTagsThatNobodyUnderstandsAreRefused(t *testing.T) {
	db, err := theorydb.New(theorydb.Config{DynamoDB: LocalAWS().Client, Table: "tags"})
	require.NoError(t, err)
	_, err = theorydb.NewModel[struct {
		_      theorydb.Entity `theorydb:"name:A"`
		ID     string          `theorydb:"pk"`
		Secret string          `theorydb:"encryptd"`
	}](db)
	require.ErrorIs(t, err, theorydb.ErrInvalidTag)
	require.ErrorContains(t, err, `did you mean "encrypted"?`)
	_, err = theorydb.NewModel[struct {
		_      theorydb.Entity `theorydb:"name:B"`
		ID     string          `theorydb:"pk"`
		Secret string          `theorydb:"encryptd:v1"`
	}](db)
	require.ErrorIs(t, err, theorydb.ErrInvalidTag)
	_, err = theorydb.NewModel[struct {
		_      theorydb.Entity `theorydb:"name:C"`
		ID     string          `theorydb:"pk"`
		Secret string          `theorydb:"encrypted:v1"`
	}](db)
	require.ErrorIs(t, err, theorydb.ErrInvalidTag)
	_, err = theorydb.NewModel[struct {
		_     theorydb.Entity `theorydb:"name:D"`
		ID    string          `theorydb:"pk"`
		One   string          `theorydb:"attr:same"`
		Other string          `theorydb:"attr:same"`
	}](db)
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)
}

type tally struct {
	ID      string `theorydb:"pk"`
	Count   uint32
	Version uint32 `theorydb:"version"`
}

func TestAnUnsignedVersionIsAVersion(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine *Engine, db *theorydb.DB, table string) {
		ctx := t.Context()
		tallies, err := theorydb.NewModel[tally](db)
		require.NoError(t, err)
		makeTable(t, engine, db, table)

		one := tally{ID: "one", Count: 1}
		require.NoError(t, tallies.Create(ctx, &one))
		stale := one
		require.NoError(t, tallies.Update(ctx, &one))
		require.Equal(t, uint32(2), one.Version)
		require.ErrorIs(t, tallies.Update(ctx, &stale), theorydb.ErrVersionConflict)
		require.ErrorIs(t, db.Transact(ctx, tallies.PutOp(&stale)), theorydb.ErrVersionConflict)
		require.NoError(t, db.Transact(ctx, tallies.PutOp(&one)))
		require.Equal(t, uint32(3), one.Version)
	})
}

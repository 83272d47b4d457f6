package theorydb_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// The models of a table whose partitions hold several entities: a person, the person's passkeys and a ledger.

type person struct {
	_ theorydb.Entity `theorydb:"name:Person"`
	_ theorydb.Key    `theorydb:"pk" key:"PERSON#{id}"`
	_ theorydb.Key    `theorydb:"sk" key:"PERSON"`

	ID, Name string
}

type passkey struct {
	_ theorydb.Entity `theorydb:"name:Passkey"`
	_ theorydb.Key    `theorydb:"pk" key:"PERSON#{personID}"`
	_ theorydb.Key    `theorydb:"sk" key:"PASSKEY#{id}"`

	PersonID, ID string
	Secret       theorydb.Secret[string] `theorydb:"encrypted"`
	ExpiresAt    time.Time               `theorydb:"ttl"`
}

type entry struct {
	_ theorydb.Entity `theorydb:"name:Entry,append_only,project:byKind=_t+ttl"`
	_ theorydb.Key    `theorydb:"pk" key:"PERSON#{personID}"`
	_ theorydb.Key    `theorydb:"sk" key:"ENTRY#{seq|pad:6}"`
	_ theorydb.Key    `theorydb:"index:byKind" key:"KIND#{kind}"`
	_ theorydb.Key    `theorydb:"index:byKind,sk" key:"{seq|pad:6}"`

	PersonID  string
	Seq       uint32
	Kind      string
	ExpiresAt time.Time `theorydb:"ttl"`
}

// dossier is a table of these models, and what its observer was told.
type dossier struct {
	*vault
	db       *theorydb.DB
	people   *theorydb.Model[person]
	passkeys *theorydb.Model[passkey]
	entries  *theorydb.Model[entry]
	told     []theorydb.Observation
}

func openDossier(t testing.TB, e *engine, change ...func(*theorydb.Config)) *dossier {
	d := &dossier{vault: vaultOn(e)}
	observed := func(c *theorydb.Config) {
		c.Observe = func(_ context.Context, o theorydb.Observation) { d.told = append(d.told, o) }
	}
	d.db = e.open(t, append([]func(*theorydb.Config){d.sealed, observed}, change...)...)
	d.people, d.passkeys, d.entries = registered[person](t, d.db), registered[passkey](t, d.db), registered[entry](t, d.db)
	require.NoError(t, d.db.CreateTable(t.Context()))
	return d
}

// fill stores a person with as many passkeys and entries.
func (d *dossier) fill(t testing.TB, id string, each int) {
	ctx := t.Context()
	require.NoError(t, d.people.Create(ctx, &person{ID: id, Name: "Ann"}))
	for i := range each {
		n := strconv.Itoa(i)
		require.NoError(t, d.passkeys.Create(ctx, &passkey{PersonID: id, ID: n, Secret: theorydb.NewSecret("s" + n)}))
		require.NoError(t, d.entries.Create(ctx, &entry{PersonID: id, Seq: uint32(i), Kind: "buy"}))
	}
	d.told = nil
}

// partition is that of a person, read consistently.
func (d *dossier) partition(id string) theorydb.Partition {
	return d.people.Partition(person{ID: id}, theorydb.Consistent())
}

// only is the one thing that the observer was told since it was asked last.
func (d *dossier) only(t testing.TB) theorydb.Observation {
	t.Helper()
	require.Len(t, d.told, 1)
	told := d.told[0]
	d.told = nil
	return told
}

// rows are the sort keys of everything that is stored in a partition.
func (e *engine) rows(t testing.TB, pk string) []string {
	t.Helper()
	var found []string
	pages := dynamodb.NewQueryPaginator(e.client, &dynamodb.QueryInput{
		TableName: &e.table, KeyConditionExpression: ptr("PK = :pk"), ConsistentRead: ptr(true),
		ExpressionAttributeValues: theorydb.Item{":pk": str(pk)},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, row := range page.Items {
			found = append(found, keyText(row["SK"]))
		}
	}
	return found
}

// restore puts back what was stored where row is now.
func (e *engine) restore(t testing.TB, row, before theorydb.Item) {
	if before != nil {
		e.put(t, before)
		return
	}
	_, err := e.client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
		TableName: &e.table, Key: theorydb.Item{"PK": row["PK"], "SK": row["SK"]},
	})
	require.NoError(t, err)
}

func keyText(value types.AttributeValue) string { return value.(*types.AttributeValueMemberS).Value }

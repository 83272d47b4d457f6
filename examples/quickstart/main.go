// Quickstart is a tour of theorydb: models in one table, an index, a race, a lost answer, a secret, an expiry.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// User has an item of its own.
type User struct {
	_ theorydb.Key `theorydb:"pk" key:"USER#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"PROFILE"`

	ID, Email string
	Version   int64 `theorydb:"version"`
}

// Session shares its user's partition, so that one query lists the sessions of a user.
type Session struct {
	_ theorydb.Key `theorydb:"pk" key:"USER#{userID}"`
	_ theorydb.Key `theorydb:"sk" key:"SESSION#{id}"`

	UserID, ID string
	Uses       int64
	ExpiresAt  time.Time `theorydb:"ttl"`
	Version    int64     `theorydb:"version"`
	CreatedAt  time.Time `theorydb:"created_at"`
}

// Membership is found from both ends: its index has the key turned around.
type Membership struct {
	_ theorydb.Key `theorydb:"pk" key:"USER#{userID}"`
	_ theorydb.Key `theorydb:"sk" key:"MEMBER#{team}"`
	_ theorydb.Key `theorydb:"index:gsi1,pk" key:"TEAM#{team}"`
	_ theorydb.Key `theorydb:"index:gsi1,sk" key:"USER#{userID}"`

	UserID, Team, Role string
}

// Credential is a plain struct with keys of its own and one encrypted field.
type Credential struct {
	PK     string `theorydb:"pk" json:"pk"`
	SK     string `theorydb:"sk" json:"sk"`
	Secret string `theorydb:"encrypted" json:"secret"`
}

const table = "quickstart"

func main() {
	endpoint := flag.String("endpoint", "", "a DynamoDB endpoint such as http://127.0.0.1:8000; empty for the embedded engine")
	flag.Parse()
	ctx := context.Background()

	// A real SDK client behind faults, and a clock of our own, so far ahead that no service's TTL gets in between.
	engine, clock := localaws.New(), localaws.NewClock(time.Unix(4_000_000_000, 0))
	faults := &localaws.Faults{Next: engine}
	client := engine.DynamoDB(func(o *dynamodb.Options) {
		if *endpoint != "" {
			o.BaseEndpoint, faults.Next = endpoint, awshttp.NewBuildableClient()
		}
		o.HTTPClient = faults
	})
	_, _ = client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: ptr(table)}) // of an earlier run
	config := theorydb.Config{DynamoDB: client, Table: table, Clock: clock.Now, KMS: engine.KMS(), KeyID: engine.KMSKey("alias/quickstart")}
	db := must(theorydb.New(config))
	users, sessions := must(theorydb.NewModel[User](db)), must(theorydb.NewModel[Session](db))
	memberships, credentials := must(theorydb.NewModel[Membership](db)), must(theorydb.NewModel[Credential](db))
	check(db.CreateTable(ctx))

	fmt.Println("1. Two models in one table, as they are stored")
	ada := User{ID: "ada#1", Email: "ada@example.com"} // a "#" in a value can't break out of its place in a key
	check(users.Create(ctx, &ada))
	for _, id := range []string{"s1", "s2"} {
		check(sessions.Create(ctx, &Session{UserID: ada.ID, ID: id, ExpiresAt: clock.Now().Add(time.Hour)}))
	}
	fmt.Println(strings.Join(stored(ctx, client, "USER#ada%231"), "\n"))
	row("create the same user again", users.Create(ctx, &ada))

	fmt.Println("\n2. Read back: one by its key, many by a query")
	row("user ada#1", must(users.Get(ctx, User{ID: "ada#1"})).Email)
	for session, err := range sessions.Query(ctx, theorydb.Query[Session]{Key: Session{UserID: "ada#1"}}) {
		check(err)
		row("session "+session.ID, fmt.Sprintf("uses %d, version %d", session.Uses, session.Version))
	}

	for _, m := range []Membership{{UserID: "ada#1", Team: "red", Role: "owner"}, {UserID: "bob", Team: "red", Role: "member"}} {
		check(memberships.Create(ctx, &m))
	}
	for m, err := range memberships.Query(ctx, theorydb.Query[Membership]{Key: Membership{UserID: "ada#1"}}) {
		check(err)
		row("ada#1 is in team "+m.Team, m.Role)
	}
	for m, err := range memberships.Query(ctx, theorydb.Query[Membership]{Key: Membership{Team: "red"}, Index: "gsi1"}) {
		check(err)
		row("team red has "+m.UserID, m.Role)
	}

	fmt.Println("\n3. Sixteen writers hold version 1 of a session")
	held := must(sessions.Get(ctx, Session{UserID: "ada#1", ID: "s1"}))
	var won, conflicts atomic.Int64
	var writers sync.WaitGroup
	for range 16 {
		writers.Go(func() {
			mine := *held
			mine.Uses++
			if err := sessions.Update(ctx, &mine); err == nil {
				won.Add(1)
			} else if errors.Is(err, theorydb.ErrVersionConflict) {
				conflicts.Add(1)
			}
		})
	}
	writers.Wait()
	row("won", won.Load())
	row("got ErrVersionConflict", conflicts.Load())

	fmt.Println("\n4. The answer to a write is lost, so it is sent again")
	session := must(sessions.Get(ctx, Session{UserID: "ada#1", ID: "s1"}))
	row("before", fmt.Sprintf("uses %d, version %d", session.Uses, session.Version))
	lost := faults.On("UpdateItem").CommitThenDrop()
	session.Uses++
	check(sessions.Update(ctx, session))
	row("answers lost", lost.Fired())
	session = must(sessions.Get(ctx, Session{UserID: "ada#1", ID: "s1"}))
	row("after", fmt.Sprintf("uses %d, version %d: it took effect once", session.Uses, session.Version))

	fmt.Println("\n5. A secret is sealed under KMS")
	credential := Credential{PK: "CREDENTIAL", SK: "github", Secret: "hunter2"}
	check(credentials.Create(ctx, &credential))
	fmt.Println(strings.Join(stored(ctx, client, "CREDENTIAL"), "\n"))
	row("read back", must(credentials.Get(ctx, credential)).Secret)
	moved := must(credentials.Raw(ctx, credential))
	moved["SK"] = &types.AttributeValueMemberS{Value: "gitlab"}
	must(client.PutItem(ctx, &dynamodb.PutItemInput{TableName: ptr(table), Item: moved}))
	_, err := credentials.Get(ctx, Credential{PK: "CREDENTIAL", SK: "gitlab"})
	row("tampered: moved elsewhere", err)
	config.KMS, config.KeyID = nil, ""
	keyless := must(theorydb.NewModel[Credential](must(theorydb.New(config))))
	var refused *theorydb.OpError
	errors.As(keyless.Put(ctx, &credential), &refused)
	row("without a key", refused)
	row("requests sent for that", refused.Attempts)

	fmt.Println("\n6. An hour later the sessions have expired")
	clock.Advance(time.Hour)
	_, err = sessions.Get(ctx, Session{UserID: "ada#1", ID: "s1"})
	row("get session s1", err)
	row("sessions found by a query", must(sessions.Count(ctx, theorydb.Query[Session]{Key: Session{UserID: "ada#1"}})))
	row("items still stored", fmt.Sprint(len(stored(ctx, client, "USER#ada%231")), ", until DynamoDB deletes the expired ones"))
}

// stored reads the raw items of a partition, past the library. The write id _w is random.
func stored(ctx context.Context, client *dynamodb.Client, pk string) (lines []string) {
	output := must(client.Query(ctx, &dynamodb.QueryInput{
		TableName: ptr(table), KeyConditionExpression: ptr("PK = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": &types.AttributeValueMemberS{Value: pk}},
	}))
	for _, item := range output.Items {
		line := "  "
		for _, name := range slices.Sorted(maps.Keys(item)) {
			switch value := item[name].(type) {
			case *types.AttributeValueMemberS:
				line += fmt.Sprintf(" %s=%q", name, value.Value)
			case *types.AttributeValueMemberN:
				line += fmt.Sprintf(" %s=%s", name, value.Value)
			case *types.AttributeValueMemberM:
				line += fmt.Sprintf(" %s={sealed: %d members}", name, len(value.Value))
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func row(what string, is any) { fmt.Printf("   %-27s %v\n", what, is) }
func ptr(s string) *string    { return &s }
func check(err error)         { _ = must(0, err) }
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

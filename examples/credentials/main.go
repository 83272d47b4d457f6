// Credentials shows encrypted fields: a KMS key per tenant, and what is refused instead of being read in clear.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// Credential belongs to a tenant, and is sealed under that tenant's key.
type Credential struct {
	_ theorydb.Key `theorydb:"pk" key:"TENANT#{tenantID}#USER#{userID}"`
	_ theorydb.Key `theorydb:"sk" key:"CREDENTIAL"`

	TenantID string `theorydb:"scope"`
	UserID   string
	Login    string
	Password theorydb.Secret[string] `theorydb:"encrypted"`
}

// Webhook belongs to nobody in particular, and is sealed under the key that an alias names.
type Webhook struct {
	_ theorydb.Key `theorydb:"pk" key:"WEBHOOK#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"WEBHOOK"`

	ID    string
	Token string `theorydb:"encrypted"`
}

// Profile has nothing to hide.
type Profile struct {
	_ theorydb.Key `theorydb:"pk" key:"PROFILE#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"PROFILE"`

	ID, Name string
}

var table = "credentials"

func main() {
	ctx := context.Background()
	aws := localaws.New() // DynamoDB and KMS in the process; in production dynamodb.NewFromConfig and kms.NewFromConfig
	faults := &localaws.Faults{Next: aws}
	client, keys := aws.DynamoDB(), aws.KMS(func(o *kms.Options) { o.HTTPClient = faults })

	acme, globex := must(theorydb.NewScope("acme")), must(theorydb.NewScope("globex"))
	db := must(theorydb.New(theorydb.Config{
		DynamoDB: client, Table: table, KMS: keys,
		Keys: theorydb.ScopeKeys(map[theorydb.Scope]theorydb.KeySet{
			acme:   {Current: aws.KMSKeyARN(aws.KMSKey("alias/acme"))},
			globex: {Current: aws.KMSKeyARN(aws.KMSKey("alias/globex"))},
		}),
	}))
	credentials, profiles := must(theorydb.NewScopedModel[Credential](db)), must(theorydb.NewModel[Profile](db))
	check(db.CreateTable(ctx))

	fmt.Println("1. A key per tenant")
	ours, theirs := credentials.In(acme), credentials.In(globex)
	ada := Credential{UserID: "ada", Login: "ada@acme.example", Password: theorydb.NewSecret("correct horse")}
	check(errors.Join(ours.Create(ctx, &ada), theirs.Create(ctx, &Credential{UserID: "ada", Password: theorydb.NewSecret("battery staple")})))
	row("in the program", fmt.Sprintf("%v %v", ada.Login, ada.Password))
	stored := must(ours.Raw(ctx, Credential{UserID: "ada"}))
	row("stored password", show(stored["password"]))
	row("read back", must(ours.Get(ctx, Credential{UserID: "ada"})).Password.Reveal())
	bob := Credential{UserID: "bob", Password: theorydb.NewSecret("hunter2")}
	row("a tenant without a key", why(credentials.In(must(theorydb.NewScope("initech"))).Create(ctx, &bob)))

	fmt.Println("\n2. Somebody who can write to the table copies one tenant's password over another's")
	copied := must(theirs.Raw(ctx, Credential{UserID: "ada"}))
	copied["password"] = stored["password"]
	must(client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: copied}))
	row("read the copy", why(second(theirs.Get(ctx, Credential{UserID: "ada"}))))
	copied["password"] = &types.AttributeValueMemberS{Value: "planted"}
	must(client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: copied}))
	row("read a password in clear", why(second(theirs.Get(ctx, Credential{UserID: "ada"}))))

	fmt.Println("\n3. An alias is pointed at another key")
	webhooks := newWebhooks(client, keys, aws.KMSKey("alias/webhooks"))
	check(webhooks.Create(ctx, &Webhook{ID: "w1", Token: "tok_1"}))
	check(aws.PointAlias("alias/webhooks", aws.KMSKey("alias/another")))
	row("the running program", must(webhooks.Get(ctx, Webhook{ID: "w1"})).Token+", by the key it began with")
	restarted := newWebhooks(client, keys, "alias/webhooks")
	row("one that starts now", why(second(restarted.Get(ctx, Webhook{ID: "w1"}))))

	fmt.Println("\n4. A tenant's key is disabled")
	check(aws.SetKeyState("alias/acme", localaws.KeyDisabled))
	row("read", why(second(ours.Get(ctx, Credential{UserID: "ada"}))))
	row("write", why(ours.Put(ctx, &ada)))
	check(aws.SetKeyState("alias/acme", localaws.KeyEnabled))
	row("enabled again", must(ours.Get(ctx, Credential{UserID: "ada"})).Password)

	fmt.Println("\n5. KMS is down")
	faults.On("").DropBefore().Always()
	row("read", why(second(ours.Get(ctx, Credential{UserID: "ada"}))))
	check(profiles.Create(ctx, &Profile{ID: "ada", Name: "Ada"}))
	row("models without secrets", must(profiles.Get(ctx, Profile{ID: "ada"})).Name)
	ada.Login = "ada@new.example"
	check(ours.Update(ctx, &ada, theorydb.Fields("login")))
	row("fields that are no secret", "updated")
}

// newWebhooks is what a program does when it starts. An alias is resolved when it is first needed, once.
func newWebhooks(client *dynamodb.Client, keys *kms.Client, alias string) *theorydb.Model[Webhook] {
	return must(theorydb.NewModel[Webhook](must(theorydb.New(theorydb.Config{DynamoDB: client, Table: table, KMS: keys, KeyID: alias}))))
}

// show gives the form of a sealed value: its members, and how many bytes they have.
func show(value types.AttributeValue) string {
	switch value := value.(type) {
	case *types.AttributeValueMemberB:
		return fmt.Sprint(len(value.Value), " bytes")
	case *types.AttributeValueMemberM:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(value.Value)) {
			members = append(members, name+" "+show(value.Value[name]))
		}
		return strings.Join(members, ", ")
	}
	return fmt.Sprintf("%T", value)[len("*types.AttributeValueMember"):]
}

// why says what an encryption error says, and whether trying again makes sense.
func why(err error) string {
	if failed := (*theorydb.EncryptionError)(nil); errors.As(err, &failed) {
		return fmt.Sprintf("refused: %v; retryable %v", failed.Err, failed.Retryable)
	}
	return fmt.Sprint(err)
}

func row(what string, is any)            { fmt.Printf("   %-25s %v\n", what, is) }
func second[T any](_ T, err error) error { return err }
func check(err error)                    { _ = must(0, err) }
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

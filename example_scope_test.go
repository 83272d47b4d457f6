package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/theorydb/theorydb"
)

// Member belongs to a tenant, and is listed by team through an index.
type Member struct {
	_ theorydb.Key `theorydb:"pk" key:"TENANT#{tenant}#MEMBER#{id}"`
	_ theorydb.Key `theorydb:"index:byTeam,pk" key:"TENANT#{tenant}#TEAM#{team}"`
	_ theorydb.Key `theorydb:"index:byTeam,sk" key:"{id}"`

	Tenant string `theorydb:"scope"`
	ID     string
	Team   string
	Token  theorydb.Secret[string] `theorydb:"encrypted"`
}

func openMembers() *theorydb.ScopedModel[Member] {
	db := openExample()
	members, err := theorydb.NewScopedModel[Member](db)
	if err != nil {
		log.Fatal(err)
	}
	if err := db.CreateTable(context.Background()); err != nil {
		log.Fatal(err)
	}
	return members
}

func ExampleScopedModel_In() {
	members := openMembers()
	ctx := context.Background()
	acme, err := theorydb.NewScope("acme")
	if err != nil {
		log.Fatal(err)
	}
	other, err := theorydb.NewScope("other")
	if err != nil {
		log.Fatal(err)
	}

	ada := Member{ID: "ada", Team: "red", Token: theorydb.NewSecret("t-1")}
	fmt.Println(members.In(acme).Create(ctx, &ada), ada.Tenant)
	for m, err := range members.In(acme).Query(ctx, theorydb.Query[Member]{Key: Member{Team: "red"}, Index: "byTeam"}) {
		fmt.Println(m.ID, m.Token, m.Token.Reveal(), err)
	}
	_, err = members.In(other).Get(ctx, Member{ID: "ada"})
	fmt.Println(err)
	_, err = members.In(theorydb.Scope{}).Get(ctx, Member{ID: "ada"})
	fmt.Println(errors.Is(err, theorydb.ErrScopeRequired))
	// Output:
	// <nil> acme
	// ada [REDACTED] t-1 <nil>
	// theorydb: Get Member: item not found
	// true
}

func ExampleModel_Raw() {
	members := openMembers()
	ctx := context.Background()
	acme, err := theorydb.NewScope("acme")
	if err != nil {
		log.Fatal(err)
	}
	if err := members.In(acme).Create(ctx, &Member{ID: "ada", Token: theorydb.NewSecret("t-1")}); err != nil {
		log.Fatal(err)
	}
	stored, err := members.In(acme).Raw(ctx, Member{ID: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%T\n", stored["token"])
	// Output: *types.AttributeValueMemberM
}

func ExampleRedactHandler() {
	type Login struct {
		User   string
		Secret string `theorydb:"encrypted"`
	}
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	slog.New(theorydb.RedactHandler(handler)).Info("signed in", "login", Login{User: "ada", Secret: "hunter2"})
	// Output: level=INFO msg="signed in" login="{User:ada Secret:[REDACTED]}"
}

func ExampleModel_Explain() {
	notes, _ := openNotes()
	request, err := notes.Explain(theorydb.Query[Note]{Key: Note{Owner: "ada"}, Sort: theorydb.HasPrefix("a-")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*request.KeyConditionExpression)
	fmt.Println(*request.FilterExpression)
	// Output:
	// #0 = :0 AND begins_with(#1,:1)
	// NOT #2 BETWEEN :2 AND :3 AND (attribute_not_exists(#3) OR #3 = :4)
}

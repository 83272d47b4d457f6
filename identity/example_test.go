package identity_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

func Example() {
	ctx, aws := context.Background(), localaws.New()
	db, err := theorydb.New(theorydb.Config{
		DynamoDB: aws.DynamoDB(), Table: "identity", Clock: aws.Clock.Now, KMS: aws.KMS(), KeyID: aws.KMSKey("alias/identity"),
	})
	check(err)
	// The two keys are random, and come from where the program keeps its secrets.
	svc, err := identity.New(db, identity.Options{IndexKey: bytes.Repeat([]byte{1}, 32), OTPKey: bytes.Repeat([]byte{2}, 32)})
	check(err)
	check(db.CreateTable(ctx))
	scope, err := identity.NewScope("acme", "prod")
	check(err)
	stores := svc.For(scope)

	user, err := stores.Users.Create(ctx, identity.User{}, identity.NewUser{
		Identifiers: []identity.NewIdentifier{{Kind: identity.KindEmail, Value: "ada@example.com"}},
	})
	check(err)
	grant, err := stores.Sessions.Create(ctx, identity.NewSession{User: user, AAL: 2, Family: &identity.NewFamily{ClientID: "web"}})
	check(err)
	auth, err := svc.AuthenticateSession(ctx, grant.Token)
	check(err)
	fmt.Println("signed in:", auth.User.ID == user.ID, "with", grant.Token)

	next, err := stores.RefreshTokens.Refresh(ctx, grant.Refresh, "web")
	check(err)
	fmt.Println("refreshed, replayed:", next.Replayed)
	aws.Clock.Advance(time.Minute)
	_, err = stores.RefreshTokens.Refresh(ctx, grant.Refresh, "web")
	fmt.Println("the old token again:", errors.Is(err, identity.ErrTokenReuse))
	_, err = svc.AuthenticateSession(ctx, grant.Token)
	fmt.Println("the session after that:", identity.Public(err))

	// Output:
	// signed in: true with [REDACTED]
	// refreshed, replayed: false
	// the old token again: true
	// the session after that: identity: invalid token
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

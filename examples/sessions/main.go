/*
Sessions is a tour of sign-in and sessions with package identity.

service.go is the code that a service has: mail a link, sign in by it, check a request, refresh. main.go lets one user live
through what happens to sessions, and says at each step what was done, what came back and why it matters. tour.go prints.

 1. Sign in by a link that was mailed: link and session are one transaction.
 2. Check the session of a request: one request to DynamoDB, none to KMS.
 3. Refresh from two tabs at once with one token: both get the same successor.
 4. A stolen refresh token is used again after that: it is seen, and the session is over.
 5. KMS is away: requests are still answered, refreshing waits.
 6. A session ends at the very second.
 7. Sign out everywhere: no old session answers again.

Run it:

	go run ./examples/sessions

It runs on the embedded engine and its KMS and needs only Go. The clock is turned by hand, so nothing is waited for. In
production the two clients are dynamodb.NewFromConfig and kms.NewFromConfig, and Config.Clock is left out.
*/
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

const table, kmsKey = "sessions", "alias/sessions"

func main() {
	ctx := context.Background()
	aws := localaws.New()
	clock := aws.Clock
	db := must(theorydb.New(theorydb.Config{
		DynamoDB: aws.DynamoDB(), Table: table, Clock: clock.Now, KMS: aws.KMS(), KeyID: aws.KMSKey(kmsKey),
	}))
	app := must(newService(db, must(identity.NewScope("acme", "prod")), random(), random(), func(_ context.Context, n identity.Notice) {
		row("(a notice to the operator)", n.Kind)
	}))
	check(db.CreateTable(ctx))
	ada := must(app.Users.Create(ctx, identity.User{}, identity.NewUser{
		Identifiers: []identity.NewIdentifier{{Kind: identity.KindEmail, Value: "Ada@Example.com", Verified: true}},
	}))

	// link is what arrives in the mailbox, and signIn what happens when it is clicked.
	link := func() (inbox theorydb.Secret[string]) {
		check(app.sendLink(ctx, "ada@example.com", func(_ string, link theorydb.Secret[string]) { inbox = link }))
		return inbox
	}
	signIn := func(device string) *identity.SessionGrant { return must(app.signIn(ctx, link(), device)) }
	request := func(token theorydb.Secret[string]) error {
		r := must(http.NewRequestWithContext(ctx, http.MethodGet, "https://app.example/account", nil))
		r.Header.Set("Authorization", "Bearer "+token.Reveal())
		return second(app.whoIs(r))
	}

	step(1, "Ada signs in by a link that is mailed to her")
	check(app.sendLink(ctx, "nobody@example.com", func(string, theorydb.Secret[string]) { log.Fatal("mail to nobody") }))
	row("an address of nobody", "no mail, and no error that would tell who has an account")
	check(app.sendLink(ctx, "ADA@example.com", func(to string, _ theorydb.Secret[string]) { row("she types ADA@example.com", "mail goes to "+to) }))
	mailed := link()
	laptop := must(app.signIn(ctx, mailed, "laptop"))
	row("the link is clicked", fmt.Sprintf("a session; with refresh tokens: %v", laptop.Refresh.IsSet()))
	row("the same link again", second(app.signIn(ctx, mailed, "somebody's")))
	row("the tokens, printed", fmt.Sprintf("%v %+v", laptop.Token, laptop.Refresh))
	why("A link counts once, since the session is made in the transaction that spends it. A token",
		"prints as [REDACTED], so that no log gets it by accident; Reveal gives its text.")

	step(2, "A request comes with the session token")
	aws.ResetCalls()
	row("with the token", status(request(laptop.Token)))
	row("requests for that", fmt.Sprintf("%d to DynamoDB, %d to KMS", len(aws.Calls()), len(aws.KMSCalls())))
	row("with a made-up token", status(request(theorydb.NewSecret("sess_made-up"))))
	row("without one", status(request(theorydb.NewSecret(""))))
	why("Session and user are read anew for every request, and nothing is kept in between: what was",
		"ended a moment ago, as in steps 4 and 7, is refused by the next request.")

	step(3, "Two tabs refresh at once with the same token")
	stolen := laptop.Refresh // a thief has a copy of it
	tabs := both(func() identity.RefreshResult { return must(app.refresh(ctx, laptop.Refresh)) })
	row("both got the same successor", tabs[0].Token.Equal(tabs[1].Token))
	row("it is another token", !tabs[0].Token.Equal(laptop.Refresh))
	row("exactly one made it", tabs[0].Replayed != tabs[1].Replayed)
	clock.Advance(9 * time.Second)
	again := must(app.refresh(ctx, laptop.Refresh))
	row("once more, 9 seconds later", fmt.Sprintf("the same successor: %v, Replayed=%v", again.Token.Equal(tabs[0].Token), again.Replayed))
	why("A spent token gives its one successor for 10 more seconds, so that tabs, and a client whose",
		"answer was lost, are not signed out. Of all callers exactly one has Replayed=false.")

	step(4, "A thief uses the old token 2 seconds after that")
	clock.Advance(2 * time.Second)
	err := second(app.refresh(ctx, stolen))
	row("the thief", status(err)+"; for the log: "+err.Error())
	err = second(app.refresh(ctx, tabs[0].Token))
	row("Ada's newest refresh token", status(err)+"; for the log: "+err.Error())
	err = request(laptop.Token)
	row("the session token", status(err)+"; for the log: "+err.Error())
	row("the thief again", status(second(app.refresh(ctx, stolen))))
	why("Two hold tokens of one session, and nobody can tell which of them is Ada. So the session is",
		"over for both, and Ada has to sign in again. The answers look alike; the log knows more.")

	step(5, "KMS is away")
	laptop = signIn("laptop")
	check(aws.SetKeyState(kmsKey, localaws.KeyUnavailable))
	row("a request", status(request(laptop.Token)))
	err = second(app.refresh(ctx, laptop.Refresh))
	var failed *theorydb.EncryptionError
	row("a refresh", fmt.Sprintf("%s; retryable: %v", status(err), errors.As(err, &failed) && failed.Retryable))
	check(aws.SetKeyState(kmsKey, localaws.KeyEnabled))
	refreshed := must(app.refresh(ctx, laptop.Refresh))
	row("KMS is back, the same token", fmt.Sprintf("a successor, Replayed=%v", refreshed.Replayed))
	why("Checking a session needs no KMS. Refreshing does, and fails closed: nothing was changed,",
		"the token was not spent, and 503 instead of 401 has the client try again.")

	step(6, "A session reaches its end")
	end := refreshed.Session.ExpiresAt
	row("it was used at", refreshed.Session.LastSeenAt.Format(time.DateTime))
	row("unused it ends at", end.Format(time.DateTime))
	clock.Set(end.Add(-time.Second))
	row("a second before", status(request(laptop.Token)))
	clock.Set(end)
	row("at that second", status(request(laptop.Token)))
	row("a refresh", status(second(app.refresh(ctx, refreshed.Token))))
	row("is it still in the table?", stored(aws, laptop.Session.ID))
	why("DynamoDB deletes expired items some time later. When a session ends is decided by the clock,",
		"and the second of its end is not part of it.")

	step(7, "Ada signs out everywhere")
	laptop, phone := signIn("laptop"), signIn("phone")
	before := must(app.Users.Get(ctx, ada.ID)) // what a sign-in knows that began before and is still under way
	row("laptop, phone", status(request(laptop.Token))+", "+status(request(phone.Token)))
	row("sessions ended", must(app.Sessions.RevokeAll(ctx, ada.ID, "signed out everywhere")))
	row("the user's SessionEpoch", fmt.Sprintf("%d, now %d", before.SessionEpoch, must(app.Users.Get(ctx, ada.ID)).SessionEpoch))
	row("laptop, phone", status(request(laptop.Token))+", "+status(request(phone.Token)))
	row("a refresh of the phone", status(second(app.refresh(ctx, phone.Refresh))))
	err = second(app.Sessions.Create(ctx, identity.NewSession{User: before, AAL: 1}))
	row("the sign-in under way", fmt.Sprintf("refused as inactive: %v", errors.Is(err, identity.ErrUserInactive)))
	tablet := signIn("tablet")
	row("a new sign-in", status(request(tablet.Token)))
	row("laptop, phone, still", status(request(laptop.Token))+", "+status(request(phone.Token)))
	why("A session has the SessionEpoch of the user of when it was made, and is worth nothing beside",
		"another one. So one write ends them all, and those too that are about to be made.")
}

// random is a key for a table that ends with the program.
func random() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}

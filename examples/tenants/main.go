/*
Tenants is a tour of tenants in one table, and of organizations and their members, with package identity.

service.go is the code that a service has: a handle that is confined to one tenant, a model of its own beside those of
package identity, and a change that only admins may make. main.go has two tenants live beside each other, and says at each
step what was done, what came back and why it matters. tour.go prints.

 1. Two tenants in one table, made by an operator for a reason that is told.
 2. The same e-mail address in both: two users who know nothing of each other.
 3. The handle of one tenant finds nothing of the other, neither by an id nor by an address nor by a token.
 4. Without a scope nothing is even sent.
 5. The stored partition keys, as an IAM policy on dynamodb:LeadingKeys sees them.
 6. Who may change what: the role is checked in the transaction of the change.
 7. The last owner can't leave.

Run it:

	go run ./examples/tenants

It runs on the embedded engine and its KMS and needs only Go. The embedded engine does not evaluate IAM policies: step 5
shows that the keys fit one, which AWS describes here:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html

In production the two clients are dynamodb.NewFromConfig and kms.NewFromConfig, and
Config.Clock is left out.
*/
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

const table = "tenants"

func main() {
	ctx := context.Background()
	aws := localaws.New()
	db := must(theorydb.New(theorydb.Config{
		DynamoDB: aws.DynamoDB(), Table: table, Clock: aws.Clock.Now, KMS: aws.KMS(), KeyID: aws.KMSKey("alias/tenants"),
	}))
	app := must(newService(db, random(), random(), func(_ context.Context, n identity.Notice) {
		if n.Kind == identity.NoticePlatform { // the others are reads that found nothing
			row("(a notice to the operator)", fmt.Sprintf("%s: %s", n.Kind, n.Reason))
		}
	}))
	check(db.CreateTable(ctx))

	step(1, "An operator makes two tenants")
	operator := app.layer.Platform("ticket 4711: two new customers")
	for _, id := range []string{"acme", "globex"} {
		made, project, err := operator.CreateTenant(ctx, identity.NewTenant{
			ID: id, Name: id + " Ltd", Project: identity.NewProject{ID: "prod", Name: "Production"},
		})
		check(err)
		row("tenant "+made.ID, made.Status+", with project "+project.ID)
	}
	_, _, err := app.layer.Platform("").CreateTenant(ctx, identity.NewTenant{ID: "initech", Name: "Initech"})
	row("for no reason", err)
	why("Whoever reaches all tenants says what for, and somebody is told. Everything below goes",
		"through a handle that is confined to one project of one tenant.")
	acmeScope, globexScope := must(identity.NewScope("acme", "prod")), must(identity.NewScope("globex", "prod"))
	acme, globex := app.in(acmeScope), app.in(globexScope)

	step(2, "The same person signs up with both")
	ada, other := signUp(ctx, acme, "ada@example.com"), signUp(ctx, globex, "ada@example.com")
	row("the same user", ada.ID == other.ID)
	row("found by the address, acme", must(acme.Users.GetByIdentifier(ctx, identity.KindEmail, "Ada@Example.com")).ID == ada.ID)
	row("found by the address, globex", must(globex.Users.GetByIdentifier(ctx, identity.KindEmail, "Ada@Example.com")).ID == other.ID)
	row("the same stored digest", ada.Identifiers[0] == other.Identifiers[0])
	row("once more at acme", second(acme.Users.Create(ctx, identity.User{}, byEmail("ada@example.com"))))
	why("An address is unique in a project and not beyond it. It is found by a keyed digest, which is",
		"another one in every project.")

	step(3, "The handle of globex is asked for what is acme's")
	bob := signUp(ctx, acme, "bob@example.com")
	session := must(acme.Sessions.Create(ctx, identity.NewSession{User: bob, AAL: 1, Family: &identity.NewFamily{ClientID: "web"}}))
	org := must(acme.Organizations.Create(ctx, identity.NewOrganization{Slug: "rockets", Name: "Rockets", OwnerID: ada.ID}))
	rockets := identity.OrganizationTarget(org.ID)
	plan := Document{OrgID: org.ID, ID: "plan", Title: "Plan"}
	check(acme.documents.Create(ctx, &plan))
	ask := func(what string, err error) {
		row(what, fmt.Sprintf("%v; requests sent: %d", err, len(aws.Calls())))
		aws.ResetCalls()
	}
	aws.ResetCalls()
	ask("the id of a user", second(globex.Users.Get(ctx, bob.ID)))
	ask("an address", second(globex.Users.GetByIdentifier(ctx, identity.KindEmail, "bob@example.com")))
	ask("the id of an organization", second(globex.Organizations.Get(ctx, org.ID)))
	ask("the slug of it", second(globex.Organizations.GetBySlug(ctx, org.Slug)))
	ask("the role of its owner", globex.Memberships.Require(ctx, rockets, ada.ID, identity.RoleOwner))
	ask("a document", second(globex.documents.Get(ctx, plan)))
	ask("its keys alone", second(globex.documents.Get(ctx, Document{OrgID: plan.OrgID, ID: plan.ID})))
	ask("a session token", second(globex.Sessions.Authenticate(ctx, session.Token)))
	ask("a refresh token", second(globex.RefreshTokens.Refresh(ctx, session.Refresh, "web")))
	ask("a session for acme's user", second(globex.Sessions.Create(ctx, identity.NewSession{User: bob, AAL: 1})))
	ask("the same token at acme", second(acme.Sessions.Authenticate(ctx, session.Token)))
	row("the token, printed", fmt.Sprintf("%v", session.Token))
	why("Ids are looked up under globex's own keys, where they are not. Tokens and records name their",
		"tenant, and those of another one are refused before anything is sent.")

	step(4, "Somebody forgot the scope")
	var forgotten identity.Scope
	ask("read a user", second(app.layer.For(forgotten).Users.Get(ctx, bob.ID)))
	ask("list users", second(app.layer.For(forgotten).Users.List(ctx, "")))
	ask("take a token", second(app.layer.For(forgotten).Sessions.Authenticate(ctx, session.Token)))
	ask("read a document", second(app.documents.In(theorydb.Scope{}).Get(ctx, Document{OrgID: plan.OrgID, ID: plan.ID})))
	for _, id := range []string{"*", "acme#P#prod"} {
		_, err := identity.NewScope(id, "prod")
		row("a tenant called "+id, fmt.Sprintf("refused as an invalid value: %v", errors.Is(err, theorydb.ErrInvalidValue)))
	}
	why("The zero scope is not all tenants, it is none. And no id can stand for others, or reach into",
		"another part of a key.")

	step(5, "What an IAM policy sees")
	fmt.Println("   The partition keys in the table and its indexes begin with, and there are so many:")
	for _, line := range keyPrefixes(aws.Items(table)) {
		fmt.Println("     " + line)
	}
	fmt.Println("   A condition for the role of what serves one tenant:")
	fmt.Println(`     {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["T#acme", "T#acme#*"]}}`)
	for _, id := range []string{"acme", "globex"} {
		own, others := leading(aws.Items(table), id)
		row("T#"+id+" and T#"+id+"#*", fmt.Sprintf("match %d of %d items of %s, and %d of others", own.matched, own.all, id, others.matched))
	}
	why("Every item of a tenant has a partition key that begins with the tenant. AWS evaluates the",
		"condition, and the embedded engine does not. Don't grant dynamodb:Scan with it: a scan names",
		"no key. The list of tenants, in an index under G#TENANTS, stays with the operator.")

	step(6, "Bob may rename the plan, until he may not")
	title := func() string { return must(acme.documents.Get(ctx, plan, theorydb.Consistent())).Title }
	row("bob, no member", said(acme.rename(ctx, bob.ID, plan, "Bob's plan")))
	must(acme.Memberships.Add(ctx, rockets, bob.ID, identity.RoleMember, ada.ID))
	row("bob, a member", said(acme.rename(ctx, bob.ID, plan, "Bob's plan")))
	row("the title", title())
	must(acme.Memberships.SetRole(ctx, rockets, bob.ID, identity.RoleAdmin))
	row("bob, an admin", said(acme.rename(ctx, bob.ID, plan, "Bob's plan")))
	row("the title", title())
	must(acme.Memberships.Suspend(ctx, rockets, bob.ID))
	plan = *must(acme.documents.Get(ctx, plan, theorydb.Consistent()))
	row("bob, suspended", said(acme.rename(ctx, bob.ID, plan, "Bob's other plan")))
	row("the title", title())
	must(acme.Memberships.Reactivate(ctx, rockets, bob.ID))
	why("The gate is a condition of the transaction that writes: there is no moment between the check",
		"and the change in which the role could be taken away.")

	step(7, "The last owner wants to leave")
	row("ada leaves", acme.Memberships.Remove(ctx, rockets, ada.ID))
	row("ada becomes a member", second(acme.Memberships.SetRole(ctx, rockets, ada.ID, identity.RoleMember)))
	row("ada is suspended", second(acme.Memberships.Suspend(ctx, rockets, ada.ID)))
	_, _, err = acme.Users.Erase(ctx, ada.ID, "")
	row("ada's account is erased", err)
	must(acme.Memberships.SetRole(ctx, rockets, bob.ID, identity.RoleOwner))
	left := atOnce(
		func() error { return acme.Memberships.Remove(ctx, rockets, ada.ID) },
		func() error { return acme.Memberships.Remove(ctx, rockets, bob.ID) },
	)
	row("bob is one too, both leave", fmt.Sprintf("left: %d, refused as the last owner: %d", count(left, nil), count(left, identity.ErrLastOwner)))
	row("owners counted", must(acme.Organizations.Get(ctx, org.ID)).OwnerCount)
	row("members listed", len(must(acme.Memberships.ListByTarget(ctx, rockets, "")).Items))
	why("The count of owners changes in the transactions that change owners, so that of two who",
		"leave at once one stays. Make somebody else an owner first, or use TransferOwnership.")
}

// signUp makes a user of an address.
func signUp(ctx context.Context, t *tenant, email string) identity.User {
	return must(t.Users.Create(ctx, identity.User{}, byEmail(email)))
}

func byEmail(address string) identity.NewUser {
	return identity.NewUser{Identifiers: []identity.NewIdentifier{{Kind: identity.KindEmail, Value: address, Verified: true}}}
}

// said is what a client is told.
func said(err error) string {
	if errors.Is(err, identity.ErrForbidden) {
		return "forbidden"
	}
	check(err)
	return "done"
}

// random is a key for a table that ends with the program.
func random() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}

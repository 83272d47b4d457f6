package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/theorydb/theorydb"
)

// Account and Payment share the partitions of an account.
type Account struct {
	_ theorydb.Key `theorydb:"pk" key:"ACCOUNT#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ACCOUNT"`

	ID    string
	Owner string
	Token theorydb.Secret[string] `theorydb:"encrypted"`
}

type Payment struct {
	_ theorydb.Entity `theorydb:"append_only"`
	_ theorydb.Key    `theorydb:"pk" key:"ACCOUNT#{accountID}"`
	_ theorydb.Key    `theorydb:"sk" key:"PAYMENT#{seq|pad:6}"`

	AccountID string
	Seq       int64
	Cents     int64
}

// openAccounts gives both models, with an account that has three payments.
func openAccounts() (*theorydb.DB, *theorydb.Model[Account], *theorydb.Model[Payment]) {
	ctx := context.Background()
	db := openExample()
	accounts, err := theorydb.NewModel[Account](db)
	if err != nil {
		log.Fatal(err)
	}
	payments, err := theorydb.NewModel[Payment](db)
	if err != nil {
		log.Fatal(err)
	}
	if err := db.CreateTable(ctx); err != nil {
		log.Fatal(err)
	}
	if err := accounts.Create(ctx, &Account{ID: "7", Owner: "ada", Token: theorydb.NewSecret("t-1")}); err != nil {
		log.Fatal(err)
	}
	for seq := range int64(3) {
		if err := payments.Create(ctx, &Payment{AccountID: "7", Seq: seq + 1, Cents: 100 * (seq + 1)}); err != nil {
			log.Fatal(err)
		}
	}
	return db, accounts, payments
}

func ExampleDB_Collection() {
	db, accounts, payments := openAccounts()
	ctx := context.Background()

	var found []*Account
	var sum int64
	err := db.Collection(ctx, accounts.Partition(Account{ID: "7"}, theorydb.Consistent()),
		accounts.Into(&found),
		payments.Each(func(p *Payment) error { sum += p.Cents; return nil }))
	fmt.Println(found[0].Owner, found[0].Token.Reveal(), sum, err)
	// Output: ada t-1 600 <nil>
}

func ExampleDB_EntityOf() {
	db, accounts, payments := openAccounts()
	ctx := context.Background()

	// What a stream record carries of a new item.
	image, err := accounts.Raw(ctx, Account{ID: "7"})
	if err != nil {
		log.Fatal(err)
	}
	switch db.EntityOf(image) {
	case "Account":
		before, after, err := accounts.Decode(ctx, nil, image)
		fmt.Println(before == nil, after.Owner, err)
	case "Payment":
		_, after, err := payments.Decode(ctx, nil, image)
		fmt.Println(after.Cents, err)
	}
	// Output: true ada <nil>
}

func ExampleModel_Decode() {
	_, accounts, _ := openAccounts()
	ctx := context.Background()

	oldImage, err := accounts.Raw(ctx, Account{ID: "7"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := accounts.Change(ctx, Account{ID: "7"}, theorydb.Set("owner", "bob")); err != nil {
		log.Fatal(err)
	}
	newImage, err := accounts.Raw(ctx, Account{ID: "7"})
	if err != nil {
		log.Fatal(err)
	}
	before, after, err := accounts.Decode(ctx, oldImage, newImage)
	fmt.Println(before.Owner, after.Owner, err)
	// Output: ada bob <nil>
}

// The account goes, and its payments stay: they are append_only.
func ExampleDB_ClearPartition() {
	db, accounts, payments := openAccounts()
	ctx := context.Background()

	for cursor := ""; ; {
		var err error
		cursor, err = db.ClearPartition(ctx, accounts.Partition(Account{ID: "7"}), cursor)
		if err != nil {
			log.Fatal(err)
		}
		if cursor == "" {
			break
		}
	}
	_, err := accounts.Get(ctx, Account{ID: "7"})
	fmt.Println(errors.Is(err, theorydb.ErrItemNotFound))
	fmt.Println(payments.Count(ctx, theorydb.Query[Payment]{Key: Payment{AccountID: "7"}}))

	_, err = db.ClearPartition(ctx, accounts.Partition(Account{ID: "7"}), "", "Acount")
	fmt.Println(err)
	// Output:
	// true
	// 3 <nil>
	// theorydb: ClearPartition Account: invalid query: keep names "Acount", which is no model of the table; did you mean "Account"?
}

func ExampleRetention_Clear() {
	_, _, payments := openAccounts()
	ctx := context.Background()

	old := theorydb.Query[Payment]{Key: Payment{AccountID: "7"}, Sort: theorydb.AtMost(2)}
	for cursor := ""; ; {
		var err error
		cursor, err = payments.Retention("kept for seven years").Clear(ctx, old, cursor)
		if err != nil {
			log.Fatal(err)
		}
		if cursor == "" {
			break
		}
	}
	fmt.Println(payments.Count(ctx, theorydb.Query[Payment]{Key: Payment{AccountID: "7"}}))
	// Output: 1 <nil>
}

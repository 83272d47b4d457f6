package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// Stock and Order are two models of one table.
type Stock struct {
	_ theorydb.Key `theorydb:"pk" key:"STOCK#{article}"`
	_ theorydb.Key `theorydb:"sk" key:"STOCK"`

	Article string
	Left    int64
	Version int64 `theorydb:"version"`
}

type Order struct {
	_ theorydb.Key `theorydb:"pk" key:"ORDER#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ORDER"`

	ID      string
	Article string
	Version int64 `theorydb:"version"`
}

func openShop() (*theorydb.DB, *theorydb.Model[Stock], *theorydb.Model[Order]) {
	aws := localaws.New()
	db, err := theorydb.New(theorydb.Config{DynamoDB: aws.DynamoDB(), Table: "shop", Clock: aws.Clock.Now})
	if err != nil {
		log.Fatal(err)
	}
	stock, err := theorydb.NewModel[Stock](db)
	if err != nil {
		log.Fatal(err)
	}
	orders, err := theorydb.NewModel[Order](db)
	if err != nil {
		log.Fatal(err)
	}
	if err := db.CreateTable(context.Background()); err != nil {
		log.Fatal(err)
	}
	return db, stock, orders
}

func ExampleDB_Transact() {
	db, stock, orders := openShop()
	ctx := context.Background()
	if err := stock.Create(ctx, &Stock{Article: "tea", Left: 1}); err != nil {
		log.Fatal(err)
	}

	order := func(id string) error {
		return db.Transact(ctx,
			orders.CreateOp(&Order{ID: id, Article: "tea"}),
			stock.ChangeOp(Stock{Article: "tea"}, theorydb.Add("left", -1), theorydb.AnyVersion(),
				theorydb.OnlyIf(theorydb.Greater("left", 0))),
		)
	}
	fmt.Println(order("1"))

	err := order("2")
	fmt.Println(err)
	var canceled *theorydb.TransactionError
	if errors.As(err, &canceled) {
		for i, cause := range canceled.Ops {
			fmt.Println(i, cause)
		}
	}
	// Output:
	// <nil>
	// theorydb: Transact Order, Stock: transaction canceled: operation 1: Change Stock: condition failed
	// 0 <nil>
	// 1 theorydb: Change Stock: condition failed
}

func ExampleDB_BatchWrite() {
	db, stock, _ := openShop()
	ctx := context.Background()

	tea, coffee := Stock{Article: "tea", Left: 3}, Stock{Article: "coffee", Left: 5}
	fmt.Println(db.BatchWrite(ctx, stock.PutOp(&tea, theorydb.Unchecked()), stock.PutOp(&coffee, theorydb.Unchecked())))

	found, err := stock.BatchGet(ctx, []Stock{{Article: "coffee"}, {Article: "cocoa"}, {Article: "tea"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range found {
		if s == nil {
			fmt.Println("no such article")
			continue
		}
		fmt.Println(s.Article, s.Left)
	}
	// Output:
	// <nil>
	// coffee 5
	// no such article
	// tea 3
}

func ExampleDB_TransactGet() {
	db, stock, orders := openShop()
	ctx := context.Background()
	if err := stock.Create(ctx, &Stock{Article: "tea", Left: 3}); err != nil {
		log.Fatal(err)
	}

	tea, order := stock.GetOp(Stock{Article: "tea"}), orders.GetOp(Order{ID: "1"})
	if err := db.TransactGet(ctx, tea, order); err != nil {
		log.Fatal(err)
	}
	s, err := tea.Item()
	fmt.Println(s.Left, err)
	_, err = order.Item()
	fmt.Println(errors.Is(err, theorydb.ErrItemNotFound))
	// Output:
	// 3 <nil>
	// true
}

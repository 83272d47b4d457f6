package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// openSomeNotes gives the model of the examples with three notes of ada's.
func openSomeNotes() *theorydb.Model[Note] {
	notes, _ := openNotes()
	for _, id := range []string{"1", "2", "3"} {
		if err := notes.Create(context.Background(), &Note{Owner: "ada", ID: id, Text: "note " + id}); err != nil {
			log.Fatal(err)
		}
	}
	return notes
}

func ExampleSelect() {
	notes := openSomeNotes()

	type brief struct{ ID, Text string }
	ofAda := theorydb.Query[Note]{Key: Note{Owner: "ada"}, Sort: theorydb.After("1")}
	for b, err := range theorydb.Select[brief](context.Background(), notes, ofAda) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(b.ID, b.Text)
	}

	type wrong struct{ Txt string }
	_, err := theorydb.Collect(theorydb.Select[wrong](context.Background(), notes, ofAda))
	fmt.Println(err)
	// Output:
	// 2 note 2
	// 3 note 3
	// theorydb: Select Note: invalid model: wrong.Txt: Note has no attribute "txt" (did you mean "text"?)
}

func ExampleModel_Scan() {
	notes := openSomeNotes()
	found := 0
	for _, err := range notes.Scan(context.Background(), theorydb.Scan{Segments: 8, Filter: theorydb.Greater("id", "1")}) {
		if err != nil {
			log.Fatal(err)
		}
		found++
	}
	fmt.Println(found)
	// Output: 2
}

func ExampleModel_ScanPage() {
	notes := openSomeNotes()
	scan := theorydb.Scan{Segments: 2, Limit: 2}
	cursor := "" // keep it where the next run of a migration finds it
	for {
		page, err := notes.ScanPage(context.Background(), scan, cursor)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(page.Items), page.Next != "")
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	// Output:
	// 2 true
	// 1 false
}

func ExampleModel_CursorAfter() {
	notes := openSomeNotes()
	ofAda := theorydb.Query[Note]{Key: Note{Owner: "ada"}}
	cursor, err := notes.CursorAfter(ofAda, &Note{Owner: "ada", ID: "2"})
	if err != nil {
		log.Fatal(err)
	}
	page, err := notes.QueryPage(context.Background(), ofAda, cursor)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Items), page.Items[0].ID)

	_, err = notes.CursorAfter(ofAda, &Note{Owner: "bob", ID: "2"})
	fmt.Println(errors.Is(err, theorydb.ErrInvalidQuery))
	// Output:
	// 1 3
	// true
}

// Ticket is listed by day over eight partitions of an index, since one would take all writes of the day.
type Ticket struct {
	_ theorydb.Key `theorydb:"pk" key:"TICKET#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"TICKET"`
	_ theorydb.Key `theorydb:"index:byDay,pk" key:"DAY#{day}#{id|shard:8}"`
	_ theorydb.Key `theorydb:"index:byDay,sk" key:"{id}"`

	ID, Day string
}

func ExampleShard() {
	aws := localaws.New()
	db, err := theorydb.New(theorydb.Config{DynamoDB: aws.DynamoDB(), Table: "tickets", Clock: aws.Clock.Now})
	if err != nil {
		log.Fatal(err)
	}
	tickets, err := theorydb.NewModel[Ticket](db)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := db.CreateTable(ctx); err != nil {
		log.Fatal(err)
	}
	for i := range 20 {
		if err := tickets.Create(ctx, &Ticket{ID: fmt.Sprint("t", i), Day: "monday"}); err != nil {
			log.Fatal(err)
		}
	}

	shards, err := tickets.Shards("byDay")
	if err != nil {
		log.Fatal(err)
	}
	found := 0
	for n := range shards {
		n, err := tickets.Count(ctx, theorydb.Query[Ticket]{Key: Ticket{Day: "monday"}, Index: "byDay", Shard: theorydb.Shard(n)})
		if err != nil {
			log.Fatal(err)
		}
		found += n
	}
	fmt.Println(shards, found)
	// Output: 8 20
}

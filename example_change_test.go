package theorydb_test

import (
	"context"
	"fmt"
	"log"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// Counter is a model without a version.
type Counter struct {
	_ theorydb.Key `theorydb:"pk" key:"COUNTER#{name}"`

	Name string
	N    int64
	Seen []string `theorydb:"set"`
}

// openExample gives a DB on the embedded engine, with a key.
func openExample() *theorydb.DB {
	aws := localaws.New()
	db, err := theorydb.New(theorydb.Config{
		DynamoDB: aws.DynamoDB(), Table: "example", Clock: aws.Clock.Now,
		KMS: aws.KMS(), KeyID: aws.KMSKey("alias/example"),
	})
	if err != nil {
		log.Fatal(err)
	}
	return db
}

func openCounters() *theorydb.Model[Counter] {
	db := openExample()
	counters, err := theorydb.NewModel[Counter](db)
	if err != nil {
		log.Fatal(err)
	}
	if err := db.CreateTable(context.Background()); err != nil {
		log.Fatal(err)
	}
	return counters
}

func ExampleModel_Change() {
	counters := openCounters()
	ctx := context.Background()

	for range 2 {
		c, err := counters.Change(ctx, Counter{Name: "visits"}, theorydb.Add("n", 1), theorydb.Add("seen", []string{"ada"}), theorydb.OrCreate())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(c.N, c.Seen)
	}
	_, err := counters.Change(ctx, Counter{Name: "nowhere"}, theorydb.Add("n", 1))
	fmt.Println(err)
	// Output:
	// 1 [ada]
	// 2 [ada]
	// theorydb: Change Counter: item not found
}

func ExampleModel_Modify() {
	notes, _ := openNotes()
	ctx := context.Background()

	if err := notes.Create(ctx, &Note{Owner: "ada", ID: "1", Text: "milk"}); err != nil {
		log.Fatal(err)
	}
	note, err := notes.Modify(ctx, Note{Owner: "ada", ID: "1"}, func(n *Note) error {
		n.Text += " and bread"
		return nil
	})
	fmt.Println(note.Text, note.Version, err)
	// Output: milk and bread 2 <nil>
}

func ExampleReturning() {
	notes, _ := openNotes()
	ctx := context.Background()

	note := Note{Owner: "ada", ID: "1", Text: "milk"}
	if err := notes.Create(ctx, &note); err != nil {
		log.Fatal(err)
	}
	var old Note
	fmt.Println(notes.Delete(ctx, &note, theorydb.Returning(&old)), old.Text)
	// Output: <nil> milk
}

func ExampleDB_Describe() {
	db := openExample()
	if _, err := theorydb.NewModel[Counter](db); err != nil {
		log.Fatal(err)
	}
	document, err := db.Describe()
	fmt.Println(len(document) > 0, err)
	// Output: true <nil>
}

package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// Note is the model of the examples.
type Note struct {
	_ theorydb.Key `theorydb:"pk" key:"USER#{owner}"`
	_ theorydb.Key `theorydb:"sk" key:"NOTE#{id}"`

	Owner     string
	ID        string
	Text      string
	Tags      []string  `theorydb:"set"`
	ExpiresAt time.Time `theorydb:"ttl"`
	Version   int64     `theorydb:"version"`
}

// openNotes gives the model in a new table of the embedded engine, and the engine's clock.
func openNotes() (*theorydb.Model[Note], *localaws.Clock) {
	aws := localaws.New()
	db, err := theorydb.New(theorydb.Config{DynamoDB: aws.DynamoDB(), Table: "notes", Clock: aws.Clock.Now})
	if err != nil {
		log.Fatal(err)
	}
	notes, err := theorydb.NewModel[Note](db)
	if err != nil {
		log.Fatal(err)
	}
	if err := db.CreateTable(context.Background()); err != nil {
		log.Fatal(err)
	}
	return notes, aws.Clock
}

func ExampleModel_Create() {
	notes, _ := openNotes()
	ctx := context.Background()

	note := Note{Owner: "ada", ID: "1", Text: "buy milk"}
	fmt.Println(notes.Create(ctx, &note), note.Version)
	fmt.Println(errors.Is(notes.Create(ctx, &note), theorydb.ErrAlreadyExists))
	// Output:
	// <nil> 1
	// true
}

func ExampleModel_Put() {
	notes, _ := openNotes()
	ctx := context.Background()

	note := Note{Owner: "ada", ID: "1", Text: "buy milk"}
	fmt.Println(notes.Put(ctx, &note), note.Version)
	note.Text = "buy bread"
	fmt.Println(notes.Put(ctx, &note), note.Version)
	// Output:
	// <nil> 1
	// <nil> 2
}

func ExampleModel_Update() {
	notes, _ := openNotes()
	ctx := context.Background()

	note := Note{Owner: "ada", ID: "1", Text: "buy milk", Tags: []string{"home"}}
	if err := notes.Create(ctx, &note); err != nil {
		log.Fatal(err)
	}
	stale := note

	note.Text, note.Tags = "buy bread", nil
	fmt.Println(notes.Update(ctx, &note, theorydb.Fields("text")), note.Version)

	stale.Text = "too late"
	err := notes.Update(ctx, &stale)
	fmt.Println(err)
	fmt.Println(errors.Is(err, theorydb.ErrVersionConflict), stale.Version)
	// Output:
	// <nil> 2
	// theorydb: Update Note: version conflict (stored version 2)
	// true 1
}

func ExampleOnlyIf() {
	notes, _ := openNotes()
	ctx := context.Background()

	note := Note{Owner: "ada", ID: "1", Text: "buy milk"}
	if err := notes.Create(ctx, &note); err != nil {
		log.Fatal(err)
	}
	note.Text = "done"
	err := notes.Update(ctx, &note, theorydb.OnlyIf(theorydb.And(
		theorydb.Equal("text", "buy bread"), theorydb.NotExists("tags"))))
	fmt.Println(err)
	// Output:
	// theorydb: Update Note: condition failed
}

func ExampleModel_Delete() {
	notes, _ := openNotes()
	ctx := context.Background()

	note := Note{Owner: "ada", ID: "1"}
	if err := notes.Create(ctx, &note); err != nil {
		log.Fatal(err)
	}
	fmt.Println(notes.Delete(ctx, &Note{Owner: "ada", ID: "1"}))                        // holds no version
	fmt.Println(notes.Delete(ctx, &Note{Owner: "ada", ID: "1"}, theorydb.AnyVersion())) // wants none
	fmt.Println(notes.Delete(ctx, &note))                                               // nothing left to delete
	// Output:
	// theorydb: Delete Note: version conflict (stored version 1)
	// <nil>
	// <nil>
}

func ExampleModel_Get() {
	notes, clock := openNotes()
	ctx := context.Background()

	note := Note{Owner: "ada", ID: "1", Text: "buy milk", ExpiresAt: clock.Now().Add(time.Hour)}
	if err := notes.Create(ctx, &note); err != nil {
		log.Fatal(err)
	}
	got, err := notes.Get(ctx, Note{Owner: "ada", ID: "1"}, theorydb.Consistent())
	fmt.Println(got.Text, err)

	clock.Advance(time.Hour) // the item is still stored
	_, err = notes.Get(ctx, Note{Owner: "ada", ID: "1"})
	fmt.Println(err)
	// Output:
	// buy milk <nil>
	// theorydb: Get Note: item not found
}

func ExampleModel_Query() {
	notes, _ := openNotes()
	ctx := context.Background()

	for _, id := range []string{"1", "2", "3", "10"} {
		if err := notes.Create(ctx, &Note{Owner: "ada", ID: id}); err != nil {
			log.Fatal(err)
		}
	}
	query := theorydb.Query[Note]{Key: Note{Owner: "ada"}, Sort: theorydb.AtLeast("2"), Descending: true}
	for note, err := range notes.Query(ctx, query) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(note.ID)
	}
	// Output:
	// 3
	// 2
}

func ExampleModel_QueryPage() {
	notes, _ := openNotes()
	ctx := context.Background()

	for _, id := range []string{"1", "2", "3"} {
		if err := notes.Create(ctx, &Note{Owner: "ada", ID: id}); err != nil {
			log.Fatal(err)
		}
	}
	query := theorydb.Query[Note]{Key: Note{Owner: "ada"}, Limit: 2}
	cursor := ""
	for {
		page, err := notes.QueryPage(ctx, query, cursor)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(page.Items), "notes, more to come:", page.Next != "")
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	// Output:
	// 2 notes, more to come: true
	// 1 notes, more to come: false
}

func ExampleModel_Count() {
	notes, _ := openNotes()
	ctx := context.Background()

	for _, id := range []string{"a-1", "a-2", "b-1"} {
		if err := notes.Create(ctx, &Note{Owner: "ada", ID: id}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(notes.Count(ctx, theorydb.Query[Note]{Key: Note{Owner: "ada"}, Sort: theorydb.HasPrefix("a-")}))
	// Output: 2 <nil>
}

func ExampleCollect() {
	notes, _ := openNotes()
	ctx := context.Background()

	if err := notes.Create(ctx, &Note{Owner: "ada", ID: "1"}); err != nil {
		log.Fatal(err)
	}
	all, err := theorydb.Collect(notes.Query(ctx, theorydb.Query[Note]{Key: Note{Owner: "ada"}}))
	fmt.Println(len(all), err)
	// Output: 1 <nil>
}

func ExampleNewRecordModel() {
	aws := localaws.New()
	ctx := context.Background()
	db, err := theorydb.New(theorydb.Config{DynamoDB: aws.DynamoDB(), Table: "notes"})
	if err != nil {
		log.Fatal(err)
	}
	notes, err := theorydb.NewRecordModel(db, []byte(`{
		"name": "Note",
		"keys": {"partition": {"attribute": "PK", "type": "S", "template": "NOTE#{id}"}},
		"attributes": [
			{"attribute": "id", "type": "S", "required": true},
			{"attribute": "text", "type": "S"},
			{"attribute": "version", "type": "N", "format": "int", "roles": ["version"]}
		]
	}`))
	if err != nil {
		log.Fatal(err)
	}
	if err := db.CreateTable(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(notes.Create(ctx, &theorydb.Record{"id": "1", "text": "buy milk"}))
	note, err := notes.Get(ctx, theorydb.Record{"id": "1"})
	fmt.Println(*note, err)
	// Output:
	// <nil>
	// map[id:1 text:buy milk version:1] <nil>
}

// A model is refused with everything that is wrong with it.
func ExampleNewModel_refusal() {
	db, err := theorydb.New(theorydb.Config{DynamoDB: localaws.New().DynamoDB(), Table: "notes"})
	if err != nil {
		log.Fatal(err)
	}
	type Draft struct {
		_     theorydb.Key `theorydb:"pk" key:"DRAFT#{ID}"`
		ID    string       `theorydb:"requird"`
		Score float64      `theorydb:"version"`
	}
	_, err = theorydb.NewModel[Draft](db)
	fmt.Println(err)
	// Output:
	// theorydb: invalid tag: Draft.ID: unknown word "requird" (did you mean "required"?)
	// theorydb: invalid model: Draft.Score: a version is an integer of 32 bits or more
	// theorydb: invalid model: Draft.PK: key template "DRAFT#{ID}" at byte 7: attribute "ID": is unknown (did you mean "id"?)
}

package theorydb_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/internal/schema"
)

// ticket has derived index keys of components of every kind. It has no version: nothing but the conditions on borrowed
// components keeps a partial write from rendering a key of what is no longer stored.
type ticket struct {
	_ theorydb.Key `theorydb:"pk" key:"TICKET#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`
	_ theorydb.Key `theorydb:"index:gsi1" key:"STATE#{state}"`
	_ theorydb.Key `theorydb:"index:gsi1,sk" key:"{due}#{rank|pad:3}"`
	_ theorydb.Key `theorydb:"index:gsi2" key:"{owner|lower}#{group}"`
	_ theorydb.Key `theorydb:"index:gsi2,sk" key:"SEQ#{seq|int}"`
	_ theorydb.Key `theorydb:"index:gsi3" key:"ID#{id}"`
	_ theorydb.Key `theorydb:"index:gsi3,sk" key:"{updatedAt}"`
	_ theorydb.Key `theorydb:"lsi:lsi1" key:"{state|hash}#{rank|int}"`

	ID        string
	State     string
	Due       time.Time
	Rank      int64
	Owner     *string
	Group     string `theorydb:"omitempty"`
	Seq       *int32
	Note      string
	ExpiresAt time.Time `theorydb:"ttl"`
	UpdatedAt time.Time `theorydb:"updated_at"`
}

var ticketComponents = []string{"state", "due", "rank", "owner", "group", "seq"}

// ticketKeys restates the key codec for the ticket: the index keys that its stored attributes give.
func ticketKeys(item theorydb.Item) theorydb.Item {
	text := func(name string) string {
		switch v := item[name].(type) {
		case *types.AttributeValueMemberS:
			return v.Value
		case *types.AttributeValueMemberN:
			return v.Value
		}
		return ""
	}
	integer := func(name string) string {
		n, err := strconv.ParseInt(text(name), 10, 64)
		if err != nil {
			return ""
		}
		return fmt.Sprintf("%020d", uint64(n)^1<<63)
	}
	whole := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return text(name) == "" })
	}
	keys := theorydb.Item{}
	if whole("state", "due", "rank") {
		keys["GSI1PK"] = str("STATE#" + escaped(text("state")))
		keys["GSI1SK"] = str(escaped(text("due")) + "#" + fmt.Sprintf("%03s", text("rank")))
	}
	if whole("owner", "group", "seq") {
		keys["GSI2PK"] = str(escaped(strings.ToLower(text("owner"))) + "#" + escaped(text("group")))
		keys["GSI2SK"] = str("SEQ#" + integer("seq"))
	}
	if whole("id", "updatedAt") {
		keys["GSI3PK"], keys["GSI3SK"] = str("ID#"+escaped(text("id"))), str(text("updatedAt"))
	}
	if whole("state", "rank") {
		digest := sha256.Sum256([]byte(text("state")))
		keys["LSI1SK"] = str(hex.EncodeToString(digest[:]) + "#" + integer("rank"))
	}
	return keys
}

var ticketKeyNames = []string{"GSI1PK", "GSI1SK", "GSI2PK", "GSI2SK", "GSI3PK", "GSI3SK", "LSI1SK"}

// staleKey says which index key of a stored ticket is not the one that its attributes give.
func staleKey(item theorydb.Item) error {
	want := ticketKeys(item)
	for _, name := range ticketKeyNames {
		if !schema.Equal(want[name], item[name]) {
			return fmt.Errorf("%s is not what the stored attributes give", name)
		}
	}
	return nil
}

// ticketWriter is one of the callers that write the same tickets, each with what it read last.
type ticketWriter struct {
	m     *theorydb.Model[ticket]
	e     *engine
	r     *rand.Rand
	held  ticket
	naive bool // partial updates take the other components as held and put no condition on them
	told  map[string]int
}

func (w *ticketWriter) pick(texts ...string) string { return texts[w.r.IntN(len(texts))] }

func (w *ticketWriter) time() time.Time {
	return []time.Time{{}, cellBorn, cellBorn.Add(time.Nanosecond), cellLater}[w.r.IntN(4)]
}

// shuffle changes some components of the held record.
func (w *ticketWriter) shuffle() {
	if w.r.IntN(2) == 0 {
		w.held.State = w.pick("", "open", "o#pen", "done")
	}
	if w.r.IntN(2) == 0 {
		w.held.Due = w.time()
	}
	if w.r.IntN(2) == 0 {
		w.held.Rank = w.r.Int64N(4)
	}
	if w.r.IntN(2) == 0 {
		w.held.Owner = []*string{nil, ptr("Ann"), ptr("ann"), ptr("")}[w.r.IntN(4)]
	}
	if w.r.IntN(2) == 0 {
		w.held.Group = w.pick("", "g", "h%")
	}
	if w.r.IntN(2) == 0 {
		w.held.Seq = []*int32{nil, ptr(int32(0)), ptr(int32(-5)), ptr(int32(5))}[w.r.IntN(4)]
	}
	w.held.Note = w.pick("a", "b")
	w.held.ExpiresAt = []time.Time{{}, {}, cellLater, w.e.clock.Now().Add(2 * time.Second)}[w.r.IntN(4)]
}

func (w *ticketWriter) components() []string {
	names := slices.Clone(ticketComponents)
	w.r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names[:1+w.r.IntN(len(names))]
}

// part changes one component in one of the ways in which a Change can.
func (w *ticketWriter) part(name string) theorydb.ChangePart {
	values := map[string][]any{
		"state": {"open", "done", "#"}, "due": {cellBorn, cellLater}, "rank": {0, 1, 2}, "owner": {"Ann", "bob"}, "group": {"g", "h%"}, "seq": {int32(0), int32(-5)},
	}
	value := values[name][w.r.IntN(len(values[name]))]
	switch n := w.r.IntN(8); {
	case n == 0:
		return theorydb.Remove(name)
	case n == 1:
		return theorydb.SetIfAbsent(name, value)
	case n == 2 && (name == "rank" || name == "seq"):
		return theorydb.Add(name, 1)
	}
	return theorydb.Set(name, value)
}

func (w *ticketWriter) parts() []theorydb.ChangePart {
	names := w.components()
	if w.r.IntN(2) == 0 { // what belongs together, so that many are not refused
		names = [][]string{{"state", "due", "rank"}, {"owner", "group", "seq"}, ticketComponents, {"note"}}[w.r.IntN(4)]
	}
	var parts []theorydb.ChangePart
	for _, name := range names {
		if name == "note" {
			parts = append(parts, theorydb.Set("note", w.pick("c", "d")))
			continue
		}
		parts = append(parts, w.part(name))
	}
	if w.r.IntN(3) == 0 {
		parts = append(parts, theorydb.OrCreate())
	}
	if w.r.IntN(4) == 0 {
		parts = append(parts, theorydb.Set("ttl", cellLater))
	}
	if w.r.IntN(2) == 0 {
		parts = append(parts, theorydb.Blind())
	}
	return parts
}

// act does one operation and keeps count of what it was told.
func (w *ticketWriter) act(ctx context.Context) error {
	key := ticket{ID: w.held.ID}
	var op string
	var err error
	switch n := w.r.IntN(20); {
	case n < 4:
		op = "Get"
		var read *ticket
		if read, err = w.m.Get(ctx, key, theorydb.Consistent()); err == nil {
			w.held = *read
		}
	case n < 6:
		op = "Create"
		w.shuffle()
		err = w.m.Create(ctx, &w.held)
	case n < 7:
		op = "Put"
		w.shuffle()
		err = w.m.Put(ctx, &w.held)
	case n < 9:
		op = "Update"
		w.shuffle()
		err = w.m.Update(ctx, &w.held)
	case n < 14:
		op = "Update,Fields"
		err = w.partial(ctx)
	case n < 19:
		op = "Change"
		_, err = w.m.Change(ctx, key, w.parts()...)
	case w.r.IntN(4) == 0:
		op = "Delete"
		err = w.m.Delete(ctx, &w.held)
	default:
		w.e.clock.Advance(time.Second)
		return nil
	}
	allowed := []error{theorydb.ErrItemNotFound, theorydb.ErrIndexKeyUnknown, theorydb.ErrAlreadyExists}
	switch at := slices.IndexFunc(allowed, func(is error) bool { return errors.Is(err, is) }); {
	case err == nil:
		w.told[op+" ok"]++
	case at < 0:
		return fmt.Errorf("%s: %w", op, err)
	default:
		w.told[op+" refused"]++
	}
	return nil
}

// partial updates some components of the held record.
func (w *ticketWriter) partial(ctx context.Context) error {
	given := w.held
	w.shuffle()
	changed, names := w.held, w.components()
	w.held = given
	for _, name := range names {
		copyComponent(&w.held, changed, name)
	}
	if w.naive {
		return w.naiveUpdate(ctx, names)
	}
	return w.m.Update(ctx, &w.held, theorydb.Fields(names...))
}

func copyComponent(to *ticket, from ticket, name string) {
	switch name {
	case "state":
		to.State = from.State
	case "due":
		to.Due = from.Due
	case "rank":
		to.Rank = from.Rank
	case "owner":
		to.Owner = from.Owner
	case "group":
		to.Group = from.Group
	case "seq":
		to.Seq = from.Seq
	}
}

// naiveUpdate is a partial update as one would write it by hand: it takes the components that it does not store from
// the record, and has no condition on them.
func (w *ticketWriter) naiveUpdate(ctx context.Context, names []string) error {
	held := theorydb.Item{"id": str(w.held.ID), "rank": num(strconv.FormatInt(w.held.Rank, 10)), "updatedAt": storedTime(w.e.clock.Now())}
	if w.held.State != "" {
		held["state"] = str(w.held.State)
	}
	if !w.held.Due.IsZero() {
		held["due"] = storedTime(w.held.Due)
	}
	if w.held.Owner != nil {
		held["owner"] = str(*w.held.Owner)
	}
	if w.held.Group != "" {
		held["group"] = str(w.held.Group)
	}
	if w.held.Seq != nil {
		held["seq"] = num(strconv.Itoa(int(*w.held.Seq)))
	}
	keys := ticketKeys(held)
	input := &dynamodb.UpdateItemInput{
		TableName: &w.e.table, Key: theorydb.Item{"PK": str("TICKET#" + escaped(w.held.ID)), "SK": str("ROW")},
		ConditionExpression:      ptr("attribute_exists(PK)"),
		ExpressionAttributeNames: map[string]string{}, ExpressionAttributeValues: theorydb.Item{},
	}
	var set, remove []string
	for i, name := range append(append(slices.Clone(names), "updatedAt"), ticketKeyNames...) {
		value := held[name]
		if i > len(names) {
			value = keys[name]
		}
		input.ExpressionAttributeNames[fmt.Sprint("#", i)] = name
		if value == nil {
			remove = append(remove, fmt.Sprint("#", i))
			continue
		}
		set = append(set, fmt.Sprintf("#%d=:%d", i, i))
		input.ExpressionAttributeValues[fmt.Sprint(":", i)] = value
	}
	expression := "SET " + strings.Join(set, ",")
	if len(remove) > 0 {
		expression += " REMOVE " + strings.Join(remove, ",")
	}
	input.UpdateExpression = &expression
	_, err := w.e.client.UpdateItem(ctx, input)
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		return theorydb.ErrItemNotFound
	}
	return err
}

// writeTickets lets three writers, each with a record read at another time, write one ticket after the other, and looks
// at every version that was ever stored. It returns the first stale key, what the writers were told and how many
// versions it looked at.
func writeTickets(t *testing.T, e *engine, m *theorydb.Model[ticket], seed uint64, sequences, length int, naive bool) (told map[string]int, versions int, stale error) {
	told = map[string]int{}
	r := rand.New(rand.NewPCG(seed, seed))
	for sequence := range sequences {
		id := fmt.Sprintf("t%d#%d", seed, sequence)
		writers := make([]*ticketWriter, 3)
		for i := range writers {
			writers[i] = &ticketWriter{m: m, e: e, r: r, held: ticket{ID: id}, told: told, naive: naive}
		}
		for range length {
			if err := writers[r.IntN(len(writers))].act(t.Context()); err != nil {
				return told, versions, fmt.Errorf("seed %d, sequence %d: %w", seed, sequence, err)
			}
			if e.aws != nil {
				continue
			}
			if item := e.stored(t, "TICKET#"+escaped(id), "ROW"); item != nil && stale == nil {
				stale = staleKey(item)
				versions++
			}
		}
		if e.aws == nil {
			continue
		}
		for _, version := range e.aws.History(e.table, theorydb.Item{"PK": str("TICKET#" + escaped(id)), "SK": str("ROW")}) {
			if version.Deleted {
				continue
			}
			versions++
			if err := staleKey(version.Item); err != nil && stale == nil {
				stale = fmt.Errorf("seed %d, sequence %d: %w", seed, sequence, err)
			}
		}
	}
	return told, versions, stale
}

// tickets reaches an embedded engine past the faults, which would remember every request.
func tickets(t *testing.T, e *engine) *theorydb.Model[ticket] {
	e.clock.Set(cellNow)
	return model[ticket](t, e, func(c *theorydb.Config) {
		if e.aws != nil {
			c.DynamoDB = e.aws.DynamoDB()
		}
	})
}

// staleSequences is how many random sequences TestNoIndexKeyIsEverStale runs. CI runs 100,000 of them once, without the
// race detector.
var staleSequences = flag.Int("sequences", 5000, "random sequences of writes to look for stale index keys in")

// Whatever sequence of operations: each stored index key is the one that the stored attributes give, and never half of
// one.
func TestNoIndexKeyIsEverStale(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		seeds, sequences := uint64(4), shareOf(*staleSequences/4)
		length := max(4, 100_000 / *staleSequences)
		if e.aws == nil {
			seeds, sequences = 1, 30
		}
		var mu sync.Mutex
		var group sync.WaitGroup
		total, seen := map[string]int{}, 0
		for seed := range seeds {
			table := e
			if seed > 0 {
				table = embedded(t)
			}
			m := tickets(t, table)
			group.Go(func() {
				told, versions, stale := writeTickets(t, table, m, seed, sequences, length, false)
				mu.Lock()
				defer mu.Unlock()
				if stale != nil {
					t.Error(stale)
				}
				seen += versions
				for what, n := range told {
					total[what] += n
				}
			})
		}
		group.Wait()
		t.Logf("%d operations in %d sequences, %d stored versions on %s: %v", int(seeds)*sequences*length, int(seeds)*sequences, seen, e.name, total)
		for _, what := range []string{"Create ok", "Put ok", "Update ok", "Update,Fields ok", "Update,Fields refused", "Change ok", "Change refused", "Delete ok"} {
			require.Positive(t, total[what], what)
		}
	})
}

// The control: the same writers, whose partial updates borrow components without a condition.
func TestUnconditionalPartialUpdatesLeaveStaleIndexKeys(t *testing.T) {
	e := embedded(t)
	m := tickets(t, e)
	told, versions, stale := writeTickets(t, e, m, 1, 100, 20, true)
	t.Logf("%d stored versions, %v: %v", versions, told, stale)
	require.Positive(t, told["Update,Fields ok"])
	require.ErrorContains(t, stale, "not what the stored attributes give")
}

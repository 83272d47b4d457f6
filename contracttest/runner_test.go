package contracttest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"
)

// tale is a scenario that passes; each mutation below changes one expectation so that it must not.
const tale = `
name: tale
model: Note
table: { name: notes }
steps:
  - op: create
    if_not_exists: true
    item: { PK: u1, SK: a, title: one, tags: [x] }
    save: { created: createdAt }
    expect: %s
  - op: create
    if_not_exists: true
    item: { PK: u1, SK: a }
    expect: %s
  - op: get
    key: { PK: u1, SK: a }
    expect: %s
  - op: query
    key: { PK: u1 }
    expect: %s
  - op: race
    race: { writers: 3, op: update, fields: [title], item: { PK: u1, SK: a, title: two, version: 1 } }
    expect: %s
  - op: raw_get
    key: { PK: { S: u1 }, SK: { S: a } }
    save: { stored: title }
    expect: %s
  - op: change
    key: { PK: u1, SK: a }
    set: { title: three-in-clear }
    if_version: 2
    returning: true
    expect: %s
  - op: raw_set
    key: { PK: { S: u1 }, SK: { S: a } }
    item: { title: { $stored: stored }, tags: null }
    expect: %s
  - op: transact
    operations:
      - { op: create, item: { PK: u1, SK: b } }
      - { op: check, key: { PK: u1, SK: nobody } }
    expect: %s
  - op: batch_get
    keys: [{ PK: u1, SK: a }, { PK: u1, SK: nobody }]
    expect: %s
  - op: table
    expect: %s
`

func told(t *testing.T, changed int, instead string) *Scenario {
	t.Helper()
	expectations := []any{
		"{ ok: true, requests: 1, item_contains: { version: 1 } }",
		"{ errors: [ErrAlreadyExists, ErrConditionFailed], requests: 1 }",
		"{ sent_consistent: false, item_contains: { title: one, tags: [x] }, item_not_contains: { title: two }, item_has_fields: [version], " +
			"item_missing_fields: [body], raw_attribute_types: { tags: SS }, item_field_equals_var: { createdAt: created }, " +
			"item_field_not_equals_var: { title: created } }",
		"{ count: 1, item_count: 1, items: [{ SK: a, title: one }], items_contains: [{ title: one }] }",
		"{ winners: 1 }",
		"{ item_contains: { title: { S: two } }, item_missing_fields: [body], item_not_contains: { title: { S: one } }, " +
			"item_field_equals_var: { title: stored }, item_field_not_equals_var: { SK: stored } }",
		"{ old_contains: { title: two, version: 2 }, sent_has: [three-in-clear], sent_lacks: [four], " +
			"stored_has: [three-in-clear], stored_lacks: [four], data_keys: 0 }",
		"{ item_contains: { title: { S: two } }, item_missing_fields: [tags] }",
		"{ error: ErrItemNotFound, causes: [null, ErrItemNotFound], items: [{ version: null }, null], sent_operations: [TransactWriteItems] }",
		"{ items: [{ title: two }, null], items_contains: [{ title: two }], count: 1, sent_operations: [BatchGetItem] }",
		"{ expires_by: ttl }",
	}
	if changed > 0 {
		expectations[changed-1] = instead
	}
	scenario, err := ParseScenario("tale.yaml", fmt.Appendf(nil, tale, expectations...))
	require.NoError(t, err)
	return scenario
}

func runTale(t *testing.T, scenario *Scenario) *Result {
	t.Helper()
	models, err := EmbeddedModels()
	require.NoError(t, err)
	return (&Runner{Models: models, Engine: LocalAWS}).Run(t.Context(), scenario)
}

func TestEveryKindOfExpectationCanFail(t *testing.T) {
	require.Nil(t, runTale(t, told(t, 0, "")).Failure)
	for name, test := range map[string]struct {
		step    int
		instead string
		want    string
	}{
		"error instead of ok":           {1, "{ error: ErrItemNotFound }", "error: expected ErrItemNotFound, got none"},
		"ok instead of error":           {2, "{ ok: true }", "error: expected none, got"},
		"nothing said means ok":         {2, "{}", "error: expected none, got"},
		"one error of two":              {2, "{ errors: [ErrAlreadyExists, ErrItemNotFound] }", "error: expected ErrAlreadyExists and ErrItemNotFound, got"},
		"another error":                 {2, "{ error: ErrItemNotFound }", "error: expected ErrItemNotFound, got"},
		"requests":                      {1, "{ requests: 2 }", "requests: expected 2, got 1"},
		"requests of a refused step":    {2, "{ error: ErrAlreadyExists, requests: 0 }", "requests: expected 0, got 1"},
		"requests of no verb":           {6, "{ requests: 0 }", "requests: expected 0, the step gives none"},
		"item_contains":                 {3, "{ item_contains: { title: two } }", `item_contains title: expected "two", got "one"`},
		"item_contains what is absent":  {3, "{ item_contains: { body: x } }", `item_contains body: expected "x", got null`},
		"item_contains null":            {3, "{ item_contains: { title: null } }", `item_contains title: expected null, got "one"`},
		"item_contains of a written":    {1, "{ item_contains: { version: 0 } }", "item_contains version: expected number 0, got number 1"},
		"item_contains without item":    {2, "{ error: ErrAlreadyExists, item_contains: { title: one } }", "item: expected one, the step gave none"},
		"item_not_contains":             {3, "{ item_not_contains: { title: one } }", "item_not_contains title: expected anything else"},
		"item_not_contains no item":     {5, "{ item_not_contains: { title: one } }", "item: expected one, the step gave none"},
		"item_has_fields":               {3, "{ item_has_fields: [body] }", "item_has_fields body: the stored item has none"},
		"item_has_fields of no item":    {4, "{ item_has_fields: [title] }", "stored item: the step sent no request about one item"},
		"item_missing_fields":           {3, "{ item_missing_fields: [title] }", "item_missing_fields title: the stored item has one"},
		"item_missing_fields no item":   {4, "{ item_missing_fields: [body] }", "stored item: the step sent no request about one item"},
		"raw_attribute_types":           {3, "{ raw_attribute_types: { tags: L } }", "raw_attribute_types tags: expected L, got SS"},
		"raw_attribute_types of absent": {3, "{ raw_attribute_types: { body: S } }", "raw_attribute_types body: expected S, got nothing"},
		"item_field_equals_var":         {3, "{ item_field_equals_var: { title: created } }", "item_field_equals_var title: variable created is"},
		"equals an unknown variable":    {3, "{ item_field_equals_var: { title: nothing } }", `no step before saved "nothing"`},
		"equals of an absent attribute": {3, "{ item_field_equals_var: { body: created } }", "item_field_equals_var body: the item has none"},
		"equals without item":           {4, "{ item_field_equals_var: { title: created } }", "item_field_equals_var title: expected an item"},
		"item_field_not_equals_var":     {3, "{ item_field_not_equals_var: { updatedAt: created } }", "item_field_not_equals_var updatedAt: variable created is"},
		"not equals of an absent":       {3, "{ item_field_not_equals_var: { body: created } }", "item_field_not_equals_var body: the item has none"},
		"items of another value":        {4, "{ items: [{ title: two }] }", `items 1, title: expected "two", got "one"`},
		"items of another number":       {4, "{ items: [] }", "items: expected 0, got 1"},
		"items of no list":              {3, "{ items: [] }", "items: expected a list, the step gave none"},
		"count":                         {4, "{ count: 2 }", "count: expected 2, got 1"},
		"count of nothing":              {3, "{ count: 1 }", "count: expected 1, the step gives none"},
		"winners":                       {5, "{ winners: 2 }", "winners: expected 2, got 1"},
		"winners without race":          {3, "{ winners: 1 }", "winners: expected 1, the step gives none"},
		"raw item_contains":             {6, "{ item_contains: { title: { S: one } } }", `item_contains title: expected S "one", got S "two"`},
		"raw item_contains of a type":   {6, "{ item_contains: { title: { B: AQ== } } }", `item_contains title: expected B`},
		"raw item_contains null":        {6, "{ item_contains: { title: null } }", "item_contains title: expected absent"},
		"raw item_contains logical":     {6, "{ item_contains: { title: two } }", "item_contains title: expected DynamoDB JSON"},
		"raw item_not_contains":         {6, "{ item_not_contains: { title: { S: two } } }", "item_not_contains title: expected anything else"},
		"raw item_not_contains logical": {6, "{ item_not_contains: { title: one } }", "item_not_contains title: is not DynamoDB JSON"},
		"raw equals var":                {6, "{ item_field_equals_var: { SK: stored } }", `item_field_equals_var SK: variable stored is S "two", got S "a"`},
		"raw equals a logical var":      {6, "{ item_field_equals_var: { title: created } }", "a stored value can't be compared with a logical one"},
		"raw not equals var":            {6, "{ item_field_not_equals_var: { title: stored } }", "item_field_not_equals_var title: variable stored is"},
		"raw not equals a logical var":  {6, "{ item_field_not_equals_var: { title: created } }", "a stored value can't be compared with a logical one"},
		"raw equals var of an absent":   {6, "{ item_field_equals_var: { body: stored } }", "item_field_equals_var body: the item has none"},
		"equals a stored var":           {8, "{ item_field_equals_var: { SK: created } }", "a stored value can't be compared with a logical one"},
		"items_contains":                {4, "{ items_contains: [{ title: one }, { title: two }] }", "items_contains 2: no item contains it"},
		"items_contains of no list":     {3, "{ items_contains: [{ title: one }] }", "items: expected a list, the step gave none"},
		"item_count":                    {4, "{ item_count: 2 }", "count: expected 2, got 1"},
		"old_contains":                  {7, "{ old_contains: { title: one } }", `old_contains title: expected "one", got "two"`},
		"old_contains without old":      {3, "{ old_contains: { title: one } }", "old_contains: the step gave no item of before"},
		"returned_nothing":              {7, "{ returned_nothing: true }", "returned_nothing: the step returned an item of before"},
		"returned_nothing not asked":    {3, "{ returned_nothing: true }", "returned_nothing: the step returned an item of before, or did not ask"},
		"item of a returning change":    {7, "{ item_contains: { title: two } }", "item: expected one, the step gave none"},
		"sent_has":                      {7, "{ sent_has: [four] }", `sent_has "four": it is nowhere`},
		"sent_lacks":                    {7, "{ sent_lacks: [three-in-clear] }", `sent_lacks "three-in-clear": it is there in clear`},
		"sent_lacks of a part":          {7, "{ sent_lacks: [ee-in-cl] }", `sent_lacks "ee-in-cl": it is there in clear`},
		"sent_has of no verb":           {8, "{ sent_has: [title] }", "sent: the step sent no request to look at"},
		"sent_lacks of no verb":         {8, "{ sent_lacks: [four] }", "sent: the step sent no request to look at"},
		"stored_has":                    {7, "{ stored_has: [four] }", `stored_has "four": it is nowhere`},
		"stored_lacks":                  {7, "{ stored_lacks: [three-in-clear] }", `stored_lacks "three-in-clear": it is there in clear`},
		"stored_lacks without item":     {4, "{ stored_lacks: [four] }", "stored item: the step sent no request about one item"},
		"data_keys":                     {7, "{ data_keys: 1 }", "data_keys: expected 1, got 0"},
		"data_keys of no verb":          {8, "{ data_keys: 0 }", "data_keys: expected 0, the step gives none"},
		"raw_set":                       {8, "{ item_contains: { title: { S: one } } }", `item_contains title: expected S "one", got S "two"`},
		"raw_set of null":               {8, "{ item_has_fields: [tags] }", "item_has_fields tags: the stored item has none"},
		"causes of another kind":        {9, "{ error: ErrItemNotFound, causes: [null, ErrVersionConflict] }", "causes 2: expected ErrVersionConflict, got"},
		"causes of another operation":   {9, "{ error: ErrItemNotFound, causes: [null, null] }", "causes 2: expected none, got"},
		"causes of no cause":            {9, "{ error: ErrItemNotFound, causes: [ErrItemNotFound, ErrItemNotFound] }", "causes 1: expected ErrItemNotFound, got"},
		"causes of another number":      {9, "{ error: ErrItemNotFound, causes: [null] }", "causes: expected 1, got 2"},
		"causes of no operations":       {2, "{ error: ErrAlreadyExists, causes: [ErrAlreadyExists] }", "causes: the step's error names no operation"},
		"items of a refused step":       {9, "{ error: ErrItemNotFound, items: [{ version: 1 }, null] }", "items 1, version: expected number 1, got null"},
		"items that should be absent":   {10, "{ items: [null, null] }", "items 1, expected none, there is one"},
		"items that should be there":    {10, "{ items: [{ title: two }, {}] }", "items 2, expected one, there is none"},
		"items_contains of absent ones": {10, "{ items_contains: [{ title: null }] }", "items_contains 1: no item contains it"},
		"count of those that are there": {10, "{ count: 2 }", "count: expected 2, got 1"},
		"sent_operations":               {10, "{ sent_operations: [BatchGetItem, BatchGetItem] }", "sent_operations: expected [BatchGetItem BatchGetItem], got [BatchGetItem]"},
		"sent_consistent":               {3, "{ sent_consistent: true }", "sent_consistent: expected true, request 1 (GetItem) says false"},
		"sent_consistent of a batch":    {10, "{ sent_consistent: true }", "sent_consistent: expected true, request 1 (BatchGetItem) says false"},
		"sent_consistent of a write":    {7, "{ sent_consistent: false }", "sent_consistent: expected false, the step sent no read that could say"},
		"sent_consistent of no verb":    {6, "{ sent_consistent: false }", "sent_consistent: expected false, the step sent no read that could say"},
		"sent_operations of no verb":    {6, "{ sent_operations: [] }", "sent_operations: expected [], the step gives none"},
		"expires_by":                    {11, "{ expires_by: expiry }", `expires_by: expected "expiry", got "ttl"`},
		"expires_by of no table":        {3, "{ expires_by: ttl }", `expires_by: expected "ttl", the step gives none`},
		"requests of no verb of ours":   {11, "{ requests: 0 }", "requests: expected 0, the step gives none"},
		"raw item_missing_fields":       {6, "{ item_missing_fields: [title] }", "item_missing_fields title: the stored item has one"},
	} {
		t.Run(name, func(t *testing.T) {
			failure := runTale(t, told(t, test.step, test.instead)).Failure
			require.NotNil(t, failure)
			require.Equal(t, test.step, failure.Step)
			require.Len(t, failure.Lines, 1)
			require.Contains(t, failure.Lines[0], test.want)
			require.Contains(t, failure.String(), fmt.Sprintf("tale.yaml:%d: step %d (%s)", failure.Line, test.step, failure.Op))
		})
	}
}

func TestRunnerReportsWhatItCanNotCarryOut(t *testing.T) {
	for name, test := range map[string]struct{ step, want string }{
		"unknown model":      {"op: get\nmodel: Nobody\nkey: { PK: a }", `no model file declares model "Nobody"`},
		"unsaved variable":   {"op: put\nitem: { PK: a, SK: b }\nheld: { version: v }", `no step before saved "v"`},
		"unsaved cursor":     {"op: query\nkey: { PK: a }\ncursor: next", `no step before saved "next"`},
		"saving an absent":   {"op: create\nitem: { PK: a, SK: b }\nsave: { v: body }", `save: the record has no "body"`},
		"saving no cursor":   {"op: query\nkey: { PK: a }\nsave: { v: $next }", "save: query gives no cursor"},
		"raw without types":  {"op: raw_put\nitem: { PK: a, SK: b }", "is not DynamoDB JSON"},
		"raw of another key": {"op: raw_put\nitem: { PK: { S: a } }", "ValidationException"},
		"prefix of a number": {"op: query\nkey: { PK: a }\nsort: { has_prefix: 1 }", "has_prefix takes a text"},
		"raw_set of nothing": {"op: raw_set\nkey: { PK: { S: a }, SK: { S: b } }\nitem: { t: { S: x } }", "raw_set: there is no such item"},
		"unsaved stored":     {"op: raw_put\nitem: { PK: { S: a }, SK: { S: b }, t: { $stored: v } }", `no step before saved "v"`},
		"scope of no scope":  {"op: get\nscope: [acme]\nkey: { PK: a, SK: b }", "model Note has no scope"},
		"another table":      {"op: transact\noperations: [{ op: create, model: Sample, item: { PK: a } }]", "operation 0: model Sample is of another table than the step's model"},
		"operation unknown":  {"op: transact\noperations: [{ op: create, model: Nobody, item: { PK: a } }]", `no model file declares model "Nobody"`},
		"operation unsaved":  {"op: transact\noperations: [{ op: put, item: { PK: a, SK: b }, held: { version: v } }]", `no step before saved "v"`},
		"unsaved in clear":   {"op: clear\nkey: { PK: a }\ncursor: next", `no step before saved "next"`},
		"unsaved in scan":    {"op: scan\ncursor: next", `no step before saved "next"`},
		"unknown collected":  {"op: collection\nkey: { PK: a }\nmodels: [Nobody]", `no model file declares model "Nobody"`},
		"idle throw_back":    {"op: fault\nthrow_back: [0]", "the fault of line 4 happened 0 times, not 1"},
		"no loser of many":   {"op: race\nrace: { writers: 2, op: transact, operations: [{ op: create, item: { PK: a, SK: b, typo: c } }] }", "was not told that it lost"},
		"no loser's error":   {"op: race\nrace: { writers: 2, op: create, item: { PK: a, SK: b, typo: c } }", "was not told that it lost"},
	} {
		t.Run(name, func(t *testing.T) {
			scenario, err := ParseScenario("a.yaml", []byte(scenarioWith(test.step)))
			require.NoError(t, err)
			failure := runTale(t, scenario).Failure
			require.NotNil(t, failure)
			require.Contains(t, failure.Lines[0], test.want)
		})
	}
}

func TestRunnerLeavesNoTables(t *testing.T) {
	models, err := EmbeddedModels()
	require.NoError(t, err)
	engine := LocalAWS()
	runner := &Runner{Models: models, Engine: func() *Engine { return engine }}
	for _, changed := range []int{0, 3} { // one that passes and one that fails
		runner.Run(t.Context(), told(t, changed, "{ count: 1 }"))
		tables, err := engine.Client.ListTables(t.Context(), &dynamodb.ListTablesInput{})
		require.NoError(t, err)
		require.Empty(t, tables.TableNames)
	}
}

func TestRunnerTellsAnEndedContext(t *testing.T) {
	models, err := EmbeddedModels()
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result := (&Runner{Models: models, Engine: LocalAWS}).Run(ctx, told(t, 0, ""))
	require.NotNil(t, result.Failure)
	require.Contains(t, result.Failure.Lines[0], context.Canceled.Error())
}

func TestDurationsComeFromTheGivenClock(t *testing.T) {
	models, err := EmbeddedModels()
	require.NoError(t, err)
	now := Start
	runner := &Runner{Models: models, Engine: LocalAWS, Now: func() time.Time {
		now = now.Add(time.Second)
		return now
	}}
	require.Equal(t, time.Second, runner.Run(t.Context(), told(t, 0, "")).Duration)
}

func TestRunnerRefusesAnEngineOnWhichNothingRuns(t *testing.T) {
	for _, engine := range []*Engine{nil, {}, {Client: LocalAWS().Client}, {Clock: LocalAWS().Clock}} {
		runner := embeddedRunner(t)
		runner.Engine = func() *Engine { return engine }
		result := runner.Run(t.Context(), told(t, 0, ""))
		require.Equal(t, Failed, result.Verdict())
		require.Contains(t, result.Failure.String(), "without a Client or a Clock")
	}
}

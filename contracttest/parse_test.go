package contracttest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// scenarioWith is a scenario of one step, written on line 4 and the lines after it.
func scenarioWith(step string) string {
	return "name: n\nmodel: Note\nsteps:\n  - " + strings.ReplaceAll(step, "\n", "\n    ") + "\n"
}

func TestParserKeepsEverything(t *testing.T) {
	scenario, err := ParseScenario("a.yaml", []byte(`
id: OPS-99
promise: OPS
name: all members
why: because
dms_version: "0.2"
model: Note
table: { name: notes }
steps:
  - op: create
    if_not_exists: true
    item: { PK: a, views: 0x10_is_text, n: 12345678901234567890.5, b: !!binary AQID, none: null, list: [1, { a: true }] }
    save: { v: version }
    expect: { ok: true, requests: 1 }
  - op: query
    key: { PK: { $repeat: ab, $times: 3 }, SK: { $hex: "ff00" } }
    sort: { between: [1, 2] }
    filter: { equal: { title: x }, exists: [a], not_exists: [b] }
    descending: true
    limit: 2
    page_size: 3
    consistent: true
    cursor: next
    expect: { error: ErrInvalidCursor }
  - op: race
    race: { writers: 4, op: delete, key: { PK: a }, if_version: 3 }
    expect: { winners: 1 }
  - op: change
    scope: []
    key: { PK: a }
    set: { a: 1 }
    set_if_absent: { b: 1 }
    add: { c: 1 }
    remove: [d]
    append: { e: [1] }
    prepend: { f: [1] }
    delete_from_set: { g: [1] }
    or_create: true
    blind: true
    any_version: true
    returning: true
    only_if: { or: [{ in: { a: [x, y] } }, { not: { in_range: { b: [1, 2] } } }], size_of: { c: { ">": 2 } } }
    expect: { data_keys: 1, sent_has: [text], sent_lacks: [clear], stored_has: [text], stored_lacks: [clear], old_contains: { a: 1 } }
  - op: query
    query: { index: i, partition: { attribute: PK, operator: "=", value: a }, sort: { attribute: SK, operator: begins_with, value: b } }
    expect: { items_contains: [{ a: 1 }], item_count: 1 }
  - op: kms
    alias: alias/a
    points_to: alias/b
  - op: transact
    operations:
      - { op: create, model: Label, scope: [acme], item: { PK: a } }
      - { op: put, item: { PK: b }, held: { version: v }, only_if: { exists: [a] }, unchecked: true }
      - { op: check, key: { PK: c } }
    expect: { error: ErrTransactionCanceled, causes: [null, ErrVersionConflict, null], items: [{ a: 1 }, null], sent_operations: [TransactWriteItems] }
  - op: batch_get
    keys: [{ PK: a }, { PK: b }]
    consistent: true
    expect: { sent_consistent: true }
  - op: batch_write
    batch_write: { puts: [{ PK: a }], deletes: [{ PK: b }] }
  - op: transact_get
    transact_get: { items: [{ model: Label, key: { PK: a } }] }
  - op: fault
    throw_back: [0, 2]
    times: 3
  - op: declare
    document: { name: M, keys: { partition: { attribute: id, type: S } }, attributes: [{ attribute: id, type: S }] }
    expect: { expires_by: ttl }
  - op: clear
    key: { PK: a }
    retention: too old
    sort: { is: b }
    shard: 3
    cursor: ""
  - op: collection
    key: { PK: a }
    models: [Note, Label]
  - op: scan
    segments: 4
  - op: clear
    key: { PK: a }
    keep: [Note]
  - op: raw_put
    item: { a: { $stored: v, $flip: ct, $cut: k, $without: kc, $with: { v: { N: 1 } } }, b: { M: { c: { $stored: w } } } }
`))
	require.NoError(t, err)
	require.Equal(t, "OPS-99 all members", scenario.Title())
	require.Equal(t, "0.2", scenario.DMSVersion)
	require.Equal(t, "notes", scenario.Table)

	create := scenario.Steps[0]
	require.Equal(t, 10, create.Line)
	require.True(t, create.IfNotExists)
	require.Equal(t, map[string]any{
		"PK": "a", "views": "0x10_is_text", "n": Number("12345678901234567890.5"), "b": []byte{1, 2, 3},
		"none": nil, "list": []any{Number("1"), map[string]any{"a": true}},
	}, create.Item)
	require.Equal(t, map[string]string{"v": "version"}, create.Save)
	require.Equal(t, 1, *create.Expect.Requests)

	query := scenario.Steps[1]
	require.Equal(t, map[string]any{"PK": "ababab", "SK": "\xff\x00"}, query.Key)
	require.Equal(t, &Sort{"between", []any{Number("1"), Number("2")}}, query.Sort)
	require.Equal(t, []Condition{
		{Operator: "equal", Attribute: "title", Values: []any{"x"}},
		{Operator: "exists", Attribute: "a"},
		{Operator: "not_exists", Attribute: "b"},
	}, query.Filter)
	require.True(t, query.Descending && query.Consistent)
	require.Equal(t, []int{2, 3}, []int{*query.Limit, *query.PageSize})
	require.Equal(t, "next", *query.Cursor)
	require.Equal(t, []string{"ErrInvalidCursor"}, query.Expect.Errors)

	race := scenario.Steps[2].Race
	require.Equal(t, 4, race.Writers)
	require.Equal(t, "delete", race.Write.Op)
	require.Equal(t, int64(3), *race.Write.IfVersion)

	change := scenario.Steps[3]
	one := []any{Number("1")}
	require.Equal(t, Change{
		Set: map[string]any{"a": Number("1")}, SetIfAbsent: map[string]any{"b": Number("1")}, Add: map[string]any{"c": Number("1")},
		Append: map[string]any{"e": one}, Prepend: map[string]any{"f": one}, DeleteFromSet: map[string]any{"g": one},
		Remove: []string{"d"}, OrCreate: true, Blind: true,
	}, change.Change)
	require.True(t, change.AnyVersion && change.Returning)
	require.NotNil(t, change.Scope)
	require.Empty(t, change.Scope)
	require.Equal(t, []Condition{
		{Operator: "or", Operands: []Condition{
			{Operator: "and", Operands: []Condition{{Operator: "in", Attribute: "a", Values: []any{"x", "y"}}}},
			{Operator: "and", Operands: []Condition{{Operator: "not", Operands: []Condition{
				{Operator: "in_range", Attribute: "b", Values: []any{Number("1"), Number("2")}},
			}}}},
		}},
		{Operator: "size_of", Attribute: "c", Comparer: ">", Values: []any{2}},
	}, change.OnlyIf)
	require.Equal(t, 1, *change.Expect.DataKeys)
	require.Equal(t, [][]string{{"text"}, {"clear"}, {"text"}, {"clear"}},
		[][]string{change.Expect.SentHas, change.Expect.SentLacks, change.Expect.StoredHas, change.Expect.StoredLacks})

	foreign := scenario.Steps[4]
	require.Equal(t, map[string]any{"PK": "a"}, foreign.Key)
	require.Equal(t, "i", foreign.Index)
	require.Equal(t, &Sort{"has_prefix", []any{"b"}}, foreign.Sort)
	require.Equal(t, 1, *foreign.Expect.Count)

	require.Equal(t, KeyStep{Alias: "alias/a", PointsTo: "alias/b"}, scenario.Steps[5].KMS)
	require.Equal(t, map[string]any{
		"a": storedValue{"v", "ct", "k", "kc", map[string]any{"v": map[string]any{"N": Number("1")}}},
		"b": map[string]any{"M": map[string]any{"c": storedValue{variable: "w"}}},
	}, scenario.Steps[16].Item)

	require.Equal(t, "too old", *scenario.Steps[12].Retention)
	require.Equal(t, 3, *scenario.Steps[12].Shard)
	require.Equal(t, []string{"Note", "Label"}, scenario.Steps[13].Models)
	require.Equal(t, 4, *scenario.Steps[14].Segments)
	require.Equal(t, []string{"Note"}, scenario.Steps[15].Keep)

	transact := scenario.Steps[6]
	require.Equal(t, []string{"create", "put", "check"}, []string{transact.Operations[0].Op, transact.Operations[1].Op, transact.Operations[2].Op})
	require.Equal(t, "Label", transact.Operations[0].Model)
	require.Equal(t, []string{"acme"}, transact.Operations[0].Scope)
	require.Nil(t, transact.Operations[1].Scope)
	require.True(t, transact.Operations[1].Unchecked)
	require.Equal(t, map[string]string{"version": "v"}, transact.Operations[1].Held)
	require.Equal(t, []string{"", "ErrVersionConflict", ""}, transact.Expect.Causes)
	require.Equal(t, []map[string]any{{"a": Number("1")}, nil}, transact.Expect.Items)
	require.Equal(t, []string{"TransactWriteItems"}, transact.Expect.SentOperations)
	require.Equal(t, []map[string]any{{"PK": "a"}, {"PK": "b"}}, scenario.Steps[7].Keys)
	require.True(t, scenario.Steps[7].Consistent)
	require.True(t, *scenario.Steps[7].Expect.SentConsistent)
	require.Nil(t, scenario.Steps[8].Expect.SentConsistent)
	require.Equal(t, []Step{
		{Line: scenario.Steps[8].Line + 1, Op: "put", Item: map[string]any{"PK": "a"}, Unchecked: true},
		{Line: scenario.Steps[8].Line + 1, Op: "delete", Key: map[string]any{"PK": "b"}, Unchecked: true},
	}, scenario.Steps[8].Operations)
	require.Equal(t, []Step{
		{Line: scenario.Steps[9].Line + 1, Op: "get", Model: "Label", Key: map[string]any{"PK": "a"}},
	}, scenario.Steps[9].Operations)
	require.Equal(t, Fault{ThrowBack: []int{0, 2}, Times: 3}, scenario.Steps[10].Fault)
	require.Equal(t, "M", scenario.Steps[11].Document.Name)
	require.Equal(t, "ttl", scenario.Steps[11].Expect.ExpiresBy)
}

func TestParserReadsScopesAndKeys(t *testing.T) {
	const steps = "\nsteps: [{ op: sleep, ms: 1 }]"
	scenario, err := ParseScenario("a.yaml", []byte("name: n\nmodel: M\nscope: [acme, docs]\nencryption: none"+steps))
	require.NoError(t, err)
	require.Equal(t, []string{"acme", "docs"}, scenario.Scope)
	require.Equal(t, Encryption{None: true}, scenario.Encryption)

	scenario, err = ParseScenario("a.yaml", []byte("name: n\nmodel: M\nencryption: { acme: alias/acme }"+steps))
	require.NoError(t, err)
	require.Nil(t, scenario.Scope)
	require.Equal(t, Encryption{Scopes: map[string]string{"acme": "alias/acme"}}, scenario.Encryption)
}

func TestParserRefusesWhatItDoesNotKnow(t *testing.T) {
	for text, want := range map[string]string{
		scenarioWith("op: get\nkye: { PK: a }"):                                                                                       `a.yaml:5: unknown member "kye"`,
		scenarioWith("op: fetch"):                                                                                                     `a.yaml:4: unknown op "fetch"`,
		scenarioWith("op: get\nkey: { PK: a }\nexpect: { erorr: X }"):                                                                 `a.yaml:6: unknown member "erorr"`,
		scenarioWith("op: get\nkey: { PK: a }\nexpect: { error: ErrNoSuch }"):                                                         `a.yaml:6: unknown error "ErrNoSuch"`,
		scenarioWith("op: get\nkey: { PK: a }\nexpect: { error: ErrItemNotFound, ok: true }"):                                         `a.yaml:6: ok says one thing`,
		scenarioWith("op: get\nkey: { PK: a }\nexpect: { ok: false }"):                                                                `a.yaml:6: ok says one thing`,
		scenarioWith("op: get\nkey: { PK: a }\nexpect: { raw_attribute_types: { a: T } }"):                                            `"T" is none of the types`,
		scenarioWith("op: get\nkey: { PK: a }\nkey: { PK: b }"):                                                                       `a.yaml:6: member "key" stands twice`,
		scenarioWith("op: get\nkey: { PK: a }\nitem: { PK: a }"):                                                                      `a.yaml:6: op get has no use for "item"`,
		scenarioWith("op: delete\nkey: { PK: a }\nfields: [a]"):                                                                       `a.yaml:6: op delete has no use for "fields"`,
		scenarioWith("op: get"):                                                                                                       `a.yaml:4: op get needs a key`,
		scenarioWith("op: create"):                                                                                                    `a.yaml:4: op create needs an item`,
		scenarioWith("op: sleep"):                                                                                                     `a.yaml:4: op sleep needs ms`,
		scenarioWith("op: sleep\nms: 9223372036856"):                                                                                  `a.yaml:4: op sleep takes at most 3153600000000 ms`,
		scenarioWith("op: sleep\nms: -1"):                                                                                             `a.yaml:4: op sleep needs ms`,
		scenarioWith("op: sleep\nms: soon"):                                                                                           `a.yaml:5: want a whole number`,
		scenarioWith("op: race"):                                                                                                      `a.yaml:4: op race needs a race`,
		scenarioWith("op: race\nrace: { writers: 1, op: create, item: { PK: a } }"):                                                   `a.yaml:5: a race has from 2 to 64 writers`,
		scenarioWith("op: race\nrace: { writers: 2, op: get, key: { PK: a } }"):                                                       `a.yaml:5: a race is of`,
		scenarioWith("op: race\nrace: { writers: 2, op: create, item: { PK: a }, expect: { ok: true } }"):                             `a.yaml:5: op create has no use for "expect"`,
		scenarioWith("op: query\nkey: { PK: a }\nsort: { near: 1 }"):                                                                  `a.yaml:6: want one of`,
		scenarioWith("op: query\nkey: { PK: a }\nsort: { between: [1] }"):                                                             `a.yaml:6: between takes a list of two values`,
		scenarioWith("op: query\nkey: { PK: a }\nlimit: -1"):                                                                          `a.yaml:6: want a number from 0`,
		scenarioWith("op: query\nkey: { PK: a }\nfilter: { like: { a: b } }"):                                                         `a.yaml:6: unknown operator "like"`,
		scenarioWith("op: query\nkey: { PK: a }\nfilter: {}"):                                                                         `a.yaml:6: want a condition`,
		scenarioWith("op: query\nkey: { PK: a }\nfilter: { or: [{}] }"):                                                               `a.yaml:6: want a condition`,
		scenarioWith("op: query\nkey: { PK: a }\nfilter: { in: { a: b } }"):                                                           `a.yaml:6: in takes a list`,
		scenarioWith("op: query\nkey: { PK: a }\nfilter: { in_range: { a: [1] } }"):                                                   `a.yaml:6: in takes a list`,
		scenarioWith("op: query\nkey: { PK: a }\nfilter: { size_of: { a: 3 } }"):                                                      `a.yaml:6: want a mapping`,
		scenarioWith("op: query\nkey: { PK: a }\nfilter: { and: { a: b } }"):                                                          `a.yaml:6: want a list`,
		scenarioWith("op: query\nkey: { PK: a }\nquery: { partition: { attribute: PK, value: a } }"):                                  `a.yaml:4: query stands instead of`,
		scenarioWith("op: query\nquery: { index: i }"):                                                                                `a.yaml:5: query needs a partition`,
		scenarioWith("op: query\nquery: { partition: { attribute: PK, operator: \">\", value: a } }"):                                 `a.yaml:5: query needs a partition`,
		scenarioWith("op: query\nquery: { partition: { attribute: PK } }"):                                                            `a.yaml:5: want an attribute`,
		scenarioWith("op: query\nquery: { partition: { attribute: P, value: a }, sort: { attribute: S, operator: near, value: a } }"): `unknown operator "near"`,
		scenarioWith("op: change\nset: { a: 1 }"):                                                                                     `a.yaml:4: op change needs a key`,
		scenarioWith("op: change\nkey: { PK: a }\nfields: [a]"):                                                                       `a.yaml:6: op change has no use for "fields"`,
		scenarioWith("op: modify\nkey: { PK: a }\nappend: { a: [1] }"):                                                                `a.yaml:6: op modify has no use for "append"`,
		scenarioWith("op: modify\nkey: { PK: a }\nmeanwhile: { sett: { a: 1 } }"):                                                     `a.yaml:6: unknown member "sett"`,
		scenarioWith("op: kms"):                                                                                                       `a.yaml:4: op kms needs one of`,
		scenarioWith("op: kms\nstate: disabled\nservice: down"):                                                                       `a.yaml:4: op kms needs one of`,
		scenarioWith("op: kms\nstate: gone"):                                                                                          `a.yaml:5: "gone" is none of`,
		scenarioWith("op: kms\nservice: gone"):                                                                                        `a.yaml:5: "gone" is none of`,
		scenarioWith("op: restart\nkey: { PK: a }"):                                                                                   `a.yaml:5: op restart has no use for "key"`,
		scenarioWith("op: create\nitem: { PK: { $stored: v } }"):                                                                      `a.yaml:5: unknown member "$stored"`,
		scenarioWith("op: raw_put\nitem: { PK: { $stored: v, $times: 3 } }"):                                                          `a.yaml:5: want {$repeat, $times}`,
		scenarioWith("op: raw_put\nitem: { PK: { $flip: ct } }"):                                                                      `a.yaml:5: want {$repeat, $times}`,
		scenarioWith("op: get\nkey: { PK: a }\nexpect: { sent_lacks: [abc] }"):                                                        `a.yaml:6: a text that is searched for`,
		"name: n\nmodel: Note\nencryption: some\nsteps: [{ op: sleep, ms: 1 }]":                                                       `a.yaml:3: encryption is none`,
		"name: n\nmodel: Note\nencryption: { a: [b] }\nsteps: [{ op: sleep, ms: 1 }]":                                                 `a.yaml:3: want a text`,
		scenarioWith("op: transact"):                                                                                                  `a.yaml:4: op transact needs operations`,
		scenarioWith("op: batch_get"):                                                                                                 `a.yaml:4: op batch_get needs one of keys and operations`,
		scenarioWith("op: batch_get\nkeys: []\noperations: []"):                                                                       `a.yaml:4: op batch_get needs one of keys and operations`,
		scenarioWith("op: batch_get\nkeys: []\nbatch_get: { keys: [] }"):                                                              `a.yaml:4: batch_get stands instead of keys and operations`,
		scenarioWith("op: batch_get\nkeys: [null]"):                                                                                   `a.yaml:5: want a mapping`,
		scenarioWith("op: batch_get\noperations: [{ op: put, item: { PK: a } }]"):                                                     `a.yaml:5: a batch_get is of [get]`,
		scenarioWith("op: batch_write\noperations: [{ op: create, item: { PK: a } }]"):                                                `a.yaml:5: a batch_write is of [delete put]`,
		scenarioWith("op: batch_write\nbatch_write: { put: [] }"):                                                                     `a.yaml:5: unknown member "put"`,
		scenarioWith("op: batch_write\noperations: []\nconsistent: true"):                                                             `a.yaml:6: op batch_write has no use for "consistent"`,
		scenarioWith("op: transact\noperations: [{ op: get, key: { PK: a } }]"):                                                       `a.yaml:5: a transact is of`,
		scenarioWith("op: transact\noperations: [{ op: transact, operations: [] }]"):                                                  `a.yaml:5: a transact is of`,
		scenarioWith("op: transact\noperations: [{ op: create, key: { PK: a } }]"):                                                    `a.yaml:5: op create has no use for "key"`,
		scenarioWith("op: transact\noperations: [{ op: create }]"):                                                                    `a.yaml:5: op create needs an item`,
		scenarioWith("op: transact\noperations: [{ op: change, key: { PK: a }, blind: true }]"):                                       `a.yaml:5: op change has no use for "blind"`,
		scenarioWith("op: transact\noperations: [{ op: check, key: { PK: a }, if_version: 1 }]"):                                      `a.yaml:5: op check has no use for "if_version"`,
		scenarioWith("op: transact\noperations: [{ op: check, key: { PK: a }, expect: {} }]"):                                         `a.yaml:5: op check has no use for "expect"`,
		scenarioWith("op: transact\noperations: []\nexpect: { causes: [ErrNoSuch] }"):                                                 `a.yaml:6: unknown error "ErrNoSuch"`,
		scenarioWith("op: transact_get\ntransact_get: { items: [{ model: M }] }"):                                                     `a.yaml:5: op get needs a key`,
		scenarioWith("op: get\nkey: { PK: a }\noperations: []"):                                                                       `a.yaml:6: op get has no use for "operations"`,
		scenarioWith("op: check\nkey: { PK: a }"):                                                                                     `a.yaml:4: unknown op "check"`,
		scenarioWith("op: collection\nkey: { PK: a }"):                                                                                `a.yaml:4: op collection needs models`,
		scenarioWith("op: clear"):                                                                                                     `a.yaml:4: op clear needs a key`,
		scenarioWith("op: clear\nkey: { PK: a }\nkeep: []\nretention: old"):                                                           `a.yaml:4: a clear has one of keep and retention`,
		scenarioWith("op: clear\nkey: { PK: a }\nindex: i"):                                                                           `a.yaml:4: a clear without retention is of a whole partition`,
		scenarioWith("op: scan\nkey: { PK: a }"):                                                                                      `a.yaml:5: op scan has no use for "key"`,
		scenarioWith("op: query\nkey: { PK: a }\nsegments: 2"):                                                                        `a.yaml:6: op query has no use for "segments"`,
		scenarioWith("op: fault"):                                                                                                     `a.yaml:4: op fault needs one of throw_back and lose_answer`,
		scenarioWith("op: fault\nthrow_back: [0]\nlose_answer: PutItem"):                                                              `a.yaml:4: op fault needs one of throw_back and lose_answer`,
		scenarioWith("op: fault\nlose_answer: GetItem"):                                                                               `a.yaml:5: "GetItem" is none of`,
		scenarioWith("op: fault\nthrow_back: []"):                                                                                     `a.yaml:5: a throw_back takes at least one position`,
		scenarioWith("op: get\nkey: { PK: a }\nexpect: { sent_consistent: yes }"):                                                     `a.yaml:6: want true or false`,
		scenarioWith("op: fault\nthrow_back: [0]\nrival: { key: {}, item: {} }"):                                                      `a.yaml:4: a rival writes after a lost answer`,
		scenarioWith("op: fault\nlose_answer: PutItem\nrival: { key: {} }"):                                                           `a.yaml:6: a rival has a key and an item`,
		scenarioWith("op: fault\nlose_answer: PutItem\nrival: { set: {} }"):                                                           `a.yaml:6:`,
		scenarioWith("op: fault\nthrow_back: [-1]"):                                                                                   `a.yaml:5: want a number from 0`,
		scenarioWith("op: fault\nthrow_back: [0]\ntimes: 0"):                                                                          `a.yaml:6: a fault happens at least once`,
		scenarioWith("op: declare"):                                                                                                   `a.yaml:4: op declare needs a document`,
		scenarioWith("op: declare\ndocument: { name: M }"):                                                                            `a.yaml:5: a model has a name and a partition key`,
		scenarioWith("op: get\nkey: { PK: &a x, SK: *a }"):                                                                            `anchors and aliases`,
		scenarioWith("op: get\nkey: { PK: 0x10 }"):                                                                                    `a.yaml:5: a number is written in decimal digits`,
		scenarioWith("op: get\nkey: { PK: .inf }"):                                                                                    `a.yaml:5: a number is written in decimal digits`,
		scenarioWith("op: get\nkey: { PK: { $repeat: a, $times: 1000000, $hex: a } }"):                                                `a.yaml:5: want {$repeat, $times}`,
		scenarioWith("op: get\nkey: { PK: { $repeat: ab, $times: 1000000 } }"):                                                        `a.yaml:5: want {$repeat, $times}`,
		scenarioWith("op: get\nkey: { PK: { $hex: xx } }"):                                                                            `a.yaml:5: $hex takes pairs`,
		scenarioWith("op: get\nkey: { PK: { $lorem: 1 } }"):                                                                           `a.yaml:5: unknown member "$lorem"`,
		scenarioWith("op: get\nkey: { $hex: ff }"):                                                                                    `a.yaml:5: want values by attribute name`,
		"name: n\nmodel: Note\nsteps: []":                                                                                             `a.yaml:1: the scenario has no steps`,
		"model: Note\nsteps: [{ op: sleep, ms: 1 }]":                                                                                  `a.yaml:1: the scenario has no name`,
		"name: n\nsteps: [{ op: sleep, ms: 1 }]":                                                                                      `a.yaml:1: the scenario names no model`,
		"name: n\nmodel: Note\npromise: FUN\nsteps: [{ op: sleep, ms: 1 }]":                                                           `a.yaml:1: unknown promise "FUN"`,
		"name: n\nmodel: Note\ndms_version: \"9\"\nsteps: [{ op: sleep, ms: 1 }]":                                                     `dms_version "9" is not known`,
		"name: 5\n":               `a.yaml:1: want a text`,
		"name: n\n---\nname: n\n": `more than one YAML document`,
		"- a":                     `a.yaml:1: want a mapping`,
		"a: [":                    `a.yaml`,
		"":                        `a.yaml`,
	} {
		scenario, err := ParseScenario("a.yaml", []byte(text))
		require.ErrorContains(t, err, want, text)
		require.Nil(t, scenario)
	}
}

func FuzzParseScenario(f *testing.F) {
	scenarios, err := EmbeddedScenarios()
	require.NoError(f, err)
	for _, scenario := range scenarios {
		content, err := embedded.ReadFile("scenarios/" + scenario.File)
		require.NoError(f, err)
		f.Add(content)
	}
	f.Add([]byte(scenarioWith("op: get\nkey: { PK: { $repeat: ab, $times: 3 }, SK: { $hex: ff } }")))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, content []byte) {
		scenario, err := ParseScenario("fuzz.yaml", content)
		if err != nil {
			require.Nil(t, scenario)
			require.Contains(t, err.Error(), "fuzz.yaml")
			return
		}
		require.NotEmpty(t, scenario.Name)
		require.NotEmpty(t, scenario.Steps)
		for _, step := range scenario.Steps {
			require.NotNil(t, stepMembers[step.Op])
			require.Subset(t, protocol.ErrorNames, step.Expect.Errors)
		}
	})
}

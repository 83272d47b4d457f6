package contracttest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
	require.Equal(t, "ErrInvalidCursor", query.Expect.Error)

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
	}, scenario.Steps[6].Item)
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

func TestParserTakesOperationsOfTheFormThatAreNotServed(t *testing.T) {
	for _, op := range unservedOps {
		scenario, err := ParseScenario("a.yaml", []byte(scenarioWith("op: "+op+"\nexpect: { ok: true }")))
		require.NoError(t, err)
		models, err := EmbeddedModels()
		require.NoError(t, err)
		result := (&Runner{Models: models, Engine: LocalAWS}).Run(t.Context(), scenario)
		require.NotNil(t, result.Failure)
		require.Equal(t, []string{"op " + op + " is not served by this version"}, result.Failure.Lines)
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
			require.True(t, stepMembers[step.Op] != nil || contains(unservedOps, step.Op))
			require.True(t, step.Expect.Error == "" || sentinels[step.Expect.Error] != nil)
		}
	})
}

func contains(list []string, text string) bool {
	for _, element := range list {
		if element == text {
			return true
		}
	}
	return false
}

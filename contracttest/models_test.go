package contracttest

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func modelFile(dmsVersion, name, table string) *fstest.MapFile {
	text := ""
	if dmsVersion != "" {
		text = "dms_version: \"" + dmsVersion + "\"\n"
	}
	return &fstest.MapFile{Data: []byte(text + `
models:
  - name: ` + name + `
    table: { name: ` + table + ` }
    keys: { partition: { attribute: pk, type: S } }
    attributes:
      - { attribute: pk, type: S, roles: [pk] }
      - { attribute: n, type: N, format: int, roles: [version] }
`)}
}

func TestModelsAreFoundByNameTableAndDeclaration(t *testing.T) {
	models, err := LoadModels(fstest.MapFS{
		"new.yaml": modelFile("", "A", "t1"), "old.yml": modelFile("0.1", "A", "t1"), "deep/b.yaml": modelFile("", "B", "t2"),
		"c.json":    {Data: []byte(`{"models": [{"name": "C", "keys": {"partition": {"attribute": "pk", "type": "S"}}, "attributes": [{"attribute": "pk", "type": "S"}]}]}`)},
		"ignore.md": {Data: []byte("no model")},
	})
	require.NoError(t, err)

	found, err := models.find("A", "t1", "0.1")
	require.NoError(t, err)
	require.Equal(t, "old.yml", found.File)
	found, err = models.find("A", "", "")
	require.NoError(t, err)
	require.Equal(t, "new.yaml", found.File)
	found, err = models.find("C", "", "0.2") // one alone is meant whatever its declaration
	require.NoError(t, err)
	require.Equal(t, "c.json", found.File)
	_, err = models.find("B", "t1", "")
	require.ErrorContains(t, err, `no model file declares model "B" in table "t1"`)
}

func TestAmbiguousModelsAreRefused(t *testing.T) {
	models, err := LoadModels(fstest.MapFS{"a.yaml": modelFile("", "A", "t"), "b.yaml": modelFile("", "A", "t")})
	require.NoError(t, err)
	_, err = models.find("A", "t", "")
	require.ErrorContains(t, err, "declared in a.yaml and in b.yaml")
}

func TestDocumentsSayWhereVersionsStart(t *testing.T) {
	models, err := LoadModels(fstest.MapFS{"a.yaml": modelFile("", "A", "t")})
	require.NoError(t, err)
	document, err := models.all[0].json("physical", true)
	require.NoError(t, err)
	require.Contains(t, string(document), `"roles":["version:0"]`)
	require.Contains(t, string(document), `"table":{"name":"physical"}`)
	document, err = models.all[0].json("physical", false)
	require.NoError(t, err)
	require.Contains(t, string(document), `"roles":["version"]`)
}

func TestIndexesOfOtherProjectsAreMadeWhole(t *testing.T) {
	index := `indexes: [{ name: i, type: GSI, partition: { attribute: n, type: N }, projection: { type: KEYS_ONLY } }]`
	for version, want := range map[string]string{"": "KEYS_ONLY", "0.1": "ALL", "0.2": "ALL"} {
		file := modelFile(version, "A", "t")
		file.Data = append(file.Data, "    "+index...)
		models, err := LoadModels(fstest.MapFS{"a.yaml": file})
		require.NoError(t, err)
		document, err := models.all[0].json("physical", true)
		require.NoError(t, err)
		require.Contains(t, string(document), `"projection":{"type":"`+want+`"}`)
		again, err := models.all[0].json("physical", true)
		require.NoError(t, err)
		require.Equal(t, document, again)
	}
}

func TestModelFilesAreStrict(t *testing.T) {
	for text, want := range map[string]string{
		"modles: []":                 `a.yaml:1: unknown member "modles"`,
		"dms_version: \"7\"":         `dms_version "7" is not known`,
		"models: [{ name: A }]":      "a model has a name and a partition key",
		"models: [text]":             "want a model",
		"models:\n  - &a { b: *a }":  "anchors and aliases",
		"models: [{ name: [1, 2] }]": "is no model",
		"theorydb_schema: 2":         `a.yaml:1: theorydb_schema "2" is not known`,
	} {
		_, err := LoadModels(fstest.MapFS{"a.yaml": {Data: []byte(text)}})
		require.ErrorContains(t, err, want, text)
	}
	_, err := LoadModels(fstest.MapFS{"a.txt": {}})
	require.ErrorIs(t, err, errNoFiles)
}

func TestASchemaDocumentIsAModelFile(t *testing.T) {
	content := `{"models": [{"name": "A", "table": {"name": "t"}, "keys": {"partition": {"attribute": "pk", "type": "S"}}, "attributes": [` +
		`{"attribute": "pk", "type": "S", "roles": ["pk"]}]}], "theorydb_schema": 1, "ttl_attribute": "expires"}`
	models, err := ParseModels("schema.json", []byte(content))
	require.NoError(t, err)
	require.Equal(t, "expires", models.all[0].TTL)
	scenario, err := ParseScenario("a.yaml", []byte("name: a\nmodel: A\nsteps:\n  - { op: table, expect: { expires_by: expires } }\n"))
	require.NoError(t, err)
	require.Nil(t, (&Runner{Models: models, Engine: LocalAWS}).Run(t.Context(), scenario).Failure)
}

func TestEmbeddedModelsCompile(t *testing.T) {
	models, err := EmbeddedModels()
	require.NoError(t, err)
	for _, document := range models.all {
		w := newWorld(&Scenario{}, models, LocalAWS())
		made := newTable(document, models.beside(document), false)
		require.NoError(t, w.meet(t.Context(), nil))
		require.NoError(t, w.mustOpen(t.Context(), made), document.Name)
		require.NoError(t, w.close(t.Context()))
	}
}

package mutants

import (
	"bytes"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/theorydb/theorydb/contracttest"
)

// mutant is a library that breaks a promise.
type mutant struct {
	Name    string
	Promise string
	Why     string // what breaks for a user of such a library
	Edits   []edit
	Kills   []string // ids of the scenarios that fail on it

	file string // that it was read from
}

// edit puts New in the place of Old, which stands in the file once.
type edit struct{ File, Old, New string }

// documented is a scenario that no mutant is killed by, and the reason.
type documented struct{ ID, Why string }

const documentationFile = "documentation.yaml"

// collection is what the files say.
type collection struct {
	mutants       []mutant // in the order of the promises and then of their file
	documentation []documented
}

// read reads a folder of mutants: one file for each promise that has some, and documentation.yaml.
func read(folder fs.FS) (*collection, error) {
	names, err := fs.Glob(folder, "*.y*ml")
	if err != nil {
		return nil, err
	}
	c := &collection{}
	for _, promise := range contracttest.Promises {
		file := strings.ToLower(promise) + ".yaml"
		if !slices.Contains(names, file) {
			continue // check counts the mutants of each promise
		}
		var mutants []mutant
		if err := decode(folder, file, &mutants); err != nil {
			return nil, err
		}
		for i := range mutants {
			mutants[i].file = file
		}
		c.mutants = append(c.mutants, mutants...)
		names = slices.DeleteFunc(names, func(name string) bool { return name == file })
	}
	for _, name := range names {
		if name != documentationFile {
			return nil, fmt.Errorf("%s: is no promise's file", name)
		}
		if err := decode(folder, name, &c.documentation); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// decode reads a file of exactly one document. A member that is not known, or stands twice, is an error.
func decode(folder fs.FS, file string, into any) error {
	content, err := fs.ReadFile(folder, file)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: holds more than one YAML document", file)
	}
	return nil
}

// patched returns the files that the mutant changes, by their path in the library. Whether they compile is seen only when
// they are built; that they are Go is seen here.
func (m *mutant) patched(library fs.FS) (map[string]string, error) {
	original, files := map[string]string{}, map[string]string{}
	for _, e := range m.Edits {
		if !isLibraryFile(e.File) {
			return nil, fmt.Errorf("%q is no file of the library: a .go file of the root or of internal, and no test", e.File)
		}
		if _, ok := files[e.File]; !ok {
			content, err := fs.ReadFile(library, e.File)
			if err != nil {
				return nil, err
			}
			original[e.File], files[e.File] = string(content), string(content)
		}
		if e.Old == "" || e.Old == e.New {
			return nil, fmt.Errorf("an edit of %s changes nothing", e.File)
		}
		if n := strings.Count(original[e.File], e.Old); n != 1 {
			return nil, fmt.Errorf("the old text stands %d times in %s, not once: %q", n, e.File, e.Old)
		}
		if strings.Count(files[e.File], e.Old) != 1 {
			return nil, fmt.Errorf("another edit of %s touches the old text %q", e.File, e.Old)
		}
		files[e.File] = strings.Replace(files[e.File], e.Old, e.New, 1)
	}
	for name, content := range files {
		if _, err := parser.ParseFile(token.NewFileSet(), name, content, parser.SkipObjectResolution); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// isLibraryFile tells the library from its tests and from what is built on it.
func isLibraryFile(file string) bool {
	return fs.ValidPath(file) && path.Ext(file) == ".go" && !strings.HasSuffix(file, "_test.go") &&
		(path.Dir(file) == "." || strings.HasPrefix(file, "internal/"))
}

package contracttest

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

//go:embed models scenarios
var embedded embed.FS

// EmbeddedModels returns the models of the embedded suite.
func EmbeddedModels() (*Models, error) {
	folder, err := fs.Sub(embedded, "models")
	if err != nil {
		return nil, err
	}
	return LoadModels(folder)
}

// EmbeddedScenarios returns the embedded suite, in the order of its files.
func EmbeddedScenarios() ([]*Scenario, error) { return scenariosIn(embedded, "scenarios") }

// scenariosIn reads a folder whose files are all scenarios.
func scenariosIn(files fs.FS, name string) ([]*Scenario, error) {
	folder, err := fs.Sub(files, name)
	if err != nil {
		return nil, err
	}
	scenarios, unreadable, err := LoadScenarios(folder)
	if err == nil && len(unreadable) > 0 {
		err = unreadable[0].Err
	}
	return scenarios, err
}

// Unreadable is a file that is no scenario, and why.
type Unreadable struct {
	File string
	Err  error
}

// LoadScenarios reads every .yaml and .yml file below a folder, in the order of their names. A file that is no scenario
// does not hide the others: it is returned beside them. A folder without such a file is an error.
func LoadScenarios(folder fs.FS) ([]*Scenario, []Unreadable, error) {
	var scenarios []*Scenario
	var unreadable []Unreadable
	err := eachFile(folder, []string{".yaml", ".yml"}, func(file string, content []byte) error {
		scenario, err := ParseScenario(file, content)
		if err != nil {
			unreadable = append(unreadable, Unreadable{file, err})
			return nil
		}
		scenarios = append(scenarios, scenario)
		return nil
	})
	return scenarios, unreadable, err
}

var errNoFiles = errors.New("holds no such file")

func eachFile(folder fs.FS, endings []string, read func(file string, content []byte) error) error {
	files := 0
	err := fs.WalkDir(folder, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains(endings, path.Ext(file)) {
			return err
		}
		files++
		content, err := fs.ReadFile(folder, file)
		if err != nil {
			return err
		}
		return read(file, content)
	})
	if err == nil && files == 0 {
		err = fmt.Errorf("the folder %w: %v", errNoFiles, endings)
	}
	return err
}

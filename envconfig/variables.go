package envconfig

import (
	"fmt"
	"slices"
	"strings"

	"github.com/theorydb/theorydb/internal/schema"
)

// prefix is what the names of our own variables begin with. Every variable
// that has it must be known.
const prefix = "THEORYDB_"

const (
	tableVar        = "THEORYDB_TABLE"
	logicalTableVar = "THEORYDB_LOGICAL_TABLE"
	keyVar          = "THEORYDB_KMS_KEY_ID"
)

var (
	ownVars = []string{tableVar, logicalTableVar, keyVar}
	keyVars = []string{keyVar, "TABLETHEORY_KMS_KEY_ARN", "KMS_KEY_ARN"} // names of one thing
)

// read picks our variables out of an environment of NAME=value entries. The
// key stands under keyVar, whatever it was named. Problems name variables and
// never hold a value.
func read(environment []string) (vars map[string]string, problems []error) {
	vars = map[string]string{}
	for _, entry := range environment {
		name, value, ok := strings.Cut(entry, "=")
		switch {
		case !ok || name == "": // Windows keeps "=C:=C:\dir" there
		case slices.Contains(ownVars, name), slices.Contains(keyVars, name):
			vars[name] = value
			if problem := valueProblem(value); problem != "" {
				problems = append(problems, fmt.Errorf("envconfig: %s %s", name, problem))
			}
		case len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix):
			problems = append(problems, unknown(name))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	named := slices.DeleteFunc(slices.Clone(keyVars), func(name string) bool {
		_, set := vars[name]
		return !set
	})
	for i, name := range named {
		if i > 0 && vars[name] != vars[named[0]] {
			problems = append(problems, fmt.Errorf("envconfig: %s have different values, and none goes before the others; set one of them", strings.Join(named, " and ")))
			break
		}
	}
	if len(named) > 0 {
		vars[keyVar] = vars[named[0]]
	}
	return vars, problems
}

func valueProblem(value string) string {
	switch trimmed := strings.TrimSpace(value); {
	case trimmed == "":
		return "is set but blank; give it a value or unset it"
	case trimmed != value:
		return "has white space around its value; remove it"
	}
	return ""
}

func unknown(name string) error {
	meant := ""
	if near := schema.Nearest(name, ownVars); near != "" {
		meant = fmt.Sprintf(" (did you mean %s?)", near)
	}
	return fmt.Errorf("envconfig: there is no variable %q%s; %s are known, and no variable switches anything off", name, meant, strings.Join(ownVars, ", "))
}

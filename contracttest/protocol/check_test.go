package protocol

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatADriverSaysOfItselfIsChecked(t *testing.T) {
	for hello, want := range map[string]string{
		`{"id": 1, "hello": {"protocol": 1, "driver": "d", "strengths": ["basic", "concurent"], "ops": []}}`: `the strength "concurent"`,
		`{"id": 1, "hello": {"protocol": 1, "driver": "d", "strengths": ["basic"], "ops": ["gett"]}}`:        `the op "gett"`,
		`{"id": 1, "hello": {"protocol": 1, "driver": "d", "strengths": [], "ops": ["hello"]}}`:              `the op "hello"`,
	} {
		_, err := scripted(t, hello)
		require.ErrorContains(t, err, want)
	}
}

func TestAnErrorIsOneThingAndWhatThatAlwaysIs(t *testing.T) {
	for name, test := range map[string]struct {
		names []string
		want  string
	}{
		"no name":                 {nil, ""},
		"one":                     {[]string{"ErrItemNotFound"}, ""},
		"a kind alone":            {[]string{"ErrConditionFailed"}, ""},
		"one and its kind":        {[]string{"ErrVersionConflict", "ErrConditionFailed"}, ""},
		"a write that meets none": {[]string{"ErrItemNotFound", "ErrConditionFailed"}, ""},
		"problems of a model":     {[]string{"ErrInvalidModel", "ErrInvalidTag", "ErrMissingPrimaryKey"}, ""},
		"a value of a query":      {[]string{"ErrInvalidValue", "ErrInvalidQuery"}, ""},
		"without its kind":        {[]string{"ErrDecryptAuth"}, "is ErrEncryption too"},
		"of another kind":         {[]string{"ErrVersionConflict", "ErrEncryption"}, "is ErrConditionFailed too"},
		"two at once":             {[]string{"ErrAlreadyExists", "ErrVersionConflict", "ErrConditionFailed"}, "ErrAlreadyExists and ErrVersionConflict at the same time"},
		"everything":              {ErrorNames[5:9], "at the same time"},
		"two kinds":               {[]string{"ErrConditionFailed", "ErrEncryption"}, "at the same time"},
		"no name of ours":         {[]string{"ErrMadeUp"}, `"ErrMadeUp", which is no name of the contract`},
	} {
		t.Run(name, func(t *testing.T) {
			err := (&Answer{Error: &Error{Names: test.names}}).check()
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestAnErrorOfSeveralOperationsIsMadeOfTheirs(t *testing.T) {
	conflict, exists := &Error{Names: []string{"ErrVersionConflict", "ErrConditionFailed"}}, &Error{Names: []string{"ErrAlreadyExists", "ErrConditionFailed"}}
	both := &Error{Names: []string{"ErrVersionConflict", "ErrAlreadyExists", "ErrConditionFailed", "ErrTransactionCanceled"}}
	require.NoError(t, (&Answer{Error: both, Causes: []*Error{conflict, nil, exists}, Items: []Item{nil, {}, nil}}).check())
	require.ErrorContains(t, (&Answer{Error: both, Causes: []*Error{conflict, nil}}).check(), "ErrAlreadyExists of several operations, which is no cause of any")
	require.ErrorContains(t, (&Answer{Error: both, Causes: []*Error{both}}).check(), "at the same time")
	require.ErrorContains(t, (&Answer{Causes: []*Error{conflict}}).check(), "causes of no error")
}

func TestThereAreAsManyCausesAsOperations(t *testing.T) {
	answer := &Answer{Error: &Error{}, Causes: []*Error{nil, nil}}
	require.NoError(t, answer.checkCauses(&Use{Op: "transact", Operations: make([]Use, 2)}))
	require.NoError(t, answer.checkCauses(&Use{Op: "batch_get", Keys: make([]Item, 2)}))
	require.NoError(t, (&Answer{Error: &Error{}}).checkCauses(&Use{Op: "get"}))
	require.EqualError(t, answer.checkCauses(&Use{Op: "get"}), "the driver told causes of a get, which is one operation")
	require.EqualError(t, answer.checkCauses(&Use{Op: "transact", Operations: make([]Use, 1)}), "the driver told 2 causes of 1 operations")
}

func TestAnErrorStandsBesideNothingThatOnlyASuccessGives(t *testing.T) {
	one, failed := 1, &Error{}
	for _, answer := range []*Answer{{Error: failed, Item: Item{}}, {Error: failed, Stored: Item{}}, {Error: failed, Count: &one}} {
		require.ErrorContains(t, answer.check(), "what only a success gives")
	}
	next := ""
	require.NoError(t, (&Answer{Error: failed, Next: &next, Old: Item{"a": "b"}, Items: []Item{{}}}).check(), "what was there before, how far it came, what the caller holds")
}

func TestEveryKindIsAName(t *testing.T) {
	for name, kind := range belongsTo {
		require.Subset(t, ErrorNames, []string{name, kind})
	}
	for name, kind := range mayBelongTo {
		require.Subset(t, ErrorNames, []string{name, kind})
	}
}

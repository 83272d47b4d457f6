package envconfig

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

const keyARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

// environment clears what the machine has set and sets a region, credentials
// and an endpoint at which nobody listens.
func environment(t *testing.T, vars map[string]string) {
	t.Helper()
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "AWS_") || strings.HasPrefix(strings.ToUpper(name), prefix) || strings.Contains(name, "KMS_KEY") {
			unset(t, name)
		}
	}
	none := filepath.Join(t.TempDir(), "none")
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := listener.Addr().String()
	require.NoError(t, listener.Close())
	for name, value := range map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": "http://" + closed,
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none,
	} {
		t.Setenv(name, value)
	}
	for name, value := range vars {
		t.Setenv(name, value)
	}
}

// unset takes a variable away until the test ends.
func unset(t *testing.T, name string) {
	t.Helper()
	t.Setenv(name, "") // puts the old value back in the end
	require.NoError(t, os.Unsetenv(name))
}

// silent fails the test when a request is made.
type silent struct{ t *testing.T }

func (s silent) Do(r *http.Request) (*http.Response, error) {
	s.t.Errorf("Load made a request to %s", r.URL.Host)
	return nil, errors.New("no network here")
}

func load(t *testing.T, vars map[string]string) (theorydb.Config, error) {
	t.Helper()
	environment(t, vars)
	return Load(t.Context(), config.WithHTTPClient(silent{t}))
}

func TestLoadTakesEveryVariable(t *testing.T) {
	got, err := load(t, map[string]string{
		"THEORYDB_TABLE": "identity-2", "THEORYDB_LOGICAL_TABLE": "identity", "THEORYDB_KMS_KEY_ID": "alias/identity",
	})
	require.NoError(t, err)
	require.Equal(t, "identity-2", got.Table)
	require.Equal(t, "identity", got.LogicalTable)
	require.Equal(t, "alias/identity", got.KeyID)
	require.IsType(t, &dynamodb.Client{}, got.DynamoDB)
	require.IsType(t, &kms.Client{}, got.KMS)
	require.Equal(t, "eu-central-1", got.KMS.(*kms.Client).Options().Region)
	require.Equal(t, "eu-central-1", got.DynamoDB.(*dynamodb.Client).Options().Region)
	_, err = theorydb.New(got)
	require.NoError(t, err)
}

func TestLoadWithoutAKeyHasNoKMS(t *testing.T) {
	got, err := load(t, map[string]string{"THEORYDB_TABLE": "identity"})
	require.NoError(t, err)
	require.Nil(t, got.KMS)
	require.Empty(t, got.KeyID)
	_, err = theorydb.New(got)
	require.NoError(t, err)
}

func TestLoadWithoutAVariableLeavesTheRestToNew(t *testing.T) {
	got, err := load(t, nil)
	require.NoError(t, err)
	require.Empty(t, got.Table)
	_, err = theorydb.New(got)
	require.ErrorContains(t, err, "Config.Table")
}

func TestTheKeyMayHaveItsOldNames(t *testing.T) {
	for _, vars := range []map[string]string{
		{"TABLETHEORY_KMS_KEY_ARN": keyARN},
		{"KMS_KEY_ARN": keyARN},
		{"THEORYDB_KMS_KEY_ID": keyARN, "KMS_KEY_ARN": keyARN},
		{"THEORYDB_KMS_KEY_ID": keyARN, "TABLETHEORY_KMS_KEY_ARN": keyARN, "KMS_KEY_ARN": keyARN},
	} {
		t.Run("", func(t *testing.T) {
			got, err := load(t, vars)
			require.NoError(t, err)
			require.Equal(t, keyARN, got.KeyID)
			require.NotNil(t, got.KMS)
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		vars  map[string]string
		texts []string // each is in a line of its own
	}{
		"two keys": {
			map[string]string{"THEORYDB_KMS_KEY_ID": "alias/value-1", "KMS_KEY_ARN": "alias/value-2"},
			[]string{"THEORYDB_KMS_KEY_ID and KMS_KEY_ARN have different values"},
		},
		"an alias and the ARN it may stand for": {
			map[string]string{"TABLETHEORY_KMS_KEY_ARN": keyARN, "KMS_KEY_ARN": "alias/value-1"},
			[]string{"TABLETHEORY_KMS_KEY_ARN and KMS_KEY_ARN have different values"},
		},
		"one of three": {
			map[string]string{"THEORYDB_KMS_KEY_ID": "alias/value-1", "TABLETHEORY_KMS_KEY_ARN": "alias/value-1", "KMS_KEY_ARN": "alias/value-2"},
			[]string{"THEORYDB_KMS_KEY_ID and TABLETHEORY_KMS_KEY_ARN and KMS_KEY_ARN have different values"},
		},
		"a blank table":             {map[string]string{"THEORYDB_TABLE": ""}, []string{"THEORYDB_TABLE is set but blank"}},
		"a blank logical table":     {map[string]string{"THEORYDB_LOGICAL_TABLE": " \t"}, []string{"THEORYDB_LOGICAL_TABLE is set but blank"}},
		"a blank key":               {map[string]string{"THEORYDB_KMS_KEY_ID": ""}, []string{"THEORYDB_KMS_KEY_ID is set but blank"}},
		"a blank old key":           {map[string]string{"TABLETHEORY_KMS_KEY_ARN": "\n"}, []string{"TABLETHEORY_KMS_KEY_ARN is set but blank"}},
		"a blank oldest key":        {map[string]string{"KMS_KEY_ARN": ""}, []string{"KMS_KEY_ARN is set but blank"}},
		"white space":               {map[string]string{"THEORYDB_TABLE": "value-1\n"}, []string{"THEORYDB_TABLE has white space"}},
		"a misspelt name":           {map[string]string{"THEORYDB_TABEL": "value-1"}, []string{`no variable "THEORYDB_TABEL" (did you mean THEORYDB_TABLE?)`}},
		"a shorter name of the key": {map[string]string{"THEORYDB_KMS_KEY": "value-1"}, []string{`(did you mean THEORYDB_KMS_KEY_ID?)`}},
		"another letter case":       {map[string]string{"theorydb_table": "value-1"}, []string{`no variable "theorydb_table" (did you mean THEORYDB_TABLE?)`}},
		"a switch":                  {map[string]string{"THEORYDB_DISABLE_ENCRYPTION": "1"}, []string{`no variable "THEORYDB_DISABLE_ENCRYPTION"; `, "no variable switches anything off"}},
		"a switch that says no":     {map[string]string{"THEORYDB_DISABLE_ENCRYPTION": "0"}, []string{"no variable switches anything off"}},
		"a blank switch":            {map[string]string{"THEORYDB_PLAINTEXT": ""}, []string{"no variable switches anything off"}},
		"key material":              {map[string]string{"THEORYDB_ENCRYPTION_KEY": "value-1"}, []string{`no variable "THEORYDB_ENCRYPTION_KEY"`}},
		"the prefix alone":          {map[string]string{"THEORYDB_": "value-1"}, []string{`no variable "THEORYDB_"`}},
		"all together": {
			map[string]string{
				"THEORYDB_TABLE": "", "THEORYDB_NO_ENCRYPTION": "value-1", "THEORYDB_KMS_KEY_ID": "value-2", "KMS_KEY_ARN": "value-3", "AWS_MAX_ATTEMPTS": "value-4",
			},
			[]string{"THEORYDB_TABLE is set but blank", "THEORYDB_NO_ENCRYPTION", "have different values", "the SDK can't load"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := load(t, c.vars)
			require.Error(t, err)
			require.Equal(t, theorydb.Config{}, got)
			for _, text := range c.texts {
				require.ErrorContains(t, err, text)
			}
			for name, value := range c.vars {
				if len(value) > 1 && strings.TrimSpace(value) != "" {
					require.NotContains(t, err.Error(), strings.TrimSpace(value), name)
				}
			}
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestOtherVariablesAreLeftAlone(t *testing.T) {
	_, err := load(t, map[string]string{"THEORYDBX": "x", "MY_THEORYDB_TABLE": "x", "THEORYD": "x", "KMS_KEY": "x"})
	require.NoError(t, err)
}

func TestAnErrorOfTheSDKIsFoundByUnwrapping(t *testing.T) {
	_, err := load(t, map[string]string{"AWS_PROFILE": "value-1"})
	var sdk *SDKError
	require.ErrorAs(t, err, &sdk)
	var missing config.SharedConfigProfileNotExistError
	require.ErrorAs(t, err, &missing)
	require.ErrorContains(t, err, "SharedConfigProfileNotExistError")
	require.NotContains(t, err.Error(), "value-1")

	refusal := errors.New("the option's own")
	environment(t, nil)
	_, err = Load(t.Context(), func(*config.LoadOptions) error { return refusal })
	require.ErrorIs(t, err, refusal)
}

func TestOptionsReachTheSDK(t *testing.T) {
	environment(t, map[string]string{"THEORYDB_TABLE": "t", "KMS_KEY_ARN": keyARN})
	got, err := Load(t.Context(), config.WithRegion("us-west-2"))
	require.NoError(t, err)
	require.Equal(t, "us-west-2", got.KMS.(*kms.Client).Options().Region)
	require.Equal(t, "us-west-2", got.DynamoDB.(*dynamodb.Client).Options().Region)
}

// Without a fake HTTP client in between: nobody listens at the endpoint, and
// Load does not notice; only a request does.
func TestLoadMakesNoRequest(t *testing.T) {
	environment(t, map[string]string{"THEORYDB_TABLE": "t", "KMS_KEY_ARN": keyARN})
	got, err := Load(t.Context(), config.WithRetryMaxAttempts(1))
	require.NoError(t, err)
	_, err = got.KMS.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &got.KeyID})
	var refused *net.OpError
	require.ErrorAs(t, err, &refused)

	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Load(over)
	require.NoError(t, err, "no request is made, so none can be cancelled")
}

// FuzzRead holds that a variable is taken as it stands, refused in a text that
// does not depend on its value, or not ours.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"THEORYDB_TABLE", "KMS_KEY_ARN", "THEORYDB_DISABLE_ENCRYPTION", "theorydb_x", "PATH", "", "THEORYDB_"} {
		for _, value := range []string{"x", "", " x", "a=b", "\xff"} {
			f.Add(name, value)
		}
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		vars, problems := read([]string{name + "=" + value})
		name, value, _ = strings.Cut(name+"="+value, "=")
		ours := slices.Contains(ownVars, name) || slices.Contains(keyVars, name)
		asStands := strings.TrimSpace(value) == value && value != ""
		switch {
		case ours && asStands:
			require.Empty(t, problems)
			require.Equal(t, value, vars[name])
		case ours:
			require.Len(t, problems, 1)
			other := " other "
			if strings.TrimSpace(value) == "" {
				other = ""
			}
			_, again := read([]string{name + "=" + other})
			require.Equal(t, again, problems)
		case strings.HasPrefix(strings.ToUpper(name), prefix):
			require.Len(t, problems, 1)
			_, again := read([]string{name + "=other"})
			require.Equal(t, again, problems)
			require.Empty(t, vars)
		default:
			require.Empty(t, problems)
			require.Empty(t, vars)
		}
	})
}

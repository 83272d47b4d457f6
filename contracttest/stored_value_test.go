package contracttest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

func TestStoredValuesAreDamagedAsSaid(t *testing.T) {
	bytes := func(b ...byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }
	saved := item{"v": &types.AttributeValueMemberN{Value: "2"}, "ct": bytes(1, 2), "k": bytes(3)}
	w := &world{saved: map[string]any{"sealed": types.AttributeValue(&types.AttributeValueMemberM{Value: saved})}}
	for name, test := range map[string]struct {
		value storedValue
		want  item
	}{
		"as it is": {storedValue{variable: "sealed"}, saved},
		"flipped":  {storedValue{variable: "sealed", flip: "ct"}, item{"v": saved["v"], "ct": bytes(1, 3), "k": saved["k"]}},
		"cut":      {storedValue{variable: "sealed", cut: "ct"}, item{"v": saved["v"], "ct": bytes(1), "k": saved["k"]}},
		"without":  {storedValue{variable: "sealed", without: "k"}, item{"v": saved["v"], "ct": saved["ct"]}},
		"with": {
			storedValue{variable: "sealed", with: map[string]any{"v": map[string]any{"N": Number("1")}}},
			item{"v": &types.AttributeValueMemberN{Value: "1"}, "ct": saved["ct"], "k": saved["k"]},
		},
	} {
		got, err := test.value.resolve(w)
		require.NoError(t, err, name)
		require.Equal(t, &types.AttributeValueMemberM{Value: test.want}, got, name)
	}
	require.Equal(t, bytes(1, 2), saved["ct"], "what was saved stays as it was")
}

func TestDamageThatCanNotBeDoneIsReported(t *testing.T) {
	w := &world{saved: map[string]any{
		"logical": "text", "plain": types.AttributeValue(&types.AttributeValueMemberS{Value: "text"}),
		"map": types.AttributeValue(&types.AttributeValueMemberM{Value: item{"n": &types.AttributeValueMemberN{Value: "1"}}}),
	}}
	for want, value := range map[string]storedValue{
		`no step before saved "none"`:            {variable: "none"},
		`variable "logical" is no stored value`:  {variable: "logical"},
		`variable "plain" is no map`:             {variable: "plain", flip: "ct"},
		`variable "map" has no bytes called "n"`: {variable: "map", flip: "n"},
		`variable "map" has no bytes called "x"`: {variable: "map", cut: "x"},
		`variable "map" has no member "y"`:       {variable: "map", without: "y"},
		"is not DynamoDB JSON":                   {variable: "map", with: map[string]any{"z": "text"}},
	} {
		_, err := value.resolve(w)
		require.ErrorContains(t, err, want)
	}
}

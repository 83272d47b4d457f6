package theorydb_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/contracttest/vectors"
)

// readVectors reads one of the files that every runtime agrees on, each member of which the struct must know, and tells
// how many vectors it has: the elements of its lists, but for the list that tells the format.
func readVectors(t testing.TB, name string, into any) (total int) {
	t.Helper()
	text, err := vectors.Files.ReadFile(name)
	require.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(into))

	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &members))
	for member, value := range members {
		var list []json.RawMessage
		if member != "format" && json.Unmarshal(value, &list) == nil {
			require.NotEmpty(t, list, member)
			total += len(list)
		}
	}
	return total
}

// vectorText is a text of the vectors: a JSON string, {hex} or {repeat, times}.
type vectorText string

func (v *vectorText) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		return json.Unmarshal(data, (*string)(v))
	}
	var form struct {
		Hex    hexBytes
		Repeat string
		Times  int
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&form)
	*v = vectorText(string(form.Hex) + strings.Repeat(form.Repeat, form.Times))
	return err
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	*h = raw
	return err
}

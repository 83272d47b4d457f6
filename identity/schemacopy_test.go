package identity

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSchemaIsTheCheckedInDocument(t *testing.T) {
	if *rewriteSchema {
		t.Skip("the test was built with the document of before")
	}
	require.Equal(t, string(schemaDocument(t)), string(Schema()))
}

func TestSchemaIsTheCallersOwn(t *testing.T) {
	before := Schema()
	given := Schema()
	clear(given)
	require.Equal(t, before, Schema())
}

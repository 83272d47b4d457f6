package theorydb_test

import (
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// Session is the model that README.md shows.
type Session struct {
	_ theorydb.Key `theorydb:"pk" key:"USER#{userID}"`
	_ theorydb.Key `theorydb:"sk" key:"SESSION#{id}"`

	UserID    string
	ID        string
	Uses      int64
	Token     theorydb.Secret[string] `theorydb:"encrypted"`
	ExpiresAt time.Time               `theorydb:"ttl"`
	Version   int64                   `theorydb:"version"`
	CreatedAt time.Time               `theorydb:"created_at"`
}

func TestSessionsExpire(t *testing.T) {
	aws := localaws.New()
	db, err := theorydb.New(theorydb.Config{
		DynamoDB: aws.DynamoDB(), Table: "test", Clock: aws.Clock.Now, KMS: aws.KMS(), KeyID: aws.KMSKey("alias/test"),
	})
	require.NoError(t, err)
	sessions, err := theorydb.NewModel[Session](db)
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))

	s := Session{UserID: "u", ID: "1", Token: theorydb.NewSecret("t"), ExpiresAt: aws.Clock.Now().Add(time.Hour)}
	require.NoError(t, sessions.Create(t.Context(), &s))
	aws.Clock.Advance(time.Hour)
	_, err = sessions.Get(t.Context(), Session{UserID: "u", ID: "1"})
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
}

// The README shows this very file: what it shows compiles and passes.
func TestTheReadmeShowsCodeThatRuns(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	source, err := os.ReadFile("readme_test.go")
	require.NoError(t, err)
	for _, shown := range []*regexp.Regexp{
		regexp.MustCompile(`(?ms)^type Session struct \{.*?^\}`),
		regexp.MustCompile(`(?ms)^func TestSessionsExpire.*?^\}`),
	} {
		require.Equal(t, shown.FindString(string(source)), shown.FindString(string(readme)))
	}
}

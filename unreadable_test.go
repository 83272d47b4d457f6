package theorydb_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// A proxy passes requests on and then answers in its own words.
type proxy struct {
	next   func(*http.Request) (*http.Response, error)
	status int
	after  func()
	times  int
}

func (p *proxy) Do(r *http.Request) (*http.Response, error) {
	response, err := p.next(r)
	if err != nil || p.times == 0 || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "UpdateItem") {
		return response, err
	}
	p.times--
	_ = response.Body.Close()
	if p.after != nil {
		p.after()
	}
	return &http.Response{
		StatusCode: p.status, Header: http.Header{"Content-Type": {"text/html"}}, Request: r,
		Body: io.NopCloser(strings.NewReader("<html>no</html>")),
	}, nil
}

// Whoever answers so may have passed the write on before: nobody must be told that it had no effect.
func TestA4xxThatIsNoAnswerOfDynamoDBLeavesTheOutcomeOpen(t *testing.T) {
	type bare struct {
		_  theorydb.Key `theorydb:"pk" key:"BARE#{id}"`
		_  theorydb.Key `theorydb:"sk" key:"BARE"`
		ID string
		N  int64
	}
	for _, status := range []int{403, 408, 413, 429} {
		e := embedded(t)
		notes, bares := model[note](t, e), model[bare](t, e)
		n := canaryNote()
		require.NoError(t, notes.Create(t.Context(), &n))
		require.NoError(t, bares.Create(t.Context(), &bare{ID: "1"}))

		rival := n
		through := &proxy{next: e.aws.Do, status: status, times: 1}
		e.faults.Next = through
		ours := n
		require.NoError(t, notes.Update(t.Context(), &ours), "%d: the resend finds its own write", status)
		require.Equal(t, int64(2), ours.Version)

		direct := rivalOf[note](t, e)
		rival.Version = 2
		through.times, through.after = 1, func() { require.NoError(t, direct.Update(t.Context(), &rival, theorydb.IfVersion(3))) }
		require.ErrorIs(t, notes.Update(t.Context(), &ours), theorydb.ErrOutcomeUnknown, "%d: it won, and a rival came after it", status)

		through.times, through.after = 1, nil
		before := len(e.aws.History(e.table, theorydb.Item{"PK": str("BARE#1"), "SK": str("BARE")}))
		require.NoError(t, bares.Update(t.Context(), &bare{ID: "1", N: 1}))
		require.Len(t, e.aws.History(e.table, theorydb.Item{"PK": str("BARE#1"), "SK": str("BARE")}), before+1, "%d: sent once", status)
	}
}

// rivalOf reaches the engine past everything in front of it.
func rivalOf[T any](t *testing.T, e *engine) *theorydb.Model[T] {
	db, err := theorydb.New(theorydb.Config{DynamoDB: e.aws.DynamoDB(), Table: e.table, Clock: e.clock.Now})
	require.NoError(t, err)
	m, err := theorydb.NewModel[T](db)
	require.NoError(t, err)
	return m
}

package theorydb_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// undialled is a connection that can't be made for a number of attempts: nothing was sent.
type undialled struct {
	next   localaws.HTTPClient
	failed int
}

func (u *undialled) Do(r *http.Request) (*http.Response, error) {
	if u.failed > 0 {
		u.failed--
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: io.EOF}
	}
	return u.next.Do(r)
}

func TestFailedDialIsUnsentAndTriedAgain(t *testing.T) {
	p := openPlainTable(t, embedded(t), 3)
	dial := &undialled{next: p.faults.Next}
	p.faults.Next = dial

	dial.failed = 2
	sent, err := p.updatePlain(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, sent)
	require.Equal(t, 1, p.made("CellPlain#1"))

	dial.failed = 3
	sent, err = p.updatePlain(t.Context())
	require.Equal(t, 3, sent)
	require.Error(t, err)
	requireSentinels(t, err) // what was never sent did nothing: there is no doubt about it
	require.Equal(t, 1, p.made("CellPlain#1"))
}

// lockedOut are credentials that can't be had for a number of attempts.
type lockedOut struct{ failed int }

func (l *lockedOut) Retrieve(context.Context) (aws.Credentials, error) {
	if l.failed > 0 {
		l.failed--
		return aws.Credentials{}, errors.New("no credentials now")
	}
	return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S"}, nil
}

func TestRequestThatNeverReachedTheHTTPClientIsUnsent(t *testing.T) {
	e := embedded(t)
	credentials := &lockedOut{}
	p := openPlainTable(t, e, 3, func(c *theorydb.Config) {
		c.DynamoDB = e.aws.DynamoDB(func(o *dynamodb.Options) { o.HTTPClient, o.Credentials = e, credentials })
	})
	credentials.failed = 2
	sent, err := p.updatePlain(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, sent)

	credentials.failed = 3
	sent, err = p.updatePlain(t.Context())
	require.Zero(t, sent)
	require.Error(t, err)
	requireSentinels(t, err)
	require.Equal(t, 1, p.made("CellPlain#1"))
}

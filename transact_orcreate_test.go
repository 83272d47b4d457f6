package theorydb_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// A Change with OrCreate over an expired item takes a second form in a transaction. That it does is nobody's business.

// expiredAccount stores an account that has expired, with a balance of 7.
func (b *bank) expiredAccount(t *testing.T, id string) {
	at := time.Unix(4_000_000_000, 0).UTC()
	require.NoError(t, b.accounts.Create(t.Context(), &account{ID: id, Balance: 7, ExpiresAt: at}))
	b.clock.Advance(at.Sub(b.clock.Now()))
}

func (b *bank) orCreate(id string) theorydb.TransactOp {
	return b.accounts.ChangeOp(account{ID: id}, theorydb.Add("balance", 1), theorydb.AnyVersion(), theorydb.OrCreate())
}

func TestOrCreateOverAnExpiredItemIsNoCauseWhenAnotherOperationIs(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		b := openBank(t, e)
		b.expiredAccount(t, "expired")
		require.NoError(t, b.accounts.Create(t.Context(), &account{ID: "live"}))
		sent := e.sends(func() {
			err := b.db.Transact(t.Context(), b.orCreate("expired"), b.accounts.CreateOp(&account{ID: "live"}))
			require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
			var failed *theorydb.TransactionError
			require.ErrorAs(t, err, &failed)
			require.Len(t, failed.Ops, 2)
			require.NoError(t, failed.Ops[0])
			require.ErrorIs(t, failed.Ops[1], theorydb.ErrAlreadyExists)
		})
		require.Equal(t, 1, sent, "another form would not help")
		require.Equal(t, num("7"), e.stored(t, "ACCOUNT#expired", "ACCOUNT")["balance"])
	})
}

// rental must have an expiry. One that another writer stored without it is void: no item, and in the way of every create.
type rental struct {
	_ theorydb.Key `theorydb:"pk" key:"RENTAL#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"RENTAL"`

	ID        string
	N         int64
	ExpiresAt time.Time `theorydb:"ttl,required"`
}

func TestOrCreateMeetsARowWithoutTheExpiryThatItMustHave(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		db := e.open(t)
		m := registered[rental](t, db)
		require.NoError(t, db.CreateTable(t.Context()))
		void := theorydb.Item{"PK": str("RENTAL#1"), "SK": str("RENTAL"), "id": str("1"), "n": num("1")}
		e.put(t, void)
		parts := []theorydb.ChangePart{theorydb.Add("n", 1), theorydb.Set("ttl", time.Unix(5_000_000_000, 0)), theorydb.OrCreate()}
		_, err := m.Change(t.Context(), rental{ID: "1"}, parts...)
		require.ErrorIs(t, err, theorydb.ErrAlreadyExists)

		err = db.Transact(t.Context(), m.ChangeOp(rental{ID: "1"}, parts...))
		var failed *theorydb.TransactionError
		require.ErrorAs(t, err, &failed)
		require.ErrorIs(t, failed.Ops[0], theorydb.ErrAlreadyExists)
		require.Equal(t, void, e.stored(t, "RENTAL#1", "RENTAL"))
	})
}

// meddled is a client whose answers are changed before the library sees them.
type meddled struct {
	*dynamodb.Client
	canceled func(*types.TransactionCanceledException)
	wrote    func(*dynamodb.BatchWriteItemOutput)
	read     func(*dynamodb.BatchGetItemOutput)
}

func (m *meddled) TransactWriteItems(
	ctx context.Context, input *dynamodb.TransactWriteItemsInput, options ...func(*dynamodb.Options),
) (*dynamodb.TransactWriteItemsOutput, error) {
	output, err := m.Client.TransactWriteItems(ctx, input, options...)
	var canceled *types.TransactionCanceledException
	if m.canceled != nil && errors.As(err, &canceled) {
		m.canceled(canceled)
	}
	return output, err
}

func (m *meddled) BatchWriteItem(
	ctx context.Context, input *dynamodb.BatchWriteItemInput, options ...func(*dynamodb.Options),
) (*dynamodb.BatchWriteItemOutput, error) {
	output, err := m.Client.BatchWriteItem(ctx, input, options...)
	if m.wrote != nil && err == nil {
		m.wrote(output)
	}
	return output, err
}

func (m *meddled) BatchGetItem(
	ctx context.Context, input *dynamodb.BatchGetItemInput, options ...func(*dynamodb.Options),
) (*dynamodb.BatchGetItemOutput, error) {
	output, err := m.Client.BatchGetItem(ctx, input, options...)
	if m.read != nil && err == nil {
		m.read(output)
	}
	return output, err
}

// meddle opens a bank whose answers are changed.
func meddle(t *testing.T) (*bank, *meddled) {
	e := embedded(t)
	m := &meddled{Client: e.client}
	return openBank(t, e, func(c *theorydb.Config) { c.DynamoDB = m }), m
}

func TestOrCreateOverAnExpiredItemSucceedsBesideAConflictThatPasses(t *testing.T) {
	b, m := meddle(t)
	b.expiredAccount(t, "expired")
	conflicts := 0
	m.canceled = func(e *types.TransactionCanceledException) {
		if conflicts++; conflicts == 1 {
			e.CancellationReasons[1].Code = ptr("TransactionConflict")
		}
	}
	require.NoError(t, b.db.Transact(t.Context(), b.orCreate("expired"), b.accounts.CreateOp(&account{ID: "new"})))
	require.Equal(t, 1, conflicts)
	require.Equal(t, int64(1), b.account(t, "expired").Balance)
}

// lateNetwork loses the first transaction, and delivers it when it is asked to.
type lateNetwork struct {
	next localaws.HTTPClient
	held *http.Request
	body []byte
}

func (l *lateNetwork) Do(r *http.Request) (*http.Response, error) {
	if l.held != nil || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".TransactWriteItems") {
		return l.next.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	l.held, l.body = r, body
	return nil, errors.New("the connection broke")
}

func (l *lateNetwork) deliver(t *testing.T) {
	r := l.held.Clone(t.Context())
	r.Body = io.NopCloser(bytes.NewReader(l.body))
	response, err := l.next.Do(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
}

// Had the transaction gone on in its second form, the first one could count beside it when it arrives.
func TestOrCreateOverAnExpiredItemIsInDoubtWhenAnAnswerWasLost(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	b.expiredAccount(t, "expired")
	l := &lateNetwork{next: e.faults.Next}
	e.faults.Next = l
	sent := e.sends(func() {
		err := b.db.Transact(t.Context(), b.orCreate("expired"))
		require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
		require.NotErrorIs(t, err, theorydb.ErrTransactionCanceled)
		require.NotErrorIs(t, err, theorydb.ErrConditionFailed)
	})
	require.Equal(t, 2, sent, "the one that was lost and the one that met the expired item")
	l.deliver(t)
	require.Equal(t, num("7"), e.stored(t, "ACCOUNT#expired", "ACCOUNT")["balance"], "an expired item is not revived")

	require.NoError(t, b.accounts.Create(t.Context(), &account{ID: "expired"}))
	for range 2 {
		l.deliver(t)
		require.Equal(t, int64(1), b.account(t, "expired").Balance, "it counts once at most, however late")
	}
}

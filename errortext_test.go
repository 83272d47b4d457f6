package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// note has a secret in every place an error could take one from.
type note struct {
	_ theorydb.Key `theorydb:"pk" key:"NOTE#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"NOTE"`

	ID      string
	Text    string
	Locked  string `theorydb:"immutable"`
	Version int64  `theorydb:"version"`
}

const canary = "hunter2-canary"

func canaryNote() note { return note{ID: canary, Text: canary, Locked: canary} }

// No part of an error holds a stored value, not even in a field that its text does not show.
func TestErrorsHoldNoValues(t *testing.T) {
	faulty := func(set func(*engine)) func(*testing.T, *engine, *theorydb.Model[note]) error {
		return func(t *testing.T, e *engine, m *theorydb.Model[note]) error {
			n := canaryNote()
			require.NoError(t, m.Create(t.Context(), &n))
			set(e)
			return m.Update(t.Context(), &n)
		}
	}
	cases := map[string]func(*testing.T, *engine, *theorydb.Model[note]) error{
		"already exists": func(t *testing.T, _ *engine, m *theorydb.Model[note]) error {
			n := canaryNote()
			require.NoError(t, m.Create(t.Context(), &n))
			return m.Create(t.Context(), &n)
		},
		"version conflict": func(t *testing.T, _ *engine, m *theorydb.Model[note]) error {
			n := canaryNote()
			require.NoError(t, m.Create(t.Context(), &n))
			n.Version = 7
			return m.Update(t.Context(), &n)
		},
		"immutable": func(t *testing.T, _ *engine, m *theorydb.Model[note]) error {
			n := canaryNote()
			require.NoError(t, m.Create(t.Context(), &n))
			n.Locked += "!"
			return m.Put(t.Context(), &n)
		},
		"type mismatch": func(t *testing.T, e *engine, m *theorydb.Model[note]) error {
			e.put(t, theorydb.Item{"PK": str("NOTE#" + canary), "SK": str("NOTE"), "_t": str(canary)})
			_, err := m.Get(t.Context(), canaryNote())
			return err
		},
		"undecodable": func(t *testing.T, e *engine, m *theorydb.Model[note]) error {
			e.put(t, theorydb.Item{"PK": str("NOTE#" + canary), "SK": str("NOTE"), "version": str(canary), "text": num("1")})
			_, err := m.Get(t.Context(), canaryNote())
			return err
		},
		"validation": faulty(func(e *engine) {
			e.faults.On("UpdateItem").Error(http.StatusBadRequest, "ValidationException", "bad value "+canary)
		}),
		"unknown code": faulty(func(e *engine) {
			e.faults.On("UpdateItem").Error(http.StatusBadRequest, "SomethingNew", canary)
		}),
		"server error": faulty(func(e *engine) {
			e.faults.On("UpdateItem").Always().Error(http.StatusInternalServerError, "InternalServerError", "")
		}),
		"cut body": func(t *testing.T, e *engine, m *theorydb.Model[note]) error {
			n := canaryNote()
			require.NoError(t, m.Create(t.Context(), &n))
			e.faults.On("GetItem").Always().CutBody()
			_, err := m.Get(t.Context(), n)
			return err
		},
		"lost answer": faulty(func(e *engine) { e.faults.On("UpdateItem").Always().DropBefore() }),
	}
	for name, fail := range cases {
		t.Run(name, func(t *testing.T) {
			e := embedded(t)
			err := fail(t, e, model[note](t, e))
			require.Error(t, err)
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				require.NotContains(t, fmt.Sprintf(verb, err), canary)
			}
			require.Empty(t, search(reflect.ValueOf(err), "err", map[uintptr]bool{}), "%v", err)
		})
	}
}

// The control: an SDK error as it comes does hold the item.
func TestAnSDKErrorHoldsTheItem(t *testing.T) {
	e := embedded(t)
	m := model[note](t, e)
	n := canaryNote()
	require.NoError(t, m.Create(t.Context(), &n))
	_, err := e.client.PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName: &e.table, Item: theorydb.Item{"PK": str("NOTE#" + canary), "SK": str("NOTE")},
		ConditionExpression:                 ptr("attribute_not_exists(PK)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	require.NotEmpty(t, search(reflect.ValueOf(err), "err", map[uintptr]bool{}))
}

// search gives the paths at which the canary stands in a value, unexported fields included.
func search(v reflect.Value, path string, seen map[uintptr]bool) []string {
	var found []string
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		if v.Kind() == reflect.Pointer {
			if seen[v.Pointer()] {
				return nil
			}
			seen[v.Pointer()] = true
		}
		return search(v.Elem(), path, seen)
	case reflect.String:
		if strings.Contains(v.String(), canary) {
			return []string{path}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			b := make([]byte, v.Len())
			for i := range b {
				b[i] = byte(v.Index(i).Uint())
			}
			if strings.Contains(string(b), canary) {
				return []string{path}
			}
			return nil
		}
		for i := range v.Len() {
			found = append(found, search(v.Index(i), fmt.Sprintf("%s[%d]", path, i), seen)...)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			found = append(found, search(key, path+".key", seen)...)
			found = append(found, search(v.MapIndex(key), path+"["+key.String()+"]", seen)...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			found = append(found, search(v.Field(i), path+"."+v.Type().Field(i).Name, seen)...)
		}
	default:
	}
	return found
}

// What the SDK said stays within reach, as a copy.
func TestSDKErrorsStayWithinReach(t *testing.T) {
	e := embedded(t)
	m := model[note](t, e)
	n := canaryNote()
	require.NoError(t, m.Create(t.Context(), &n))

	err := m.Create(t.Context(), &n)
	var failed *types.ConditionalCheckFailedException
	require.ErrorAs(t, err, &failed)
	require.Nil(t, failed.Item)
	require.Equal(t, "theorydb: Create note: already exists", err.Error())

	e.faults.On("UpdateItem").Error(http.StatusBadRequest, "ValidationException", "about a value")
	err = m.Update(t.Context(), &n)
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, "ValidationException", api.ErrorCode())
	require.Regexp(t, `^theorydb: Update note: dynamodb answered ValidationException`, err.Error())

	e.faults.On("UpdateItem").Always().Error(http.StatusBadRequest, "ThrottlingException", "slow down")
	err = m.Update(t.Context(), &n)
	require.ErrorIs(t, err, theorydb.ErrThrottled)
	var op *theorydb.OpError
	require.ErrorAs(t, err, &op)
	require.Equal(t, 8, op.Attempts)
}

func TestAnEndedContextIsTheErrorOfTheCall(t *testing.T) {
	e := embedded(t)
	m := model[note](t, e)
	n := canaryNote()
	require.NoError(t, m.Create(t.Context(), &n))

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.Zero(t, e.sends(func() {
		_, err := m.Get(ended, n)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, m.Update(ended, &n), context.Canceled)
		require.NotErrorIs(t, m.Update(ended, &n), theorydb.ErrOutcomeUnknown, "nothing was sent")
	}))

	during, cancel := context.WithCancel(t.Context())
	e.faults.On("UpdateItem").Then(cancel).Error(http.StatusBadRequest, "ThrottlingException", "slow down")
	err := m.Update(during, &n)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, theorydb.ErrThrottled)
	require.NotErrorIs(t, err, theorydb.ErrOutcomeUnknown, "a throttled write did nothing")

	during, cancel = context.WithCancel(t.Context())
	e.faults.On("UpdateItem").Then(cancel).DropBefore()
	err = m.Update(during, &n)
	require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, theorydb.ErrConditionFailed)
}

// otherClient is a client that is not the SDK's own: its errors come without an HTTP answer.
type otherClient struct {
	theorydb.DynamoDB
	err error
}

func (c *otherClient) UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return nil, c.err
}

// For another client "never sent" can't be told from "answer lost", and doubt is the safe side.
func TestOfAnotherClientOnlyAClearAnswerIsTrusted(t *testing.T) {
	e := embedded(t)
	other := &otherClient{DynamoDB: e.client}
	m := model[note](t, e)
	n := canaryNote()
	require.NoError(t, m.Create(t.Context(), &n))
	db := e.open(t, func(c *theorydb.Config) { c.DynamoDB, c.Attempts = other, 2 })
	through, err := theorydb.NewModel[note](db)
	require.NoError(t, err)

	for _, row := range []struct{ err, want error }{
		{&types.ConditionalCheckFailedException{Item: theorydb.Item{"version": num("4"), "PK": str("x")}}, theorydb.ErrVersionConflict},
		{&types.ProvisionedThroughputExceededException{}, theorydb.ErrThrottled},
		{errors.New("lost in the cache"), theorydb.ErrOutcomeUnknown},
		{&types.InternalServerError{}, theorydb.ErrOutcomeUnknown},
	} {
		other.err = row.err
		require.ErrorIs(t, through.Update(t.Context(), &n), row.want)
	}
	other.err = &net.OpError{Op: "dial", Err: errors.New("refused")}
	require.NotErrorIs(t, through.Update(t.Context(), &n), theorydb.ErrOutcomeUnknown, "a failed dial sent nothing")
}

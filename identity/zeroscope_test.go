package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// withoutRequest are methods that TestEveryVerbRefusesTheZeroScope can't call or judge, with the reason.
var withoutRequest = map[string]string{}

// requestCounter counts what goes to DynamoDB and KMS.
type requestCounter struct {
	next localaws.HTTPClient
	mu   sync.Mutex
	sent int
}

func (c *requestCounter) Do(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.sent++
	c.mu.Unlock()
	return c.next.Do(r)
}

func TestContractZeroScope(t *testing.T) {
	t.Run("id.scope.zero", func(t *testing.T) {
		b := openBench(t)
		counter := &requestCounter{next: b.faults.Next}
		b.faults.Next, b.kmsFaults.Next = counter, counter
		called, problems := callAll(t.Context(), b, b.For(Scope{}))
		require.Empty(t, problems)
		require.GreaterOrEqual(t, called, 30)
		require.Zero(t, counter.sent)
		for name := range withoutRequest {
			require.True(t, hasMethod(b.For(Scope{}), name), "%s is no method any more", name)
		}
	})
}

// badStores has verbs that must not pass, and one that can't be called.
type badStores struct{ Bad *badStore }

type badStore struct{ *project }

func (*badStore) Forgets(context.Context) error                    { return nil }
func (*badStore) SaysNothing(context.Context, string) string       { return "" }
func (*badStore) NeedsAReader(context.Context, http.Handler) error { return theorydb.ErrScopeRequired }

func (b *badStore) Panics(context.Context) error                         { panic("what it was given") }
func (b *badStore) Refuses(_ context.Context, _ func(*User) error) error { return b.ready() }

func TestZeroScopeIsMissedWhereItIsNotRefused(t *testing.T) {
	b := openBench(t)
	p := &project{core: b.core, models: b.models.in(Scope{})}
	called, problems := callAll(t.Context(), b, &badStores{&badStore{p}})
	require.Equal(t, 4, called)
	require.Len(t, problems, 4)
}

// callAll calls every method of every store and says which do not refuse the zero scope.
func callAll(ctx context.Context, b *bench, stores any) (called int, problems []string) {
	all := reflect.ValueOf(stores).Elem()
	for i := range all.NumField() {
		store := all.Field(i)
		for j := range store.NumMethod() {
			method := store.Type().Method(j)
			name := all.Type().Field(i).Name + "." + method.Name
			if _, ofService := reflect.TypeFor[*Service]().MethodByName(method.Name); ofService || withoutRequest[name] != "" {
				continue
			}
			arguments, err := argumentsOf(ctx, b, store.Method(j).Type())
			if err != nil {
				problems = append(problems, fmt.Sprintf("%s: %v", name, err))
				continue
			}
			called++
			if err := outcome(ctx, b, store.Method(j), arguments); !errors.Is(err, theorydb.ErrScopeRequired) {
				problems = append(problems, fmt.Sprintf("%s: %v", name, err))
			}
		}
	}
	return called, problems
}

func hasMethod(stores any, name string) bool {
	all := reflect.ValueOf(stores).Elem()
	for i := range all.NumField() {
		for j := range all.Field(i).NumMethod() {
			if all.Type().Field(i).Name+"."+all.Field(i).Type().Method(j).Name == name {
				return true
			}
		}
	}
	return false
}

func argumentsOf(ctx context.Context, b *bench, method reflect.Type) ([]reflect.Value, error) {
	count := method.NumIn()
	if method.IsVariadic() {
		count--
	}
	arguments := make([]reflect.Value, count)
	for i := range arguments {
		arguments[i] = reflect.New(method.In(i)).Elem()
		if err := fillIn(ctx, b, arguments[i], 3); err != nil {
			return nil, err
		}
	}
	return arguments, nil
}

// fill gives a value what a caller could have meant.
func fillIn(ctx context.Context, b *bench, v reflect.Value, depth int) error {
	switch v.Type() {
	case reflect.TypeFor[context.Context]():
		v.Set(reflect.ValueOf(ctx))
		return nil
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(b.clock.Now()))
		return nil
	case reflect.TypeFor[theorydb.Secret[string]]():
		v.Set(reflect.ValueOf(theorydb.NewSecret("x")))
		return nil
	case reflect.TypeFor[theorydb.TransactOp]():
		v.Set(reflect.ValueOf(b.models.tenants.CheckOp(Tenant{ID: "x"})))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	case reflect.Array, reflect.Map: // the zero value
	case reflect.Slice:
		if v.Set(reflect.MakeSlice(v.Type(), 1, 1)); depth > 0 {
			return fillIn(ctx, b, v.Index(0), depth-1)
		}
	case reflect.Pointer:
		if v.Set(reflect.New(v.Type().Elem())); depth > 0 {
			return fillIn(ctx, b, v.Elem(), depth-1)
		}
	case reflect.Func:
		v.Set(reflect.MakeFunc(v.Type(), func([]reflect.Value) (results []reflect.Value) {
			for i := range v.Type().NumOut() {
				results = append(results, reflect.Zero(v.Type().Out(i)))
			}
			return results
		}))
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); !field.IsExported() || field.Anonymous || depth == 0 {
				continue
			}
			_ = fillIn(ctx, b, v.Field(i), depth-1) // a field that can't be made is left out
		}
	default:
		return fmt.Errorf("there is no argument of type %s", v.Type())
	}
	return nil
}

// outcome calls a method and gives the error it ends with: its last result, the error of the iterator that it returns, or
// that of a transaction with the operations that it returns.
func outcome(ctx context.Context, b *bench, method reflect.Value, arguments []reflect.Value) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("it panicked")
		}
	}()
	results := method.Call(arguments)
	if len(results) == 0 {
		return errors.New("it returns nothing")
	}
	last := results[len(results)-1]
	if last.Type() == reflect.TypeFor[error]() {
		err, _ = last.Interface().(error)
		return err
	}
	if op, ok := last.Interface().(theorydb.TransactOp); ok {
		return b.db.Transact(ctx, op)
	}
	if last.Kind() == reflect.Func && last.Type().CanSeq2() {
		for _, second := range last.Seq2() {
			err, _ = second.Interface().(error)
		}
		return err
	}
	return fmt.Errorf("a %s tells no error", last.Type())
}

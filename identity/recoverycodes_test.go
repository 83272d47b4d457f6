package identity

import (
	"context"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

func revealed(codes []theorydb.Secret[string]) []string {
	texts := make([]string, len(codes))
	for i, code := range codes {
		texts[i] = code.Reveal()
	}
	return texts
}

func TestContractRecoveryCodes(t *testing.T) {
	t.Run("id.rc.once", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			recovery := b.For(b.scope).RecoveryCodes
			codes, err := recovery.Generate(t.Context(), b.tokensUser(t, "u1"))
			require.NoError(t, err)
			require.Len(t, codes, 10)
			require.Regexp(t, `^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`, codes[0].Reveal())
			b.tokensHoldNoneOf(t, revealed(codes)...)
			left := make([]int, 16)
			errs := tokensAtOnce(16, func(i int) (err error) {
				left[i], err = recovery.Consume(t.Context(), "u1", codes[3])
				return err
			})
			tokensOneWinner(t, errs, ErrTokenUsed)
			for i, err := range errs {
				if err == nil {
					require.Equal(t, 9, left[i])
				}
			}
			for i, code := range codes {
				if i == 3 {
					continue
				}
				_, err := recovery.Consume(t.Context(), "u1", theorydb.NewSecret(" "+strings.ToLower(code.Reveal())))
				require.NoError(t, err)
			}
			_, err = recovery.Consume(t.Context(), "u1", codes[9])
			require.ErrorIs(t, err, ErrTokenUsed)
		})
	})
	t.Run("id.rc.params", func(t *testing.T) {
		b := openBench(t, func(o *Options) { o.Argon2 = Argon2{} })
		recovery := b.For(b.scope).RecoveryCodes
		codes, err := recovery.Generate(t.Context(), b.tokensUser(t, "u1"))
		require.NoError(t, err)
		var hashes []map[string]types.AttributeValue
		for _, item := range b.tokensStored(t) {
			if phc, ok := item["phc"].(*types.AttributeValueMemberS); ok {
				require.True(t, strings.HasPrefix(phc.Value, "$argon2id$v=19$m=65536,t=3,p=4$"), phc.Value)
				hashes = append(hashes, item)
			}
		}
		require.Len(t, hashes, 10)
		remaining, err := recovery.Consume(t.Context(), "u1", codes[0])
		require.NoError(t, err)
		require.Equal(t, 9, remaining)

		phc := hashes[5]["phc"].(*types.AttributeValueMemberS).Value
		hashes[5]["phc"] = &types.AttributeValueMemberS{Value: strings.Replace(phc, "m=65536", "m=4194304", 1)}
		b.plant(t, hashes[5])
		_, err = recovery.Consume(t.Context(), "u1", codes[1])
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)

		set, err := b.models.in(b.scope).recoverySets.Get(t.Context(), RecoverySet{UserID: "u1"})
		require.NoError(t, err)
		set.Params = "m=4194304,t=3,p=4"
		require.NoError(t, b.models.in(b.scope).recoverySets.Update(t.Context(), set))
		require.Less(t, allocated(func() {
			_, err = recovery.Consume(t.Context(), "u1", codes[1])
		}), uint64(8<<20), "no memory is taken by what a text says")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	})
	t.Run("id.rc.concurrency", func(t *testing.T) {
		b := openBench(t, func(o *Options) { o.Argon2.MaxConcurrent = 2 })
		recovery := b.For(b.scope).RecoveryCodes
		codes, err := recovery.Generate(t.Context(), b.tokensUser(t, "u1"))
		require.NoError(t, err)
		var running, most atomic.Int64
		argon := recovery.hashing.derive
		recovery.hashing.derive = func(cost Argon2, password, salt []byte, size uint32) []byte {
			defer running.Add(-1)
			for now := running.Add(1); ; {
				if seen := most.Load(); now <= seen || most.CompareAndSwap(seen, now) {
					break
				}
			}
			runtime.Gosched()
			return argon(cost, password, salt, size)
		}
		tokensOneWinner(t, tokensAtOnce(50, func(int) error {
			_, err := recovery.Consume(t.Context(), "u1", codes[0])
			return err
		}), ErrTokenUsed)
		require.LessOrEqual(t, most.Load(), int64(2))

		busy := recovery.hashing
		for range cap(busy.slots) {
			busy.slots <- struct{}{}
		}
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := recovery.Consume(ctx, "u1", codes[1])
			left <- err
		}()
		cancel()
		require.ErrorIs(t, <-left, context.Canceled)
		for range cap(busy.slots) {
			<-busy.slots
		}
		_, err = recovery.Consume(t.Context(), "u1", codes[1])
		require.NoError(t, err)
	})
}

// plant stores an item past the library.
func (b *bench) plant(t testing.TB, item map[string]types.AttributeValue) {
	t.Helper()
	_, err := b.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &b.table, Item: item})
	require.NoError(t, err)
}

func TestNewRecoveryCodesEndTheOldOnes(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		recovery := b.For(b.scope).RecoveryCodes
		old, err := recovery.Generate(t.Context(), b.tokensUser(t, "u1"))
		require.NoError(t, err)
		_, err = recovery.Consume(t.Context(), "u1", old[0])
		require.NoError(t, err)
		fresh, err := recovery.Generate(t.Context(), "u1")
		require.NoError(t, err)
		for _, code := range old {
			_, err = recovery.Consume(t.Context(), "u1", code)
			require.ErrorIs(t, err, ErrInvalidToken)
		}
		stored := 0
		for _, item := range b.tokensStored(t) {
			if item["phc"] != nil {
				stored++
			}
		}
		require.Equal(t, 10, stored, "the old ones are deleted")
		remaining, err := recovery.Consume(t.Context(), "u1", fresh[0])
		require.NoError(t, err)
		require.Equal(t, 9, remaining)
	})
}

func TestRacingSetsOfRecoveryCodesHaveOneWinner(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		recovery := b.For(b.scope).RecoveryCodes
		b.tokensUser(t, "u1")
		sets := make([][]theorydb.Secret[string], 8)
		for round := range 2 { // the first set, and its successor
			errs := tokensAtOnce(8, func(i int) (err error) {
				sets[i], err = recovery.Generate(t.Context(), "u1")
				return err
			})
			works := 0
			for i, err := range errs {
				if err != nil {
					require.ErrorIs(t, err, theorydb.ErrConditionFailed, "round %d", round)
					require.Nil(t, sets[i])
					continue
				}
				if _, err := recovery.Consume(t.Context(), "u1", sets[i][0]); err == nil {
					works++
				}
			}
			require.Equal(t, 1, works)
		}
	})
}

func TestRecoveryCodeOfASetThatEndsMeanwhile(t *testing.T) {
	b := openBench(t)
	recovery := b.For(b.scope).RecoveryCodes
	codes, err := recovery.Generate(t.Context(), b.tokensUser(t, "u1"))
	require.NoError(t, err)
	b.faults.On("TransactWriteItems").DropBefore().Then(func() { // the first attempt does not arrive, and new codes come first
		_, err := recovery.Generate(t.Context(), "u1")
		require.NoError(t, err)
	})
	_, err = recovery.Consume(t.Context(), "u1", codes[0])
	require.Error(t, err)
	require.ErrorIs(t, Public(err), ErrInvalidToken)
}

func TestRecoveryCodeSurvivesALostAnswer(t *testing.T) {
	b := openBench(t)
	recovery := b.For(b.scope).RecoveryCodes
	codes, err := recovery.Generate(t.Context(), b.tokensUser(t, "u1"))
	require.NoError(t, err)
	b.faults.On("TransactWriteItems").CommitThenDrop()
	remaining, err := recovery.Consume(t.Context(), "u1", codes[0])
	require.NoError(t, err)
	require.Equal(t, 9, remaining)
	b.faults.On("TransactWriteItems").CommitThenDrop()
	_, err = recovery.Generate(t.Context(), "u1")
	require.NoError(t, err)
	require.Empty(t, b.faults.Unfired())
}

func TestWrongRecoveryCodes(t *testing.T) {
	b := openBench(t)
	recovery := b.For(b.scope).RecoveryCodes
	_, err := recovery.Consume(t.Context(), "u1", theorydb.NewSecret("0000-0000-0000-0000"))
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	_, err = recovery.Generate(t.Context(), "u1")
	require.ErrorIs(t, err, ErrUserInactive)
	_, err = recovery.Generate(t.Context(), b.tokensUser(t, "u1"))
	require.NoError(t, err)
	_, err = recovery.Consume(t.Context(), "u1", theorydb.NewSecret("0000-0000-0000-0000"))
	require.ErrorIs(t, err, ErrInvalidToken)
	sent := b.tokensRequests()
	for _, text := range []string{"", "0000", "0000-0000-0000-000U", "0000-0000-0000-00000", strings.Repeat("-", 10_000), "é000-0000-0000-0000"} {
		_, err = recovery.Consume(t.Context(), "u1", theorydb.NewSecret(text))
		require.ErrorIs(t, err, ErrInvalidToken, text)
	}
	_, err = recovery.Consume(t.Context(), "a#b", theorydb.NewSecret("0000-0000-0000-0000"))
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = b.For(Scope{}).RecoveryCodes.Generate(t.Context(), "u1")
	require.ErrorIs(t, err, theorydb.ErrScopeRequired)
	require.Empty(t, sent())
}

func TestTypedRecoveryCodesAreTheSameCode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := crockford.EncodeToString(rapid.SliceOfN(rapid.Byte(), 10, 10).Draw(t, "code"))
		for _, typed := range []string{
			code, grouped(code), strings.ToLower(grouped(code)), strings.ReplaceAll(grouped(code), "-", " "),
			strings.NewReplacer("0", "o", "1", rapid.SampledFrom([]string{"i", "l", "I", "L"}).Draw(t, "one")).Replace(code),
		} {
			plain, err := plainRecoveryCode(typed)
			require.NoError(t, err)
			require.Equal(t, code, plain)
		}
	})
}

func FuzzPlainRecoveryCode(f *testing.F) {
	f.Add("0123-4567-89AB-CDEF")
	f.Add("oil")
	f.Fuzz(func(t *testing.T, typed string) {
		plain, err := plainRecoveryCode(typed)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalidToken)
			return
		}
		require.Len(t, plain, recoveryCodeSize)
		again, err := plainRecoveryCode(grouped(plain))
		require.NoError(t, err)
		require.Equal(t, plain, again)
	})
}

func TestHashingWaitsForItsTurnInOrderOfNothingButContext(t *testing.T) {
	h := newHashing(Argon2{Memory: 64, Time: 1, Threads: 1, MaxConcurrent: 1})
	ended, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	_, err := h.run(ended, h.cost, nil, []byte("12345678"), 32)
	require.ErrorIs(t, err, context.DeadlineExceeded, "no run for who is gone, though there is room")
}

// liveAtMost is how much memory was live at most while eight hashes of 64 MiB were asked for at once.
func liveAtMost(t testing.TB, concurrent int) uint64 {
	t.Helper()
	cost := Argon2{Time: 1, MaxConcurrent: concurrent} // one pass takes as much memory as three
	require.NoError(t, cost.complete())
	h := newHashing(cost)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	read := func() uint64 {
		runtime.GC()
		metrics.Read(live)
		return live[0].Value.Uint64()
	}
	before, most, stop := read(), uint64(0), make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				most = max(most, read())
			}
		}
	})
	for _, err := range tokensAtOnce(8, func(int) error {
		_, err := h.run(t.Context(), cost, []byte("password"), []byte("saltsalt"), 32)
		return err
	}) {
		require.NoError(t, err)
	}
	close(stop)
	watch.Wait()
	return most - min(most, before)
}

func TestHashingHoldsTheMemoryOfItsSlotsOnly(t *testing.T) {
	const run = 64 << 20
	if testing.Short() {
		t.Skip("takes 64 MiB a run")
	}
	most := liveAtMost(t, 2)
	for try := 1; try < 5 && most >= 3*run; try++ { // what else the process does only adds to it
		most = liveAtMost(t, 2)
	}
	require.Less(t, most, uint64(3*run))
	require.Greater(t, liveAtMost(t, 8), uint64(3*run), "control: without slots it is more")
}

func TestServiceRefusesACostThatArgon2WouldRaise(t *testing.T) {
	b := openBench(t)
	_, err := New(b.db, Options{IndexKey: b.options.IndexKey, OTPKey: b.options.OTPKey, Argon2: Argon2{Memory: 31, Threads: 4}})
	require.ErrorContains(t, err, "8 KiB")
}

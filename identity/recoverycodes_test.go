package identity

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

func TestRecoveryCodesAreHashedSoManyAtATime(t *testing.T) {
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
	requireOneWinner(t, together(50, func(int) error {
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
		for _, item := range b.items(t) {
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
			errs := together(8, func(i int) (err error) {
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

func TestServiceRefusesACostThatArgon2WouldRaise(t *testing.T) {
	b := openBench(t)
	_, err := New(b.db, Options{IndexKey: b.options.IndexKey, OTPKey: b.options.OTPKey, Argon2: Argon2{Memory: 31, Threads: 4}})
	require.ErrorContains(t, err, "8 KiB")
}

func TestCodesOutliveALowerCost(t *testing.T) {
	b := openBench(t, func(o *Options) { o.Argon2.Memory = 128 })
	userID := b.tokensUser(t, "u1")
	codes, err := b.For(b.scope).RecoveryCodes.Generate(t.Context(), userID)
	require.NoError(t, err)
	cheaper := b.options
	cheaper.Argon2.Memory = 64
	service, err := New(b.db, cheaper)
	require.NoError(t, err)
	left, err := service.For(b.scope).RecoveryCodes.Consume(t.Context(), userID, codes[0])
	require.NoError(t, err)
	require.Equal(t, 9, left)
}

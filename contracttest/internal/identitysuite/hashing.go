package identitysuite

import (
	"context"
	"errors"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var hashing = []Scenario{
	{ID: "id.rc.concurrency", run: soManyCodesAreHashedAtATime, options: []func(*identity.Options){twoAtATime}},
}

func twoAtATime(o *identity.Options) { o.Argon2.MaxConcurrent = 2 }

func soManyCodesAreHashedAtATime(t *testing.T, b *bench) {
	codes := b.generate(t, b.RecoveryCodes, b.user(t, "u1").ID)
	requireOneWinner(t, together(50, func(int) error {
		_, err := b.RecoveryCodes.Consume(t.Context(), "u1", codes[0])
		return err
	}), identity.ErrTokenUsed)
	t.Run("who leaves gives back its turn", func(t *testing.T) { whoLeavesGivesBackItsTurn(t, b) })
	t.Run("memory", func(t *testing.T) { onlySoManyHashesTakeMemory(t, b) })
}

// Callers whose context ends, while they wait for their turn among others, leave with its error, and neither the turn nor
// the code is lost.
func whoLeavesGivesBackItsTurn(t *testing.T, b *bench) {
	codes := b.generate(t, b.RecoveryCodes, "u1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	errs := together(50, func(i int) error {
		if i == 0 {
			_, err := b.RecoveryCodes.Consume(t.Context(), "u1", codes[0])
			cancel()
			return err
		}
		_, err := b.RecoveryCodes.Consume(ctx, "u1", theorydb.NewSecret("0000-0000-0000-0000"))
		return err
	})
	require.NoError(t, errs[0])
	for _, err := range errs[1:] {
		require.True(t, errors.Is(err, context.Canceled) || errors.Is(err, identity.ErrInvalidToken), "%v", err)
	}
	_, err := b.RecoveryCodes.Consume(ctx, "u1", codes[1])
	require.ErrorIs(t, err, context.Canceled)
	for _, code := range codes[1:4] {
		_, err := b.RecoveryCodes.Consume(t.Context(), "u1", code)
		require.NoError(t, err)
	}
}

// hashSize is the memory of a hash in bytes, that of the default cost.
const hashSize = 64 << 20

func onlySoManyHashesTakeMemory(t *testing.T, b *bench) {
	if testing.Short() {
		t.Skip("takes 64 MiB a hash")
	}
	atATime := func(n int) *identity.RecoveryCodes {
		service, _ := b.serve(t, nil, func(o *identity.Options) {
			o.Argon2 = identity.Argon2{Time: 1, MaxConcurrent: n} // one pass takes as much memory as three
		})
		return service.For(b.scope).RecoveryCodes
	}
	two, eight := atATime(2), atATime(8)
	codes := b.generate(t, two, "u1")
	verify := func(recovery *identity.RecoveryCodes) uint64 {
		return liveAtMost(func() {
			for _, err := range together(8, func(int) error {
				_, err := recovery.Consume(t.Context(), "u1", theorydb.NewSecret("0000-0000-0000-0000"))
				return err
			}) {
				require.ErrorIs(t, err, identity.ErrInvalidToken)
			}
		})
	}
	most := verify(two)
	for try := 1; try < 5 && most >= 3*hashSize; try++ { // what else the process does only adds to it
		most = verify(two)
	}
	require.Less(t, most, uint64(3*hashSize))
	require.Greater(t, verify(eight), uint64(3*hashSize), "control: with more turns it is more")
	_, err := two.Consume(t.Context(), "u1", codes[0])
	require.NoError(t, err)
}

// liveAtMost is how much more memory was live than before, at most, while something ran.
func liveAtMost(run func()) uint64 {
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
	run()
	close(stop)
	watch.Wait()
	return most - min(most, before)
}

// allocated is how much memory was taken while something ran, by whatever part of the process.
func allocated(run func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

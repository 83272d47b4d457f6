package identity

import (
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

var phcLimit = Argon2{Memory: 64 << 10, Time: 3, Threads: 4}

const phcExample = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaA"

func TestPHCRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		threads := rapid.Uint8Range(1, 4).Draw(t, "p")
		hash := phcHash{
			cost: Argon2{Memory: rapid.Uint32Range(32, 64<<10).Draw(t, "m"), Time: rapid.Uint32Range(1, 3).Draw(t, "t"), Threads: threads},
			salt: rapid.SliceOfN(rapid.Byte(), 8, 64).Draw(t, "salt"),
			sum:  rapid.SliceOfN(rapid.Byte(), 16, 64).Draw(t, "sum"),
		}
		again, err := parsePHC(hash.String(), phcLimit)
		require.NoError(t, err)
		require.Equal(t, hash, again)
	})
}

func TestPHCRefusesEveryOtherForm(t *testing.T) {
	_, err := parsePHC(phcExample, phcLimit)
	require.NoError(t, err)
	for _, change := range [][2]string{
		{"argon2id", "argon2i"},
		{"argon2id", "ARGON2ID"},
		{"v=19", "v=16"},
		{"$v=19", ""},
		{"m=65536", "m=065536"},
		{"m=65536", "m=+65536"},
		{"m=65536", "m=65537"},
		{"m=65536", "m=4194304"},
		{"m=65536", "m=4294967296"},
		{"m=65536", "m=31"},
		{"m=65536", "m=-1"},
		{"m=65536", "m="},
		{"t=3", "t=0"},
		{"t=3", "t=4"},
		{"t=3", "t=4294967295"},
		{"p=4", "p=0"},
		{"p=4", "p=5"},
		{"p=4", "p=260"},
		{"p=4", "p=4,x=1"},
		{"t=3,p=4", "p=4,t=3"},
		{"c2FsdHNhbHRzYWx0c2FsdA", "c2Fsd"},
		{"c2FsdHNhbHRzYWx0c2FsdA", "c2FsdHNhbHRzYWx0c2FsdB"},
		{"c2FsdHNhbHRzYWx0c2FsdA", "c2FsdHNhbHRzYWx0c2FsdA=="},
		{"c2FsdHNhbHRzYWx0c2FsdA", "c2FsdHNhbHRz\nYWx0c2FsdA"},
		{"aGFzaGhhc2hoYXNoaGFzaA", "aGFzaA"},
		{"$argon2id", "argon2id"},
		{"aGFzaGhhc2hoYXNoaGFzaA", "aGFzaGhhc2hoYXNoaGFzaA$"},
		{"aGFzaGhhc2hoYXNoaGFzaA", strings.Repeat("A", 400)},
	} {
		changed := strings.Replace(phcExample, change[0], change[1], 1)
		require.NotEqual(t, phcExample, changed)
		_, err := parsePHC(changed, phcLimit)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, changed)
	}
}

// FuzzParsePHC: what parses is within the limits and is the one form of what it says.
func FuzzParsePHC(f *testing.F) {
	f.Add(phcExample)
	f.Add(strings.Replace(phcExample, "m=65536", "m=4194304", 1))
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, text string) {
		hash, err := parsePHC(text, phcLimit)
		if err != nil {
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			return
		}
		require.Equal(t, text, hash.String())
		require.LessOrEqual(t, hash.cost.Memory, phcLimit.Memory)
		require.GreaterOrEqual(t, hash.cost.Memory, 8*uint32(hash.cost.Threads))
	})
}

// allocated is how many bytes a call allocates.
func allocated(call func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestPHCOfFourGiBIsRefusedBeforeMemoryIsTaken(t *testing.T) {
	text := strings.Replace(phcExample, "m=65536", "m=4194304", 1)
	least := uint64(math.MaxUint64)
	for range 5 { // others may allocate at the same time
		least = min(least, allocated(func() {
			_, err := parsePHC(text, phcLimit)
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		}))
	}
	require.Less(t, least, uint64(64<<10))
}

package envelope_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/envelope"
)

// Next to the call that obtains a data key, some milliseconds, a field should cost nothing: a few microseconds.

func BenchmarkSeal(b *testing.B) {
	dataKey, edk, c := someKey("data"), make([]byte, 184), somePlace()
	for name, plaintext := range somePlaintexts(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := envelope.Seal(dataKey, edk, [8]byte{}, c, plaintext)
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	dataKey, c := someKey("data"), somePlace()
	for name, plaintext := range somePlaintexts(b) {
		p := seal(b, dataKey, c, plaintext)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := envelope.Open(dataKey, c, p)
				require.NoError(b, err)
			}
		})
	}
}

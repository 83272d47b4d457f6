package envelope_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/envelope"
)

// salamander makes a nonce and a ciphertext that are authentic under two keys, for one ctx: the tag is linear in every
// block of the ciphertext, so the last block can be solved for. The nonce is one for which both plaintexts begin with
// the type byte of a binary value, so that nothing behind GCM would notice either.
// https://eprint.iacr.org/2019/016
func salamander(a, b naiveGCM, ctx []byte) (nonce [12]byte, ct []byte) {
	const binaryType = 'B'
	for n := uint32(0); ; n++ {
		binary.BigEndian.PutUint32(nonce[:], n)
		if a.pad(nonce, 2)[0] == b.pad(nonce, 2)[0] {
			break
		}
	}
	ct = make([]byte, 48)
	copy(ct, "?any thirty-two bytes would do...")
	ct[0] = binaryType ^ a.pad(nonce, 2)[0]
	clear(ct[32:])
	difference := a.tag(nonce, ctx, ct).plus(b.tag(nonce, ctx, ct))
	// The last block is multiplied by H twice on its way into the tag, the block of lengths behind it once.
	slope := a.hashKey().times(a.hashKey()).plus(b.hashKey().times(b.hashKey()))
	copy(ct[32:], difference.times(slope.inverse()).bytes())
	return nonce, append(ct, a.tag(nonce, ctx, ct).bytes()...)
}

func TestACiphertextForTwoDataKeysOpensWithOneAtMost(t *testing.T) {
	c := somePlace()
	ctx := c.Bytes()
	const made = 16
	for i := range made {
		first, second := someKey(fmt.Sprint("first", i)), someKey(fmt.Sprint("second", i))
		firstKey, firstCommitment := derived(t, first, ctx)
		secondKey, secondCommitment := derived(t, second, ctx)
		a, b := newNaiveGCM(t, firstKey), newNaiveGCM(t, secondKey)
		nonce, ct := salamander(a, b, ctx)

		// GCM alone takes it with both keys, for two different values of one type.
		one, ok := a.open(nonce, ct, ctx)
		require.True(t, ok)
		two, ok := b.open(nonce, ct, ctx)
		require.True(t, ok)
		require.NotEqual(t, one, two)
		require.Equal(t, one[0], two[0])

		p := envelope.Parts{EDK: []byte{1}, Nonce: nonce, CT: ct}
		requireRefused(t, first, c, p)
		requireRefused(t, second, c, p)
		p.KC = [32]byte(firstCommitment)
		opened, err := envelope.Open(first, c, p)
		require.NoError(t, err, "it is authentic indeed")
		require.Equal(t, one, opened)
		requireRefused(t, second, c, p)
		p.KC = [32]byte(secondCommitment)
		opened, err = envelope.Open(second, c, p)
		require.NoError(t, err)
		require.Equal(t, two, opened)
		requireRefused(t, first, c, p)
	}
	t.Logf("%d ciphertexts for two data keys, each opened with the one it commits to only", made)
}

func TestTheFieldOfGCMHasInverses(t *testing.T) {
	for i := range 16 {
		x := toBlock(someKey(fmt.Sprint(i)))
		require.Equal(t, one, x.times(x.inverse()))
		require.Equal(t, x, x.times(one))
	}
}

package engine

import (
	"crypto/sha256"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var tokenEpoch = time.Date(2023, time.November, 14, 22, 13, 20, 0, time.UTC)

func (t *tokens) knows(token string, now time.Time) bool {
	known, err := t.find(token, [sha256.Size]byte{}, now)
	return known && err == nil
}

func TestTokensAreForgottenWhenTheyAreTooOld(t *testing.T) {
	var all tokens
	for i := range 1_000 {
		all.remember(strconv.Itoa(i), [sha256.Size]byte{}, tokenEpoch.Add(time.Duration(i)*time.Second))
	}
	require.Len(t, all.settled, 600, "those of ten minutes")
	require.Len(t, all.order, 600)
	all.remember("", [sha256.Size]byte{}, tokenEpoch.Add(time.Hour))
	require.Empty(t, all.settled)
	require.Empty(t, all.order)
}

func TestTokenThatIsCarriedOutAnewLivesByItsLastTime(t *testing.T) {
	var all tokens
	at := func(minute int) time.Time { return tokenEpoch.Add(time.Duration(minute) * time.Minute) }
	all.remember("late", [sha256.Size]byte{}, at(5))
	all.remember("early", [sha256.Size]byte{}, at(0)) // the clock was put back
	require.False(t, all.knows("early", at(10)))
	all.remember("early", [sha256.Size]byte{}, at(10))
	all.remember("", [sha256.Size]byte{}, at(16))
	require.False(t, all.knows("late", at(16)))
	require.True(t, all.knows("early", at(19)), "it was not forgotten with its first time")
	all.remember("", [sha256.Size]byte{}, at(20))
	require.Empty(t, all.settled)
	require.Empty(t, all.order)
}

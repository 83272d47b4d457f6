package identitysuite

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

var lostConsumptions = []Scenario{
	{ID: "id.ott.consume_drop_after", run: whoConsumedATokenIsNeverToldThatItWasUsed},
}

func whoConsumedATokenIsNeverToldThatItWasUsed(t *testing.T, b *bench) {
	t.Run("lost answers", func(t *testing.T) { aTokenIsConsumedThoughAnswersAreLost(t, b) })
	t.Run("never arrived", func(t *testing.T) { aConsumptionThatNeverArrivedIsSentAgainOrUnknown(t, b) })
	t.Run("own mark", func(t *testing.T) { aCallKnowsItsOwnMark(t, b) })
	t.Run("with an effect", func(t *testing.T) { aTokenIsConsumedWithItsEffectThoughTheAnswerIsLost(t, b) })
	t.Run("many clients", func(t *testing.T) { manyClientsConsumeTheirOwnTokens(t, b) })
}

func aTokenIsConsumedThoughAnswersAreLost(t *testing.T, b *bench) {
	for _, lost := range []int{1, 2, 3} { // answers: the change's, and those of the reads that settle it
		token := b.issue(t, identity.KindMagicLink, identity.TokenSpec{})
		fault := b.faults.On("UpdateItem").CommitThenDrop().Times(lost)
		consumed, err := b.OneTimeTokens.Consume(t.Context(), identity.KindMagicLink, token)
		require.NoError(t, err)
		require.NotNil(t, consumed.ConsumedAt)
		require.Positive(t, fault.Fired())
		b.faults.mend()
		_, err = b.OneTimeTokens.Consume(t.Context(), identity.KindMagicLink, token)
		require.ErrorIs(t, err, identity.ErrTokenUsed)
	}
}

func aConsumptionThatNeverArrivedIsSentAgainOrUnknown(t *testing.T, b *bench) {
	token := b.issue(t, identity.KindChallenge, identity.TokenSpec{})
	fault := b.faults.On("UpdateItem").DropBefore().Times(2)
	_, err := b.OneTimeTokens.Consume(t.Context(), identity.KindChallenge, token)
	require.NoError(t, err)
	require.Equal(t, 2, fault.Fired())

	token = b.issue(t, identity.KindChallenge, identity.TokenSpec{})
	b.faults.On("UpdateItem").DropBefore().Always()
	_, err = b.OneTimeTokens.Consume(t.Context(), identity.KindChallenge, token)
	require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown, "who can't know does not say that it lost")
	b.faults.mend()
	_, err = b.OneTimeTokens.Consume(t.Context(), identity.KindChallenge, token)
	require.NoError(t, err, "it was not spent")
}

// Neither the answer nor the reads that would settle it arrive.
func aCallKnowsItsOwnMark(t *testing.T, b *bench) {
	token := b.issue(t, identity.KindChallenge, identity.TokenSpec{})
	change := b.faults.On("UpdateItem").CommitThenDrop()
	reads := b.faults.On("GetItem").DropBefore().Times(8)
	consumed, err := b.OneTimeTokens.Consume(t.Context(), identity.KindChallenge, token)
	require.NoError(t, err)
	require.NotEmpty(t, consumed.ConsumedBy)
	require.Equal(t, []int{1, 8}, []int{change.Fired(), reads.Fired()})
}

func aTokenIsConsumedWithItsEffectThoughTheAnswerIsLost(t *testing.T, b *bench) {
	token, users := b.issue(t, identity.KindInvitation, identity.TokenSpec{}), rows[identity.User](t, b)
	fault := b.faults.On("TransactWriteItems").CommitThenDrop()
	user := &identity.User{ID: "u1", Status: "active"}
	_, err := b.OneTimeTokens.ConsumeWith(t.Context(), identity.KindInvitation, token, func(identity.OneTimeToken) ([]theorydb.TransactOp, error) {
		return []theorydb.TransactOp{users.CreateOp(user)}, nil
	})
	require.NoError(t, err)
	require.Equal(t, int64(1), user.Version)
	require.Equal(t, 1, fault.Fired())
}

// losses are what of a client's requests is lost: the answers of so many first changes, which were carried out, and so many
// first reads. A service that makes two attempts tries a change three times, looks after each what became of it, and at last
// looks for its mark.
type losses struct {
	changes, reads int
	told           error
}

var lossesOfClients = []losses{
	{changes: 1, reads: 0}, // the library settles it
	{changes: 1, reads: 2}, // the second change is refused, and the mark is the client's own
	{changes: 3, reads: 0},
	{changes: 3, reads: 6}, // the outcome of the last change is unknown, and the mark is the client's own
	{changes: 3, reads: 8, told: theorydb.ErrOutcomeUnknown},
}

// manyClientsConsumeTheirOwnTokens has each of many clients consume a token that nobody else has, at the same time as
// others.
func manyClientsConsumeTheirOwnTokens(t *testing.T, b *bench) {
	clients := b.rounds(2000)
	tokens := make([]theorydb.Secret[string], clients)
	for _, err := range inTurns(clients, func(i int) (err error) {
		tokens[i], err = b.OneTimeTokens.Issue(t.Context(), identity.KindChallenge, identity.TokenSpec{})
		return err
	}) {
		require.NoError(t, err)
	}
	of := map[string]int{}
	for i, token := range tokens {
		of[digestOf(token)] = i
		if i%100 == 0 { // the search for all of them, in all requests, would take minutes
			b.keepTokenSecret(t, token)
		}
	}

	service, _ := b.serve(t, func(c *theorydb.Config) { c.Attempts = 2 }, nil)
	consume := func(i int) error {
		_, err := service.For(b.scope).OneTimeTokens.Consume(t.Context(), identity.KindChallenge, tokens[i])
		return err
	}
	// firstOf counts a client's requests, and matches the first of them.
	firstOf := func(lost func(losses) int) func(localaws.Request) bool {
		sent := make([]int, clients)
		return func(r localaws.Request) bool {
			i, known := of[digestIn(r.Body)]
			if !known {
				return false
			}
			sent[i]++
			return sent[i] <= lost(lossesOfClients[i%len(lossesOfClients)])
		}
	}
	changes := b.faults.On("UpdateItem").When(firstOf(func(l losses) int { return l.changes })).CommitThenDrop().Always()
	reads := b.faults.On("GetItem").When(firstOf(func(l losses) int { return l.reads })).DropBefore().Always()
	for i, err := range inTurns(clients, consume) {
		require.NotErrorIs(t, err, identity.ErrTokenUsed, "client %d", i)
		require.ErrorIs(t, err, lossesOfClients[i%len(lossesOfClients)].told, "client %d", i)
	}
	// The library settles what it can by its first read, and then changes nothing more.
	require.Equal(t, clients/5*(1+1+1+3+3), changes.Fired())
	require.Equal(t, clients/5*(0+2+0+6+8), reads.Fired())

	b.faults.mend()
	for i, err := range inTurns(clients, consume) {
		require.ErrorIs(t, err, identity.ErrTokenUsed, "the token of client %d is spent", i)
	}
}

// inTurns runs n calls, some of them at the same time, and gives their errors.
func inTurns(n int, call func(i int) error) []error {
	errs := make([]error, n)
	together(racers, func(first int) error {
		for i := first; i < n; i += racers {
			errs[i] = call(i)
		}
		return nil
	})
	return errs
}

// digestOf is by what a one-time token is stored: the SHA-256 of its text, in hex.
func digestOf(token theorydb.Secret[string]) string {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return hex.EncodeToString(sum[:])
}

// digestIn is the digest of the challenge that a request is about, if it is about one.
func digestIn(body []byte) string {
	_, after, found := bytes.Cut(body, []byte("#OTT#challenge#"))
	if !found || len(after) < sha256.Size*2 {
		return ""
	}
	return string(after[:sha256.Size*2])
}

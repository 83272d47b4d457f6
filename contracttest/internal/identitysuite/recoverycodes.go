package identitysuite

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var recoveryCodes = []Scenario{
	{ID: "id.rc.once", run: aRecoveryCodeCountsOnce},
	{ID: "id.rc.params", run: recoveryCodesAreHashedAtTheCostOfTheOptions, options: []func(*identity.Options){defaultArgon2}},
}

// defaultArgon2 is the cost that a program gets which asks for none.
func defaultArgon2(o *identity.Options) { o.Argon2 = identity.Argon2{} }

// generate makes recovery codes of a user, which are kept secret: as they are printed, and as they are typed.
func (b *bench) generate(t testing.TB, recovery *identity.RecoveryCodes, userID string) []theorydb.Secret[string] {
	t.Helper()
	codes, err := recovery.Generate(t.Context(), userID)
	require.NoError(t, err)
	require.Len(t, codes, 10)
	for _, code := range codes {
		b.keepSecret(code.Reveal(), strings.ReplaceAll(code.Reveal(), "-", ""))
	}
	return codes
}

func aRecoveryCodeCountsOnce(t *testing.T, b *bench) {
	codes := b.generate(t, b.RecoveryCodes, b.user(t, "u1").ID)
	require.Regexp(t, `^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`, codes[0].Reveal())
	left := make([]int, racers)
	errs := together(racers, func(i int) (err error) {
		left[i], err = b.RecoveryCodes.Consume(t.Context(), "u1", codes[3])
		return err
	})
	requireOneWinner(t, errs, identity.ErrTokenUsed)
	for i, err := range errs {
		if err == nil {
			require.Equal(t, 9, left[i])
		}
	}
	// One that was taken between the reads and the transaction of another call.
	b.faults.interrupt("TransactWriteItems", func() {
		_, err := b.RecoveryCodes.Consume(t.Context(), "u1", codes[5])
		require.NoError(t, err)
	})
	_, err := b.RecoveryCodes.Consume(t.Context(), "u1", codes[5])
	require.ErrorIs(t, err, identity.ErrTokenUsed)
	for i, code := range codes {
		if i == 3 || i == 5 {
			continue
		}
		_, err := b.RecoveryCodes.Consume(t.Context(), "u1", theorydb.NewSecret(" "+strings.ToLower(code.Reveal())))
		require.NoError(t, err)
	}
	_, err = b.RecoveryCodes.Consume(t.Context(), "u1", codes[9])
	require.ErrorIs(t, err, identity.ErrTokenUsed)
}

func recoveryCodesAreHashedAtTheCostOfTheOptions(t *testing.T, b *bench) {
	codes := b.generate(t, b.RecoveryCodes, b.user(t, "u1").ID)
	hashes := b.itemsOf(t, "RecoveryCode")
	require.Len(t, hashes, 10)
	for _, item := range hashes {
		require.True(t, strings.HasPrefix(phcOf(t, item), "$argon2id$v=19$m=65536,t=3,p=4$"), phcOf(t, item))
	}
	remaining, err := b.RecoveryCodes.Consume(t.Context(), "u1", codes[0])
	require.NoError(t, err)
	require.Equal(t, 9, remaining)

	hashes[5]["phc"] = &types.AttributeValueMemberS{Value: strings.Replace(phcOf(t, hashes[5]), "m=65536", "m=4194304", 1)}
	b.overwrite(t, hashes[5])
	_, err = b.RecoveryCodes.Consume(t.Context(), "u1", codes[1])
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)

	sets := rows[identity.RecoverySet](t, b)
	set, err := sets.Get(t.Context(), identity.RecoverySet{UserID: "u1"}, theorydb.Consistent())
	require.NoError(t, err)
	set.Params = "m=4194304,t=3,p=4"
	require.NoError(t, sets.Update(t.Context(), set))
	require.Less(t, allocated(func() {
		_, err = b.RecoveryCodes.Consume(t.Context(), "u1", codes[1])
	}), uint64(8<<20), "no memory is taken by what a text says")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
}

func phcOf(t testing.TB, item map[string]types.AttributeValue) string {
	t.Helper()
	phc, ok := item["phc"].(*types.AttributeValueMemberS)
	require.True(t, ok)
	return phc.Value
}

// overwrite stores an item in the place of the one of its key, past the library, as somebody with access to the table could.
func (b *bench) overwrite(t testing.TB, item map[string]types.AttributeValue) {
	t.Helper()
	_, err := b.engine.Client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &b.table, Item: item})
	require.NoError(t, err)
}

package identitysuite

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

// DynamoDB's answer to a client request token that was used for another transaction. A token is made once a call and kept
// over its resends of the same bytes, so that it says that something is wrong with the program or on the way.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#API_TransactWriteItems_Errors
const codeTokenMismatch = "IdempotentParameterMismatchException"

var tokenMismatch = []Scenario{
	{ID: "id.fault.token_mismatch", run: aTokenOfAnotherTransactionIsAnErrorOfItsOwn},
}

// verb is a call of a store.
type verb struct {
	name string
	call func() error
}

// transactions are verbs that are one transaction. Each can be called once, in this order.
func transactions(t testing.TB, b *bench) []verb {
	ctx, m := t.Context(), b.Memberships
	return []verb{
		{"Memberships.Add", func() error { _, err := m.Add(ctx, ourOrganization, "bob", identity.RoleMember, ""); return err }},
		{"Memberships.SetRole", func() error { _, err := m.SetRole(ctx, ourOrganization, "bob", identity.RoleOwner); return err }},
		{"Memberships.Suspend", func() error { _, err := m.Suspend(ctx, ourOrganization, "bob"); return err }},
		{"Memberships.Reactivate", func() error { _, err := m.Reactivate(ctx, ourOrganization, "bob"); return err }},
		{"Memberships.TransferOwnership", func() error { return m.TransferOwnership(ctx, ourOrganization, "ann", "bob") }},
		{"Memberships.Remove", func() error { return m.Remove(ctx, ourOrganization, "ann") }},
		{"Organizations.Create", func() error {
			_, err := b.Organizations.Create(ctx, identity.NewOrganization{ID: "p", Slug: "theirs", Name: "Theirs", OwnerID: "ann"})
			return err
		}},
		{"Users.Create", func() error {
			_, err := b.Users.Create(ctx, identity.User{ID: "eve"}, b.emails("eve@example.com"))
			return err
		}},
		{"Audit.Append", func() error { _, err := b.Audit.Append(ctx, eventOf(identity.EventAuthFailed, "e")); return err }},
		{"SigningKeys.Rotate", func() error { _, err := b.SigningKeys.Rotate(ctx, identity.Rotation{}); return err }},
	}
}

func aTokenOfAnotherTransactionIsAnErrorOfItsOwn(t *testing.T, b *bench) {
	b.founded(t, "bob")
	for _, verb := range transactions(t, b) {
		t.Run(verb.name, func(t *testing.T) {
			before := b.items(t)
			refused := b.faults.On("TransactWriteItems").Error(400, codeTokenMismatch, "the token of another request")
			requireTokenMismatch(t, b, verb, before)
			require.Equal(t, 1, refused.Fired())

			// So it is where the token was in fact used: between the call and its request, by another transaction.
			b.faults.interrupt("TransactWriteItems", func() { useTokenOfLastRequest(t, b) })
			requireTokenMismatch(t, b, verb, before)

			require.NoError(t, verb.call(), "by a token of its own")
		})
	}
	b.owners(t)
	keepPrivateKeysSecret(t, b)
	t.Run("after a lost answer", func(t *testing.T) {
		before := b.items(t)
		b.faults.On("TransactWriteItems").DropBefore()
		b.faults.On("TransactWriteItems").Error(400, codeTokenMismatch, "the token of another request")
		_, err := b.Memberships.Add(t.Context(), ourOrganization, "ann", identity.RoleMember, "")
		require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown, "the attempt whose answer was lost may have taken effect")
		require.ErrorContains(t, err, codeTokenMismatch)
		require.ElementsMatch(t, before, b.items(t))
	})
}

// requireTokenMismatch requires that a verb tells what was wrong, sends no other transaction and changes nothing.
func requireTokenMismatch(t *testing.T, b *bench, verb verb, before []map[string]types.AttributeValue) {
	t.Helper()
	var err error
	sent := b.faults.during(func() { err = verb.call() })
	var answer smithy.APIError
	require.ErrorAs(t, err, &answer)
	require.Equal(t, codeTokenMismatch, answer.ErrorCode())
	require.ErrorContains(t, err, codeTokenMismatch)
	require.False(t, isOneOf(err, []error{
		theorydb.ErrOutcomeUnknown, theorydb.ErrTransactionCanceled, theorydb.ErrThrottled, theorydb.ErrConditionFailed,
		theorydb.ErrItemNotFound, theorydb.ErrInvalidValue, identity.ErrLastOwner, identity.ErrUserInactive, identity.ErrForbidden,
	}), "it is taken for something ordinary: %v", err)
	transactions := 0
	for _, operation := range sent {
		if operation == "TransactWriteItems" {
			transactions++
		}
	}
	require.Equal(t, 1, transactions, "it is not sent again")
	require.ElementsMatch(t, before, b.items(t))
}

// useTokenOfLastRequest sends another transaction, which changes nothing, with the token of the last request.
func useTokenOfLastRequest(t *testing.T, b *bench) {
	t.Helper()
	all := b.faults.all()
	var last struct{ ClientRequestToken string }
	require.NoError(t, json.Unmarshal(all[len(all)-1].body, &last))
	require.NotEmpty(t, last.ClientRequestToken)
	_, err := b.engine.Client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{
		ClientRequestToken: &last.ClientRequestToken,
		TransactItems: []types.TransactWriteItem{{ConditionCheck: &types.ConditionCheck{
			TableName: &b.table, ConditionExpression: aws.String("attribute_not_exists(PK)"),
			Key: map[string]types.AttributeValue{
				"PK": &types.AttributeValueMemberS{Value: "nobody"}, "SK": &types.AttributeValueMemberS{Value: "nothing"},
			},
		}}},
	})
	require.NoError(t, err)
}

package identity

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// goldenKMS has one key, and makes the same data key every time: the bytes 0 to 31.
type goldenKMS struct{}

const (
	goldenARN     = "arn:aws:kms:us-east-1:111122223333:key/018f2b6e-7c1a-7d3e-9f00-0123456789ab"
	goldenWrapped = "the data key, as KMS wraps it"
)

// goldenBound is the encryption context that the data key of the golden item is bound to.
var goldenBound = map[string]string{"theorydb": "2", "table": "identity", "tenant": "acme#prod"}

func goldenDataKey() []byte {
	var key [32]byte
	for i := range key {
		key[i] = byte(i)
	}
	return key[:]
}

func (goldenKMS) GenerateDataKey(_ context.Context, in *kms.GenerateDataKeyInput, _ ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error) {
	if !maps.Equal(in.EncryptionContext, goldenBound) {
		return nil, &kmstypes.InvalidCiphertextException{}
	}
	return &kms.GenerateDataKeyOutput{KeyId: in.KeyId, Plaintext: goldenDataKey(), CiphertextBlob: []byte(goldenWrapped)}, nil
}

func (goldenKMS) Decrypt(_ context.Context, in *kms.DecryptInput, _ ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	if string(in.CiphertextBlob) != goldenWrapped || !maps.Equal(in.EncryptionContext, goldenBound) {
		return nil, &kmstypes.InvalidCiphertextException{}
	}
	return &kms.DecryptOutput{KeyId: in.KeyId, Plaintext: goldenDataKey()}, nil
}

func (goldenKMS) DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	return &kms.DescribeKeyOutput{KeyMetadata: &kmstypes.KeyMetadata{Arn: aws.String(goldenARN)}}, nil
}

// With the data key fixed, everything of the stored credential is the same in every run but the nonce, which the cipher
// draws, and the ciphertext that follows from it. What is stored is compared with the golden item but for these two; the
// golden item with its own is opened, as one that another program wrote.
func TestSchemaGoldenCredential(t *testing.T) {
	b := openBench(t)
	b.clock.Set(time.Date(2026, time.November, 21, 12, 30, 15, 123456789, time.UTC))
	db, err := theorydb.New(theorydb.Config{
		DynamoDB: b.client, Table: b.table, LogicalTable: "identity", Clock: b.clock.Now, KMS: goldenKMS{}, KeyID: goldenARN,
	})
	require.NoError(t, err)
	service, err := New(db, b.options)
	require.NoError(t, err)
	p, ctx := service.For(b.scope).Credentials, t.Context()
	const userID, id, text = "0195f0a0-0000-7000-8000-000000000001", "github", "gho_the-golden-token"
	key := Credential{UserID: userID, Type: CredentialOAuthToken, ID: id}
	credential := key
	credential.Secret = theorydb.NewSecret([]byte(text))
	require.NoError(t, p.credentials.Create(ctx, &credential))
	requireGolden := func() {
		t.Helper()
		secret, err := p.Secret(ctx, userID, CredentialOAuthToken, id)
		require.NoError(t, err)
		require.Equal(t, text, string(secret.Reveal()))
	}
	requireGolden()

	stored, err := p.credentials.Raw(ctx, key, theorydb.Consistent())
	require.NoError(t, err)
	sealed, ok := stored["secret"].(*types.AttributeValueMemberM)
	require.True(t, ok)
	if !*rewriteSchema {
		was, ok := goldenItem(t, "credential")["secret"].(*types.AttributeValueMemberM)
		require.True(t, ok)
		for _, random := range []string{"nonce", "ct"} {
			require.Len(t, goldenBytes(t, sealed, random), len(goldenBytes(t, was, random)))
			require.False(t, bytes.Equal(goldenBytes(t, was, random), goldenBytes(t, sealed, random)), "it is drawn anew")
			sealed.Value[random] = was.Value[random]
		}
	}
	golden(t, "credential", stored)

	_, err = b.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &b.table, Item: goldenItem(t, "credential")})
	require.NoError(t, err)
	requireGolden()
}

func goldenBytes(t *testing.T, sealed *types.AttributeValueMemberM, member string) []byte {
	t.Helper()
	value, ok := sealed.Value[member].(*types.AttributeValueMemberB)
	require.True(t, ok, member)
	return value.Value
}

// goldenItem reads a golden item.
func goldenItem(t *testing.T, name string) map[string]types.AttributeValue {
	t.Helper()
	document, err := os.ReadFile(goldenFolder + name + ".json")
	require.NoError(t, err)
	var members map[string]map[string]any
	require.NoError(t, json.Unmarshal(document, &members))
	item := map[string]types.AttributeValue{}
	for name, value := range members {
		item[name] = goldenRead(t, value)
	}
	return item
}

// goldenRead is the opposite of goldenValue, for the types that a credential has.
func goldenRead(t *testing.T, value map[string]any) types.AttributeValue {
	t.Helper()
	if text, ok := value["S"].(string); ok {
		return &types.AttributeValueMemberS{Value: text}
	}
	if number, ok := value["N"].(string); ok {
		return &types.AttributeValueMemberN{Value: number}
	}
	if text, ok := value["B"].(string); ok {
		content, err := base64.StdEncoding.DecodeString(text)
		require.NoError(t, err)
		return &types.AttributeValueMemberB{Value: content}
	}
	given, ok := value["M"].(map[string]any)
	require.True(t, ok)
	members := map[string]types.AttributeValue{}
	for name, member := range given {
		described, ok := member.(map[string]any)
		require.True(t, ok)
		members[name] = goldenRead(t, described)
	}
	return &types.AttributeValueMemberM{Value: members}
}

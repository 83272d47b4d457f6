package localaws_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/theorydb/theorydb/localaws"
)

// An ADD whose answer is lost is sent again by the SDK and applied twice,
// without an error. Faults makes that happen on demand.
func ExampleFaults() {
	ctx := context.Background()
	engine := localaws.New()
	faults := &localaws.Faults{Next: engine}
	client := engine.DynamoDB(func(o *dynamodb.Options) { o.HTTPClient = faults })

	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("counters"),
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: types.ScalarAttributeTypeS}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	if err != nil {
		panic(err)
	}

	faults.On("UpdateItem").Attempt(1).CommitThenDrop()
	answer, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 aws.String("counters"),
		Key:                       map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: "visits"}},
		UpdateExpression:          aws.String("ADD n :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
		ReturnValues:              types.ReturnValueAllNew,
	})
	if err != nil {
		panic(err)
	}
	if n, ok := answer.Attributes["n"].(*types.AttributeValueMemberN); ok {
		fmt.Println("counted", n.Value)
	}
	fmt.Println("faults that never fired:", len(faults.Unfired()))
	// Output:
	// counted 2
	// faults that never fired: 0
}

// A key that was disabled after the write stops the read, with the error that
// KMS itself gives.
func ExampleAWS_KMS() {
	ctx := context.Background()
	engine := localaws.New()
	keys := engine.KMS()
	alias := engine.KMSKey("alias/identity")
	tenant := map[string]string{"tenant": "acme"}

	made, err := keys.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId: aws.String(alias), KeySpec: kmstypes.DataKeySpecAes256, EncryptionContext: tenant,
	})
	if err != nil {
		panic(err)
	}
	if err := engine.SetKeyState(alias, localaws.KeyDisabled); err != nil {
		panic(err)
	}
	_, err = keys.Decrypt(ctx, &kms.DecryptInput{
		KeyId: made.KeyId, CiphertextBlob: made.CiphertextBlob, EncryptionContext: tenant,
	})
	var disabled *kmstypes.DisabledException
	fmt.Println("disabled:", errors.As(err, &disabled))
	for _, call := range engine.KMSCalls() {
		fmt.Printf("%s %v %q\n", call.Operation, call.EncryptionContext, call.ErrorCode)
	}
	// Output:
	// disabled: true
	// GenerateDataKey map[tenant:acme] ""
	// Decrypt map[tenant:acme] "DisabledException"
}

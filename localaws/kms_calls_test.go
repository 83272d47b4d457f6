package localaws_test

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

func TestThrottledRequestIsTriedAgainByTheSDK(t *testing.T) {
	a, _ := withKey()
	faults := &localaws.Faults{Next: a}
	client := a.KMS(func(o *kms.Options) { o.HTTPClient = faults })
	faults.On("Encrypt").Error(http.StatusBadRequest, "ThrottlingException", "Rate exceeded").Times(2)
	blob := seal(t, client, identityKey, "secret", nil)
	require.Equal(t, 2, faults.Fired())
	require.Len(t, a.KMSCalls(), 1)
	require.Equal(t, 3, a.KMSCalls()[0].Attempt)

	for code, attempts := range map[string]int{"AccessDeniedException": 1, "ThrottlingException": 3} {
		faults.On("Decrypt").Error(http.StatusBadRequest, code, "").Times(attempts)
		_, err := open(client, identityKey, blob, nil)
		requireCode(t, code, err)
	}
	faults.On("Decrypt").Error(http.StatusInternalServerError, "KMSInternalException", "").Times(3)
	_, err := open(client, identityKey, blob, nil)
	var internal *types.KMSInternalException
	require.ErrorAs(t, err, &internal)
	_, err = open(client, identityKey, blob, nil)
	require.NoError(t, err)
	require.Empty(t, faults.Unfired())
}

func TestFaultsLoseRequestsAndAnswersOfKMS(t *testing.T) {
	a, _ := withKey()
	faults := &localaws.Faults{Next: a}
	client := a.KMS(func(o *kms.Options) { o.HTTPClient = faults })
	blob := seal(t, client, identityKey, "secret", nil)
	a.ResetCalls()
	tables := map[string]bool{}
	faults.On("Decrypt").When(func(r localaws.Request) bool { tables[r.Table] = true; return true }).CommitThenDrop().
		Then(func() { require.NoError(t, a.SetKeyState(identityKey, localaws.KeyDisabled)) })
	_, err := open(client, identityKey, blob, nil)
	requireCode(t, "DisabledException", err)
	require.Equal(t, map[string]bool{"": true}, tables)
	calls := a.KMSCalls()
	require.Equal(t, []string{"", "DisabledException"}, []string{calls[0].ErrorCode, calls[1].ErrorCode})
	require.Equal(t, calls[0].InvocationID, calls[1].InvocationID)

	require.NoError(t, a.SetKeyState(identityKey, localaws.KeyEnabled))
	faults.On("Decrypt").DropBefore()
	_, err = open(client, identityKey, blob, nil)
	require.NoError(t, err, "the SDK tries again")
	faults.On("Decrypt").CutBody()
	_, err = open(client, identityKey, blob, nil)
	require.Error(t, err)
}

func TestKMSCallsAreLoggedInOrder(t *testing.T) {
	a, client := withKey()
	arn := a.KMSKeyARN(identityKey)
	blob := seal(t, client, identityKey, "secret", map[string]string{"tenant": "acme"})
	_, err := open(client, identityKey, blob, nil)
	require.Error(t, err)
	_, err = open(client, "alias/nothing", blob, map[string]string{"tenant": "acme"})
	require.Error(t, err)
	calls := a.KMSCalls()
	for i := range calls {
		require.NotEmpty(t, calls[i].InvocationID)
		calls[i].InvocationID = ""
	}
	require.Equal(t, []localaws.KMSCall{
		{Operation: "Encrypt", Region: "us-east-1", KeyARN: arn, EncryptionContext: map[string]string{"tenant": "acme"}, Attempt: 1},
		{Operation: "Decrypt", Region: "us-east-1", KeyARN: arn, ErrorCode: "InvalidCiphertextException", Attempt: 1},
		{Operation: "Decrypt", Region: "us-east-1", EncryptionContext: map[string]string{"tenant": "acme"}, ErrorCode: "NotFoundException", Attempt: 1},
	}, calls)
	calls[0].EncryptionContext["tenant"] = "changed"
	require.Equal(t, "acme", a.KMSCalls()[0].EncryptionContext["tenant"], "the caller has a copy")

	createThings(t, a.DynamoDB())
	require.Len(t, a.Calls(), 1, "each service has its own log")
	a.ResetCalls()
	require.Empty(t, a.KMSCalls())
	require.Empty(t, a.Calls())
}

func TestKeysServeManyCallersAtOnce(t *testing.T) {
	a, client := withKey()
	arn := a.KMSKeyARN(identityKey)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 10 {
				made, err := client.GenerateDataKey(context.Background(), &kms.GenerateDataKeyInput{KeyId: aws.String(arn), KeySpec: types.DataKeySpecAes256})
				if err != nil {
					t.Error(err)
					return
				}
				opened, err := open(client, "", made.CiphertextBlob, nil)
				if err != nil || !bytes.Equal(opened.Plaintext, made.Plaintext) {
					t.Error("the data key was not opened again", err)
				}
			}
		})
	}
	for range 25 {
		_, err := client.RotateKeyOnDemand(context.Background(), &kms.RotateKeyOnDemandInput{KeyId: aws.String(arn)})
		require.NoError(t, err)
	}
	callers.Wait()
	require.Len(t, a.KMSCalls(), 25+8*10*2)
}

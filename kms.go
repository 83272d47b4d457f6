package theorydb

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
)

// KMS is the part of the SDK's client that this library calls. *kms.Client is one. DescribeKey is called only to find
// the ARN behind an alias or a key id.
type KMS interface {
	GenerateDataKey(context.Context, *kms.GenerateDataKeyInput, ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error)
	Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error)
	DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error)
}

// bodyLogs are the log modes with which the SDK prints request and response bodies: for KMS, plaintext data keys.
const bodyLogs = aws.LogRequestWithBody | aws.LogResponseWithBody

// unlogged clears them for one call, whatever the client was changed to since it was checked, and has the request leave in
// one write.
func unlogged(o *kms.Options) {
	o.ClientLogMode &^= bodyLogs
	if o.HTTPClient != nil {
		o.HTTPClient = oneWrite(o.HTTPClient)
	}
}

// checkKMSClient refuses a client that is none, and one that would write data keys into a log.
func checkKMSClient(client KMS) error {
	sdk, ok := client.(*kms.Client)
	if ok && sdk == nil {
		return errors.New("theorydb: Config.KMS is a nil *kms.Client; give it a client, or leave it out")
	}
	if ok && sdk.Options().ClientLogMode&bodyLogs != 0 {
		return errors.New("theorydb: Config.KMS logs request or response bodies, which hold data keys; switch LogRequestWithBody and LogResponseWithBody off")
	}
	return nil
}

// dataKeys makes and opens data keys. Every KMS call of the library is one of its three.
type dataKeys struct {
	client KMS
}

// generate makes a data key under a KMS key: 32 bytes and their wrapped form.
func (d dataKeys) generate(ctx context.Context, arn string, bound map[string]string) (plaintext, wrapped []byte, err error) {
	output, err := d.client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId: &arn, KeySpec: types.DataKeySpecAes256, EncryptionContext: bound,
	}, unlogged)
	if err != nil {
		return nil, nil, kmsError(ctx, err)
	}
	if output == nil {
		return nil, nil, &EncryptionError{Err: ErrKMSKeyMismatch}
	}
	if aws.ToString(output.KeyId) != arn {
		clear(output.Plaintext)
		return nil, nil, &EncryptionError{Err: ErrKMSKeyMismatch}
	}
	return output.Plaintext, output.CiphertextBlob, nil
}

// unwrap opens a wrapped data key under the one KMS key it is said to belong to. No other key is ever tried.
func (d dataKeys) unwrap(ctx context.Context, arn string, wrapped []byte, bound map[string]string) ([]byte, error) {
	output, err := d.client.Decrypt(ctx, &kms.DecryptInput{
		KeyId: &arn, CiphertextBlob: wrapped, EncryptionContext: bound,
	}, unlogged)
	if err != nil {
		return nil, kmsError(ctx, err)
	}
	if output == nil {
		return nil, &EncryptionError{Err: ErrKMSKeyMismatch}
	}
	if aws.ToString(output.KeyId) != arn {
		clear(output.Plaintext)
		return nil, &EncryptionError{Err: ErrKMSKeyMismatch}
	}
	return output.Plaintext, nil
}

// describe finds the ARN behind an alias or a key id.
func (d dataKeys) describe(ctx context.Context, name string) (arn string, failed *EncryptionError) {
	output, err := d.client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &name}, unlogged)
	if err != nil {
		return "", kmsError(ctx, err)
	}
	if output == nil || output.KeyMetadata == nil || keyIDOf(aws.ToString(output.KeyMetadata.Arn)) == "" {
		return "", &EncryptionError{Err: ErrKMSUnavailable, Retryable: true}
	}
	return aws.ToString(output.KeyMetadata.Arn), nil
}

// kmsErrors says what an answer of KMS means. Some have no Go type, so the code decides.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors
var kmsErrors = map[string]struct {
	err       error
	retryable bool
}{
	"AccessDeniedException":         {ErrKMSAccessDenied, false},
	"DisabledException":             {ErrKMSKeyUnusable, false},
	"KMSInvalidStateException":      {ErrKMSKeyUnusable, false},
	"NotFoundException":             {ErrKMSKeyUnusable, false},
	"InvalidKeyUsageException":      {ErrKMSKeyUnusable, false},
	"InvalidGrantTokenException":    {ErrKMSAccessDenied, false},
	"InvalidArnException":           {ErrKMSKeyUnusable, false},
	"DryRunOperationException":      {ErrKMSUnavailable, false},
	"IncorrectKeyException":         {ErrKMSKeyMismatch, false},
	"InvalidCiphertextException":    {ErrDecryptAuth, false},
	"KeyUnavailableException":       {ErrKMSKeyUnusable, true},
	"DependencyTimeoutException":    {ErrKMSUnavailable, true},
	"KMSInternalException":          {ErrKMSUnavailable, true},
	"ThrottlingException":           {ErrKMSThrottled, true},
	"LimitExceededException":        {ErrKMSThrottled, true},
	"RequestLimitExceeded":          {ErrKMSThrottled, true},
	"ValidationException":           {ErrKMSUnavailable, false},
	"UnrecognizedClientException":   {ErrKMSAccessDenied, false},
	"ExpiredTokenException":         {ErrKMSAccessDenied, false},
	"IncompleteSignature":           {ErrKMSAccessDenied, false},
	"InvalidSignatureException":     {ErrKMSAccessDenied, false},
	"MissingAuthenticationToken":    {ErrKMSAccessDenied, false},
	"UnsupportedOperationException": {ErrKMSKeyUnusable, false},
}

// kmsError turns what the SDK returned into what it means. It keeps the code and the request id; the response itself
// may hold a data key.
func kmsError(ctx context.Context, err error) *EncryptionError {
	failed := &EncryptionError{Err: ErrKMSUnavailable, Retryable: true}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		failed.RequestID = response.ServiceRequestID()
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		failed.Code = api.ErrorCode()
		if known, ok := kmsErrors[failed.Code]; ok {
			failed.Err, failed.Retryable = known.err, known.retryable
		} else if response != nil { // by what HTTP says of codes that nobody told us of
			status := response.HTTPStatusCode()
			failed.Retryable = status >= http.StatusInternalServerError || status == http.StatusTooManyRequests
		}
		return failed
	}
	if ended := ctx.Err(); ended != nil { // the caller's own, and not a time-out of the HTTP client
		failed.Err = fmt.Errorf("%w: %w", ErrKMSUnavailable, ended)
	}
	return failed
}

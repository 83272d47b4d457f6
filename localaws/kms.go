package localaws

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/theorydb/theorydb/localaws/internal/keystore"
)

// KMS gives an SDK client for the keys of us-east-1. Like the one of DynamoDB
// it needs no socket, makes up to three attempts and does not sleep between
// them. optFns come last and may replace anything, such as HTTPClient by a
// Faults.
func (a *AWS) KMS(optFns ...func(*kms.Options)) *kms.Client { return a.KMSIn(defaultRegion, optFns...) }

// KMSIn gives a client as KMS does, for the keys of another region. Regions
// know nothing of each other's keys and aliases; only multi-Region keys, made
// with CreateKey and ReplicateKey, are in several.
func (a *AWS) KMSIn(region string, optFns ...func(*kms.Options)) *kms.Client {
	options := kms.Options{
		Region:       region,
		BaseEndpoint: aws.String(baseEndpoint),
		HTTPClient:   a,
		Credentials:  aws.CredentialsProviderFunc(dummyCredentials),
		Retryer:      promptRetryer(),
	}
	return kms.New(options, optFns...)
}

// KMSKey makes an enabled key in us-east-1 that the alias names, such as
// "alias/identity", unless the alias names one already, and gives the alias
// back. The key depends on the seed and the alias only, so what it encrypted
// is decrypted in another process with the same seed. A name that CreateAlias
// would refuse makes no key; using it fails as it does in KMS.
func (a *AWS) KMSKey(alias string) string {
	_, _ = a.kms.AliasedKey(defaultRegion, alias) // the first use of the alias tells what is wrong with it
	return alias
}

// KMSKeyARN gives the ARN of the key in us-east-1 that an alias, an id or an
// ARN names; empty when there is none.
func (a *AWS) KMSKeyARN(key string) string {
	arn, err := a.kms.ARN(defaultRegion, key)
	if err != nil {
		return ""
	}
	return arn
}

// KeyState is the state of a KMS key, which decides what can be done with it:
// https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
type KeyState string

// The states of a key, and the error of an encryption or decryption in each.
const (
	KeyEnabled         KeyState = "Enabled"
	KeyDisabled        KeyState = "Disabled"        // DisabledException
	KeyPendingDeletion KeyState = "PendingDeletion" // KMSInvalidStateException
	KeyPendingImport   KeyState = "PendingImport"   // KMSInvalidStateException
	KeyUnavailable     KeyState = "Unavailable"     // KeyUnavailableException with status 500, which the SDK retries
)

// SetKeyState puts a key into a state, whatever its state was, without a
// request. key is an alias, an id or an ARN in us-east-1, or the ARN of a key
// elsewhere. A key that becomes KeyPendingDeletion is deleted 30 days later.
// An unknown key or state is an error and changes nothing.
func (a *AWS) SetKeyState(key string, state KeyState) error {
	if err := a.kms.SetState(defaultRegion, key, keystore.State(state)); err != nil {
		return fmt.Errorf("localaws: set the key state: %w", err)
	}
	return nil
}

// PointAlias has an alias of us-east-1 name another key, given by its alias,
// id or ARN, without a request, and makes the alias when there is none. An
// unknown key or an alias that CreateAlias would refuse is an error and
// changes nothing.
func (a *AWS) PointAlias(alias, key string) error {
	if err := a.kms.PointAlias(defaultRegion, alias, key); err != nil {
		return fmt.Errorf("localaws: point the alias: %w", err)
	}
	return nil
}

// KMSCall is one request to KMS that reached the engine, whether it was
// carried out or refused.
type KMSCall struct {
	Operation         string // such as Decrypt
	Region            string
	KeyARN            string            // of a ReEncrypt the source; empty when no key was found
	EncryptionContext map[string]string // of a ReEncrypt the source's; nil when there was none
	ErrorCode         string            // such as DisabledException; empty on success
	Attempt           int               // as the SDK counts, from 1
	InvocationID      string            // the SDK's; the same for all attempts of one call
}

// KMSCalls gives every request to KMS that reached the engine since New or
// ResetCalls, in the order in which they took effect.
func (a *AWS) KMSCalls() []KMSCall {
	log := a.kms.Calls()
	calls := make([]KMSCall, len(log))
	for i, c := range log {
		calls[i] = KMSCall{
			Operation: c.Operation, Region: c.Region, KeyARN: c.KeyARN, EncryptionContext: c.Context,
			ErrorCode: c.ErrorCode, Attempt: c.Attempt, InvocationID: c.InvocationID,
		}
	}
	return calls
}

package envconfig

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/theorydb/theorydb"
)

// Load returns a Config made of the SDK's own chain and the variables that the
// package comment lists. optFns are the SDK's options, such as
// config.WithRegion; they win over the environment there, as they do in
// config.LoadDefaultConfig.
//
// Load asks neither DynamoDB nor KMS anything, and credentials are fetched with
// the first request. The SDK itself looks beyond the machine's files in few
// cases: with AWS_DEFAULTS_MODE=auto or config.WithEC2IMDSRegion it asks the
// instance metadata service, and it resolves the name in
// AWS_CONTAINER_CREDENTIALS_FULL_URI.
//
// All problems are reported together, joined, and with one of them the Config
// is the zero one. Their texts name variables and never hold a value. That is
// why the text of an error of the SDK, which may quote one, is left out; it can
// be had by unwrapping: errors.As(err, &sdkError) with sdkError of type
// *SDKError, then sdkError.Err.
func Load(ctx context.Context, optFns ...func(*config.LoadOptions) error) (theorydb.Config, error) {
	vars, problems := read(os.Environ())
	sdk, err := config.LoadDefaultConfig(ctx, optFns...)
	if err != nil {
		problems = append(problems, &SDKError{Err: err})
	}
	if len(problems) > 0 {
		return theorydb.Config{}, errors.Join(problems...)
	}
	loaded := theorydb.Config{
		DynamoDB:     dynamodb.NewFromConfig(sdk),
		Table:        vars[tableVar],
		LogicalTable: vars[logicalTableVar],
	}
	if key := vars[keyVar]; key != "" {
		loaded.KMS, loaded.KeyID = kms.NewFromConfig(sdk), key
	}
	return loaded, nil
}

// SDKError tells that the SDK could not load its own configuration.
type SDKError struct {
	Err error // what the SDK said; its text may quote values of variables and files
}

// Error implements error. It names the type of Err and leaves its text out.
func (e *SDKError) Error() string {
	return fmt.Sprintf("envconfig: the SDK can't load its own configuration (%T; unwrap this error for its text, which may quote values)", e.Err)
}

// Unwrap returns Err.
func (e *SDKError) Unwrap() error { return e.Err }

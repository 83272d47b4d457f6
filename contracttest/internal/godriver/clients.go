package godriver

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// ByEndpoint gives clients of the endpoint that an open names, which is both services and checks no signatures.
func ByEndpoint(about *protocol.Open) (*dynamodb.Client, *kms.Client) {
	credentials := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "CONTRACTTEST", SecretAccessKey: "contracttest"}, nil
	})
	return dynamodb.New(dynamodb.Options{
			Region: about.Region, BaseEndpoint: &about.Endpoint, Credentials: credentials,
		}), kms.New(kms.Options{
			Region: about.Region, BaseEndpoint: &about.Endpoint, Credentials: credentials, Retryer: prompt(),
		})
}

// prompt retries without delays: the KMS of a scenario is never busy, it fails because a step says so.
func prompt() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

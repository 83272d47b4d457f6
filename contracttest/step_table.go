package contracttest

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// table asks the service what it knows of the table that the library made.
func (w *world) table(ctx context.Context, m *model) (*outcome, error) {
	expiry, err := w.engine.Client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &m.table.name})
	if err != nil {
		return nil, err
	}
	attribute := ""
	if d := expiry.TimeToLiveDescription; d != nil && d.AttributeName != nil &&
		(d.TimeToLiveStatus == types.TimeToLiveStatusEnabled || d.TimeToLiveStatus == types.TimeToLiveStatusEnabling) {
		attribute = *d.AttributeName
	}
	return &outcome{expiresBy: &attribute}, nil
}

// declare gives the library a model document and makes no table for it.
func (w *world) declare(ctx context.Context, step *Step) (*outcome, error) {
	declared := newTable(step.Document, []*ModelDocument{step.Document}, w.scenario.DMSVersion != "")
	refusal, err := w.open(ctx, declared)
	if err != nil || refusal != nil {
		return &outcome{err: refusal}, err
	}
	return &outcome{}, w.forget(ctx, declared)
}

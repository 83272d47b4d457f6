package theorydb_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// reluctant is a DynamoDB that does only a part of each batch and returns the rest as unprocessed.
type reluctant struct {
	*dynamodb.Client
	does []int // how many writes of each of the next calls; all when there is no number left
}

func (r *reluctant) BatchWriteItem(
	ctx context.Context, input *dynamodb.BatchWriteItemInput, options ...func(*dynamodb.Options),
) (*dynamodb.BatchWriteItemOutput, error) {
	if len(r.does) == 0 {
		return r.Client.BatchWriteItem(ctx, input, options...)
	}
	n := r.does[0]
	r.does = r.does[1:]
	output := &dynamodb.BatchWriteItemOutput{UnprocessedItems: map[string][]types.WriteRequest{}}
	for table, requests := range input.RequestItems {
		n = min(n, len(requests))
		if n > 0 {
			part := *input
			part.RequestItems = map[string][]types.WriteRequest{table: requests[:n]}
			done, err := r.Client.BatchWriteItem(ctx, &part, options...)
			if err != nil {
				return nil, err
			}
			output.ConsumedCapacity = done.ConsumedCapacity
		}
		if n < len(requests) {
			output.UnprocessedItems[table] = requests[n:]
		}
	}
	return output, nil
}

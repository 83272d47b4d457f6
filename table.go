package theorydb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/theorydb/theorydb/internal/schema"
)

// TableAdmin is what CreateTable needs of Config.DynamoDB besides the item methods. *dynamodb.Client has it.
type TableAdmin interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error)
}

// CreateTable creates the table of every model registered so far with their indexes, billed on demand and with TTL
// enabled on Config.TTLAttribute, and returns when it can be used. A table that exists with the same keys is left as it
// is but for TTL, which is enabled; so a call that failed half-way can be made again. One with other keys is an error that
// wraps *types.ResourceInUseException. It is meant for tests, examples and first steps; production tables usually belong
// to infrastructure code.
func (db *DB) CreateTable(ctx context.Context) error {
	admin, ok := db.config.DynamoDB.(TableAdmin)
	if !ok {
		return errors.New("theorydb: CreateTable: Config.DynamoDB has no table methods; give it a *dynamodb.Client")
	}
	tables := db.tableInputs()
	if len(tables) == 0 {
		return fmt.Errorf("%w: CreateTable: register a model first, it tells the keys of the table", ErrInvalidModel)
	}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		if err := db.createTable(ctx, admin, name, tables[name]); err != nil {
			return fmt.Errorf("theorydb: CreateTable %q: %w", name, err)
		}
	}
	return nil
}

func (db *DB) createTable(ctx context.Context, admin TableAdmin, name string, input *dynamodb.CreateTableInput) error {
	_, err := admin.CreateTable(ctx, input)
	var exists *types.ResourceInUseException // perhaps by an attempt of ours whose answer was lost
	if err != nil && !errors.As(err, &exists) {
		return cleanError(err)
	}
	table, waitErr := db.waitUntilActive(ctx, admin, name)
	if waitErr != nil {
		return waitErr
	}
	if exists != nil && !sameKeySchema(table.KeySchema, input.KeySchema) {
		return cleanError(err)
	}
	return db.enableTTL(ctx, admin, name)
}

func sameKeySchema(a, b []types.KeySchemaElement) bool {
	return slices.EqualFunc(a, b, func(x, y types.KeySchemaElement) bool {
		return x.KeyType == y.KeyType && aws.ToString(x.AttributeName) == aws.ToString(y.AttributeName)
	})
}

// enableTTL enables TTL on the table. That it is enabled already is reported as a validation error with this text only.
func (db *DB) enableTTL(ctx context.Context, admin TableAdmin, name string) error {
	_, err := admin.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: &name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: &db.config.TTLAttribute, Enabled: aws.Bool(true),
		},
	})
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == codeValidation && strings.Contains(api.ErrorMessage(), "already enabled") {
		return nil
	}
	if err != nil {
		return cleanError(err)
	}
	return nil
}

// waitUntilActive polls a new table. Creating one takes seconds, and the context is the bound.
func (db *DB) waitUntilActive(ctx context.Context, admin TableAdmin, name string) (*types.TableDescription, error) {
	for {
		output, err := admin.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if err == nil && output.Table != nil && output.Table.TableStatus == types.TableStatusActive {
			return output.Table, nil
		}
		var notYet *types.ResourceNotFoundException // DescribeTable is eventually consistent
		if err != nil && !errors.As(err, &notYet) {
			return nil, cleanError(err)
		}
		if err := db.config.Wait(ctx, time.Second); err != nil {
			return nil, err
		}
	}
}

// tableInputs are the tables that the registered models need.
func (db *DB) tableInputs() map[string]*dynamodb.CreateTableInput {
	db.mu.Lock()
	defer db.mu.Unlock()
	inputs := map[string]*dynamodb.CreateTableInput{}
	for name, known := range db.tables {
		inputs[name] = known.input(name)
	}
	return inputs
}

// input describes the table: the key, on which its models agree, and the indexes of them all.
func (t *tableModels) input(name string) *dynamodb.CreateTableInput {
	input := &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest}
	indexed := map[string]bool{}
	for _, entity := range slices.Sorted(maps.Keys(t.models)) {
		m := t.models[entity]
		if input.KeySchema == nil {
			input.KeySchema = keySchema(input, m.plan.PK, m.plan.SK)
		}
		for _, index := range m.plan.Indexes {
			if indexed[index.Name] {
				continue
			}
			indexed[index.Name] = true
			keys := keySchema(input, index.PK, index.SK)
			if index.Local {
				input.LocalSecondaryIndexes = append(input.LocalSecondaryIndexes, types.LocalSecondaryIndex{
					IndexName: &index.Name, KeySchema: keys, Projection: projectionOf(index),
				})
			} else {
				input.GlobalSecondaryIndexes = append(input.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
					IndexName: &index.Name, KeySchema: keys, Projection: projectionOf(index),
				})
			}
		}
	}
	return input
}

// keySchema describes a key and defines its attributes in the table, each once.
func keySchema(input *dynamodb.CreateTableInput, halves ...*schema.KeyPart) []types.KeySchemaElement {
	var elements []types.KeySchemaElement
	for i, half := range halves {
		if half == nil {
			continue
		}
		elements = append(elements, types.KeySchemaElement{
			AttributeName: &half.Name, KeyType: []types.KeyType{types.KeyTypeHash, types.KeyTypeRange}[i],
		})
		defined := slices.ContainsFunc(input.AttributeDefinitions, func(d types.AttributeDefinition) bool {
			return aws.ToString(d.AttributeName) == half.Name
		})
		if !defined {
			input.AttributeDefinitions = append(input.AttributeDefinitions, types.AttributeDefinition{
				AttributeName: &half.Name, AttributeType: types.ScalarAttributeType(half.Type),
			})
		}
	}
	return elements
}

// halves are the partition key and, where the table has one, the sort key.
func (m *model) halves() []*schema.KeyPart {
	if m.plan.SK == nil {
		return []*schema.KeyPart{m.plan.PK}
	}
	return []*schema.KeyPart{m.plan.PK, m.plan.SK}
}

package contracttest

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

var errNoRow = errors.New("raw_set: there is no such item")

// Raw steps go past the library: they are the other writer, and the look at what is stored.

func (w *world) rawPut(ctx context.Context, m *model, step *Step) (*outcome, error) {
	row, err := w.rawItem(step)
	if err != nil {
		return nil, err
	}
	return w.putRow(ctx, m, row)
}

// rawSet puts attributes into a row that is there; null removes one.
func (w *world) rawSet(ctx context.Context, m *model, step *Step) (*outcome, error) {
	set, err := w.rawItem(step)
	if err != nil {
		return nil, err
	}
	return w.setInRow(ctx, m, step, set)
}

// setInRow does what a raw_set says, whose item is given as it is to be stored.
func (w *world) setInRow(ctx context.Context, m *model, step *Step, set item) (*outcome, error) {
	key, err := itemFromJSON(step.Key)
	if err != nil {
		return nil, err
	}
	row, err := w.row(ctx, m.table.name, key)
	if err != nil {
		return nil, err
	}
	if len(row) == 0 {
		return nil, errNoRow
	}
	maps.Copy(row, set)
	for _, name := range sortedNames(step.Item) {
		if step.Item[name] == nil {
			delete(row, name)
		}
	}
	return w.putRow(ctx, m, row)
}

// rawItem is a step's item as it is to be stored, without what it says is null.
func (w *world) rawItem(step *Step) (item, error) {
	given := map[string]any{}
	for name, value := range step.Item {
		if value != nil {
			given[name] = value
		}
	}
	resolved, err := w.withStored(given)
	if err != nil {
		return nil, err
	}
	values, _ := resolved.(map[string]any)
	w.hideRow(values)
	return itemFromJSON(values)
}

func (w *world) putRow(ctx context.Context, m *model, row item) (*outcome, error) {
	_, err := w.engine.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &m.table.name, Item: row})
	return &outcome{stored: row, isRaw: true}, err
}

func (w *world) rawGet(ctx context.Context, m *model, step *Step) (*outcome, error) {
	key, err := itemFromJSON(step.Key)
	if err != nil {
		return nil, err
	}
	row, err := w.row(ctx, m.table.name, key)
	if err != nil {
		return nil, err
	}
	if len(row) == 0 {
		return &outcome{isRaw: true, err: &protocol.Error{Names: []string{"ErrItemNotFound"}, Text: "raw_get: there is no such item"}}, nil
	}
	return &outcome{stored: row, isRaw: true}, nil
}

// row reads an item as it is stored, nil when there is none.
func (w *world) row(ctx context.Context, table string, key item) (item, error) {
	output, err := w.engine.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &table, Key: key, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, err
	}
	return output.Item, nil
}

// storedBehind reads the item that a step's last request was about.
func (w *world) storedBehind(ctx context.Context, o *outcome) (item, error) {
	if o.isRaw {
		return o.stored, nil
	}
	if o.last == nil {
		return nil, fmt.Errorf("the step sent no request about one item, so there is no stored item to look at")
	}
	return w.row(ctx, o.last.table, o.model.table.keyOf(o.last.item))
}

package theorydb

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Decode reads the images of a DynamoDB stream record: the item as it was before the change, and as it is after it. Every
// image goes through what a read goes through. Nothing is sent to DynamoDB; KMS is asked where an image has an encrypted
// attribute. The stream must carry both images (NEW_AND_OLD_IMAGES); two absent ones are ErrInvalidValue.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
//
// A record is nil for an image that is absent, and for one that has expired by now: an expired item is never returned. So
// the deletion of an expired item gives two nils, and a write over one looks like an insert. Where a key went from one
// entity to another each model is given its own image and nil for the other's. ErrTypeMismatch says that there is no
// image of this model's entity; DB.EntityOf tells beforehand whose an image is. An image of another scope is
// ErrScopeMismatch.
//
// The package attributevalue of the SDK converts the images of its stream client (FromDynamoDBStreamsMap).
func (m *Model[T]) Decode(ctx context.Context, oldImage, newImage Item) (before, after *T, err error) {
	err = m.core.run(ctx, "Decode", func(c *call) error {
		if len(oldImage) == 0 && len(newImage) == 0 {
			return c.fail(errNoImages)
		}
		images, err := c.liveImages(ctx, oldImage, newImage)
		if err != nil {
			return c.fail(err)
		}
		records := make([]*T, len(images))
		for i, image := range images {
			if image == nil {
				continue
			}
			records[i] = new(T)
			if err := c.fromItem(ctx, image, records[i]); err != nil {
				return c.fail(err)
			}
		}
		for _, record := range records {
			if record != nil {
				c.items++
			}
		}
		before, after = records[0], records[1]
		return nil
	})
	return before, after, err
}

var errNoImages = fmt.Errorf("%w: there is no image; the stream must carry both (NEW_AND_OLD_IMAGES)", ErrInvalidValue)

// liveImages replaces by nil the images that are not to be decoded, and asks for the data keys of the others together.
func (c *call) liveImages(ctx context.Context, images ...Item) ([]Item, error) {
	own, foreign := false, false
	for i, image := range images {
		switch {
		case len(image) == 0:
			images[i] = nil
		case !c.model.isEntityOf(image):
			foreign, images[i] = true, nil
		default:
			own = true
			if !c.model.lifetime.isLive(image, c.now) {
				images[i] = nil
			}
		}
	}
	if foreign && !own {
		return nil, ErrTypeMismatch
	}
	if c.opener != nil {
		c.opener.expect(ctx, slices.DeleteFunc(slices.Clone(images), func(image Item) bool { return image == nil }))
	}
	return images, nil
}

// isEntityOf says whether a row is of the model's entity: by the name it has or, without one, by its key, which then fits no
// other model of the table.
func (m *model) isEntityOf(row Item) bool {
	return entityOf(row, m.db.modelsOf(m.table)) == m.plan.Entity
}

// EntityOf names the entity of a stored item or stream image, for a consumer to switch on before it calls Decode. It is
// the name that the item has, whether a model of that name is registered or not. For an item without one, of another
// writer, it is the entity of the models of this DB, whatever their table, whose keys it fits: an image does not tell
// what table it comes from. It is empty where none or several fit. EntityOf looks at nothing else and opens nothing.
func (db *DB) EntityOf(image Item) string {
	db.mu.Lock()
	tables := slices.Collect(maps.Keys(db.tables))
	db.mu.Unlock()
	var models []*model
	for _, table := range tables {
		models = append(models, db.modelsOf(table)...)
	}
	return entityOf(image, models)
}

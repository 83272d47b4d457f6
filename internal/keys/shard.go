package keys

import "fmt"

// Sharded gives the position, among the components, of the one that ends in
// shard:N. ok is false when there is none, and when there are several: their
// shards can't be told by one number.
func (t *Template) Sharded() (at int, ok bool) {
	for i, c := range t.components {
		if c.digest != sharded {
			continue
		}
		if ok {
			return 0, false
		}
		at, ok = i, true
	}
	return at, ok
}

// RenderShard makes the key that Render would give for values whose sharded
// component falls into shard n, counted from 0. The value given for that
// component is not looked at. A template that is not Sharded and a shard that
// it has not are [ErrInvalidValue]; other errors are those of Render.
func (t *Template) RenderShard(values []string, n int) (string, error) {
	at, ok := t.Sharded()
	if !ok {
		return "", fmt.Errorf("%w: template %q has no single component with shard", ErrInvalidValue, t.text)
	}
	c := t.components[at]
	if n < 0 || n >= c.shards {
		return "", fmt.Errorf("%w: shard %d of attribute %q, which has %d, counted from 0", ErrInvalidValue, n, c.Attr, c.shards)
	}
	if len(values) < len(t.components) {
		return "", fmt.Errorf("%w: attribute %q is missing", ErrIncomplete, t.components[len(values)].Attr)
	}
	return t.prefix(values, func(c Component, i int) (string, error) {
		if i == at {
			return c.shardText(uint64(n)), nil //nolint:gosec // not below 0, as was checked
		}
		return c.Encode(values[i])
	})
}

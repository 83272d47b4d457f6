package theorydb_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// strengths are how strongly consistent the reads that a call sends are, in order.
func (e *engine) strengths(t *testing.T, call func()) (sent []bool) {
	next := e.faults
	defer func() { e.faults = next }()
	e.faults = &localaws.Faults{Next: next}
	e.faults.On("").When(func(r localaws.Request) bool {
		type asked struct{ ConsistentRead bool }
		var one asked
		var batch struct{ RequestItems map[string]asked }
		switch r.Operation {
		case "GetItem", "Query", "Scan":
			require.NoError(t, json.Unmarshal(r.Body, &one))
			sent = append(sent, one.ConsistentRead)
		case "BatchGetItem":
			require.NoError(t, json.Unmarshal(r.Body, &batch))
			for _, table := range batch.RequestItems {
				sent = append(sent, table.ConsistentRead)
			}
		}
		return false
	})
	call()
	return sent
}

func TestConsistentReadsAreSentAsSuchAndNoOthers(t *testing.T) {
	e := embedded(t)
	c := openCounted(t, e, "")
	key := coupon{Owner: "o", ID: "1"}
	query := func(consistent bool) theorydb.Query[coupon] {
		return theorydb.Query[coupon]{Key: coupon{Owner: "o"}, Consistent: consistent, PageSize: 1}
	}
	option := func(consistent bool) []theorydb.ReadOption {
		if consistent {
			return []theorydb.ReadOption{theorydb.Consistent()}
		}
		return nil
	}
	for name, read := range map[string]func(ctx context.Context, consistent bool) error{
		"Get": func(ctx context.Context, consistent bool) error {
			_, err := c.coupons.Get(ctx, key, option(consistent)...)
			return err
		},
		"Raw": func(ctx context.Context, consistent bool) error {
			_, err := c.coupons.Raw(ctx, key, option(consistent)...)
			return err
		},
		"Query": func(ctx context.Context, consistent bool) error {
			_, err := theorydb.Collect(c.coupons.Query(ctx, query(consistent)))
			return err
		},
		"QueryPage": func(ctx context.Context, consistent bool) error {
			_, err := c.coupons.QueryPage(ctx, query(consistent), "")
			return err
		},
		"Count": func(ctx context.Context, consistent bool) error {
			_, err := c.coupons.Count(ctx, query(consistent))
			return err
		},
		"Select": func(ctx context.Context, consistent bool) error {
			_, err := theorydb.Collect(theorydb.Select[couponBrief](ctx, c.coupons, query(consistent)))
			return err
		},
		"Scan": func(ctx context.Context, consistent bool) error {
			_, err := theorydb.Collect(c.coupons.Scan(ctx, theorydb.Scan{Consistent: consistent, PageSize: 1}))
			return err
		},
		"ScanPage": func(ctx context.Context, consistent bool) error {
			_, err := c.coupons.ScanPage(ctx, theorydb.Scan{Consistent: consistent}, "")
			return err
		},
		"BatchGet of a model": func(ctx context.Context, consistent bool) error {
			_, err := c.coupons.BatchGet(ctx, []coupon{key}, option(consistent)...)
			return err
		},
		"BatchGet": func(ctx context.Context, consistent bool) error {
			return c.db.BatchGet(ctx, []theorydb.ReadOp{c.coupons.GetOp(key), c.vouchers.GetOp(voucher{Owner: "o", ID: "1"})}, option(consistent)...)
		},
		"Collection": func(ctx context.Context, consistent bool) error {
			var all []*coupon
			return c.db.Collection(ctx, c.coupons.Partition(coupon{Owner: "o"}, option(consistent)...), c.coupons.Into(&all))
		},
		"Retention.Clear": func(ctx context.Context, consistent bool) error {
			nothing := query(consistent)
			nothing.Filter = theorydb.Equal("n", -1)
			_, err := c.coupons.Retention("test").Clear(ctx, nothing, "")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, consistent := range []bool{true, false} {
				sent := e.strengths(t, func() { require.NoError(t, read(t.Context(), consistent)) })
				require.NotEmpty(t, sent)
				require.NotContains(t, sent, !consistent)
			}
		})
	}
}

// A decision hangs on what these read.
func TestReadsOfWritesAreAlwaysConsistent(t *testing.T) {
	for name, write := range map[string]func(ctx context.Context, c *counted) error{
		"Modify": func(ctx context.Context, c *counted) error {
			_, err := c.coupons.Modify(ctx, coupon{Owner: "o", ID: "1"}, func(r *coupon) error { r.N++; return nil })
			return err
		},
		"Put whose answer is lost": func(ctx context.Context, c *counted) error {
			c.faults.On("PutItem").CommitThenDrop()
			return c.vouchers.Put(ctx, &voucher{Owner: "o", ID: "1"})
		},
		"Update whose answer is lost": func(ctx context.Context, c *counted) error {
			c.faults.On("UpdateItem").CommitThenDrop()
			return c.vouchers.Update(ctx, &voucher{Owner: "o", ID: "1"})
		},
		"Change whose answer is lost": func(ctx context.Context, c *counted) error {
			c.faults.On("UpdateItem").CommitThenDrop()
			_, err := c.coupons.Change(ctx, coupon{Owner: "o", ID: "1"}, theorydb.Add("n", 1), theorydb.AnyVersion())
			return err
		},
		"ClearPartition": func(ctx context.Context, c *counted) error {
			_, err := c.db.ClearPartition(ctx, c.coupons.Partition(coupon{Owner: "o"}), "")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := openCounted(t, embedded(t), "")
			sent := c.strengths(t, func() { require.NoError(t, write(t.Context(), c)) })
			require.Equal(t, []bool{true}, sent)
		})
	}
}

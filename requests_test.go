package theorydb_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// coupon has a version, voucher has none.
type coupon struct {
	_ theorydb.Key `theorydb:"pk" key:"OWNER#{owner}"`
	_ theorydb.Key `theorydb:"sk" key:"TICKET#{id}"`

	Owner, ID string
	N         int64
	ExpiresAt time.Time `theorydb:"ttl"`
	Version   int64     `theorydb:"version"`
}

type voucher struct {
	_ theorydb.Key `theorydb:"pk" key:"OWNER#{owner}"`
	_ theorydb.Key `theorydb:"sk" key:"VOUCHER#{id}"`

	Owner, ID string
	N         int64
	ExpiresAt time.Time `theorydb:"ttl"`
}

type couponBrief struct{ N int64 }

// counted are verbs over two models; each use starts from the same rows.
type counted struct {
	*engine
	db       *theorydb.DB
	coupons  *theorydb.Model[coupon]
	vouchers *theorydb.Model[voucher]
	held     coupon
	image    theorydb.Item // of held
}

func openCounted(t *testing.T, e *engine, line string) *counted {
	c := &counted{engine: e, db: e.open(t)}
	var err error
	c.coupons, err = theorydb.NewModel[coupon](c.db)
	require.NoError(t, err)
	c.vouchers, err = theorydb.NewModel[voucher](c.db)
	require.NoError(t, err)
	require.NoError(t, c.db.CreateTable(t.Context()))
	c.held = coupon{Owner: "o", ID: "1", N: 1}
	require.NoError(t, c.coupons.Create(t.Context(), &c.held))
	c.image = e.stored(t, "OWNER#o", "TICKET#1")
	require.NoError(t, c.vouchers.Create(t.Context(), &voucher{Owner: "o", ID: "1", N: 1}))
	if strings.Contains(line, "100 rows") {
		var rows []theorydb.BatchOp
		for i := range 100 {
			rows = append(rows, c.coupons.PutOp(&coupon{Owner: "o", ID: "row" + strconv.Itoa(i)}, theorydb.Unchecked()))
		}
		require.NoError(t, c.db.BatchWrite(t.Context(), rows...))
	}
	expiry := time.Unix(4_000_000_000, 0).UTC()
	require.NoError(t, c.vouchers.Create(t.Context(), &voucher{Owner: "o", ID: "expired", ExpiresAt: expiry}))
	e.clock.Advance(expiry.Sub(e.clock.Now()))
	return c
}

// countedVerbs are the verbs by their line in the table of doc.go.
func countedVerbs(t *testing.T) map[string]func(c *counted) error {
	ctx := t.Context()
	key, query := coupon{Owner: "o", ID: "1"}, theorydb.Query[coupon]{Key: coupon{Owner: "o"}}
	one := theorydb.Add("n", 1)
	overExpired := []theorydb.ChangePart{one, theorydb.OrCreate()}
	return map[string]func(c *counted) error{
		"Create":                            func(c *counted) error { return c.coupons.Create(ctx, &coupon{Owner: "o", ID: "2"}) },
		"Put, of a model with a version":    func(c *counted) error { return c.coupons.Put(ctx, &c.held) },
		"Put, of one without":               func(c *counted) error { return c.vouchers.Put(ctx, &voucher{Owner: "o", ID: "1"}) },
		"Update, of a model with a version": func(c *counted) error { return c.coupons.Update(ctx, &c.held) },
		"Update, of one without":            func(c *counted) error { return c.vouchers.Update(ctx, &voucher{Owner: "o", ID: "1"}) },
		"Change with IfVersion": func(c *counted) error {
			_, err := c.coupons.Change(ctx, key, one, theorydb.IfVersion(1))
			return err
		},
		"Change without a version": func(c *counted) error {
			_, err := c.coupons.Change(ctx, key, one, theorydb.AnyVersion())
			return err
		},
		"Change with OrCreate over an expired item": func(c *counted) error {
			_, err := c.vouchers.Change(ctx, voucher{Owner: "o", ID: "expired"}, overExpired...)
			return err
		},
		"Modify": func(c *counted) error {
			_, err := c.coupons.Modify(ctx, key, func(r *coupon) error { r.N++; return nil })
			return err
		},
		"Delete": func(c *counted) error { return c.coupons.Delete(ctx, &c.held) },
		"Get":    func(c *counted) error { _, err := c.coupons.Get(ctx, key); return err },
		"Raw":    func(c *counted) error { _, err := c.coupons.Raw(ctx, key); return err },
		"Query, a page": func(c *counted) error {
			_, err := theorydb.Collect(c.coupons.Query(ctx, query))
			return err
		},
		"QueryPage":     func(c *counted) error { _, err := c.coupons.QueryPage(ctx, query, ""); return err },
		"Count, a page": func(c *counted) error { _, err := c.coupons.Count(ctx, query); return err },
		"Select, a page": func(c *counted) error {
			_, err := theorydb.Collect(theorydb.Select[couponBrief](ctx, c.coupons, query))
			return err
		},
		"Scan, a page of a segment": func(c *counted) error {
			_, err := theorydb.Collect(c.coupons.Scan(ctx, theorydb.Scan{}))
			return err
		},
		"ScanPage, a page of a segment": func(c *counted) error {
			_, err := c.coupons.ScanPage(ctx, theorydb.Scan{}, "")
			return err
		},
		"BatchGet, 100 keys": func(c *counted) error {
			keys := make([]coupon, 100)
			for i := range keys {
				keys[i] = coupon{Owner: "o", ID: strconv.Itoa(i)}
			}
			_, err := c.coupons.BatchGet(ctx, keys)
			return err
		},
		"BatchWrite, 25 items": func(c *counted) error {
			var ops []theorydb.BatchOp
			for i := range 25 {
				ops = append(ops, c.coupons.PutOp(&coupon{Owner: "o", ID: strconv.Itoa(i)}, theorydb.Unchecked()))
			}
			return c.db.BatchWrite(ctx, ops...)
		},
		"Transact": func(c *counted) error {
			return c.db.Transact(ctx, c.coupons.UpdateOp(&c.held), c.vouchers.ChangeOp(voucher{Owner: "o", ID: "1"}, one))
		},
		"Transact, OrCreate over an expired item": func(c *counted) error {
			return c.db.Transact(ctx, c.coupons.UpdateOp(&c.held), c.vouchers.ChangeOp(voucher{Owner: "o", ID: "expired"}, overExpired...))
		},
		"TransactGet": func(c *counted) error {
			return c.db.TransactGet(ctx, c.coupons.GetOp(key), c.vouchers.GetOp(voucher{Owner: "o", ID: "1"}))
		},
		"Collection, a page": func(c *counted) error {
			var all []*coupon
			return c.db.Collection(ctx, c.coupons.Partition(coupon{Owner: "o"}), c.coupons.Into(&all))
		},
		"ClearPartition, a page of 100 rows": func(c *counted) error {
			_, err := c.db.ClearPartition(ctx, c.coupons.Partition(coupon{Owner: "o"}), "")
			return err
		},
		"Retention.Clear, a page of 100 rows": func(c *counted) error {
			_, err := c.coupons.Retention("test").Clear(ctx, query, "")
			return err
		},
		"Explain":     func(c *counted) error { _, err := c.coupons.Explain(query); return err },
		"CursorAfter": func(c *counted) error { _, err := c.coupons.CursorAfter(query, &c.held); return err },
		"Decode": func(c *counted) error {
			_, after, err := c.coupons.Decode(ctx, nil, c.image)
			require.Equal(t, &c.held, after)
			return err
		},
	}
}

var requestsLine = regexp.MustCompile(`(?m)^\t(\S.*?) +(\d) +(\d)$`)

func TestRequestsAreThoseOfTheTableInTheManual(t *testing.T) {
	manual, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	lines := requestsLine.FindAllStringSubmatch(string(manual), -1)
	verbs := countedVerbs(t)
	require.Len(t, lines, len(verbs), "a line for every verb, and a verb for every line")
	for _, line := range lines {
		verb := verbs[line[1]]
		require.NotNil(t, verb, "no verb for the line %q", line[1])
		t.Run(line[1], func(t *testing.T) {
			eachEngine(t, func(t *testing.T, e *engine) {
				c := openCounted(t, e, line[1])
				require.Equal(t, line[2], strconv.Itoa(c.sends(func() { require.NoError(t, verb(c)) })), "requests")
			})
			eachEngine(t, func(t *testing.T, e *engine) {
				c := openCounted(t, e, line[1])
				lost := c.faults.On("").CommitThenDrop()
				sent := c.sends(func() {
					err := verb(c)
					if strings.Contains(line[1], "OrCreate") {
						require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
					} else {
						require.NoError(t, err)
					}
				})
				require.Equal(t, line[3], strconv.Itoa(sent), "requests when the first answer is lost")
				if line[2] != "0" {
					require.Equal(t, 1, lost.Fired())
				}
			})
		})
	}
}

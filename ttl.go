package theorydb

import (
	"math/big"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
)

// DynamoDB deletes an expired item when it finds the time, which may take days, and until then returns it like any
// other. So what "expired" means is decided here, for every model, in conditions, in filters and for items that were
// read: the ttl attribute is a number of epoch seconds between 1 and now. An absent, zero or negative one never
// expires, and neither does a value of another type.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html

// instant is the one clock read of a call.
type instant struct{ time.Time }

// seconds is now as ttl comparisons use it. It is never below 1: DynamoDB refuses a BETWEEN whose bounds are reversed.
func (now instant) seconds() int64 { return max(1, now.Unix()) }

// lifetime is how a model reads the ttl attribute of its table.
type lifetime struct {
	attribute string
	// required: an item of this model always has an expiry, so one without is not live.
	required bool
}

func (l lifetime) expired(b *expr.Builder, now instant) expr.Expr {
	return b.Between(l.attribute, number(1), number(now.seconds()))
}

func (l lifetime) live(b *expr.Builder, now instant) expr.Expr {
	if l.required {
		return b.Compare(l.attribute, ">", number(now.seconds()))
	}
	return expr.Not(l.expired(b, now))
}

// isLive judges an item that was read exactly as the condition live does.
func (l lifetime) isLive(item Item, now instant) bool {
	stored, ok := item[l.attribute].(*types.AttributeValueMemberN)
	if !ok {
		return !l.required
	}
	expiry, ok := new(big.Rat).SetString(stored.Value)
	if !ok {
		return !l.required
	}
	bound := new(big.Rat).SetInt64(now.seconds())
	if expiry.Cmp(bound) > 0 {
		return true
	}
	return !l.required && expiry.Cmp(big.NewRat(1, 1)) < 0
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

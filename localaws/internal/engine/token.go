package engine

import (
	"crypto/sha256"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// tokenLife is how long a client request token is remembered.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#DDB-TransactWriteItems-request-ClientRequestToken
const tokenLife = 10 * time.Minute

// tokens are the transactions that were carried out, by client request token.
type tokens struct {
	settled map[string]settled
	order   []string // the tokens in the order in which they were carried out
}

type settled struct {
	request [sha256.Size]byte // of its parameters
	until   time.Time
}

// find tells whether the token belongs to this very transaction, carried out
// already. It refuses a token that belongs to another one.
func (t *tokens) find(token string, request [sha256.Size]byte, now time.Time) (bool, *apierror.Error) {
	found, ok := t.settled[token]
	if !ok || token == "" || !now.Before(found.until) {
		return false, nil
	}
	if found.request != request {
		return false, apierror.IdempotentParameterMismatch()
	}
	return true, nil
}

// remember keeps the token of a transaction that was carried out, and forgets
// those that are too old.
func (t *tokens) remember(token string, request [sha256.Size]byte, now time.Time) {
	t.forget(now)
	if token == "" {
		return
	}
	if t.settled == nil {
		t.settled = map[string]settled{}
	}
	t.settled[token] = settled{request: request, until: now.Add(tokenLife)}
	t.order = append(t.order, token)
}

// forget looks at the oldest tokens only. Where the clock was put back some are
// kept for longer than they live, which find does not mind. A token that was
// carried out anew stands in the order twice, and lives by its last time.
func (t *tokens) forget(now time.Time) {
	for len(t.order) > 0 {
		if now.Before(t.settled[t.order[0]].until) {
			return
		}
		delete(t.settled, t.order[0])
		t.order = t.order[1:]
	}
}

// token reads the ClientRequestToken; "" when it is absent.
func (r *request) token() string {
	token := r.text("ClientRequestToken")
	if n := utf8.RuneCountInString(token); r.has("ClientRequestToken") && (n < 1 || n > 36) {
		r.refuse(apierror.Validation("1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint: Member must have length between 1 and 36"))
	}
	return token
}

// actionMembers are the parameters of an action. A token stands for these and
// nothing else: ReturnConsumedCapacity may change when a request is repeated.
var actionMembers = []string{
	"TableName", "Item", "Key", "ConditionExpression", "UpdateExpression",
	"ExpressionAttributeNames", "ExpressionAttributeValues", "ReturnValuesOnConditionCheckFailure",
}

// fingerprint stands for the actions of a transaction in their order. It does
// not depend on the order of the members of JSON objects.
func fingerprint(actions []*action) ([sha256.Size]byte, *apierror.Error) {
	list := make([]any, len(actions))
	for i, a := range actions {
		members := map[string]any{"": a.kind}
		for _, name := range actionMembers {
			if a.request.has(name) {
				members[name] = a.request.fields[name]
			}
		}
		list[i] = members
	}
	text, err := json.Marshal(list)
	if err != nil {
		return [sha256.Size]byte{}, apierror.Serialization("Unable to parse the request body")
	}
	return sha256.Sum256(text), nil
}

package contracttest

import (
	"encoding/json"
	"fmt"
)

// consistency compares how strongly the step's reads asked to be consistent: each of them, of every page and segment, as
// the step expects. Requests that can't ask, such as writes and those of a transaction, are passed over. Where none could,
// nothing was shown.
func (j *judgement) consistency(e *Expect) {
	if e.SentConsistent == nil {
		return
	}
	reads := 0
	for i, body := range j.sent {
		operation := j.outcome.operations[i]
		asked, err := consistentReads(operation, body)
		if err != nil {
			j.differs("sent_consistent: %v", err)
			return
		}
		reads += len(asked)
		for _, got := range asked {
			if got != *e.SentConsistent {
				j.differs("sent_consistent: expected %t, request %d (%s) says %t", *e.SentConsistent, i+1, operation, got)
				return
			}
		}
	}
	if reads == 0 {
		j.differs("sent_consistent: expected %t, the step sent no read that could say", *e.SentConsistent)
	}
}

// consistentReads gives the ConsistentRead of a request: one, one for each table of a batch, none of an operation that has
// no such member. Left out it is false.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html
func consistentReads(operation string, body []byte) ([]bool, error) {
	type asks struct{ ConsistentRead bool }
	var request struct {
		asks
		RequestItems map[string]asks
	}
	switch operation {
	case "GetItem", "Query", "Scan", "BatchGetItem":
	default:
		return nil, nil
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, fmt.Errorf("decode a %s: %w", operation, err)
	}
	if operation != "BatchGetItem" {
		return []bool{request.ConsistentRead}, nil
	}
	asked := make([]bool, 0, len(request.RequestItems))
	for _, of := range request.RequestItems {
		asked = append(asked, of.ConsistentRead)
	}
	return asked, nil
}

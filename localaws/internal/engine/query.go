package engine

import (
	"strings"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
	"github.com/theorydb/theorydb/localaws/internal/expression"
)

func (e *Engine) query(r *request, call *Call) (any, *apierror.Error) {
	p := e.openPage(r, call, "KeyConditionExpression")
	forward := !r.has("ScanIndexForward") || r.flag("ScanIndexForward")
	keys, err := p.keyCondition()
	if err != nil {
		return nil, err
	}
	bounds, err := p.source.bounds(keys)
	if err != nil {
		return nil, err
	}
	if err := p.checkFilter(); err != nil {
		return nil, err
	}
	from := p.source.items.entry(position{partition: bounds.partition, sort: bounds.low})
	if !forward {
		from = p.source.items.entry(position{partition: bounds.partition})
		from.end = true
	}
	if p.start != nil {
		if from, err = p.startEntry(); err != nil {
			return nil, err
		}
		if from.partition != bounds.partition || bounds.side(from.sort) != 0 {
			return nil, apierror.Validation("The provided starting key does not match the range key predicate")
		}
	}
	p.source.items.walk(from, forward, func(at entry) bool {
		if at.partition != bounds.partition {
			return false
		}
		side := bounds.side(at.sort)
		if side != 0 { // outside: go on only if the range is still ahead
			return (side < 0) == forward
		}
		return p.take(at)
	})
	return p.answer(), nil
}

// keyCondition parses the KeyConditionExpression, and is the last to use the
// request's placeholders.
func (p *page) keyCondition() ([]expression.KeyTerm, *apierror.Error) {
	r := p.request
	text := r.text("KeyConditionExpression")
	if !r.has("KeyConditionExpression") {
		r.refuse(apierror.Validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."))
	}
	if err := r.failed(); err != nil {
		return nil, err
	}
	keys, err := expression.ParseKeyCondition(text, p.placeholders)
	if err != nil {
		return nil, err
	}
	p.finish()
	return keys, r.failed()
}

// keyRange is one partition and a range of its sort keys in sortable form.
type keyRange struct {
	partition         string
	low, high, prefix string
	hasHigh           bool
	openLow, openHigh bool // the bound itself is not in the range
}

// side is -1, 0 or 1 as the sort key is before, in or behind the range.
func (k keyRange) side(sort string) int {
	switch {
	case sort < k.low || k.openLow && sort == k.low:
		return -1
	case k.hasHigh && (sort > k.high || k.openHigh && sort == k.high):
		return 1
	case !strings.HasPrefix(sort, k.prefix):
		return 1 // low is the prefix, so sort can only be behind it
	}
	return 0
}

// bounds turns the terms of a key condition into a range.
func (s source) bounds(terms []expression.KeyTerm) (keyRange, *apierror.Error) {
	var bounds keyRange
	found := false
	sortKey, hasSort := s.key.sort()
	for _, term := range terms {
		switch {
		case term.Name == s.key.partition().name:
			if term.Operator != "=" {
				return bounds, apierror.Validation("Query key condition not supported")
			}
			if err := checkKeyValues(s.key.partition(), term.Values); err != nil {
				return bounds, err
			}
			found = true
			bounds.partition = term.Values[0].Sortable()
		case hasSort && term.Name == sortKey.name:
			if err := checkKeyValues(sortKey, term.Values); err != nil {
				return bounds, err
			}
			bounds.narrow(term.Operator, term.Values)
		default:
			return bounds, apierror.Validation("Query condition missed key schema element: %s", s.key.partition().name)
		}
	}
	if !found {
		return bounds, apierror.Validation("Query condition missed key schema element: %s", s.key.partition().name)
	}
	return bounds, nil
}

func checkKeyValues(k keyAttribute, values []attribute.Value) *apierror.Error {
	for _, v := range values {
		if v.Kind != k.kind {
			return apierror.Validation("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
		if err := k.check(v); err != nil {
			return err
		}
	}
	return nil
}

func (k *keyRange) narrow(operator string, values []attribute.Value) {
	first, last := values[0].Sortable(), values[len(values)-1].Sortable()
	switch operator {
	case "begins_with":
		k.low, k.prefix = first, first
		return
	case ">", ">=":
		k.low, k.openLow = first, operator == ">"
		return
	case "=", "BETWEEN":
		k.low = first
	}
	k.high, k.hasHigh, k.openHigh = last, true, operator == "<"
}

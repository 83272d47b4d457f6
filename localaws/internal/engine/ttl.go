package engine

import (
	"time"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

func (e *Engine) updateTimeToLive(r *request, call *Call) (any, *apierror.Error) {
	t := e.tableOf(r, call)
	specification := r.object("TimeToLiveSpecification")
	name := specification.required("AttributeName")
	enable := specification.flag("Enabled")
	if !specification.has("Enabled") {
		r.refuse(apierror.Validation("The parameter 'Enabled' is required but was not present in the request"))
	}
	if len(name) > 255 {
		r.refuse(apierror.Validation("TimeToLive attribute name is longer than 255 characters"))
	}
	if err := r.failed(); err != nil {
		return nil, err
	}
	switch {
	case enable && t.ttl != "":
		return nil, apierror.Validation("TimeToLive is already enabled")
	case !enable && t.ttl == "":
		return nil, apierror.Validation("TimeToLive is already disabled")
	case !enable && t.ttl != name:
		return nil, apierror.Validation("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.ttl)
	case enable:
		t.ttl = name
	default:
		t.ttl = ""
	}
	return map[string]any{"TimeToLiveSpecification": map[string]any{"AttributeName": name, "Enabled": enable}}, nil
}

func (e *Engine) describeTimeToLive(r *request, call *Call) (any, *apierror.Error) {
	t := e.tableOf(r, call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	description := map[string]any{"TimeToLiveStatus": "DISABLED"}
	if t.ttl != "" {
		description = map[string]any{"TimeToLiveStatus": "ENABLED", "AttributeName": t.ttl}
	}
	return map[string]any{"TimeToLiveDescription": description}, nil
}

// maxExpiredAge is how long ago an item may have expired for the service to
// delete it: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-before-you-start.html
const maxExpiredAge = 5 * 365 * 24 * time.Hour

// SweepTTL deletes the expired items of every table with TTL enabled and
// gives how many. Items whose TTL attribute is no number, or lies more than
// five years back, stay.
func (e *Engine) SweepTTL() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.applyDue()
	now := e.now()
	latest := attribute.Integer(int(now.Unix()))
	earliest := attribute.Integer(int(now.Add(-maxExpiredAge).Unix()))
	swept := 0
	for _, t := range e.tables {
		if t.ttl == "" {
			continue
		}
		var expired []position
		t.items.tree.Scan(func(at entry) bool {
			v := at.item[t.ttl]
			late, isNumber := attribute.Compare(v, latest)
			early, _ := attribute.Compare(v, earliest)
			if isNumber && late <= 0 && early >= 0 {
				expired = append(expired, at.position)
			}
			return true
		})
		for _, at := range expired {
			t.replace(at, nil, "SweepTTL")
		}
		swept += len(expired)
	}
	return swept
}

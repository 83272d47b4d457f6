package engine

import (
	"encoding/json"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

func (e *Engine) scan(r *request, call *Call) (any, *apierror.Error) {
	p := e.openPage(r, call, "")
	segment, total := r.segment()
	p.finish()
	if err := r.failed(); err != nil {
		return nil, err
	}
	from, err := entry{}, (*apierror.Error)(nil)
	if p.start != nil {
		if from, err = p.startEntry(); err != nil {
			return nil, err
		}
		if from.hash%total != segment {
			return nil, apierror.Validation("The provided starting key is outside the segment of this Scan")
		}
	}
	p.source.items.walk(from, true, func(at entry) bool {
		if at.hash%total != segment {
			return true
		}
		return p.take(at)
	})
	return p.answer(), nil
}

// segment reads which part of a parallel Scan this is; part 0 of 1 when the
// Scan is not parallel.
func (r *request) segment() (segment, total uint64) {
	if !r.has("TotalSegments") && !r.has("Segment") {
		return 0, 1
	}
	total = uint64(max(1, r.atLeastOne("TotalSegments")))
	n, err := member[json.Number](r, "Segment").Int64()
	if err != nil || n < 0 || uint64(n) >= total || total > 1000000 {
		r.refuse(apierror.Validation("The Segment parameter is required with TotalSegments, is zero-based and must be less than TotalSegments"))
		return 0, 1
	}
	return uint64(n), total
}

package theorydb

// scanCursor is where each segment of a scan goes on; cursor says what it holds.
type scanCursor struct {
	Index    string       `json:"index,omitempty"`
	Query    string       `json:"q"`
	Segments []keyMembers `json:"segments"`
}

// cursor is the cursor of what is left of the scan, empty when nothing is.
func (r *scanRun) cursor() (string, error) {
	if len(r.unfinished()) == 0 {
		return "", nil
	}
	c := scanCursor{Index: r.Index, Segments: make([]keyMembers, len(r.segments))}
	var err error
	if c.Query, err = r.digest(); err != nil {
		return "", r.fail(err)
	}
	for i, segment := range r.segments {
		switch {
		case segment.finished: // null
		case segment.after == nil:
			c.Segments[i] = keyMembers{}
		default:
			if c.Segments[i], err = membersOf(segment.after, r.halves(r.model)); err != nil {
				return "", r.fail(err)
			}
		}
	}
	return r.encoded(c)
}

// resume makes the run begin after a cursor. An empty one means the beginning.
func (r *scanRun) resume(encoded string) error {
	if encoded == "" {
		return nil
	}
	if err := r.parseCursor(encoded); err != nil {
		return r.fail(err)
	}
	return nil
}

func (r *scanRun) parseCursor(encoded string) error {
	var c scanCursor
	if err := r.model.decodeCursor(encoded, maxCursor*int64(len(r.segments)), &c); err != nil {
		return err
	}
	digest, err := r.digest()
	if err != nil {
		return err
	}
	if c.Query != digest || c.Index != r.Index || len(c.Segments) != len(r.segments) {
		return errCursorElsewhere
	}
	begun, left := false, false
	for i, members := range c.Segments {
		segment := &r.segments[i]
		switch {
		case members == nil:
			segment.finished = true
		case len(members) > 0:
			if segment.after, err = members.key(r.halves(r.model)); err != nil {
				return err
			}
			segment.given = true
		}
		begun = begun || segment.finished || segment.given
		left = left || !segment.finished
	}
	if !begun || !left {
		return errCursorDamaged
	}
	return nil
}

// digest names the scan.
func (r *scanRun) digest() (string, error) {
	filter, err := r.model.canonical(r.Filter)
	if err != nil {
		return "", err
	}
	members := map[string]any{
		"entity":   r.model.plan.Entity,
		"filter":   filter,
		"segments": len(r.segments),
		"table":    r.model.logicalTable(),
	}
	if r.Index != "" {
		members["index"] = r.Index
	}
	return digestOf(members)
}

package theorydb

import (
	"context"
	"fmt"
	"strings"
)

// Retention deletes records that are past keeping, of append_only models too. It is the only handle that does. It is made
// by Model.Retention.
type Retention[T any] struct {
	core   *model
	reason string
}

// Retention gives the handle that deletes records of the model for a reason, such as "older than 90 days". Config.Observe
// is told of it with every call; a blank reason makes every call ErrInvalidQuery.
func (m *Model[T]) Retention(reason string) *Retention[T] { return &Retention[T]{m.core, reason} }

// Clear deletes what one page of a query finds, beginning with an empty cursor, and returns the cursor of the next page,
// empty after the last one. A page is 100 rows looked at; with Query.PageSize that many, and with Query.Limit as many
// requests as it takes to find that many records.
//
// Only records of the model's entity are deleted, in the model's scope if it has one. They are judged by their key and
// entity and by the query's Filter, and neither read nor opened, so that a record that Query could not decode is deleted
// as well. Expired ones are deleted too. A row that says that it is of the entity under a key that the templates can't
// produce fails the page with ErrTypeMismatch before any row is deleted. Every index can be used, whatever it projects.
//
// Records are deleted without a condition: a record that was changed after the query saw it is deleted all the same, which
// is likelier on a global index, since that is a little behind. On an error some of the page may be deleted, and next is
// the cursor that was given: the call can be made again.
func (r *Retention[T]) Clear(ctx context.Context, query Query[T], cursor string) (next string, err error) {
	run, err := r.core.startQuery("Retention.Clear", query.request(), keysToDelete)
	defer func() { run.end(ctx, err) }()
	if run != nil {
		run.reason = r.reason
	}
	if err != nil {
		return cursor, err
	}
	if strings.TrimSpace(r.reason) == "" {
		return cursor, run.fail(fmt.Errorf("%w: Retention needs a reason, for whoever reads of it later", ErrInvalidQuery))
	}
	if next, err = run.clearPage(ctx, cursor); err != nil {
		return cursor, err
	}
	return next, nil
}

// clearPage deletes what a page finds.
func (r *queryRun) clearPage(ctx context.Context, cursor string) (next string, err error) {
	defer func() { r.found = r.items }() // what was found counts when it is deleted
	if err := r.resume(cursor); err != nil {
		return "", err
	}
	if r.limit == 0 && r.pageSize == 0 {
		r.pageSize = clearPageSize
	}
	keys, last, err := r.keysToDelete(ctx)
	if err != nil {
		return "", err
	}
	if err := deleteRows(ctx, &r.account, r.model, keys); err != nil {
		return "", r.fail(err)
	}
	if last == nil {
		return "", nil
	}
	return r.cursorAfter(last)
}

// keysToDelete finds the records of a page. It returns their keys, and the row after which the next page begins; nil
// after the last page.
func (r *queryRun) keysToDelete(ctx context.Context) (keys []Item, last Item, err error) {
	gathered := map[string]bool{}
	for r.more() {
		rows, err := r.page(ctx)
		if err != nil {
			return nil, nil, err
		}
		for i, row := range rows {
			own, err := r.deletes(row)
			if err != nil {
				return nil, nil, r.fail(err)
			}
			if id, _ := r.model.itemID(row); own && !gathered[id] { // on an index a row can move from page to page
				gathered[id] = true
				keys = append(keys, r.model.tableKey(row))
				r.found++
			}
			if r.full() && (i+1 < len(rows) || r.last != nil) {
				return keys, row, nil
			}
		}
		if r.limit == 0 {
			return keys, r.last, nil
		}
	}
	return keys, nil, nil
}

// deletes says whether a row is a record of the query's, expired or not, by its key and entity alone.
func (r *queryRun) deletes(row Item) (bool, error) {
	if r.excepted(row) || !r.model.isEntityOf(row) {
		return false, nil
	}
	switch {
	case !r.model.fits(row):
		return false, ErrTypeMismatch
	case !r.model.keyInScope(row):
		return false, ErrScopeMismatch
	}
	return true, nil
}

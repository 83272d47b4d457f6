package theorydb_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/theorydb/theorydb"
)

// interruptedVerbs are all verbs of Model and DB that send something, each on the rows of a site.
func interruptedVerbs() []interruptedVerb {
	return slices.Concat(interruptedWrites(), interruptedReads(), interruptedPages(), interruptedGroups())
}

func newSecret() theorydb.Secret[string] { return theorydb.NewSecret("new") }

func interruptedWrites() []interruptedVerb {
	return []interruptedVerb{
		{"Create", []string{"CREDENTIAL#new"}, func(ctx context.Context, s *site) error {
			return s.credentials.Create(ctx, &versionedCredential{ID: "new", Secret: newSecret()})
		}},
		{"Put", []string{"CREDENTIAL#1"}, func(ctx context.Context, s *site) error {
			return s.credentials.Put(ctx, &versionedCredential{ID: "1", Secret: newSecret(), Version: 1})
		}},
		{"Put without a version", []string{"CellPlain#1"}, func(ctx context.Context, s *site) error {
			return s.plain.Put(ctx, &CellPlain{ID: "1", Text: "new"})
		}},
		{"Update", []string{"CREDENTIAL#1"}, func(ctx context.Context, s *site) error {
			return s.credentials.Update(ctx, &versionedCredential{ID: "1", Secret: newSecret(), Version: 1})
		}},
		{"Update without a version", []string{"CellPlain#1"}, func(ctx context.Context, s *site) error {
			return s.plain.Update(ctx, &CellPlain{ID: "1", Text: "new"})
		}},
		{"Delete", []string{"CREDENTIAL#1"}, func(ctx context.Context, s *site) error {
			return s.credentials.Delete(ctx, &versionedCredential{ID: "1", Version: 1})
		}},
		{"Delete returning", []string{"CREDENTIAL#1"}, func(ctx context.Context, s *site) error {
			return s.credentials.Delete(ctx, &versionedCredential{ID: "1", Version: 1}, theorydb.Returning(&versionedCredential{}))
		}},
		{"Change", []string{"CREDENTIAL#1"}, func(ctx context.Context, s *site) error {
			_, err := s.credentials.Change(ctx, versionedCredential{ID: "1"}, theorydb.Set("secret", newSecret()), theorydb.IfVersion(1))
			return err
		}},
		{"Change that adds", []string{"ACCOUNT#1"}, func(ctx context.Context, s *site) error {
			_, err := s.accounts.Change(ctx, account{ID: "1"}, theorydb.Add("balance", 1), theorydb.AnyVersion())
			return err
		}},
		{"Change that creates", []string{"CREDENTIAL#new"}, func(ctx context.Context, s *site) error {
			_, err := s.credentials.Change(ctx, versionedCredential{ID: "new"},
				theorydb.Set("secret", newSecret()), theorydb.AnyVersion(), theorydb.OrCreate())
			return err
		}},
		{"Change that creates over an expired row", []string{"ACCOUNT#expired"}, func(ctx context.Context, s *site) error {
			_, err := s.accounts.Change(ctx, account{ID: "expired"}, theorydb.Add("balance", 1), theorydb.AnyVersion(), theorydb.OrCreate())
			return err
		}},
		{"Modify", []string{"CREDENTIAL#1"}, func(ctx context.Context, s *site) error {
			_, err := s.credentials.Modify(ctx, versionedCredential{ID: "1"}, func(c *versionedCredential) error {
				c.Secret = newSecret()
				return nil
			})
			return err
		}},
	}
}

func interruptedReads() []interruptedVerb {
	credentials := theorydb.Query[versionedCredential]{Key: versionedCredential{ID: "1"}}
	return []interruptedVerb{
		{"Get", nil, func(ctx context.Context, s *site) error {
			_, err := s.credentials.Get(ctx, versionedCredential{ID: "1"})
			return err
		}},
		{"Raw", nil, func(ctx context.Context, s *site) error {
			_, err := s.credentials.Raw(ctx, versionedCredential{ID: "1"})
			return err
		}},
		{"Query", nil, func(ctx context.Context, s *site) error {
			query := credentials
			query.PageSize = 1
			_, err := theorydb.Collect(s.credentials.Query(ctx, query))
			return err
		}},
		{"QueryPage", nil, func(ctx context.Context, s *site) error {
			_, err := s.credentials.QueryPage(ctx, credentials, "")
			return err
		}},
		{"Count", nil, func(ctx context.Context, s *site) error {
			_, err := s.credentials.Count(ctx, credentials)
			return err
		}},
		{"BatchGet of a model", nil, func(ctx context.Context, s *site) error {
			_, err := s.credentials.BatchGet(ctx, []versionedCredential{{ID: "1"}, {ID: "2"}, {ID: "3"}, {ID: "absent"}})
			return err
		}},
		{"BatchGet", nil, func(ctx context.Context, s *site) error {
			reads := []theorydb.ReadOp{s.credentials.GetOp(versionedCredential{ID: "1"}), s.credentials.GetOp(versionedCredential{ID: "2"})}
			for i := range 100 { // and so more than one request
				reads = append(reads, s.accounts.GetOp(account{ID: fmt.Sprint(i)}))
			}
			return s.db.BatchGet(ctx, reads, theorydb.Consistent())
		}},
		{"TransactGet", nil, func(ctx context.Context, s *site) error {
			return s.db.TransactGet(ctx, s.credentials.GetOp(versionedCredential{ID: "1"}), s.accounts.GetOp(account{ID: "1"}),
				s.credentials.GetOp(versionedCredential{ID: "2"}))
		}},
	}
}

// interruptedPages are the verbs that go through a partition or a table.
func interruptedPages() []interruptedVerb {
	type brief struct{ ID string }
	key, cleared := versionedCredential{ID: "1"}, []string{"CREDENTIAL#1"}
	query := theorydb.Query[versionedCredential]{Key: key}
	return []interruptedVerb{
		{"Scan", nil, func(ctx context.Context, s *site) error {
			_, err := theorydb.Collect(s.credentials.Scan(ctx, theorydb.Scan{PageSize: 2, Segments: 2}))
			return err
		}},
		{"ScanPage", nil, func(ctx context.Context, s *site) error {
			_, err := s.credentials.ScanPage(ctx, theorydb.Scan{}, "")
			return err
		}},
		{"Select", nil, func(ctx context.Context, s *site) error {
			_, err := theorydb.Collect(theorydb.Select[brief](ctx, s.credentials, query))
			return err
		}},
		{"Collection", nil, func(ctx context.Context, s *site) error {
			var all []*versionedCredential
			return s.db.Collection(ctx, s.credentials.Partition(key), s.credentials.Into(&all))
		}},
		{"ClearPartition", cleared, func(ctx context.Context, s *site) error {
			_, err := s.db.ClearPartition(ctx, s.credentials.Partition(key), "")
			return err
		}},
		{"Retention.Clear", cleared, func(ctx context.Context, s *site) error {
			_, err := s.credentials.Retention("test").Clear(ctx, query, "")
			return err
		}},
	}
}

func interruptedGroups() []interruptedVerb {
	batched := []string{"CREDENTIAL#1", "CREDENTIAL#new", "ACCOUNT#1"}
	for i := range 26 { // and so more than one request
		batched = append(batched, fmt.Sprintf("CellPlain#%d", i+100))
	}
	return []interruptedVerb{
		{"BatchWrite", batched, func(ctx context.Context, s *site) error {
			ops := []theorydb.BatchOp{
				s.credentials.PutOp(&versionedCredential{ID: "1", Secret: newSecret(), Version: 1}, theorydb.Unchecked()),
				s.credentials.PutOp(&versionedCredential{ID: "new", Secret: newSecret()}, theorydb.Unchecked()),
				s.accounts.DeleteOp(&account{ID: "1"}, theorydb.Unchecked()),
			}
			for i := range 26 {
				ops = append(ops, s.plain.PutOp(&CellPlain{ID: fmt.Sprint(i + 100)}, theorydb.Unchecked()))
			}
			return s.db.BatchWrite(ctx, ops...)
		}},
		{
			"Transact",
			[]string{"CREDENTIAL#new", "CREDENTIAL#1", "ACCOUNT#1", "ACCOUNT#expired", "ACCOUNT#2"},
			func(ctx context.Context, s *site) error {
				return s.db.Transact(ctx,
					s.credentials.CreateOp(&versionedCredential{ID: "new", Secret: newSecret()}),
					s.credentials.UpdateOp(&versionedCredential{ID: "1", Secret: newSecret(), Version: 1}),
					s.accounts.ChangeOp(account{ID: "1"}, theorydb.Add("balance", 1), theorydb.AnyVersion()),
					s.accounts.ChangeOp(account{ID: "expired"}, theorydb.Add("balance", 1), theorydb.AnyVersion(), theorydb.OrCreate()),
					s.accounts.DeleteOp(&account{ID: "2"}, theorydb.AnyVersion()),
					s.accounts.CheckOp(account{ID: "3"}),
				)
			},
		},
	}
}

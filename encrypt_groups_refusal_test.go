package theorydb_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// groupCalls are all verbs of several operations, each with every operation on a sealed model that it can have.
func (s *safe) groupCalls() map[string]func(context.Context) error {
	key := versionedCredential{ID: "1"}
	record := func() *versionedCredential {
		return &versionedCredential{ID: "1", Secret: theorydb.NewSecret("s"), Version: 1}
	}
	transact := func(op theorydb.TransactOp) func(context.Context) error {
		return func(ctx context.Context) error { return s.db.Transact(ctx, s.open.CreateOp(&openRecord{ID: "1"}), op) }
	}
	batch := func(op theorydb.BatchOp) func(context.Context) error {
		return func(ctx context.Context) error {
			return s.db.BatchWrite(ctx, s.open.PutOp(&openRecord{ID: "1"}, theorydb.Unchecked()), op)
		}
	}
	reads := []theorydb.ReadOp{s.open.GetOp(openRecord{ID: "1"}), s.credentials.GetOp(key)}
	return map[string]func(context.Context) error{
		"BatchGet of a model": func(ctx context.Context) error {
			_, err := s.credentials.BatchGet(ctx, []versionedCredential{key})
			return err
		},
		"BatchGet of nothing": func(ctx context.Context) error { _, err := s.credentials.BatchGet(ctx, nil); return err },
		"BatchGet":            func(ctx context.Context) error { return s.db.BatchGet(ctx, reads) },
		"TransactGet":         func(ctx context.Context) error { return s.db.TransactGet(ctx, reads...) },
		"BatchWrite, put":     batch(s.credentials.PutOp(record(), theorydb.Unchecked())),
		"BatchWrite, delete":  batch(s.credentials.DeleteOp(record(), theorydb.Unchecked())),
		"Transact, create":    transact(s.credentials.CreateOp(record())),
		"Transact, put":       transact(s.credentials.PutOp(record())),
		"Transact, update":    transact(s.credentials.UpdateOp(record())),
		"Transact, fields":    transact(s.credentials.UpdateOp(record(), theorydb.Fields("label"))),
		"Transact, change":    transact(s.credentials.ChangeOp(key, theorydb.Set("label", "l"), theorydb.AnyVersion())),
		"Transact, delete":    transact(s.credentials.DeleteOp(record())),
		"Transact, check":     transact(s.credentials.CheckOp(key)),
	}
}

func TestAGroupWithASealedModelIsRefusedWithoutAKey(t *testing.T) {
	s := openSafe(t)
	s.use(t, s.vault.open(t))
	for name, call := range s.groupCalls() {
		t.Run(name, func(t *testing.T) {
			s.requireSilent(t, func() {
				err := call(t.Context())
				require.ErrorIs(t, err, theorydb.ErrEncryptionNotConfigured)
				var op *theorydb.OpError
				require.ErrorAs(t, err, &op)
				require.Zero(t, op.Attempts)
			})
		})
	}
	require.Empty(t, s.aws.Items(s.table))
}

func TestAConditionOnASealedAttributeIsRefusedInATransaction(t *testing.T) {
	s := openSafe(t)
	key := versionedCredential{ID: "1"}
	record := func() *versionedCredential {
		return &versionedCredential{ID: "1", Secret: theorydb.NewSecret("s"), Version: 1}
	}
	for name, condition := range map[string]theorydb.Condition{
		"Equal": theorydb.Equal("secret", "s"), "NotEqual": theorydb.NotEqual("secret", "s"), "Less": theorydb.Less("secret", "s"),
		"In": theorydb.In("secret", "s"), "BeginsWith": theorydb.BeginsWith("secret", "s"), "Contains": theorydb.Contains("secret", "s"),
		"Not": theorydb.Not(theorydb.Equal("secret", "s")), "And": theorydb.And(theorydb.Exists("label"), theorydb.Equal("secret", "s")),
	} {
		for verb, op := range map[string]theorydb.TransactOp{
			"check":  s.credentials.CheckOp(key, condition),
			"put":    s.credentials.PutOp(record(), theorydb.OnlyIf(condition)),
			"update": s.credentials.UpdateOp(record(), theorydb.OnlyIf(condition)),
			"change": s.credentials.ChangeOp(key, theorydb.Set("secret", theorydb.NewSecret("x")), theorydb.AnyVersion(), theorydb.OnlyIf(condition)),
			"delete": s.credentials.DeleteOp(record(), theorydb.OnlyIf(condition)),
		} {
			t.Run(name+"/"+verb, func(t *testing.T) {
				s.requireSilent(t, func() {
					require.ErrorIs(t, s.db.Transact(t.Context(), op), theorydb.ErrEncryptedFieldNotQueryable)
				})
			})
		}
	}
	require.NoError(t, s.credentials.Create(t.Context(), record()))
	require.NoError(t, s.db.Transact(t.Context(), s.credentials.CheckOp(key, theorydb.Exists("secret"), theorydb.NotExists("spare"))))
}

// What DynamoDB would refuse of one operation is refused before another one's secret is sealed.
func TestATooLongConditionIsRefusedBeforeKMSIsAsked(t *testing.T) {
	s := openSafe(t)
	var many []theorydb.Condition
	for range 200 {
		many = append(many, theorydb.Equal("label", "xxx"))
	}
	s.requireSilent(t, func() {
		err := s.db.Transact(t.Context(),
			s.credentials.CreateOp(&versionedCredential{ID: "1", Secret: theorydb.NewSecret("s")}),
			s.credentials.CheckOp(versionedCredential{ID: "2"}, theorydb.Or(many...)))
		require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	})
}

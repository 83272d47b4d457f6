package main

import (
	"context"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

// Document is what this service is about. Its keys begin like those of package identity, with tenant and project, so that
// one IAM policy covers both.
type Document struct {
	_ theorydb.Key `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#DOCS#{orgID}"`
	_ theorydb.Key `theorydb:"sk" key:"DOC#{id}"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	OrgID     string `theorydb:"immutable"`
	ID        string
	Title     string
	Version   int64 `theorydb:"version"`
}

// service is what the program keeps while it runs. It reaches every tenant, so that no handler gets it: a handler gets a
// tenant of it.
type service struct {
	layer     *identity.Service
	documents *theorydb.ScopedModel[Document]
}

// newService makes the service on a DB. The two keys have 32 random bytes each and come from where the program keeps its
// secrets: they have to be the same after a restart.
func newService(db *theorydb.DB, indexKey, otpKey []byte, notify func(context.Context, identity.Notice)) (*service, error) {
	layer, err := identity.New(db, identity.Options{IndexKey: indexKey, OTPKey: otpKey, Notify: notify})
	if err != nil {
		return nil, err
	}
	documents, err := theorydb.NewScopedModel[Document](db)
	if err != nil {
		return nil, err
	}
	return &service{layer, documents}, nil
}

// tenant is all that a handler gets: what it can name through it is of one project of one tenant.
type tenant struct {
	*identity.Stores
	documents *theorydb.Model[Document]
}

// in gives a project of a tenant. Take the scope from what was verified, such as SessionAuth.Scope, and not from a request.
func (s *service) in(scope identity.Scope) *tenant {
	return &tenant{s.layer.For(scope), s.documents.In(scope.ForModels())}
}

// rename gives a document of an organization another title, for its owners and admins: the gate is a condition of the
// transaction that writes, so that nobody renames with a role that was taken away a moment ago. To others it is
// identity.ErrForbidden.
func (t *tenant) rename(ctx context.Context, userID string, document Document, title string) error {
	return t.Transact(ctx,
		t.Memberships.RequireOp(identity.OrganizationTarget(document.OrgID), userID, identity.RoleOwner, identity.RoleAdmin),
		t.documents.ChangeOp(document, theorydb.Set("title", title), theorydb.IfVersion(document.Version)),
	)
}

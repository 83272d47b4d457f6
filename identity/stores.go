package identity

import (
	"context"

	"github.com/theorydb/theorydb"
)

// Stores are the stores of one project.
type Stores struct {
	Workspaces    *Workspaces
	Organizations *Organizations
	Users         *Users
	Profiles      *Profiles
	Identities    *Identities
	Clients       *Clients
	Credentials   *Credentials
	Passkeys      *Passkeys
	MFA           *MFA
	RecoveryCodes *RecoveryCodes
	OneTimeTokens *OneTimeTokens
	Sessions      *Sessions
	RefreshTokens *RefreshTokens
	Memberships   *Memberships
	Roles         *Roles
	SigningKeys   *SigningKeys
	Audit         *Audit
	Bindings      *Bindings

	project *project
}

// project is what every store of a project has.
type project struct {
	*core
	models
	scope Scope
}

// For gives the stores of a project. With the zero Scope every verb of theirs is theorydb.ErrScopeRequired, and nothing is
// sent.
func (s *Service) For(scope Scope) *Stores {
	p := &project{core: s.core, models: s.models.in(scope), scope: scope}
	return &Stores{
		project:       p,
		Workspaces:    &Workspaces{p},
		Organizations: &Organizations{p},
		Users:         &Users{p},
		Profiles:      &Profiles{p},
		Identities:    &Identities{p},
		Clients:       &Clients{p},
		Credentials:   &Credentials{p},
		Passkeys:      &Passkeys{p},
		MFA:           &MFA{p},
		RecoveryCodes: &RecoveryCodes{p},
		OneTimeTokens: &OneTimeTokens{p},
		Sessions:      &Sessions{p},
		RefreshTokens: &RefreshTokens{p},
		Memberships:   &Memberships{p},
		Roles:         &Roles{p},
		SigningKeys:   &SigningKeys{p},
		Audit:         &Audit{p},
		Bindings:      &Bindings{p},
	}
}

// Transact is DB.Transact of the service's DB: for the operations that stores give, such as Memberships.RequireOp and
// Sessions.CreateOps, together with those of a program's own models. It costs and fails as that does. Who holds Stores
// needs no DB beside them.
func (s *Stores) Transact(ctx context.Context, ops ...theorydb.TransactOp) error {
	if err := s.project.ready(); err != nil {
		return err
	}
	return s.project.db.Transact(ctx, ops...)
}

// ready refuses a verb of the zero Scope before anything else is done for it.
func (p *project) ready() error {
	if p.scope.IsZero() {
		return theorydb.ErrScopeRequired
	}
	return nil
}

package identity

import "github.com/theorydb/theorydb"

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

// ready refuses a verb of the zero Scope before anything else is done for it.
func (p *project) ready() error {
	if p.scope.IsZero() {
		return theorydb.ErrScopeRequired
	}
	return nil
}

package identity

import (
	"errors"

	"github.com/theorydb/theorydb"
)

// registered are the models of a DB, each under its own scope.
type registered struct {
	tenants  *theorydb.Model[Tenant]
	projects *theorydb.ScopedModel[Project]

	workspaces      *theorydb.ScopedModel[Workspace]
	organizations   *theorydb.ScopedModel[Organization]
	orgSlugs        *theorydb.ScopedModel[OrgSlug]
	users           *theorydb.ScopedModel[User]
	profiles        *theorydb.ScopedModel[Profile]
	identifiers     *theorydb.ScopedModel[Identifier]
	identityLinks   *theorydb.ScopedModel[IdentityLink]
	userIdentities  *theorydb.ScopedModel[UserIdentity]
	clients         *theorydb.ScopedModel[Client]
	credentials     *theorydb.ScopedModel[Credential]
	passkeys        *theorydb.ScopedModel[Passkey]
	passkeyLocators *theorydb.ScopedModel[PasskeyLocator]
	enrolments      *theorydb.ScopedModel[MFAEnrolment]
	recoverySets    *theorydb.ScopedModel[RecoverySet]
	recoveryCodes   *theorydb.ScopedModel[RecoveryCode]
	oneTimeTokens   *theorydb.ScopedModel[OneTimeToken]
	oneTimeCodes    *theorydb.ScopedModel[OneTimeCode]
	sessions        *theorydb.ScopedModel[Session]
	families        *theorydb.ScopedModel[RefreshFamily]
	memberships     *theorydb.ScopedModel[Membership]
	roles           *theorydb.ScopedModel[Role]
	signingHeads    *theorydb.ScopedModel[SigningHead]
	publicKeys      *theorydb.ScopedModel[SigningPublicKey]
	privateKeys     *theorydb.ScopedModel[SigningPrivateKey]
	events          *theorydb.ScopedModel[AuditEvent]
	heads           *theorydb.ScopedModel[AuditHead]
	guards          *theorydb.ScopedModel[AuditGuard]
	subjectPII      *theorydb.ScopedModel[SubjectPII]
	bindings        *theorydb.ScopedModel[Binding]
	bindingClaims   *theorydb.ScopedModel[BindingClaim]
}

// register registers every model with a DB. All problems are reported together.
func register(db *theorydb.DB) (*registered, error) {
	r := &registered{}
	var problems []error
	var err error
	if r.tenants, err = theorydb.NewModel[Tenant](db); err != nil {
		problems = append(problems, err)
	}
	scoped(db, &r.projects, &problems)
	scoped(db, &r.workspaces, &problems)
	scoped(db, &r.organizations, &problems)
	scoped(db, &r.orgSlugs, &problems)
	scoped(db, &r.users, &problems)
	scoped(db, &r.profiles, &problems)
	scoped(db, &r.identifiers, &problems)
	scoped(db, &r.identityLinks, &problems)
	scoped(db, &r.userIdentities, &problems)
	scoped(db, &r.clients, &problems)
	scoped(db, &r.credentials, &problems)
	scoped(db, &r.passkeys, &problems)
	scoped(db, &r.passkeyLocators, &problems)
	scoped(db, &r.enrolments, &problems)
	scoped(db, &r.recoverySets, &problems)
	scoped(db, &r.recoveryCodes, &problems)
	scoped(db, &r.oneTimeTokens, &problems)
	scoped(db, &r.oneTimeCodes, &problems)
	scoped(db, &r.sessions, &problems)
	scoped(db, &r.families, &problems)
	scoped(db, &r.memberships, &problems)
	scoped(db, &r.roles, &problems)
	scoped(db, &r.signingHeads, &problems)
	scoped(db, &r.publicKeys, &problems)
	scoped(db, &r.privateKeys, &problems)
	scoped(db, &r.events, &problems)
	scoped(db, &r.heads, &problems)
	scoped(db, &r.guards, &problems)
	scoped(db, &r.subjectPII, &problems)
	scoped(db, &r.bindings, &problems)
	scoped(db, &r.bindingClaims, &problems)
	return r, errors.Join(problems...)
}

func scoped[T any](db *theorydb.DB, into **theorydb.ScopedModel[T], problems *[]error) {
	m, err := theorydb.NewScopedModel[T](db)
	if err != nil {
		*problems = append(*problems, err)
	}
	*into = m
}

// models are the models of one project.
type models struct {
	tenants  *theorydb.Model[Tenant]
	projects *theorydb.Model[Project] // of the tenant

	workspaces      *theorydb.Model[Workspace]
	organizations   *theorydb.Model[Organization]
	orgSlugs        *theorydb.Model[OrgSlug]
	users           *theorydb.Model[User]
	profiles        *theorydb.Model[Profile]
	identifiers     *theorydb.Model[Identifier]
	identityLinks   *theorydb.Model[IdentityLink]
	userIdentities  *theorydb.Model[UserIdentity]
	clients         *theorydb.Model[Client]
	credentials     *theorydb.Model[Credential]
	passkeys        *theorydb.Model[Passkey]
	passkeyLocators *theorydb.Model[PasskeyLocator]
	enrolments      *theorydb.Model[MFAEnrolment]
	recoverySets    *theorydb.Model[RecoverySet]
	recoveryCodes   *theorydb.Model[RecoveryCode]
	oneTimeTokens   *theorydb.Model[OneTimeToken]
	oneTimeCodes    *theorydb.Model[OneTimeCode]
	sessions        *theorydb.Model[Session]
	families        *theorydb.Model[RefreshFamily]
	memberships     *theorydb.Model[Membership]
	roles           *theorydb.Model[Role]
	signingHeads    *theorydb.Model[SigningHead]
	publicKeys      *theorydb.Model[SigningPublicKey]
	privateKeys     *theorydb.Model[SigningPrivateKey]
	events          *theorydb.Model[AuditEvent]
	heads           *theorydb.Model[AuditHead]
	guards          *theorydb.Model[AuditGuard]
	subjectPII      *theorydb.Model[SubjectPII]
	bindings        *theorydb.Model[Binding]
	bindingClaims   *theorydb.Model[BindingClaim]
}

// in confines the models to a project.
func (r *registered) in(scope Scope) models {
	whole := scope.whole
	return models{
		tenants:  r.tenants,
		projects: r.projects.In(scope.tenantScope()),

		workspaces:      r.workspaces.In(whole),
		organizations:   r.organizations.In(whole),
		orgSlugs:        r.orgSlugs.In(whole),
		users:           r.users.In(whole),
		profiles:        r.profiles.In(whole),
		identifiers:     r.identifiers.In(whole),
		identityLinks:   r.identityLinks.In(whole),
		userIdentities:  r.userIdentities.In(whole),
		clients:         r.clients.In(whole),
		credentials:     r.credentials.In(whole),
		passkeys:        r.passkeys.In(whole),
		passkeyLocators: r.passkeyLocators.In(whole),
		enrolments:      r.enrolments.In(whole),
		recoverySets:    r.recoverySets.In(whole),
		recoveryCodes:   r.recoveryCodes.In(whole),
		oneTimeTokens:   r.oneTimeTokens.In(whole),
		oneTimeCodes:    r.oneTimeCodes.In(whole),
		sessions:        r.sessions.In(whole),
		families:        r.families.In(whole),
		memberships:     r.memberships.In(whole),
		roles:           r.roles.In(whole),
		signingHeads:    r.signingHeads.In(whole),
		publicKeys:      r.publicKeys.In(whole),
		privateKeys:     r.privateKeys.In(whole),
		events:          r.events.In(whole),
		heads:           r.heads.In(whole),
		guards:          r.guards.In(whole),
		subjectPII:      r.subjectPII.In(whole),
		bindings:        r.bindings.In(whole),
		bindingClaims:   r.bindingClaims.In(whole),
	}
}

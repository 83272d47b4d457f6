/*
Package identity keeps the records of an identity layer: tenants and projects, users and what they sign in with, sessions,
organizations, memberships and an audit trail. It is made of models and verbs of package theorydb and of nothing else; its
models can be copied and used without it.

# Scopes

A [Service] has three doors. [Service.Platform] reaches every tenant, for a reason that is told to Options.Notify.
[Service.ForTenant] reaches the projects of one tenant. [Service.For] gives the [Stores] of one project, and nothing of
another project can be named through them. With the zero [Scope] every verb of theirs is theorydb.ErrScopeRequired, and
nothing is sent.

What is in a project is sealed under the KMS key of the DB, or under one of the project's own; see [ProjectKeys].

# Who belongs where

A [Membership] joins a user and a [Target] in a role. [Memberships.Require] is the role gate, and [Memberships.RequireOp]
the same gate as a condition of a transaction, so that a check and the change that it guards are one. A target that has an
owner keeps one: the count of its active owners changes in the transactions that change the owners.

An invitation is a one-time token: [Memberships.Invite] makes it, and [Memberships.AcceptInvitation] spends it in the
transaction that makes the member.

# What happened

[Audit] numbers and chains events by type. [WithAudit] puts the event of a rare change into the transaction of the change,
so that neither is without the other; the events of sign-ins go through [Audit.AppendBatch].

# Keys

All records are in one table. {S} is T#{tenantID}#P#{projectID}, with which everything in a project begins. Indented are
the keys of indexes. What a decision hangs on is read from the table, strongly; indexes are for lists.

	entity             PK                                           SK
	Tenant             T#{id}                                       TENANT
	  gsi1             G#TENANTS#{id|shard:64}                      {id}
	Project            T#{tenantID}                                 PROJ#{id}
	Role               {S}                                          ROLE#{name}
	Workspace          {S}                                          WS#{slug}
	AuditEvent         {S}#AUD#{eventType}#{month}#{bucket|pad:3}   {createdAt}#{seq|pad:20}
	  gsi1             {S}#AUDA#{actor}#{month}                     {createdAt}#{id}
	  gsi2             {S}#AUDT#{month}#{id|shard:8}                {createdAt}#{id}
	AuditGuard         {S}#AUDG#{eventID}                           G
	AuditHead          {S}#AUDH#{eventType}                         HEAD
	Client             {S}#CLIENT#{id}                              CLIENT
	SigningHead        {S}#JWK                                      HEAD
	SigningPrivateKey  {S}#JWK                                      PRIV#{kid}
	SigningPublicKey   {S}#JWK                                      PUB#{kid}
	Membership         {S}#MEMBERS#{targetType}#{targetID}          MEM#{userID}
	  gsi1             {S}#U#{userID}#MEM                           {targetType}#{targetID}
	Organization       {S}#ORG#{id}                                 ORG
	  gsi1             {S}#ORGS#{id|shard:16}                       {slug}
	OneTimeCode        {S}#OTP#{flowID}                             OTP
	OneTimeToken       {S}#OTT#{kind}#{secretHash}                  OTT
	User               {S}#U#{id}                                   USER
	  gsi1             {S}#USERS#{id|shard:64}                      {id}
	SubjectPII         {S}#U#{userID}                               AUDPII#{eventID}
	Binding            {S}#U#{userID}                               BIND#{issuer|hash}#{subject|hash}#{clientID|hash}
	Credential         {S}#U#{userID}                               CRED#{type}#{id}
	UserIdentity       {S}#U#{userID}                               IDP#{issuer|hash}#{subject|hash}
	MFAEnrolment       {S}#U#{userID}                               MFA#{id}
	Passkey            {S}#U#{userID}                               PASSKEY#{credentialID|hash}
	Profile            {S}#U#{userID}                               PROFILE
	RecoveryCode       {S}#U#{userID}                               RC#{setID}#{number|pad:2}
	RecoverySet        {S}#U#{userID}                               RCSET
	RefreshFamily      {S}#U#{userID}                               RTF#{sessionID}
	Session            {S}#U#{userID}                               SESS#{id}
	BindingClaim       {S}#UQBIND#{issuer|hash}#{subject|hash}#{clientID|hash}  UQ
	Identifier         {S}#UQID#{kind}#{digest}                     UQ
	IdentityLink       {S}#UQIDP#{issuer|hash}#{subject|hash}       UQ
	OrgSlug            {S}#UQSLUG#{slug}                            UQ
	PasskeyLocator     {S}#WAC#{credentialID|hash}                  WAC

The test of schema.json, the document that other runtimes load, holds this list to the models.
*/
package identity

package identity

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/theorydb/theorydb"
)

// EventType names what an audit event is about. Events are numbered and chained by type. The constants are the catalogue;
// NewEventType makes one of a program's own.
type EventType string

// Signing in, and what is tried on the way.
const (
	EventAuthSucceeded       EventType = "auth.succeeded"
	EventAuthFailed          EventType = "auth.failed"
	EventAuthStepUp          EventType = "auth.step_up"
	EventAuthPolicyViolation EventType = "auth.policy_violation"
	EventAuthLinkSent        EventType = "auth.link_sent"
	EventAuthCodeSent        EventType = "auth.code_sent"
	EventRiskDecided         EventType = "risk.decided"
)

// Sessions and refresh tokens.
const (
	EventSessionCreated    EventType = "session.created"
	EventSessionRevoked    EventType = "session.revoked"
	EventSessionsRevoked   EventType = "session.all_revoked"
	EventRefreshTokenReuse EventType = "session.refresh_token_reused"
)

// Users and what they are found by.
const (
	EventUserCreated         EventType = "user.created"
	EventUserUpdated         EventType = "user.updated"
	EventUserDisabled        EventType = "user.disabled"
	EventUserEnabled         EventType = "user.enabled"
	EventUserExported        EventType = "user.exported"
	EventUserErased          EventType = "user.erased"
	EventIdentifierAdded     EventType = "user.identifier_added"
	EventIdentifierChanged   EventType = "user.identifier_changed"
	EventIdentifierVerified  EventType = "user.identifier_verified"
	EventIdentifierRemoved   EventType = "user.identifier_removed"
	EventIdentityLinked      EventType = "user.identity_linked"
	EventIdentityUnlinked    EventType = "user.identity_unlinked"
	EventIdentityBound       EventType = "user.identity_bound"
	EventIdentityBoundEnded  EventType = "user.identity_unbound"
	EventRecoveryRequested   EventType = "recovery.requested"
	EventRecoverySucceeded   EventType = "recovery.succeeded"
	EventRecoveryFailed      EventType = "recovery.failed"
	EventRecoveryCodesMade   EventType = "recovery.codes_generated"
	EventRecoveryCodeUsed    EventType = "recovery.code_used"
	EventRecoveryCodesErased EventType = "recovery.codes_removed"
)

// Credentials, passkeys and second factors.
const (
	EventCredentialRegistered EventType = "credential.registered" //nolint:gosec // the name of an event, no credential
	EventCredentialRotated    EventType = "credential.rotated"    //nolint:gosec // the name of an event, no credential
	EventCredentialRemoved    EventType = "credential.removed"    //nolint:gosec // the name of an event, no credential
	EventPasskeyRegistered    EventType = "passkey.registered"
	EventPasskeyRemoved       EventType = "passkey.removed"
	EventPasskeyCloned        EventType = "passkey.clone_suspected" //nolint:gosec // the name of an event, no credential
	EventMFAEnrolled          EventType = "mfa.enrolled"
	EventMFARemoved           EventType = "mfa.removed"
	EventMFALocked            EventType = "mfa.locked"
)

// API keys, signing keys and clients.
const (
	EventAPIKeyCreated       EventType = "api_key.created"
	EventAPIKeyDisabled      EventType = "api_key.disabled"
	EventAPIKeyExpired       EventType = "api_key.expired"
	EventSigningKeyPublished EventType = "signing_key.published"
	EventSigningKeyPromoted  EventType = "signing_key.promoted"
	EventClientCreated       EventType = "client.created"
	EventClientUpdated       EventType = "client.updated"
	EventClientSecretRotated EventType = "client.secret_rotated"
	EventClientDeleted       EventType = "client.deleted"
)

// Organizations, workspaces, who belongs to them, and what that allows.
const (
	EventOrganizationCreated   EventType = "organization.created"
	EventOrganizationUpdated   EventType = "organization.updated"
	EventOrganizationDeleted   EventType = "organization.deleted"
	EventWorkspaceCreated      EventType = "workspace.created"
	EventWorkspaceUpdated      EventType = "workspace.updated"
	EventWorkspaceDeleted      EventType = "workspace.deleted"
	EventProjectCreated        EventType = "project.created"
	EventProjectUpdated        EventType = "project.updated"
	EventMembershipInvited     EventType = "membership.invited"
	EventMembershipAdded       EventType = "membership.added"
	EventMembershipChanged     EventType = "membership.role_changed"
	EventMembershipSuspended   EventType = "membership.suspended"
	EventMembershipReactivated EventType = "membership.reactivated"
	EventMembershipRemoved     EventType = "membership.removed"
	EventOwnershipMoved        EventType = "membership.ownership_transferred"
	EventRoleCreated           EventType = "role.created"
	EventRoleUpdated           EventType = "role.updated"
	EventRoleDeleted           EventType = "role.deleted"
	EventPolicyUpdated         EventType = "policy.updated"
	EventPolicyDeleted         EventType = "policy.deleted"
)

// Directories, connections, webhooks and operators.
const (
	EventSCIMSynced         EventType = "scim.synced"
	EventSCIMFailed         EventType = "scim.failed"
	EventSSOConnected       EventType = "sso.connected"
	EventSSODisconnected    EventType = "sso.disconnected"
	EventDomainVerified     EventType = "domain.verified"
	EventDomainReleased     EventType = "domain.released"
	EventWebhookDelivered   EventType = "webhook.delivered"
	EventWebhookFailed      EventType = "webhook.failed"
	EventWebhookChanged     EventType = "webhook.endpoint_changed"
	EventOperatorSignedIn   EventType = "operator.signed_in"
	EventOperatorViewed     EventType = "operator.viewed"
	EventOperatorChanged    EventType = "operator.changed"
	EventAuditMonthPurged   EventType = "audit.month_purged"
	EventAuditChainVerified EventType = "audit.chain_verified"
)

var eventTypes = []EventType{
	EventAuthSucceeded, EventAuthFailed, EventAuthStepUp, EventAuthPolicyViolation, EventAuthLinkSent, EventAuthCodeSent,
	EventRiskDecided,
	EventSessionCreated, EventSessionRevoked, EventSessionsRevoked, EventRefreshTokenReuse,
	EventUserCreated, EventUserUpdated, EventUserDisabled, EventUserEnabled, EventUserExported, EventUserErased,
	EventIdentifierAdded, EventIdentifierChanged, EventIdentifierVerified, EventIdentifierRemoved, EventIdentityLinked, EventIdentityUnlinked,
	EventIdentityBound, EventIdentityBoundEnded,
	EventRecoveryRequested, EventRecoverySucceeded, EventRecoveryFailed, EventRecoveryCodesMade, EventRecoveryCodeUsed,
	EventRecoveryCodesErased,
	EventCredentialRegistered, EventCredentialRotated, EventCredentialRemoved, EventPasskeyRegistered, EventPasskeyRemoved,
	EventPasskeyCloned, EventMFAEnrolled, EventMFARemoved, EventMFALocked,
	EventAPIKeyCreated, EventAPIKeyDisabled, EventAPIKeyExpired, EventSigningKeyPublished, EventSigningKeyPromoted,
	EventClientCreated, EventClientUpdated, EventClientSecretRotated, EventClientDeleted,
	EventOrganizationCreated, EventOrganizationUpdated, EventOrganizationDeleted, EventWorkspaceCreated,
	EventWorkspaceUpdated, EventWorkspaceDeleted, EventProjectCreated, EventProjectUpdated,
	EventMembershipInvited, EventMembershipAdded, EventMembershipChanged, EventMembershipSuspended, EventMembershipReactivated,
	EventMembershipRemoved,
	EventOwnershipMoved, EventRoleCreated, EventRoleUpdated, EventRoleDeleted, EventPolicyUpdated, EventPolicyDeleted,
	EventSCIMSynced, EventSCIMFailed, EventSSOConnected, EventSSODisconnected, EventDomainVerified, EventDomainReleased,
	EventWebhookDelivered, EventWebhookFailed, EventWebhookChanged, EventOperatorSignedIn, EventOperatorViewed,
	EventOperatorChanged, EventAuditMonthPurged, EventAuditChainVerified,
}

// EventTypes returns the catalogue, in the order of its constants. The slice is the caller's.
func EventTypes() []EventType { return slices.Clone(eventTypes) }

var eventTypeText = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$`)

const maxEventType = 64

// NewEventType makes an event type of a program's own: words of a-z 0-9 _ that begin with a letter, two or more of them
// joined by ".", at most 64 bytes, such as "billing.plan_changed". Anything else is theorydb.ErrInvalidValue. Every verb
// checks the types that it is given in the same way.
func NewEventType(name string) (EventType, error) {
	if len(name) > maxEventType || !eventTypeText.MatchString(name) {
		return "", fmt.Errorf("%w: the event type is no name such as auth.failed", theorydb.ErrInvalidValue)
	}
	return EventType(name), nil
}

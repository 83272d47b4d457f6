package identity

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/theorydb/theorydb"
)

// Credentials keeps the secrets that users deposit, sealed. Whatever reads or writes a secret needs KMS and fails closed
// without it; List and Delete do not.
//
// Passwords are not kept here, nor their hashes: a type or an id that is named like one is refused, and so is a value that
// has the form of a password hash.
type Credentials struct{ *project }

// The types of credentials.
const (
	// CredentialOAuthToken is a token of another service.
	CredentialOAuthToken = "oauth_token" //nolint:gosec // a type's name, and no token
	// CredentialMTLSThumbprint is the thumbprint of a client certificate (RFC 8705).
	CredentialMTLSThumbprint = "mtls_thumbprint"
)

const maxCredential = 16 << 10

// CredentialInfo is a credential without its secret.
type CredentialInfo struct {
	Type      string
	ID        string
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

var (
	passwordName = regexp.MustCompile(`(?i)pass-?[._~]?(word|wd|phrase|code)|pwd|bcrypt|scrypt|argon2|pbkdf2|(^|[._~-])hash($|[._~-])`)
	// passwordHash are the forms of crypt(3), the PHC string format and Django.
	passwordHash = regexp.MustCompile(`^(\$(1|2[abxy]?|5|6|7|y|gy|md5|sha1|argon2(id|i|d)|s?crypt|pbkdf2[a-z0-9-]*)\$|(pbkdf2_sha|bcrypt|argon2|scrypt)[a-z0-9_]*\$)`)
)

func checkCredential(userID, kind, id string) error {
	if err := checkID("userID", userID); err != nil {
		return err
	}
	if kind != CredentialOAuthToken && kind != CredentialMTLSThumbprint {
		return fmt.Errorf("%w: type is none of the credentials'", theorydb.ErrInvalidValue)
	}
	if err := checkID("id", id); err != nil {
		return err
	}
	if passwordName.MatchString(id) {
		return fmt.Errorf("%w: id is named like a password or its hash, which are not kept", theorydb.ErrInvalidValue)
	}
	return nil
}

func checkDeposit(secret theorydb.Secret[[]byte]) error {
	value := secret.Reveal()
	if len(value) == 0 || len(value) > maxCredential {
		return fmt.Errorf("%w: secret has not 1 to %d bytes", theorydb.ErrInvalidValue, maxCredential)
	}
	if passwordHash.Match(value) {
		return fmt.Errorf("%w: secret has the form of a password hash, which are not kept", theorydb.ErrInvalidValue)
	}
	return nil
}

// checkNew refuses the zero Scope, and what can't be a credential or its secret.
func (c *Credentials) checkNew(userID, kind, id string, secret theorydb.Secret[[]byte]) error {
	if err := c.ready(); err != nil {
		return err
	}
	if err := checkCredential(userID, kind, id); err != nil {
		return err
	}
	return checkDeposit(secret)
}

// Register deposits a new secret of an active user, of 1 to 16 KB. It asks KMS for a data key and sends one transaction. A
// credential that is there already is theorydb.ErrAlreadyExists, a user who does not exist or is not active ErrUserInactive.
// Without KMS it is theorydb.ErrEncryption, and nothing is sent to DynamoDB.
func (c *Credentials) Register(ctx context.Context, userID, kind, id string, secret theorydb.Secret[[]byte], options ...WriteOption) error {
	if err := c.checkNew(userID, kind, id, secret); err != nil {
		return err
	}
	event, err := c.eventOfCredential(options, EventCredentialRegistered, userID, kind, id)
	if err != nil {
		return err
	}
	return c.commit(ctx, event, []theorydb.TransactOp{
		c.credentials.CreateOp(&Credential{UserID: userID, Type: kind, ID: id, Secret: secret}),
		c.activeUser(userID),
	}, userID)
}

func (c *Credentials) eventOfCredential(options []WriteOption, eventType EventType, userID, kind, id string) (*pendingEvent, error) {
	return c.eventOf(options, auditDefaults{eventType: eventType, subject: userID, target: kind + ":" + id})
}

// Replace puts a new secret in the place of the one of that version, as List and Register give it: a new credential has
// version 1. It asks KMS for a data key and sends one request. theorydb.ErrVersionConflict says that another one was
// faster, and theorydb.ErrItemNotFound that there is none.
func (c *Credentials) Replace(
	ctx context.Context, userID, kind, id string, version int64, secret theorydb.Secret[[]byte], options ...WriteOption,
) error {
	if err := c.checkNew(userID, kind, id, secret); err != nil {
		return err
	}
	event, err := c.eventOfCredential(options, EventCredentialRotated, userID, kind, id)
	if err != nil {
		return err
	}
	key := Credential{UserID: userID, Type: kind, ID: id}
	if event == nil {
		_, err = c.credentials.Change(ctx, key, theorydb.Set("secret", secret), theorydb.IfVersion(version), theorydb.Blind())
		return err
	}
	return c.commit(ctx, event, []theorydb.TransactOp{
		c.credentials.ChangeOp(key, theorydb.Set("secret", secret), theorydb.IfVersion(version)),
	})
}

// Secret opens a secret. It sends one strongly consistent read and asks KMS once. After an error the Secret is unset:
// theorydb.ErrEncryption when KMS does not answer, refuses the key, or the value was damaged, moved or planted.
func (c *Credentials) Secret(ctx context.Context, userID, kind, id string) (theorydb.Secret[[]byte], error) {
	var none theorydb.Secret[[]byte]
	if err := c.ready(); err != nil {
		return none, err
	}
	if err := checkCredential(userID, kind, id); err != nil {
		return none, err
	}
	credential, err := c.credentials.Get(ctx, Credential{UserID: userID, Type: kind, ID: id}, theorydb.Consistent())
	if err != nil {
		return none, err
	}
	return credential.Secret, nil
}

// List reads what credentials a user has, strongly consistent and without KMS: no secret is opened.
func (c *Credentials) List(ctx context.Context, userID string) ([]CredentialInfo, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	if err := checkID("userID", userID); err != nil {
		return nil, err
	}
	var list []CredentialInfo
	query := theorydb.Query[Credential]{Key: Credential{UserID: userID}, Consistent: true}
	for info, err := range theorydb.Select[CredentialInfo](ctx, c.credentials, query) {
		if err != nil {
			return nil, err
		}
		list = append(list, *info)
	}
	return list, nil
}

// Delete deletes a credential of whatever version, in one request and without KMS. One that is not there is success.
func (c *Credentials) Delete(ctx context.Context, userID, kind, id string, options ...WriteOption) error {
	if err := c.ready(); err != nil {
		return err
	}
	if err := checkCredential(userID, kind, id); err != nil {
		return err
	}
	event, err := c.eventOfCredential(options, EventCredentialRemoved, userID, kind, id)
	if err != nil {
		return err
	}
	return discard(ctx, c.project, c.credentials, &Credential{UserID: userID, Type: kind, ID: id}, event)
}

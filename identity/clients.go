package identity

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/theorydb/theorydb"
)

// Clients keeps the OAuth clients of a project. A confidential client has a secret of 256 random bits, of which only the
// SHA-256 is stored, and two while a new one replaces the old. No verb needs KMS.
type Clients struct{ *project }

// The types of clients (RFC 6749 section 2.1).
const (
	ClientPublic       = "public"
	ClientConfidential = "confidential"
)

const (
	maxRedirectURIs = 50
	maxGrantTypes   = 20
	maxGrantType    = 128
)

// NewClient is a client to be registered.
type NewClient struct {
	Type         string   // ClientPublic or ClientConfidential
	RedirectURIs []string // each as it will be sent, byte by byte; see MatchRedirectURI. At most 50
	GrantTypes   []string // such as "authorization_code": at most 20
}

// ClientChange is what Update may change of a client.
type ClientChange struct {
	RedirectURIs []string
	GrantTypes   []string
}

func (c *ClientChange) check() error {
	if len(c.RedirectURIs) > maxRedirectURIs || len(c.GrantTypes) > maxGrantTypes {
		return fmt.Errorf("%w: RedirectURIs has more than %d or GrantTypes more than %d", theorydb.ErrInvalidValue, maxRedirectURIs, maxGrantTypes)
	}
	for _, uri := range c.RedirectURIs {
		if err := checkRedirectURI(uri); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, grant := range c.GrantTypes {
		if err := fitsAsText("a grant type", grant, maxGrantType); err != nil {
			return err
		}
		if grant == "" || seen[grant] {
			return fmt.Errorf("%w: GrantTypes has an empty one, or one twice", theorydb.ErrInvalidValue)
		}
		seen[grant] = true
	}
	return nil
}

// Create registers a client under a new id, in one request. Of a confidential one it gives the secret, which is not stored
// and not given again; of a public one the Secret is unset. A redirect URI that no client should have is
// theorydb.ErrInvalidValue: one that is not absolute, has a fragment or a wildcard, or is plain http to another machine.
func (c *Clients) Create(ctx context.Context, details NewClient, options ...WriteOption) (*Client, theorydb.Secret[string], error) {
	var secret theorydb.Secret[string]
	if err := c.ready(); err != nil {
		return nil, secret, err
	}
	if details.Type != ClientPublic && details.Type != ClientConfidential {
		return nil, secret, fmt.Errorf("%w: Type is public or confidential", theorydb.ErrInvalidValue)
	}
	change := ClientChange{RedirectURIs: details.RedirectURIs, GrantTypes: details.GrantTypes}
	if err := change.check(); err != nil {
		return nil, secret, err
	}
	id, err := c.options.NewID()
	if err != nil {
		return nil, secret, err
	}
	event, err := c.eventOfClient(options, EventClientCreated, id)
	if err != nil {
		return nil, secret, err
	}
	client := &Client{ID: id, Type: details.Type, RedirectURIs: details.RedirectURIs, GrantTypes: details.GrantTypes}
	var text string
	if details.Type == ClientConfidential {
		var first ClientSecret
		if text, first, err = c.newSecret(c.db.Now()); err != nil {
			return nil, secret, err
		}
		client.Secrets = []ClientSecret{first}
	}
	if err := create(ctx, c.project, c.clients, client, event); err != nil {
		return nil, secret, err
	}
	if text != "" {
		secret = theorydb.NewSecret(text)
	}
	return client, secret, nil
}

func (c *Clients) eventOfClient(options []WriteOption, eventType EventType, id string) (*pendingEvent, error) {
	return c.eventOf(options, auditDefaults{eventType: eventType, target: "client:" + id})
}

func (c *Clients) newSecret(now time.Time) (string, ClientSecret, error) {
	text, err := c.randomText()
	if err != nil {
		return "", ClientSecret{}, err
	}
	id, err := c.options.NewID()
	if err != nil {
		return "", ClientSecret{}, err
	}
	return text, ClientSecret{ID: id, Hash: randomTextHash(text), CreatedAt: now}, nil
}

// Get reads a client with one strongly consistent read. Its Secrets are digests.
func (c *Clients) Get(ctx context.Context, id string) (*Client, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	if err := checkID("id", id); err != nil {
		return nil, err
	}
	return c.clients.Get(ctx, Client{ID: id}, theorydb.Consistent())
}

// Update reads a client, lets change say what it shall have, and writes that, again from the start when another one was
// faster: a read and a write for every try. change may be called more than once; its error ends the call and is returned.
// Type and secrets stay as they are. The input is checked as by Create.
func (c *Clients) Update(ctx context.Context, id string, change func(*ClientChange) error, options ...WriteOption) (*Client, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	if err := checkID("id", id); err != nil {
		return nil, err
	}
	if change == nil {
		return nil, errNoChange
	}
	event, err := c.eventOfClient(options, EventClientUpdated, id)
	if err != nil {
		return nil, err
	}
	return modify(ctx, c.project, c.clients, Client{ID: id}, event, func(client *Client) error {
		wanted := ClientChange{RedirectURIs: slices.Clone(client.RedirectURIs), GrantTypes: slices.Clone(client.GrantTypes)}
		if err := change(&wanted); err != nil {
			return err
		}
		if err := wanted.check(); err != nil {
			return err
		}
		client.RedirectURIs, client.GrantTypes = wanted.RedirectURIs, wanted.GrantTypes
		return nil
	})
}

var errPublicClient = fmt.Errorf("%w: a public client has no secret", theorydb.ErrInvalidValue)

// RotateSecret gives a confidential client a new secret. The one before counts for overlap longer, 0 to 30 days, and an
// older one no more: there are never more than two. A read and a write for every try, again from the start when another one
// was faster.
func (c *Clients) RotateSecret(ctx context.Context, id string, overlap time.Duration, options ...WriteOption) (theorydb.Secret[string], error) {
	var none theorydb.Secret[string]
	if err := c.ready(); err != nil {
		return none, err
	}
	if err := checkID("id", id); err != nil {
		return none, err
	}
	if overlap < 0 || overlap > 30*24*time.Hour {
		return none, fmt.Errorf("%w: overlap is not 0 to 30 days", theorydb.ErrInvalidValue)
	}
	event, err := c.eventOfClient(options, EventClientSecretRotated, id)
	if err != nil {
		return none, err
	}
	now := c.db.Now()
	text, fresh, err := c.newSecret(now)
	if err != nil {
		return none, err
	}
	_, err = modify(ctx, c.project, c.clients, Client{ID: id}, event, func(client *Client) error {
		if client.Type != ClientConfidential {
			return errPublicClient
		}
		kept := []ClientSecret{}
		if last := len(client.Secrets) - 1; last >= 0 && overlap > 0 {
			old, ends := client.Secrets[last], now.Add(overlap)
			old.ExpiresAt = &ends
			kept = append(kept, old)
		}
		client.Secrets = append(kept, fresh)
		return nil
	})
	if err != nil {
		return none, err
	}
	return theorydb.NewSecret(text), nil
}

// VerifySecret returns the client whose secret was presented. It sends one strongly consistent read and compares with every
// secret of the client in constant time. A wrong, ended or malformed secret, and any secret of a public client, is
// ErrInvalidToken; an unknown client is theorydb.ErrItemNotFound. Answer with Public of the error, which makes them alike.
func (c *Clients) VerifySecret(ctx context.Context, id string, presented theorydb.Secret[string]) (*Client, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	if err := checkID("id", id); err != nil {
		return nil, err
	}
	if !isRandomText(presented.Reveal()) {
		return nil, ErrInvalidToken
	}
	client, err := c.clients.Get(ctx, Client{ID: id}, theorydb.Consistent())
	if errors.Is(err, theorydb.ErrItemNotFound) {
		c.notify(ctx, Notice{Kind: NoticeMiss, Scope: c.scope, ID: id})
	}
	if err != nil {
		return nil, err
	}
	now, hash, right := c.db.Now(), []byte(randomTextHash(presented.Reveal())), false
	for _, secret := range client.Secrets {
		equal := subtle.ConstantTimeCompare([]byte(secret.Hash), hash) == 1
		if equal && (secret.ExpiresAt == nil || now.Before(*secret.ExpiresAt)) {
			right = true
		}
	}
	if !right || client.Type != ClientConfidential {
		return nil, ErrInvalidToken
	}
	return client, nil
}

// Delete deletes a client of whatever version, in one request. One that is not there is success. Tokens that it was given
// are not touched.
func (c *Clients) Delete(ctx context.Context, id string, options ...WriteOption) error {
	if err := c.ready(); err != nil {
		return err
	}
	if err := checkID("id", id); err != nil {
		return err
	}
	event, err := c.eventOfClient(options, EventClientDeleted, id)
	if err != nil {
		return err
	}
	return discard(ctx, c.project, c.clients, &Client{ID: id}, event)
}

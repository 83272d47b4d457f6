package keystore

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// region is the keys and aliases of one region: it knows nothing of others.
type region struct {
	name    string
	keys    map[string]*key   // by id
	aliases map[string]string // alias name -> key id
	created int               // keys made so far without a name
}

func (s *Service) region(name string) *region {
	r := s.regions[name]
	if r == nil {
		r = &region{name: name, keys: map[string]*key{}, aliases: map[string]string{}}
		s.regions[name] = r
	}
	return r
}

// keyARN has the region, the account and the resource as its parts.
var keyARN = regexp.MustCompile(`^arn:aws[a-z-]*:kms:([a-z0-9-]+):([0-9]{12}):(key/[^/]+|alias/.+)$`)

// find gives the key that an id, an ARN, an alias name or an alias ARN names.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
func (r *region) find(name string) (*key, *apierror.Error) {
	resource, err := r.local(name)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(resource, "alias/") {
		id, ok := r.aliases[resource]
		if !ok {
			return nil, refuse("NotFoundException", "Alias %s is not found.", arnOf(r.name, resource))
		}
		return r.keys[id], nil
	}
	return r.findID(resource)
}

// findKey gives the key that an id or ARN names. Operations that manage a key
// take no alias.
func (r *region) findKey(name string) (*key, *apierror.Error) {
	resource, err := r.local(name)
	if err != nil {
		return nil, err
	}
	return r.findID(resource)
}

func (r *region) findID(id string) (*key, *apierror.Error) {
	if k := r.keys[id]; k != nil {
		return k, nil
	}
	if strings.Contains(id, "/") {
		return nil, refuse("NotFoundException", "Invalid keyId %s", id)
	}
	return nil, refuse("NotFoundException", "Key '%s' does not exist", arnOf(r.name, "key/"+id))
}

// local turns an ARN of this region into a key id or alias name, and leaves
// other names as they are.
func (r *region) local(name string) (string, *apierror.Error) {
	if !strings.HasPrefix(name, "arn:") {
		return name, nil
	}
	parts := keyARN.FindStringSubmatch(name)
	switch {
	case parts == nil:
		return "", refuse("InvalidArnException", "%s is not a valid ARN of a key or alias", name)
	case parts[1] != r.name:
		return "", refuse("NotFoundException", "Invalid arn %s", parts[1])
	case parts[2] != account:
		return "", refuse("AccessDeniedException", "The key of account %s does not exist or you are not allowed to access it", parts[2])
	}
	return strings.TrimPrefix(parts[3], "key/"), nil
}

// deleteDue deletes the keys whose waiting period is over, and their aliases.
// The clock is read only when there is such a key.
func (s *Service) deleteDue() {
	var now time.Time
	for _, r := range s.regions {
		for id, k := range r.keys {
			if k.state != PendingDeletion {
				continue
			}
			if now.IsZero() {
				now = s.now()
			}
			if now.Before(k.deletion) {
				continue
			}
			delete(r.keys, id)
			maps.DeleteFunc(r.aliases, func(_, target string) bool { return target == id })
			if k.related != nil {
				k.related.keys = slices.DeleteFunc(k.related.keys, func(other *key) bool { return other == k })
			}
		}
	}
}

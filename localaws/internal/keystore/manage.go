package keystore

import (
	"regexp"
	"strconv"
	"time"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// maxRotations is how often a key can be rotated on demand:
// https://docs.aws.amazon.com/kms/latest/developerguide/rotating-keys-on-demand.html
const maxRotations = 25

// longestWait is the waiting period of a deletion that names none.
const (
	day         = 24 * time.Hour
	longestWait = 30 * day
)

func (s *Service) createKey(r *request, call *Call) (any, *apierror.Error) {
	description := r.text("Description")
	multiRegion := r.flag("MultiRegion")
	for parameter, supported := range map[string]string{"KeySpec": symmetric, "CustomerMasterKeySpec": symmetric, "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS"} {
		if r.has(parameter) && r.text(parameter) != supported {
			r.refuse(refuse("UnsupportedOperationException", "This engine makes keys with %s %s only", parameter, supported))
		}
	}
	if err := r.failed(); err != nil {
		return nil, err
	}
	k := s.addKey(r.region, "created "+strconv.Itoa(r.region.created), multiRegion)
	r.region.created++
	k.description = description
	call.KeyARN = k.arn()
	return map[string]any{"KeyMetadata": s.describe(k)}, nil
}

// addKey makes an enabled key whose id depends on the seed, the region and the
// name.
func (s *Service) addKey(in *region, name string, multiRegion bool) *key {
	k := &key{
		id:       s.newID(in.name, name, multiRegion),
		region:   in.name,
		state:    Enabled,
		created:  s.now(),
		material: &material{},
	}
	if multiRegion {
		k.related = &related{keys: []*key{k}}
	}
	in.keys[k.id] = k
	return k
}

// regionName is the form of a region's name that ReplicateKey documents:
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html
var regionName = regexp.MustCompile(`^([a-z]+-){2,3}[0-9]+$`)

func (s *Service) replicateKey(r *request, call *Call) (any, *apierror.Error) {
	description := r.text("Description")
	target := r.required("ReplicaRegion")
	if !regionName.MatchString(target) || len(target) > 32 {
		r.refuse(invalid("1 validation error detected: Value at 'ReplicaRegion' failed to satisfy constraint: Member must be a region"))
	}
	k := r.managed(call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	if k.related == nil || k.isReplica() {
		return nil, refuse("UnsupportedOperationException", "%s is not a multi-Region primary key.", k.arn())
	}
	if err := k.usable(); err != nil {
		return nil, err
	}
	in := s.region(target)
	if in.keys[k.id] != nil {
		return nil, refuse("AlreadyExistsException", "%s already exists.", arnOf(target, "key/"+k.id))
	}
	replica := &key{
		id: k.id, region: target, description: description, state: Enabled,
		created: s.now(), material: k.material, related: k.related,
	}
	k.related.keys = append(k.related.keys, replica)
	in.keys[k.id] = replica
	return map[string]any{"ReplicaKeyMetadata": s.describe(replica)}, nil
}

func (s *Service) describeKey(r *request, call *Call) (any, *apierror.Error) {
	k := r.keyFor("KeyId", call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	return map[string]any{"KeyMetadata": s.describe(k)}, nil
}

// managed reads the id or ARN of the key to change; nil when the request has
// failed.
func (r *request) managed(call *Call) *key {
	name := r.required("KeyId")
	if r.failed() != nil {
		return nil
	}
	k, err := r.region.findKey(name)
	if err != nil {
		r.refuse(err)
		return nil
	}
	call.KeyARN = k.arn()
	return k
}

func (s *Service) enableKey(r *request, call *Call) (any, *apierror.Error) {
	return r.switchKey(call, Enabled)
}

func (s *Service) disableKey(r *request, call *Call) (any, *apierror.Error) {
	return r.switchKey(call, Disabled)
}

func (r *request) switchKey(call *Call, state State) (any, *apierror.Error) {
	k := r.managed(call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	if err := k.manageable(); err != nil {
		return nil, err
	}
	k.state = state
	return map[string]any{}, nil
}

func (s *Service) scheduleKeyDeletion(r *request, call *Call) (any, *apierror.Error) {
	wait := time.Duration(r.between("PendingWindowInDays", 7, 30)) * day
	if wait == 0 {
		wait = longestWait
	}
	k := r.managed(call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	switch {
	case k.state == PendingDeletion:
		return nil, wrongState(k, "pending deletion")
	case k.related != nil && !k.isReplica() && len(k.related.keys) > 1:
		return nil, refuse("UnsupportedOperationException", "This engine deletes a primary key only after its replicas.")
	}
	s.schedule(k, wait)
	return map[string]any{
		"KeyId":               k.arn(),
		"DeletionDate":        seconds(k.deletion),
		"KeyState":            k.state,
		"PendingWindowInDays": int(wait / day),
	}, nil
}

func (s *Service) schedule(k *key, wait time.Duration) {
	k.state = PendingDeletion
	k.deletion = s.now().Add(wait)
}

func (s *Service) cancelKeyDeletion(r *request, call *Call) (any, *apierror.Error) {
	k := r.managed(call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	if k.state != PendingDeletion {
		return nil, wrongState(k, "not pending deletion")
	}
	k.state = Disabled
	return map[string]any{"KeyId": k.arn()}, nil
}

func (s *Service) rotateKeyOnDemand(r *request, call *Call) (any, *apierror.Error) {
	k := r.managed(call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	switch err := k.usable(); {
	case err != nil:
		return nil, err
	case k.isReplica():
		return nil, refuse("UnsupportedOperationException", "%s is a replica; rotate its primary key.", k.arn())
	case k.material.rotations == maxRotations:
		return nil, refuse("LimitExceededException", "%s was rotated on demand %d times.", k.arn(), maxRotations)
	}
	k.material.rotations++
	return map[string]any{"KeyId": k.id}, nil
}

package contracttest

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/theorydb/theorydb/contracttest/protocol"
	"github.com/theorydb/theorydb/localaws"
)

// defaultAlias names the key of scenarios that say nothing about encryption.
const defaultAlias = "alias/contract"

// Encryption is under which keys a scenario's library seals. Its zero value is one key for everything.
type Encryption struct {
	// None leaves the library without KMS and key.
	None bool
	// Scopes has a key for each scope, by the scope's components joined by "/", and none for anything else.
	Scopes map[string]string
}

// parse reads none, or the alias of a key for each scope.
func (e *Encryption) parse(p place) error {
	if text, err := p.text(); err == nil {
		if text != "none" {
			return p.errorf(`encryption is none, or the alias of a key for each scope`)
		}
		e.None = true
		return nil
	}
	return textMapInto(&e.Scopes)(p)
}

// KeyStep is what happens to KMS in a step of kms: one of its last three members.
type KeyStep struct {
	Alias    string // of the key; "" for alias/contract
	State    localaws.KeyState
	Service  string // of all keys: "up", "denied", "throttled" or "down"
	PointsTo string // the alias names the key of this other alias from now on
}

func (k KeyStep) isOneThing() bool {
	said := 0
	for _, text := range []string{string(k.State), k.Service, k.PointsTo} {
		if text != "" {
			said++
		}
	}
	return said == 1
}

var keyStates = map[string]localaws.KeyState{
	"enabled": localaws.KeyEnabled, "disabled": localaws.KeyDisabled,
	"pending_deletion": localaws.KeyPendingDeletion, "unavailable": localaws.KeyUnavailable,
}

func keyStateInto(to *localaws.KeyState) func(place) error {
	return func(p place) error {
		text, err := p.text()
		if err == nil && keyStates[text] == "" {
			return p.errorf("%q is none of the states %v", text, sortedNames(keyStates))
		}
		*to = keyStates[text]
		return err
	}
}

var services = []string{"up", "denied", "throttled", "down"}

func serviceInto(to *string) func(place) error {
	return func(p place) error {
		err := textInto(to)(p)
		if err == nil && !slices.Contains(services, *to) {
			return p.errorf("%q is none of %v", *to, services)
		}
		return err
	}
}

// keyService is the KMS of a scenario. It stands between the library and the engine's, counts the data keys that were
// asked for, and fails where a step says so.
type keyService struct {
	aws *localaws.AWS

	mu       sync.Mutex
	next     localaws.HTTPClient
	dataKeys int
}

func newKeyService(aws *localaws.AWS) *keyService { return &keyService{aws: aws, next: aws} }

// configure tells a driver its keys.
func (k *keyService) configure(about *protocol.Open, encryption Encryption) {
	switch {
	case encryption.None:
	case encryption.Scopes == nil:
		about.Key = k.aws.KMSKey(defaultAlias)
	default:
		about.ScopeKeys = map[string]string{}
		for scope, alias := range encryption.Scopes {
			about.ScopeKeys[scope] = k.aws.KMSKeyARN(k.aws.KMSKey(alias))
		}
	}
}

// apply does what a step of kms says.
func (k *keyService) apply(step KeyStep) error {
	alias := step.Alias
	if alias == "" {
		alias = defaultAlias
	}
	k.aws.KMSKey(alias)
	switch {
	case step.PointsTo != "":
		return k.aws.PointAlias(alias, k.aws.KMSKeyARN(k.aws.KMSKey(step.PointsTo)))
	case step.State != "":
		return k.aws.SetKeyState(alias, step.State)
	}
	faults := &localaws.Faults{Next: k.aws}
	switch step.Service {
	case "denied":
		faults.On("").Always().Error(http.StatusBadRequest, "AccessDeniedException", "denied by the scenario")
	case "throttled":
		faults.On("").Always().Error(http.StatusBadRequest, "ThrottlingException", "throttled by the scenario")
	case "down":
		faults.On("").Always().DropBefore()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = faults
	return nil
}

// Do sends a request on, or fails it.
func (k *keyService) Do(request *http.Request) (*http.Response, error) {
	k.mu.Lock()
	next := k.next
	// Only what makes or opens a data key counts: when and how a runtime finds the key behind an alias is its own matter.
	_, operation, _ := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	if operation == "GenerateDataKey" || operation == "Decrypt" {
		k.dataKeys++
	}
	k.mu.Unlock()
	return next.Do(request)
}

// seen is how many data keys were asked for since reset.
func (k *keyService) seen() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dataKeys
}

func (k *keyService) reset(to int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dataKeys = to
}

package identity

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/theorydb/theorydb"
)

// ProjectKeys is a theorydb.KeyResolver that gives each project the KMS key that its item names in KEKRef:
//
//	keys := identity.NewProjectKeys("")
//	db, err := theorydb.New(theorydb.Config{..., KMS: client, Keys: keys})
//	service, err := identity.New(db, identity.Options{..., ProjectKeys: keys})
//
// The item is read for every verb that seals or opens, strongly, which costs 1 read unit, and nothing is kept between two
// verbs: the cache window is zero. A project that does not exist or names no key has none, whatever the default key is.
//
// Who may write a project's item decides under which key the project's secrets are sealed from then on. Let the policy of
// the service's role name the KMS keys that it may use, so that no other can be slipped in.
//
// It fails closed: until New binds it to a service it has no key for anything but what has no scope.
type ProjectKeys struct {
	byDefault string
	projects  atomic.Pointer[theorydb.ScopedModel[Project]]
}

// NewProjectKeys makes a ProjectKeys that no service is bound to. The default key, a key ARN, is for models without a
// scope, of which this package has none with sealed attributes. Empty: they have no key.
func NewProjectKeys(defaultKey string) *ProjectKeys { return &ProjectKeys{byDefault: defaultKey} }

var (
	errKeysUnbound = errors.New("identity: the ProjectKeys is bound to no service; give it to Options.ProjectKeys")
	errKeysBound   = errors.New("identity: Options.ProjectKeys is bound to a service; make one for each")
	errNoKey       = errors.New("identity: there is no key for this scope")
)

// bind gives the models of a service, once: two services could disagree about a project's key.
func (k *ProjectKeys) bind(models *registered) error {
	if k != nil && !k.projects.CompareAndSwap(nil, models.projects) {
		return errKeysBound
	}
	return nil
}

// ResolveKeys gives the key of the request's scope.
func (k *ProjectKeys) ResolveKeys(ctx context.Context, request theorydb.KeyRequest) (theorydb.KeySet, error) {
	if request.Scope.IsZero() {
		if k.byDefault == "" {
			return theorydb.KeySet{}, errNoKey
		}
		return theorydb.KeySet{Current: k.byDefault}, nil
	}
	projects := k.projects.Load()
	if projects == nil {
		return theorydb.KeySet{}, errKeysUnbound
	}
	ids := request.Scope.Components()
	if len(ids) != 2 { // what is sealed belongs to a project
		return theorydb.KeySet{}, errNoKey
	}
	tenant, err := theorydb.NewScope(ids[0])
	if err != nil {
		return theorydb.KeySet{}, err
	}
	project, err := projects.In(tenant).Get(ctx, Project{ID: ids[1]}, theorydb.Consistent())
	switch {
	case errors.Is(err, theorydb.ErrItemNotFound): // of the project: not to be taken for the record that was asked for
		return theorydb.KeySet{}, errNoKey
	case err != nil:
		return theorydb.KeySet{}, fmt.Errorf("identity: the project that names the key: %w", err)
	case project.KEKRef == "":
		return theorydb.KeySet{}, errNoKey
	}
	return theorydb.KeySet{Current: project.KEKRef}, nil
}

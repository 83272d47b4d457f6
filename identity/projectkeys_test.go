package identity

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// keyedBench is a bench whose service has a key per project; alias names the key of acme's project.
func keyedBench(t *testing.T, alias string) (*bench, *Service) {
	b := openBench(t)
	b.aws.KMSKey(alias)
	service := keyedOn(t, b, NewProjectKeys(""), theorydb.Config{KMS: b.aws.KMS()})
	made := newTenant("acme")
	made.Project.KEKRef = b.aws.KMSKeyARN(alias)
	_, _, err := service.Platform("test").CreateTenant(t.Context(), made)
	require.NoError(t, err)
	return b, service
}

// keyedOn is a service on the table of a bench, with keys per project.
func keyedOn(t testing.TB, b *bench, keys *ProjectKeys, config theorydb.Config) *Service {
	config.DynamoDB, config.Table, config.LogicalTable, config.Clock, config.Keys = b.client, b.table, "identity", b.clock.Now, keys
	db, err := theorydb.New(config)
	require.NoError(t, err)
	options := b.options
	options.ProjectKeys = keys
	service, err := New(db, options)
	require.NoError(t, err)
	return service
}

func sealedProfile(user string) *Profile {
	return &Profile{UserID: user, Name: theorydb.NewSecret("Ann Example")}
}

func TestProjectsSealUnderKeysOfTheirOwn(t *testing.T) {
	b, service := keyedBench(t, "alias/acme")
	ctx := t.Context()
	tenant, err := service.ForTenant("acme")
	require.NoError(t, err)
	b.aws.KMSKey("alias/test")
	_, err = tenant.Projects.Create(ctx, NewProject{ID: "test", Name: "Test", KEKRef: b.aws.KMSKeyARN("alias/test")})
	require.NoError(t, err)
	test, err := NewScope("acme", "test")
	require.NoError(t, err)
	here, there := service.For(b.scope).Profiles, service.For(test).Profiles
	require.NoError(t, here.profiles.Create(ctx, sealedProfile("ann")))
	require.NoError(t, there.profiles.Create(ctx, sealedProfile("ann")))

	require.NoError(t, b.aws.SetKeyState("alias/acme", localaws.KeyDisabled))
	_, err = here.profiles.Get(ctx, Profile{UserID: "ann"})
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	found, err := there.profiles.Get(ctx, Profile{UserID: "ann"})
	require.NoError(t, err)
	require.Equal(t, "Ann Example", found.Name.Reveal())
	b.holdsNoneOf(t, "Ann Example")
}

func TestProjectKeysFailClosed(t *testing.T) {
	b, service := keyedBench(t, "alias/acme")
	ctx := t.Context()
	tenant, err := service.ForTenant("acme")
	require.NoError(t, err)
	_, err = tenant.Projects.Create(ctx, NewProject{ID: "bare", Name: "names no key"})
	require.NoError(t, err)
	for _, project := range []string{"bare", "unknown"} {
		scope, err := NewScope("acme", project)
		require.NoError(t, err)
		require.ErrorIs(t, service.For(scope).Profiles.profiles.Create(ctx, sealedProfile("ann")), theorydb.ErrEncryption, project)
	}

	// Until a service is bound there is no key, whatever the default one is.
	b.aws.KMSKey("alias/default")
	unbound := NewProjectKeys(b.aws.KMSKeyARN("alias/default"))
	db, err := theorydb.New(theorydb.Config{DynamoDB: b.client, Table: b.table, Clock: b.clock.Now, KMS: b.aws.KMS(), Keys: unbound})
	require.NoError(t, err)
	apart, err := New(db, Options{IndexKey: b.options.IndexKey, OTPKey: b.options.OTPKey})
	require.NoError(t, err)
	require.ErrorIs(t, apart.For(b.scope).Profiles.profiles.Create(ctx, sealedProfile("ann")), theorydb.ErrEncryption)

	// The project can't be read: no key, and nothing is written.
	before := len(b.items(t))
	b.faults.On("GetItem").Always().DropBefore()
	require.ErrorIs(t, service.For(b.scope).Profiles.profiles.Create(ctx, sealedProfile("ann")), theorydb.ErrEncryption)
	require.Len(t, b.items(t), before)
}

func TestKeyOfAProjectIsReadForEveryVerb(t *testing.T) {
	b, service := keyedBench(t, "alias/acme")
	ctx := t.Context()
	profiles := service.For(b.scope).Profiles.profiles
	require.NoError(t, profiles.Create(ctx, sealedProfile("ann")))
	recorder := orgsRecord(b)
	_, err := profiles.Get(ctx, Profile{UserID: "ann"})
	require.NoError(t, err)
	strong := 0
	for _, request := range recorder.requests {
		if request.operation == "GetItem" && request.body["ConsistentRead"] == true {
			strong++
		}
	}
	require.Equal(t, 1, strong, "the project, strongly")
	require.Len(t, recorder.requests, 2)

	tenant, err := service.ForTenant("acme")
	require.NoError(t, err)
	_, err = tenant.Projects.Create(ctx, NewProject{ID: "other", Name: "Other"})
	require.NoError(t, err)
	require.NoError(t, tenant.Projects.Delete(ctx, "prod"))
	_, err = profiles.Get(ctx, Profile{UserID: "ann"})
	require.ErrorIs(t, err, theorydb.ErrEncryption, "at once")
	require.NotErrorIs(t, err, theorydb.ErrItemNotFound, "the profile is there")
}

func TestDefaultKeyIsForModelsWithoutScope(t *testing.T) {
	keys := NewProjectKeys("arn:aws:kms:us-east-1:000000000000:key/default")
	set, err := keys.ResolveKeys(t.Context(), theorydb.KeyRequest{})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:kms:us-east-1:000000000000:key/default", set.Current)
	_, err = NewProjectKeys("").ResolveKeys(t.Context(), theorydb.KeyRequest{})
	require.ErrorIs(t, err, errNoKey)
	tenant, err := theorydb.NewScope("acme")
	require.NoError(t, err)
	b := openBench(t)
	require.NoError(t, keys.bind(b.models))
	_, err = keys.ResolveKeys(t.Context(), theorydb.KeyRequest{Scope: tenant})
	require.ErrorIs(t, err, errNoKey, "what is sealed belongs to a project")
	require.ErrorIs(t, keys.bind(b.models), errKeysBound)
}

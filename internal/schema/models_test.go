package schema

import (
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/theorydb/theorydb/internal/keys"
)

// Entity and Key stand for the marker types of the root package.
type (
	Entity struct{}
	Key    struct{}
)

type record map[string]any

var testOptions = Options{EntityType: reflect.TypeFor[Entity](), KeyType: reflect.TypeFor[Key]()}

// avOptions compares attribute values, and plans by what they export.
var avOptions = cmp.Options{
	cmpopts.IgnoreUnexported(
		types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{},
		types.AttributeValueMemberBOOL{}, types.AttributeValueMemberNULL{}, types.AttributeValueMemberL{},
		types.AttributeValueMemberM{}, types.AttributeValueMemberSS{}, types.AttributeValueMemberNS{},
		types.AttributeValueMemberBS{}, Plan{}, Attribute{},
	),
	cmp.Comparer(func(a, b *keys.Template) bool {
		return (a == nil) == (b == nil) && (a == nil || a.String() == b.String())
	}),
}

func mustCompile[T any]() *Plan {
	p, err := Compile(reflect.TypeFor[T](), testOptions)
	if err != nil {
		panic(err)
	}
	return p
}

type session struct {
	_ Entity `theorydb:"name:Session,table:identity,project:gsi1=userID+uses"`
	_ Key    `theorydb:"pk" key:"TENANT#{tenantID}#USER#{userID}"`
	_ Key    `theorydb:"sk" key:"SESSION#{id}"`
	_ Key    `theorydb:"index:gsi1" key:"T#{tenantID}#HASH#{secretHash|shard:4}"`
	_ Key    `theorydb:"index:gsi1,sk" key:"{expiry|ms}"`

	TenantID   string `theorydb:"scope"`
	UserID     string
	ID         string
	SecretHash string `theorydb:"omitempty"`
	Uses       int64
	Kind       string `theorydb:"enum:web|app,immutable"`
	Expiry     *time.Time
	Seed       []byte    `theorydb:"encrypted"`
	Roles      []string  `theorydb:"set"`
	Device     device    `theorydb:"json"`
	ExpiresAt  time.Time `theorydb:"ttl,required"`
	Version    int64     `theorydb:"version"`
	CreatedAt  time.Time `theorydb:"created_at"`
	UpdatedAt  time.Time `theorydb:"updated_at"`
	Cache      int       `theorydb:"-"`
}

type device struct{ Name, Agent string }

type credential struct {
	PK     string `theorydb:"pk" json:"pk"`
	SK     string `theorydb:"sk" json:"sk"`
	Secret string `theorydb:"encrypted" json:"secret"`
}

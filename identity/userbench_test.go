package identity

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// racers is how many goroutines a race of the contract has.
const racers = 16

// usersService is another service on the table of a bench, with its Config changed.
func usersService(t testing.TB, b *bench, change func(*theorydb.Config)) *Service {
	config := theorydb.Config{
		DynamoDB: b.client, Table: b.table, LogicalTable: "identity", Clock: b.clock.Now, KMS: b.aws.KMS(), KeyID: "alias/identity",
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	change(&config)
	db, err := theorydb.New(config)
	require.NoError(t, err)
	service, err := New(db, Options{IndexKey: bytes.Repeat([]byte{1}, keySize), OTPKey: bytes.Repeat([]byte{2}, keySize)})
	require.NoError(t, err)
	return service
}

// email is a NewUser with one address.
func email(addresses ...string) NewUser {
	var details NewUser
	for _, address := range addresses {
		details.Identifiers = append(details.Identifiers, NewIdentifier{Kind: KindEmail, Value: address})
	}
	return details
}

// newUser makes a user with addresses.
func newUser(t testing.TB, s *Stores, id string, addresses ...string) User {
	user, err := s.Users.Create(t.Context(), User{ID: id}, email(addresses...))
	require.NoError(t, err)
	return user
}

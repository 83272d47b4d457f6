package schema

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// benchSession has 15 attributes with times, a set and a nested map.
type benchSession struct {
	_ Key `theorydb:"pk" key:"TENANT#{tenantID}#USER#{userID}"`
	_ Key `theorydb:"sk" key:"SESSION#{id}"`

	TenantID   string `theorydb:"scope"`
	UserID     string
	ID         string
	SecretHash string
	UserAgent  string
	Address    string
	Uses       int64
	Active     bool
	Roles      []string `theorydb:"set"`
	Claims     map[string]string
	LastSeen   time.Time
	ExpiresAt  time.Time `theorydb:"ttl"`
	Version    int64     `theorydb:"version"`
	CreatedAt  time.Time `theorydb:"created_at"`
	UpdatedAt  time.Time `theorydb:"updated_at"`
}

func newBenchSession() *benchSession {
	at := time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)
	return &benchSession{
		TenantID: "acme", UserID: "user-1", ID: "session-1", SecretHash: "9f86d081884c7d659a2feaa0c55ad015", UserAgent: "Mozilla/5.0", Address: "10.0.0.1",
		Uses: 1000, Active: true, Roles: []string{"admin", "member"}, Claims: map[string]string{"mfa": "totp", "idp": "local"},
		LastSeen: at, ExpiresAt: at, Version: 3, CreatedAt: at, UpdatedAt: at,
	}
}

func BenchmarkEncodeSession(b *testing.B) {
	plan, rec := mustCompile[benchSession](), newBenchSession()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.Encode(rec); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeSession(b *testing.B) {
	plan := mustCompile[benchSession]()
	item, err := plan.Encode(newBenchSession())
	require.NoError(b, err)
	rec := &benchSession{}
	b.ReportAllocs()
	for b.Loop() {
		if err := plan.Decode(item, rec); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkKeySession(b *testing.B) {
	plan, rec := mustCompile[benchSession](), newBenchSession()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.Key(rec); err != nil {
			b.Fatal(err)
		}
	}
}

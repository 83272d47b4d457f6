package identity

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

func TestOnlyTheVeryTextMatchesARedirectURI(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		registered := rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "registered")
		got := rapid.OneOf(rapid.String(), rapid.SampledFrom(append(registered, "x"))).Draw(t, "got")
		expected := false
		for _, uri := range registered {
			expected = expected || got != "" && strings.Compare(uri, got) == 0
		}
		require.Equal(t, expected, MatchRedirectURI(registered, got))
	})
}

func TestRedirectURIsThatNoClientShouldHave(t *testing.T) {
	for _, uri := range []string{
		"https://a/cb", "https://a:8443/cb?x=1", "http://localhost:1/cb", "http://127.0.0.1/cb", "http://[::1]:1/cb", "com.example.app:/cb",
	} {
		require.NoError(t, checkRedirectURI(uri), uri)
	}
	for _, uri := range []string{
		"", "/cb", "a/cb", "https:///cb", "https:cb", "https://a/cb#", "https://a/*", "https://*.a/cb", "http://a/cb", "http://127.0.0.1.evil/cb",
		"javascript:alert(1)", "data:text/html,x", "https://u@a/cb", "https://u:p@a/cb", "https://a/\u00e4", "https://a/ b", "https://a/\n", "https://a\\@b/cb",
		"https://a/" + strings.Repeat("x", 2048), "://a", "https://a/%zz", "myapp://cb", "file:///etc",
	} {
		require.ErrorIs(t, checkRedirectURI(uri), theorydb.ErrInvalidValue, uri)
	}
}

func FuzzCheckRedirectURI(f *testing.F) {
	for _, seed := range []string{"https://a/cb", "http://localhost/", "com.example:/x", "https://u@a/", "javascript:a.b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if checkRedirectURI(text) == nil {
			require.NotContains(t, text, "*")
			require.NotContains(t, text, "#")
			require.True(t, MatchRedirectURI([]string{text}, text))
		}
	})
}

func TestClientSecretsOverlapWhileTheyRotate(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		clients := b.For(b.scope).Clients
		made, first, err := clients.Create(t.Context(), NewClient{Type: ClientConfidential, GrantTypes: []string{"client_credentials", "urn:ietf:params:oauth:grant-type:device_code"}})
		require.NoError(t, err)
		valid := func(secret theorydb.Secret[string]) bool {
			client, err := clients.VerifySecret(t.Context(), made.ID, secret)
			if err != nil {
				require.ErrorIs(t, err, ErrInvalidToken)
				return false
			}
			return client.ID == made.ID
		}
		require.True(t, valid(first))
		second, err := clients.RotateSecret(t.Context(), made.ID, time.Hour)
		require.NoError(t, err)
		require.True(t, valid(first))
		require.True(t, valid(second))
		client, err := clients.Get(t.Context(), made.ID)
		require.NoError(t, err)
		b.clock.Set(client.Secrets[0].ExpiresAt.Add(-time.Second))
		require.True(t, valid(first))
		b.clock.Set(*client.Secrets[0].ExpiresAt)
		require.False(t, valid(first), "at its second")
		require.True(t, valid(second))
		third, err := clients.RotateSecret(t.Context(), made.ID, time.Hour)
		require.NoError(t, err)
		fourth, err := clients.RotateSecret(t.Context(), made.ID, time.Hour)
		require.NoError(t, err)
		require.Equal(t, []bool{false, false, true, true}, []bool{valid(first), valid(second), valid(third), valid(fourth)}, "never more than two")
		fifth, err := clients.RotateSecret(t.Context(), made.ID, 0)
		require.NoError(t, err)
		require.Equal(t, []bool{false, true}, []bool{valid(fourth), valid(fifth)})
		b.holdsNoneOf(t, first.Reveal(), second.Reveal(), third.Reveal(), fourth.Reveal(), fifth.Reveal())
		for _, text := range []string{"", "x", first.Reveal()[1:], strings.Repeat("A", 43), strings.Repeat("x", 10_000)} {
			require.False(t, valid(theorydb.NewSecret(text)))
		}
		_, err = clients.VerifySecret(t.Context(), "unknown", first)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		require.ErrorIs(t, Public(err), ErrInvalidToken)
	})
}

func TestRacingRotationsLeaveTwoSecrets(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		clients := b.For(b.scope).Clients
		made, _, err := clients.Create(t.Context(), NewClient{Type: ClientConfidential})
		require.NoError(t, err)
		secrets := make([]theorydb.Secret[string], 4)
		errs := together(4, func(i int) (err error) {
			secrets[i], err = clients.RotateSecret(t.Context(), made.ID, time.Hour)
			return err
		})
		count := 0
		for i, err := range errs {
			require.NoError(t, err)
			if _, err := clients.VerifySecret(t.Context(), made.ID, secrets[i]); err == nil {
				count++
			}
		}
		require.Equal(t, 2, count)
	})
}

func TestClientIsUpdatedAndDeleted(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		clients := b.For(b.scope).Clients
		made, secret, err := clients.Create(t.Context(), NewClient{Type: ClientConfidential, RedirectURIs: []string{"https://a/cb"}, GrantTypes: []string{"authorization_code"}})
		require.NoError(t, err)
		updated, err := clients.Update(t.Context(), made.ID, func(c *ClientChange) error {
			c.RedirectURIs = append(c.RedirectURIs, "https://b/cb")
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, []string{"https://a/cb", "https://b/cb"}, updated.RedirectURIs)
		_, err = clients.VerifySecret(t.Context(), made.ID, secret)
		require.NoError(t, err)
		_, err = clients.Update(t.Context(), made.ID, func(c *ClientChange) error {
			c.RedirectURIs = []string{"https://*/cb"}
			return nil
		})
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		require.NoError(t, clients.Delete(t.Context(), made.ID))
		require.NoError(t, clients.Delete(t.Context(), made.ID))
		_, err = clients.Get(t.Context(), made.ID)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		_, err = clients.RotateSecret(t.Context(), made.ID, 0)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		public, _, err := clients.Create(t.Context(), NewClient{Type: ClientPublic})
		require.NoError(t, err)
		_, err = clients.RotateSecret(t.Context(), public.ID, 0)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = clients.VerifySecret(t.Context(), public.ID, secret)
		require.ErrorIs(t, err, ErrInvalidToken)
	})
}

func TestClientsRefuseBadInputWithoutARequest(t *testing.T) {
	b := openBench(t)
	clients := b.For(b.scope).Clients
	sent := b.tokensRequests()
	for _, client := range []NewClient{
		{},
		{Type: "native"},
		{Type: ClientPublic, RedirectURIs: []string{"x"}},
		{Type: ClientPublic, RedirectURIs: make([]string, 51)},
		{Type: ClientPublic, GrantTypes: []string{""}},
		{Type: ClientPublic, GrantTypes: []string{"a", "a"}},
		{Type: ClientPublic, GrantTypes: []string{"\xff"}},
		{Type: ClientPublic, GrantTypes: make([]string, 21)},
	} {
		_, _, err := clients.Create(t.Context(), client)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	}
	_, err := clients.Update(t.Context(), "a", nil)
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = clients.Get(t.Context(), "a/b")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = clients.RotateSecret(t.Context(), "a", -1)
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = b.For(Scope{}).Clients.Get(t.Context(), "a")
	require.ErrorIs(t, err, theorydb.ErrScopeRequired)
	require.Empty(t, sent())
}

package identitysuite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var credentialRedaction = []Scenario{
	{ID: "id.enc.redaction", Of: "credential", run: secretsOfCredentialsPrintRedacted},
}

// printed is some values as programs show them by mistake: in every form of fmt, in logs, as JSON, in an error and in a
// panic.
func printed(t testing.TB, values ...any) string {
	t.Helper()
	var shown bytes.Buffer
	for _, value := range values {
		wrapped := fmt.Errorf("read: %w", errors.Join(fmt.Errorf("%v", value), fmt.Errorf("%+v", value)))
		_, _ = fmt.Fprintf(&shown, "%v %+v %#v %s %q %x\n", value, value, value, value, value, value)
		_, _ = fmt.Fprintf(&shown, "%v %#v\n", []any{value, &value}, map[string]any{"value": value})
		_, _ = fmt.Fprintln(&shown, wrapped)
		slog.New(slog.NewTextHandler(&shown, nil)).Info("read", "value", value, "error", wrapped)
		slog.New(slog.NewJSONHandler(&shown, nil)).Info("read", "value", value, "error", wrapped)
		text, err := json.Marshal(value)
		require.NoError(t, err)
		shown.Write(text)
		func() {
			defer func() { _, _ = fmt.Fprintln(&shown, recover()) }()
			panic(value)
		}()
	}
	return shown.String()
}

func secretsOfCredentialsPrintRedacted(t *testing.T, b *bench) {
	const text = "tok-secret-1"
	b.deposited(t, b.user(t, "depositor").ID, "c1", text)
	a := b.confirmed(t, "depositor")
	secret, err := b.Credentials.Secret(t.Context(), "depositor", tokenType, "c1")
	require.NoError(t, err)
	require.Equal(t, text, string(secret.Reveal()))
	credential, err := rows[identity.Credential](t, b).Get(t.Context(), identity.Credential{UserID: "depositor", Type: tokenType, ID: "c1"})
	require.NoError(t, err)
	require.True(t, secret.Equal(credential.Secret))
	enrolment, err := rows[identity.MFAEnrolment](t, b).Get(t.Context(), identity.MFAEnrolment{UserID: "depositor", ID: a.id})
	require.NoError(t, err)
	require.Equal(t, a.seed, enrolment.Seed.Reveal())
	_, url, err := b.MFA.Enroll(t.Context(), "depositor", identity.NewAuthenticator{Issuer: "Acme", Account: "another@example.com"})
	require.NoError(t, err)
	refused := b.Credentials.Register(t.Context(), "depositor", tokenType, "c1", theorydb.NewSecret([]byte(text)))
	require.ErrorIs(t, refused, theorydb.ErrAlreadyExists)

	shown := printed(t, secret, &secret, *credential, credential, *enrolment, enrolment, url, refused)
	require.Contains(t, shown, "[REDACTED]")
	b.keepSecret(url.Reveal())
	for _, kept := range b.secrets {
		for _, form := range formsOf(kept) {
			require.NotContains(t, string(lowerASCII([]byte(shown))), string(form))
		}
	}
	for _, raw := range [][]byte{[]byte(text), a.seed} {
		require.NotContains(t, shown, fmt.Sprintf("%d", raw), "nor as numbers")
		require.NotContains(t, shown, fmt.Sprintf("%#v", raw))
	}
}

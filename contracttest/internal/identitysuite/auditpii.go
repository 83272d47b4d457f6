package identitysuite

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var auditPII = []Scenario{
	{ID: "id.erase.audit_shred", Of: "events", run: anErasureTakesWhatEventsSayAboutThePerson},
}

func anErasureTakesWhatEventsSayAboutThePerson(t *testing.T, b *bench) {
	ctx, pii := t.Context(), map[string]string{"email": "erase-me@example.org", "name": "Erase Me Marker"}
	b.keepSecret(pii["email"], pii["name"])
	b.user(t, "u2")
	with := eventOf(identity.EventAuthFailed, "with")
	with.PII = theorydb.NewSecret(pii)
	stored, err := b.Audit.Append(ctx, with)
	require.NoError(t, err)
	_, err = b.Audit.Append(ctx, eventOf(identity.EventAuthFailed, "without"))
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", with, with, with), "Marker")
	found, err := b.Audit.PII(ctx, &stored)
	require.NoError(t, err)
	require.Equal(t, pii, found.Reveal())

	// The digest tells nobody that two events say the same, and nothing without the nonce.
	sealed := b.itemsOf(t, "SubjectPII")
	require.Len(t, sealed, 1)
	nonce, ok := sealed[0]["nonce"].(*types.AttributeValueMemberB)
	require.True(t, ok)
	require.Len(t, nonce.Value, 32)
	require.Equal(t, digestOfPII(nonce.Value, pii), stored.PIIHash)
	require.NotEqual(t, digestOfPII(nil, pii), stored.PIIHash)
	twin := eventOf(identity.EventUserUpdated, "twin")
	twin.PII = with.PII
	second, err := b.Audit.Append(ctx, twin)
	require.NoError(t, err)
	require.NotEqual(t, stored.PIIHash, second.PIIHash)

	forged := stored
	forged.PIIHash = strings.Repeat("0", 64)
	_, err = b.Audit.PII(ctx, &forged)
	require.ErrorIs(t, err, identity.ErrChainBroken)
	_, err = b.For(newScope(t, "acme", "other")).Audit.PII(ctx, &stored)
	require.ErrorIs(t, err, theorydb.ErrScopeMismatch)

	before := b.itemsOf(t, "AuditEvent")
	b.kmsFaults.On("").Always().DropBefore() // an erasure needs no KMS
	for cursor, done := "", false; !done; {
		cursor, done, err = b.Users.Erase(ctx, "u2", cursor)
		require.NoError(t, err)
	}
	b.kmsFaults.mend()
	for _, event := range []*identity.AuditEvent{&stored, &second} {
		_, err = b.Audit.PII(ctx, event)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	}
	left := requireStream(t, b, identity.EventAuthFailed, 2)
	require.Equal(t, &stored, left[0])
	require.ElementsMatch(t, before, b.itemsOf(t, "AuditEvent"), "the events stay as they were")
	for _, item := range b.items(t) {
		require.NotEqual(t, "SubjectPII", attributeText(item, "_t"))
		require.NotContains(t, item, "nonce", "without it the digest says nothing")
	}
}

// digestOfPII is the piiHash of an event as its documentation has it: the HMAC-SHA-256, under the index key, of "audpii1",
// the nonce, the number of entries, and the length and bytes of each name and text in order of the names.
func digestOfPII(nonce []byte, data map[string]string) string {
	form := append([]byte("audpii1"), nonce...)
	form = binary.BigEndian.AppendUint32(form, uint32(len(data)))
	for _, name := range slices.Sorted(maps.Keys(data)) {
		for _, text := range []string{name, data[name]} {
			form = append(binary.BigEndian.AppendUint32(form, uint32(len(text))), text...)
		}
	}
	mac := hmac.New(sha256.New, indexKey)
	mac.Write(form)
	return hex.EncodeToString(mac.Sum(nil))
}

package theorydb_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// safe is a vault with a DB that has sealed models, and one that is not.
type safe struct {
	*vault
	db          *theorydb.DB
	credentials *theorydb.Model[versionedCredential]
	many        *theorydb.Model[manySecrets]
	leased      *theorydb.Model[leasedSecret]
	open        *theorydb.Model[openRecord]
}

// leasedSecret is sealed, and expires.
type leasedSecret struct {
	_ theorydb.Key `theorydb:"pk" key:"LEASED#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"LEASED"`

	ID        string
	Secret    theorydb.Secret[string] `theorydb:"encrypted"`
	ExpiresAt time.Time               `theorydb:"ttl"`
}

func openSafe(t *testing.T, change ...func(*theorydb.Config)) *safe {
	s := &safe{vault: openVault(t)}
	s.use(t, s.vault.open(t, append([]func(*theorydb.Config){s.sealed}, change...)...))
	require.NoError(t, s.db.CreateTable(t.Context()))
	return s
}

func (s *safe) use(t *testing.T, db *theorydb.DB) {
	s.db = db
	s.credentials = registered[versionedCredential](t, db)
	s.many = registered[manySecrets](t, db)
	s.leased = registered[leasedSecret](t, db)
	s.open = registered[openRecord](t, db)
}

func credentials(n int) []versionedCredential {
	all := make([]versionedCredential, n)
	for i := range all {
		all[i] = versionedCredential{ID: fmt.Sprint(i), Label: "l", Secret: theorydb.NewSecret(fmt.Sprint("s", i))}
	}
	return all
}

// groupWrites are the verbs that write many records at once.
func (s *safe) groupWrites() map[string]func(context.Context, []versionedCredential) error {
	return map[string]func(context.Context, []versionedCredential) error{
		"BatchWrite": func(ctx context.Context, records []versionedCredential) error {
			ops := make([]theorydb.BatchOp, len(records))
			for i := range records {
				ops[i] = s.credentials.PutOp(&records[i], theorydb.Unchecked())
			}
			return s.db.BatchWrite(ctx, ops...)
		},
		"Transact": func(ctx context.Context, records []versionedCredential) error {
			ops := make([]theorydb.TransactOp, len(records))
			for i := range records {
				ops[i] = s.credentials.CreateOp(&records[i])
			}
			return s.db.Transact(ctx, ops...)
		},
	}
}

// groupReads are the verbs that read many records at once.
func (s *safe) groupReads() map[string]func(context.Context, ...theorydb.ReadOp) error {
	return map[string]func(context.Context, ...theorydb.ReadOp) error{
		"BatchGet": func(ctx context.Context, ops ...theorydb.ReadOp) error { return s.db.BatchGet(ctx, ops) },
		"TransactGet": func(ctx context.Context, ops ...theorydb.ReadOp) error {
			return s.db.TransactGet(ctx, ops...)
		},
	}
}

func TestAKMSFailureAtOneItemOfAHundredSendsNothing(t *testing.T) {
	s := openSafe(t)
	for name, write := range s.groupWrites() {
		t.Run(name, func(t *testing.T) {
			s.kmsFaults = &localaws.Faults{Next: s.keys}
			s.kmsFaults.On("GenerateDataKey").Nth(30).Error(400, "DisabledException", "")
			records := credentials(100)
			var err error
			var asked map[string]int
			require.Zero(t, s.sends(func() {
				asked = s.asks(func() { err = write(t.Context(), records) })
			}))
			require.ErrorIs(t, err, theorydb.ErrKMSKeyUnusable)
			require.Regexp(t, `^theorydb: `+name+` versionedCredential: operation \d+: (Put|Create) versionedCredential: encryption: KMS key unusable`, err.Error())
			require.Less(t, asked["GenerateDataKey"], 30+16, "what is refused asks for no more data keys")
			requireSame(t, credentials(100), records)
			require.Empty(t, s.aws.Items(s.table))
		})
	}
}

func TestAGroupOfWritesHasOneDataKeyAnItem(t *testing.T) {
	for _, name := range []string{"BatchWrite", "Transact"} {
		t.Run(name, func(t *testing.T) {
			s := openSafe(t)
			records := make([]manySecrets, 60)
			var batch []theorydb.BatchOp
			var transaction []theorydb.TransactOp
			for i := range records {
				records[i] = manySecretsAt(fmt.Sprint(i))
				batch = append(batch, s.many.PutOp(&records[i], theorydb.Unchecked()))
				transaction = append(transaction, s.many.PutOp(&records[i]))
			}
			asked := s.asks(func() {
				if name == "Transact" {
					require.NoError(t, s.db.Transact(t.Context(), transaction...))
				} else {
					require.NoError(t, s.db.BatchWrite(t.Context(), batch...))
				}
			})
			require.Equal(t, map[string]int{"DescribeKey": 1, "GenerateDataKey": 60}, asked)
			wrapped := map[string]bool{}
			for _, item := range s.aws.Items(s.table) {
				own := map[string]bool{}
				for _, attribute := range []string{"a", "b", "c", "d", "e"} {
					requireSealed(t, item, attribute)
					own[string(edkOf(t, item, attribute))] = true
				}
				require.Len(t, own, 1, "the attributes of an item share its data key")
				for key := range own {
					wrapped[key] = true
				}
			}
			require.Len(t, wrapped, 60, "and no two items share one")
		})
	}
}

func edkOf(t *testing.T, item theorydb.Item, attribute string) []byte {
	envelope, ok := item[attribute].(*types.AttributeValueMemberM)
	require.True(t, ok)
	edk, ok := envelope.Value["edk"].(*types.AttributeValueMemberB)
	require.True(t, ok)
	return edk.Value
}

// envelopesOf records the sealed values of credentials in all requests of an operation, as JSON by record id.
func (e *engine) envelopesOf(operation string) func() map[string][]string {
	var mu sync.Mutex
	sent := map[string][]string{}
	type item struct {
		ID     struct{ S string } `json:"id"`
		Secret any                `json:"secret"`
	}
	e.faults.On(operation).When(func(r localaws.Request) bool {
		var body struct {
			RequestItems  map[string][]struct{ PutRequest struct{ Item item } }
			TransactItems []struct{ Put struct{ Item item } }
		}
		_ = json.Unmarshal(r.Body, &body)
		var items []item
		for _, requests := range body.RequestItems {
			for _, request := range requests {
				items = append(items, request.PutRequest.Item)
			}
		}
		for _, action := range body.TransactItems {
			items = append(items, action.Put.Item)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, item := range items {
			secret, _ := json.Marshal(item.Secret)
			sent[item.ID.S] = append(sent[item.ID.S], string(secret))
		}
		return false
	})
	return func() map[string][]string { return sent }
}

func TestWhatIsThrownBackOrResentIsTheSameEnvelope(t *testing.T) {
	for name, operation := range map[string]string{"BatchWrite": "BatchWriteItem", "Transact": "TransactWriteItems"} {
		t.Run(name, func(t *testing.T) {
			s := openSafe(t)
			sent := s.envelopesOf(operation)
			committed(s.faults.On(operation))
			cut(s.faults.On(operation))
			throttled(s.faults.On(operation))
			for range 3 {
				s.faults.On("BatchWriteItem").ThrowBack(func(i int) bool { return i%2 == 0 })
			}
			records := credentials(40)
			asked := s.asks(func() { require.NoError(t, s.groupWrites()[name](t.Context(), records)) })
			require.Equal(t, 40, asked["GenerateDataKey"], "sealed once")
			again := 0
			distinct := map[string]bool{}
			for id, envelopes := range sent() {
				require.Len(t, slices.Compact(slices.Clone(envelopes)), 1, "item %s", id)
				require.Contains(t, envelopes[0], `"edk"`)
				distinct[envelopes[0]] = true
				again += len(envelopes) - 1
			}
			require.Len(t, distinct, 40)
			require.GreaterOrEqual(t, again, 40, "they were resent")
		})
	}
}

// Readings of one model are opened together: a data key that several share is asked for once.
func TestReadingsOfOneModelShareDataKeys(t *testing.T) {
	s := openSafe(t)
	liar := &lyingKMS{KMS: s.kms}
	var mu sync.Mutex // items are sealed at the same time
	var first *kms.GenerateDataKeyOutput
	liar.generated = func(made *kms.GenerateDataKeyOutput) *kms.GenerateDataKeyOutput { // as a cache of data keys would
		mu.Lock()
		defer mu.Unlock()
		if first == nil {
			first = made
			first.Plaintext = slices.Clone(made.Plaintext)
		}
		same := *first
		same.Plaintext = slices.Clone(first.Plaintext) // which is wiped after use
		return &same
	}
	s.use(t, s.vault.open(t, s.sealed, func(c *theorydb.Config) { c.KMS = liar }))
	records := credentials(50)
	require.NoError(t, s.groupWrites()["Transact"](t.Context(), records))
	for name, read := range s.groupReads() {
		ops, gets := []theorydb.ReadOp{}, []*theorydb.GetOp[versionedCredential]{}
		for i := range records {
			gets = append(gets, s.credentials.GetOp(versionedCredential{ID: fmt.Sprint(i)}))
			ops = append(ops, gets[i])
		}
		asked := s.asks(func() { require.NoError(t, read(t.Context(), ops...)) })
		require.Equal(t, map[string]int{"Decrypt": 1}, asked, name)
		for i, get := range gets {
			got, err := get.Item()
			require.NoError(t, err)
			requireSame(t, records[i], *got)
		}
	}
}

func TestExpiredAndForeignRowsOfAGroupAreNotOpened(t *testing.T) {
	s := openSafe(t)
	ctx := t.Context()
	live := leasedSecret{ID: "live", Secret: theorydb.NewSecret("l")}
	old := leasedSecret{ID: "old", Secret: theorydb.NewSecret("o"), ExpiresAt: s.clock.Now().Add(time.Hour)}
	require.NoError(t, s.db.BatchWrite(ctx, s.leased.PutOp(&live, theorydb.Unchecked()), s.leased.PutOp(&old, theorydb.Unchecked())))
	s.clock.Advance(2 * time.Hour)
	foreign := s.stored(t, "LEASED#live", "LEASED")
	foreign["PK"], foreign["id"], foreign["_t"] = str("LEASED#foreign"), str("foreign"), str("another")
	s.put(t, foreign)

	for name, read := range s.groupReads() {
		t.Run(name, func(t *testing.T) {
			there, expired := s.leased.GetOp(leasedSecret{ID: "live"}), s.leased.GetOp(leasedSecret{ID: "old"})
			asked := s.asks(func() { require.NoError(t, read(ctx, there, expired)) })
			require.Equal(t, map[string]int{"Decrypt": 1}, asked, "for the live one")
			_, err := expired.Item()
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
			asked = s.asks(func() {
				require.ErrorIs(t, read(ctx, expired, s.leased.GetOp(leasedSecret{ID: "foreign"})), theorydb.ErrTypeMismatch)
			})
			require.Empty(t, asked)
		})
	}
}

func TestADamagedEnvelopeFailsAGroupOfReadsWhole(t *testing.T) {
	s := openSafe(t)
	records := credentials(3)
	require.NoError(t, s.groupWrites()["BatchWrite"](t.Context(), records))
	row := s.stored(t, "CREDENTIAL#1", "CREDENTIAL")
	sealed, ok := row["secret"].(*types.AttributeValueMemberM)
	require.True(t, ok)
	cipher, ok := sealed.Value["ct"].(*types.AttributeValueMemberB)
	require.True(t, ok)
	cipher.Value[0] ^= 1
	s.put(t, row)

	for name, read := range s.groupReads() {
		t.Run(name, func(t *testing.T) {
			whole, damaged, last := s.credentials.GetOp(records[0]), s.credentials.GetOp(records[1]), s.credentials.GetOp(records[2])
			err := read(t.Context(), whole, damaged, last)
			requireEncryptionError(t, err, theorydb.ErrDecryptAuth, "secret")
			require.ErrorContains(t, err, "operation 1: ")
			for _, op := range []*theorydb.GetOp[versionedCredential]{whole, damaged, last} {
				got, err := op.Item()
				require.Nil(t, got)
				require.ErrorContains(t, err, "not read yet")
			}
		})
	}
	got, err := s.credentials.BatchGet(t.Context(), records)
	require.Nil(t, got)
	requireEncryptionError(t, err, theorydb.ErrDecryptAuth, "secret")
}

// A canceled transaction gives the stored items back, envelopes and all. None of that is kept in the error.
func TestTheReasonsOfACancellationDoNotReachTheError(t *testing.T) {
	s := openSafe(t)
	records := credentials(2)
	require.NoError(t, s.groupWrites()["BatchWrite"](t.Context(), records))
	stale := records[0]
	stale.Version = 7
	err := s.db.Transact(t.Context(), s.credentials.UpdateOp(&stale), s.credentials.CreateOp(ptr(records[1])))
	require.ErrorIs(t, err, theorydb.ErrVersionConflict)
	require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
	var failed *theorydb.TransactionError
	require.ErrorAs(t, err, &failed)
	d := depths{seen: map[uintptr]bool{}}
	for _, shown := range []error{err, failed, failed.Ops[0], failed.Ops[1], failed.Err} {
		d.walk(reflect.ValueOf(shown))
	}
	for i := range records {
		row := s.stored(t, "CREDENTIAL#"+records[i].ID, "CREDENTIAL")
		sealed, ok := row["secret"].(*types.AttributeValueMemberM)
		require.True(t, ok)
		for name, part := range sealed.Value {
			if bytes, ok := part.(*types.AttributeValueMemberB); ok {
				require.NotContains(t, d.out.String(), string(bytes.Value), name)
				require.NotContains(t, err.Error(), string(bytes.Value), name)
			}
		}
	}
	require.Contains(t, d.out.String(), "ConditionalCheckFailed", "the control: the reasons were walked")
}

package envelope_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/envelope"
)

func TestEveryBitOfAnEnvelopeCounts(t *testing.T) {
	dataKey, c := someKey("data"), somePlace()
	for name, plaintext := range somePlaintexts(t) {
		p := seal(t, dataKey, c, plaintext)
		flipped := 0
		for _, part := range [][]byte{p.KC[:], p.Nonce[:], p.CT} {
			for bit := range len(part) * 8 {
				part[bit/8] ^= 1 << (bit % 8)
				requireRefused(t, dataKey, c, p)
				part[bit/8] ^= 1 << (bit % 8)
				flipped++
			}
		}
		opened, err := envelope.Open(dataKey, c, p)
		require.NoError(t, err, "every bit was put back")
		require.Equal(t, plaintext, opened)
		t.Logf("%s: %d bits of commitment, nonce and ciphertext", name, flipped)
	}
}

func TestEveryBitOfDataKeyAndPlaceCounts(t *testing.T) {
	dataKey, c := someKey("data"), somePlace()
	p := seal(t, dataKey, c, []byte("Ss3cr3t"))
	flipped := 0
	for bit := range len(dataKey) * 8 {
		dataKey[bit/8] ^= 1 << (bit % 8)
		requireRefused(t, dataKey, c, p)
		dataKey[bit/8] ^= 1 << (bit % 8)
		flipped++
	}
	for _, name := range []*string{&c.LogicalTable, &c.Entity, &c.Scope, &c.Attribute, &c.PKName, &c.SKName} {
		was := *name
		for bit := range len(was) * 8 {
			changed := []byte(was)
			changed[bit/8] ^= 1 << (bit % 8)
			*name = string(changed)
			requireRefused(t, dataKey, c, p)
			flipped++
		}
		*name = was
	}
	for _, value := range [][]byte{c.PKValue, c.SKValue} {
		for bit := range len(value) * 8 {
			value[bit/8] ^= 1 << (bit % 8)
			requireRefused(t, dataKey, c, p)
			value[bit/8] ^= 1 << (bit % 8)
			flipped++
		}
	}
	for _, kind := range []*byte{&c.PKType, &c.SKType} {
		for bit := range 8 {
			*kind ^= 1 << bit
			requireRefused(t, dataKey, c, p)
			*kind ^= 1 << bit
			flipped++
		}
	}
	_, err := envelope.Open(dataKey, c, p)
	require.NoError(t, err, "every bit was put back")
	t.Logf("%d bits of data key and place", flipped)
}

func TestNoOtherLengthOfCiphertextOpens(t *testing.T) {
	dataKey, c := someKey("data"), somePlace()
	for name, plaintext := range somePlaintexts(t) {
		p := seal(t, dataKey, c, plaintext)
		whole := p.CT
		tried := 0
		for n := range len(whole) + 65 {
			if n == len(whole) {
				continue
			}
			p.CT = append(bytes.Clone(whole), make([]byte, 64)...)[:n]
			requireRefused(t, dataKey, c, p)
			tried++
		}
		for n := 1; n <= 64; n++ {
			p.CT = append(make([]byte, n), whole...)
			requireRefused(t, dataKey, c, p)
			if n <= len(whole) {
				p.CT = whole[n:]
				requireRefused(t, dataKey, c, p)
			}
			tried += 2
		}
		t.Logf("%s: %d lengths", name, tried)
	}
}

func TestAnEmptyPlaintextIsNoEnvelopeEvenIfAuthentic(t *testing.T) {
	dataKey, c := someKey("data"), somePlace()
	p := seal(t, dataKey, c, []byte("Sx"))
	key, _ := derived(t, dataKey, c.Bytes())
	gcm := newNaiveGCM(t, key)
	p.CT = gcm.seal(p.Nonce, []byte{1}, c.Bytes())
	_, err := envelope.Open(dataKey, c, p)
	require.NoError(t, err, "one byte is the least")
	p.CT = gcm.seal(p.Nonce, nil, c.Bytes())
	requireRefused(t, dataKey, c, p)
}

func TestAnotherDataKeyOpensNothing(t *testing.T) {
	c := somePlace()
	for name, plaintext := range somePlaintexts(t) {
		ours, theirs := seal(t, someKey("ours"), c, plaintext), seal(t, someKey("theirs"), c, plaintext)
		requireRefused(t, someKey("theirs"), c, ours)
		// Nor does a mixture of both, with either key.
		for mixture := range 8 {
			p := ours
			if mixture&1 != 0 {
				p.KC = theirs.KC
			}
			if mixture&2 != 0 {
				p.Nonce = theirs.Nonce
			}
			if mixture&4 != 0 {
				p.CT = theirs.CT
			}
			if mixture != 0 {
				requireRefused(t, someKey("ours"), c, p)
			}
			if mixture != 7 {
				requireRefused(t, someKey("theirs"), c, p)
			}
		}
		t.Logf("%s: 15 mixtures of two envelopes", name)
	}
}

// otherPlaces are places that differ from somePlace and from one another in one way each.
func otherPlaces() map[string]envelope.Context {
	changes := map[string]func(*envelope.Context){
		"logical table":                func(c *envelope.Context) { c.LogicalTable = "identity2" },
		"entity":                       func(c *envelope.Context) { c.Entity = "Session" },
		"scope":                        func(c *envelope.Context) { c.Scope = "umbrella" },
		"no scope":                     func(c *envelope.Context) { c.Scope = "" },
		"attribute":                    func(c *envelope.Context) { c.Attribute = "backup" },
		"case of attribute":            func(c *envelope.Context) { c.Attribute = "Secret" },
		"partition key name":           func(c *envelope.Context) { c.PKName = "PK2" },
		"partition key type":           func(c *envelope.Context) { c.PKType = 'B' },
		"partition key value":          func(c *envelope.Context) { c.PKValue = []byte("TENANT#acme#USER#8") },
		"no partition key value":       func(c *envelope.Context) { c.PKValue = nil },
		"sort key name":                func(c *envelope.Context) { c.SKName = "SK2" },
		"sort key type":                func(c *envelope.Context) { c.SKType = 'B' },
		"sort key value":               func(c *envelope.Context) { c.SKValue = []byte("CREDENTIAL#2") },
		"no sort key value":            func(c *envelope.Context) { c.SKValue = nil },
		"no sort key":                  func(c *envelope.Context) { c.SKName, c.SKType, c.SKValue = "", 0, nil },
		"keys swapped":                 func(c *envelope.Context) { c.PKValue, c.SKValue = c.SKValue, c.PKValue },
		"table and entity swapped":     func(c *envelope.Context) { c.LogicalTable, c.Entity = c.Entity, c.LogicalTable },
		"scope and attribute swapped":  func(c *envelope.Context) { c.Scope, c.Attribute = c.Attribute, c.Scope },
		"a byte from table to entity":  func(c *envelope.Context) { c.LogicalTable, c.Entity = "identit", "yCredential" },
		"a byte from scope to entity":  func(c *envelope.Context) { c.Entity, c.Scope = "Credentiala", "cme" },
		"a byte from key to key":       func(c *envelope.Context) { c.PKValue, c.SKValue = []byte("TENANT#acme#USER#"), []byte("7CREDENTIAL#1") },
		"a long partition key":         func(c *envelope.Context) { c.PKValue = []byte(strings.Repeat("p", 2048)) },
		"a NUL behind the attribute":   func(c *envelope.Context) { c.Attribute += "\x00" },
		"a sort key with type 0":       func(c *envelope.Context) { c.SKType = 0 },
		"a sort key without its value": func(c *envelope.Context) { c.SKName, c.SKValue = "", nil },
	}
	places := map[string]envelope.Context{"itself": somePlace()}
	for name, change := range changes {
		c := somePlace()
		change(&c)
		places[name] = c
	}
	return places
}

func TestAnEnvelopeOpensInItsOwnPlaceOnly(t *testing.T) {
	dataKey := someKey("data")
	places := otherPlaces()
	opened, refused := 0, 0
	for from, source := range places {
		p := seal(t, dataKey, source, []byte("Ss3cr3t"))
		for to, target := range places {
			if from != to {
				requireRefused(t, dataKey, target, p)
				refused++
				continue
			}
			_, err := envelope.Open(dataKey, target, p)
			require.NoError(t, err, from)
			opened++
		}
	}
	t.Logf("%d places, %d moves refused, %d opened in place", len(places), refused, opened)
}

func TestADataKeyCanBeEncryptedAnewWithoutSealingAgain(t *testing.T) {
	// Neither part vouches for anything, so a rotation may replace both and leave the ciphertext as it is.
	p := seal(t, someKey("data"), somePlace(), []byte("Ss3cr3t"))
	p.K, p.EDK = envelope.Selector("new key"), []byte("encrypted under the new key")
	opened, err := envelope.Open(someKey("data"), somePlace(), p)
	require.NoError(t, err)
	require.Equal(t, "Ss3cr3t", string(opened))
}

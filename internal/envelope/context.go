package envelope

import "encoding/binary"

// label and suite stand in front of every context, so that no other use of a data key, and no later way of sealing,
// can derive the same keys. The suite is HKDF-SHA256 with AES-256-GCM and a commitment of 32 bytes.
const (
	label = "theorydb/enc/v2\x00"
	suite = 0x01
)

// Context is the place of a sealed attribute. All of it is authenticated and none of it is stored with the envelope: a
// reader takes it from its own model and scope and from the key the item is stored under.
type Context struct {
	// LogicalTable survives a restore into a table of another name.
	LogicalTable string
	Entity       string
	// Scope is empty for a model without one.
	Scope     string
	Attribute string

	PKName string
	// PKType is the type of the partition key: 'S', 'N' or 'B'.
	PKType byte
	// PKValue is the stored key. A number is given in canonical form (tlv.Number): DynamoDB does not return the text it
	// was sent.
	PKValue []byte

	// SKName, SKType and SKValue describe the sort key likewise; they are all zero when the table has none.
	SKName  string
	SKType  byte
	SKValue []byte
}

// Bytes gives the canonical bytes of a context; those of any two different contexts differ:
//
//	ctx = "theorydb/enc/v2" 00, suite 01
//	      LP(LogicalTable) LP(Entity) LP(Scope) LP(Attribute)
//	      LP(PKName) PKType LP(PKValue)
//	      00, or 01 LP(SKName) SKType LP(SKValue)
//
// LP is a big-endian uint32 length and so many bytes.
func (c Context) Bytes() []byte {
	b := make([]byte, 0, 256) // most contexts fit
	b = append(append(b, label...), suite)
	b = appendPrefixed(b, c.LogicalTable)
	b = appendPrefixed(b, c.Entity)
	b = appendPrefixed(b, c.Scope)
	b = appendPrefixed(b, c.Attribute)
	b = appendKey(b, c.PKName, c.PKType, c.PKValue)
	if c.SKName == "" && c.SKType == 0 && len(c.SKValue) == 0 {
		return append(b, 0)
	}
	return appendKey(append(b, 1), c.SKName, c.SKType, c.SKValue)
}

func appendKey(b []byte, name string, kind byte, value []byte) []byte {
	return appendPrefixed(append(appendPrefixed(b, name), kind), value)
}

func appendPrefixed[T string | []byte](b []byte, part T) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(part))) //nolint:gosec // names and keys are some KB at most
	return append(b, part...)
}

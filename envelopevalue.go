package theorydb

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/envelope"
)

// An envelope is stored as a map with exactly these members:
//
//	v      N  the version, 2
//	k      B  8 bytes, which KMS key wrapped the data key
//	edk    B  the wrapped data key
//	kc     B  32 bytes, the commitment
//	nonce  B  12 bytes
//	ct     B  ciphertext and tag
//
// Readers of an older form refuse the version instead of misreading it.

func envelopeValue(parts envelope.Parts) types.AttributeValue {
	binary := func(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }
	return &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
		"v":     number(envelope.Version),
		"k":     binary(parts.K[:]),
		"edk":   binary(parts.EDK),
		"kc":    binary(parts.KC[:]),
		"nonce": binary(parts.Nonce[:]),
		"ct":    binary(parts.CT),
	}}
}

// parseEnvelope reads the form of an envelope, strictly: whatever this library would not have written is refused before
// KMS is asked.
func parseEnvelope(value types.AttributeValue) (envelope.Parts, error) {
	var parts envelope.Parts
	stored, ok := value.(*types.AttributeValueMemberM)
	if !ok {
		return parts, &EncryptionError{Err: ErrInvalidEncryptedEnvelope}
	}
	version, ok := stored.Value["v"].(*types.AttributeValueMemberN)
	if !ok {
		return parts, &EncryptionError{Err: ErrInvalidEncryptedEnvelope}
	}
	if version.Value != strconv.Itoa(envelope.Version) {
		return parts, &EncryptionError{Err: ErrUnsupportedEnvelopeVersion}
	}
	e := envelopeReader{members: stored.Value}
	copy(parts.K[:], e.binary("k", len(parts.K), len(parts.K)))
	parts.EDK = e.binary("edk", 1, envelope.MaxEDK)
	copy(parts.KC[:], e.binary("kc", len(parts.KC), len(parts.KC)))
	copy(parts.Nonce[:], e.binary("nonce", len(parts.Nonce), len(parts.Nonce)))
	parts.CT = e.binary("ct", envelope.MinCT, maxItemSize)
	if e.damaged || len(stored.Value) != 6 {
		return envelope.Parts{}, &EncryptionError{Err: ErrInvalidEncryptedEnvelope}
	}
	return parts, nil
}

type envelopeReader struct {
	members map[string]types.AttributeValue
	damaged bool
}

func (e *envelopeReader) binary(name string, shortest, longest int) []byte {
	member, ok := e.members[name].(*types.AttributeValueMemberB)
	if !ok || len(member.Value) < shortest || len(member.Value) > longest {
		e.damaged = true
		return nil
	}
	return member.Value
}

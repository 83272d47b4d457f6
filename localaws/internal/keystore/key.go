package keystore

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// State is the state of a key:
// https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
type State string

// The states of a key.
const (
	Enabled         State = "Enabled"
	Disabled        State = "Disabled"
	PendingDeletion State = "PendingDeletion"
	PendingImport   State = "PendingImport"
	Unavailable     State = "Unavailable"
)

func (s State) known() bool {
	switch s {
	case Enabled, Disabled, PendingDeletion, PendingImport, Unavailable:
		return true
	}
	return false
}

// key is a symmetric key for encryption in one region. A multi-Region key has
// one for each region, with the same id and the same material.
type key struct {
	id          string
	region      string
	description string
	state       State
	created     time.Time
	deletion    time.Time // when it is deleted, in state PendingDeletion only
	material    *material
	related     *related // nil for a key of a single region
}

// material counts the backing keys. Old ones stay, to open what they sealed.
type material struct{ rotations uint32 }

// newest is the version of the backing key that seals.
func (m *material) newest() uint32 { return m.rotations }

// related are the keys of one multi-Region key, first the primary one.
type related struct{ keys []*key }

func (k *key) arn() string { return arnOf(k.region, "key/"+k.id) }

func arnOf(region, resource string) string {
	return "arn:aws:kms:" + region + ":" + account + ":" + resource
}

func (k *key) isReplica() bool { return k.related != nil && k.related.keys[0] != k }

// usable refuses what the key's state does not allow a cryptographic operation
// to do.
func (k *key) usable() *apierror.Error {
	switch k.state {
	case Enabled:
		return nil
	case Disabled:
		return refuse("DisabledException", "%s is disabled.", k.arn())
	case Unavailable:
		const code = "KeyUnavailableException"
		return &apierror.Error{Status: 500, Type: code, Code: code, Message: k.arn() + " is unavailable."}
	case PendingDeletion, PendingImport:
		return k.manageable()
	}
	return internal()
}

// manageable refuses the changes of a key that its state rules out.
func (k *key) manageable() *apierror.Error {
	switch k.state {
	case PendingDeletion:
		return wrongState(k, "pending deletion")
	case PendingImport:
		return wrongState(k, "pending import")
	case Enabled, Disabled, Unavailable:
	}
	return nil
}

// materialID names a backing key without showing it.
func (s *Service) materialID(k *key, version uint32) string {
	return hex.EncodeToString(s.derive("backing key id", s.backingKey(k.id, version)))
}

// newID gives a key id that depends on the seed, the region and the name only.
func (s *Service) newID(region, name string, multiRegion bool) string {
	id := s.derive("key id", appendText(appendText(nil, region), name))[:16]
	if multiRegion {
		return "mrk-" + hex.EncodeToString(id)
	}
	id[6] = id[6]&0x0f | 0x40 // the version and variant of a random UUID, RFC 9562 section 5.4
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// describe gives the KeyMetadata.
func (s *Service) describe(k *key) map[string]any {
	metadata := map[string]any{
		"AWSAccountId":          account,
		"KeyId":                 k.id,
		"Arn":                   k.arn(),
		"CreationDate":          seconds(k.created),
		"Enabled":               k.state == Enabled,
		"Description":           k.description,
		"KeyUsage":              "ENCRYPT_DECRYPT",
		"KeyState":              k.state,
		"Origin":                "AWS_KMS",
		"KeyManager":            "CUSTOMER",
		"CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
		"KeySpec":               "SYMMETRIC_DEFAULT",
		"EncryptionAlgorithms":  []string{"SYMMETRIC_DEFAULT"},
		"MultiRegion":           k.related != nil,
		"CurrentKeyMaterialId":  s.materialID(k, k.material.newest()),
	}
	if k.state == PendingDeletion {
		metadata["DeletionDate"] = seconds(k.deletion)
	}
	if k.related != nil {
		metadata["MultiRegionConfiguration"] = k.describeRelated()
	}
	return metadata
}

func (k *key) describeRelated() map[string]any {
	role := "PRIMARY"
	if k.isReplica() {
		role = "REPLICA"
	}
	list := make([]map[string]string, len(k.related.keys))
	for i, other := range k.related.keys {
		list[i] = map[string]string{"Arn": other.arn(), "Region": other.region}
	}
	return map[string]any{"MultiRegionKeyType": role, "PrimaryKey": list[0], "ReplicaKeys": list[1:]}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

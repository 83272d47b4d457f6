package keystore

import (
	"io"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// The most bytes that Encrypt and Decrypt take:
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
const (
	maxPlaintext = 4096
	maxBlob      = 6144
)

const symmetric = "SYMMETRIC_DEFAULT"

// keyFor reads the name of a key that the request is to use; nil when the
// request has failed.
func (r *request) keyFor(parameter string, call *Call) *key {
	name := r.required(parameter)
	if r.failed() != nil {
		return nil
	}
	k, err := r.region.find(name)
	if err != nil {
		r.refuse(err)
		return nil
	}
	call.KeyARN = k.arn()
	return k
}

// checkExtras refuses the parameters that ask for what this engine lacks.
func (r *request) checkExtras() {
	if len(member[[]any](r, "GrantTokens")) > 0 {
		r.refuse(refuse("InvalidGrantTokenException", "This engine has no grants"))
	}
	if r.has("Recipient") {
		r.refuse(refuse("UnsupportedOperationException", "This engine has no attested recipients"))
	}
}

// algorithm reads an encryption algorithm. The other ones are for asymmetric
// keys, of which there are none.
func (r *request) algorithm(parameter string) {
	if r.oneOf(parameter, symmetric, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE") != symmetric {
		r.refuse(refuse("InvalidKeyUsageException", "The algorithm of %s is not one of a symmetric key", parameter))
	}
}

// dryRun refuses a request that would succeed but asked not to.
func (r *request) dryRun() *apierror.Error {
	if r.flag("DryRun") {
		return refuse("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
	}
	return r.failed()
}

// sealFor seals for a request, and puts what KMS says of the key beside it.
func (s *Service) sealFor(k *key, plaintext []byte, context map[string]string) (map[string]any, *apierror.Error) {
	sealed, err := s.seal(k, plaintext, context)
	if err != nil {
		return nil, internal()
	}
	return map[string]any{"CiphertextBlob": sealed, "KeyId": k.arn()}, nil
}

func (s *Service) encrypt(r *request, call *Call) (any, *apierror.Error) {
	plaintext := r.bytes("Plaintext", maxPlaintext)
	call.Context = r.context("EncryptionContext")
	r.algorithm("EncryptionAlgorithm")
	r.checkExtras()
	k := r.keyFor("KeyId", call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	if err := k.usable(); err != nil {
		return nil, err
	}
	if err := r.dryRun(); err != nil {
		return nil, err
	}
	answer, err := s.sealFor(k, plaintext, call.Context)
	if err != nil {
		return nil, err
	}
	answer["EncryptionAlgorithm"] = symmetric
	return answer, nil
}

func (s *Service) generateDataKey(r *request, call *Call) (any, *apierror.Error) {
	return s.dataKey(r, call, true)
}

func (s *Service) generateDataKeyWithoutPlaintext(r *request, call *Call) (any, *apierror.Error) {
	return s.dataKey(r, call, false)
}

func (s *Service) dataKey(r *request, call *Call, show bool) (any, *apierror.Error) {
	size := r.between("NumberOfBytes", 1, 1024)
	spec := r.oneOf("KeySpec", "", "AES_256", "AES_128")
	call.Context = r.context("EncryptionContext")
	r.checkExtras()
	if r.has("NumberOfBytes") == r.has("KeySpec") {
		r.refuse(invalid("Please specify either number of bytes or key spec."))
	}
	switch spec {
	case "AES_256":
		size = 32
	case "AES_128":
		size = 16
	}
	k := r.keyFor("KeyId", call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	if err := k.usable(); err != nil {
		return nil, err
	}
	if err := r.dryRun(); err != nil {
		return nil, err
	}
	plaintext := make([]byte, size)
	if _, err := io.ReadFull(s.random, plaintext); err != nil {
		return nil, internal()
	}
	answer, err := s.sealFor(k, plaintext, call.Context)
	if err != nil {
		return nil, err
	}
	answer["KeyMaterialId"] = s.materialID(k, k.material.newest())
	if show {
		answer["Plaintext"] = plaintext
	}
	return answer, nil
}

// opened is what a blob held.
type opened struct {
	key        *key
	materialID string
	plaintext  []byte
}

// openFor opens the blob of a request. A key that the request names must be
// the blob's own, or one related to it.
func (s *Service) openFor(r *request, call *Call, keyParameter string) (opened, *apierror.Error) {
	raw := r.bytes("CiphertextBlob", maxBlob)
	var named *key
	if r.has(keyParameter) {
		named = r.keyFor(keyParameter, call)
	}
	if err := r.failed(); err != nil {
		return opened{}, err
	}
	b, ok := s.parseBlob(raw)
	if !ok {
		return opened{}, badCiphertext()
	}
	if named != nil && named.id != b.keyID {
		return opened{}, refuse("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
	}
	k := r.region.keys[b.keyID]
	if k == nil {
		return opened{}, refuse("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")
	}
	call.KeyARN = k.arn()
	if err := k.usable(); err != nil {
		return opened{}, err
	}
	plaintext, ok := s.open(k, b, call.Context)
	if !ok {
		return opened{}, badCiphertext()
	}
	return opened{key: k, materialID: s.materialID(k, b.version), plaintext: plaintext}, nil
}

func (s *Service) decrypt(r *request, call *Call) (any, *apierror.Error) {
	call.Context = r.context("EncryptionContext")
	r.algorithm("EncryptionAlgorithm")
	r.checkExtras()
	from, err := s.openFor(r, call, "KeyId")
	if err != nil {
		return nil, err
	}
	if err := r.dryRun(); err != nil {
		return nil, err
	}
	return map[string]any{
		"KeyId":               from.key.arn(),
		"KeyMaterialId":       from.materialID,
		"Plaintext":           from.plaintext,
		"EncryptionAlgorithm": symmetric,
	}, nil
}

func (s *Service) reEncrypt(r *request, call *Call) (any, *apierror.Error) {
	context := r.context("DestinationEncryptionContext")
	call.Context = r.context("SourceEncryptionContext")
	r.algorithm("SourceEncryptionAlgorithm")
	r.algorithm("DestinationEncryptionAlgorithm")
	r.checkExtras()
	to := r.keyFor("DestinationKeyId", &Call{}) // the log names the source
	from, err := s.openFor(r, call, "SourceKeyId")
	if err != nil {
		return nil, err
	}
	if err := to.usable(); err != nil {
		return nil, err
	}
	if err := r.dryRun(); err != nil {
		return nil, err
	}
	answer, err := s.sealFor(to, from.plaintext, context)
	if err != nil {
		return nil, err
	}
	answer["SourceKeyId"] = from.key.arn()
	answer["SourceKeyMaterialId"] = from.materialID
	answer["DestinationKeyMaterialId"] = s.materialID(to, to.material.newest())
	answer["SourceEncryptionAlgorithm"] = symmetric
	answer["DestinationEncryptionAlgorithm"] = symmetric
	return answer, nil
}

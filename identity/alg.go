package identity

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/theorydb/theorydb"
)

// signingAlgorithms are those that keys can have, Ed25519 (RFC 8037) and RSASSA-PKCS1-v1_5 (RFC 7518 section 3.3).
var signingAlgorithms = []jose.SignatureAlgorithm{jose.EdDSA, jose.RS256}

const rsaBits = 2048 // RFC 7518 section 3.3 asks for that many at least; a key signs for a month

// VerifyAlg checks the header of a token against the key that its kid names: the header's alg must be exactly the
// algorithm that the key was made for. "none", an HMAC algorithm over public bytes and the other key type's are
// ErrInvalidToken (RFC 8725 section 3.1). It is a pure function; call it before the signature is verified, and give the
// verifier key.Alg and never the header's.
func VerifyAlg(key SigningPublicKey, headerAlg string) error {
	for _, alg := range signingAlgorithms {
		if key.Alg == string(alg) && headerAlg == string(alg) {
			return nil
		}
	}
	return fmt.Errorf("%w: the header's alg is not that of the key", ErrInvalidToken)
}

// keyPair is a new signing key.
type keyPair struct {
	kid     string
	jwk     string // the public half, as JSON
	alg     jose.SignatureAlgorithm
	private theorydb.Secret[[]byte] // PKCS #8, DER (RFC 5958)
}

func (p *project) newKeyPair(alg jose.SignatureAlgorithm) (*keyPair, error) {
	private, err := p.newSigner(alg)
	if err != nil {
		return nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, errors.New("identity: a signing key could not be encoded")
	}
	pair := &keyPair{alg: alg, private: theorydb.NewSecret(encoded)}
	if pair.kid, err = thumbprint(private.Public()); err != nil {
		return nil, err
	}
	jwk, err := json.Marshal(jose.JSONWebKey{Key: private.Public(), KeyID: pair.kid, Algorithm: string(alg), Use: "sig"})
	if err != nil {
		return nil, errors.New("identity: a public key could not be encoded")
	}
	pair.jwk = string(jwk)
	return pair, nil
}

func (p *project) newSigner(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
	if alg == jose.EdDSA {
		seed, err := p.secret(ed25519.SeedSize)
		if err != nil {
			return nil, err
		}
		return ed25519.NewKeyFromSeed(seed), nil
	}
	if alg != jose.RS256 {
		return nil, errSigningAlg
	}
	key, err := rsa.GenerateKey(p.options.Rand, rsaBits)
	if err != nil {
		return nil, errors.New("identity: an RSA key could not be made")
	}
	return key, nil
}

var errSigningAlg = fmt.Errorf("%w: alg is neither EdDSA nor RS256", theorydb.ErrInvalidValue)

// thumbprint is the kid of a key: its JWK thumbprint with SHA-256 (RFC 7638), base64url without padding.
func thumbprint(public crypto.PublicKey) (string, error) {
	sum, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
	if err != nil {
		return "", errors.New("identity: a key has no thumbprint")
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

var errStoredKey = fmt.Errorf("%w: a stored signing key is not the one that its kid names", theorydb.ErrInvalidValue)

// webKey is a public key as it is published. A stored one that is private, or not that of its kid and alg, is an error:
// somebody else put it there.
func (k *SigningPublicKey) webKey() (jose.JSONWebKey, error) {
	var key jose.JSONWebKey
	if err := json.Unmarshal([]byte(k.JWK), &key); err != nil || !key.Valid() || !key.IsPublic() {
		return jose.JSONWebKey{}, errStoredKey
	}
	kid, err := thumbprint(key.Key)
	if err != nil || kid != k.KID || !fits(key.Key, k.Alg) {
		return jose.JSONWebKey{}, errStoredKey
	}
	return jose.JSONWebKey{Key: key.Key, KeyID: k.KID, Algorithm: k.Alg, Use: "sig"}, nil
}

// fits says whether a key is one of that algorithm.
func fits(public crypto.PublicKey, alg string) bool {
	switch public.(type) {
	case ed25519.PublicKey:
		return alg == string(jose.EdDSA)
	case *rsa.PublicKey:
		return alg == string(jose.RS256)
	}
	return false
}

// signer is a private key that prints as [REDACTED].
type signer struct {
	key theorydb.Secret[crypto.Signer]
}

// openSigner reads a private key that must be the one of a kid and alg.
func openSigner(kid, alg string, private theorydb.Secret[[]byte]) (crypto.Signer, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(private.Reveal())
	if err != nil {
		return nil, errStoredKey
	}
	key, ok := parsed.(crypto.Signer)
	if !ok || !fits(key.Public(), alg) {
		return nil, errStoredKey
	}
	if found, err := thumbprint(key.Public()); err != nil || found != kid {
		return nil, errStoredKey
	}
	return &signer{theorydb.NewSecret(key)}, nil
}

// Public returns the public half.
func (s *signer) Public() crypto.PublicKey { return s.key.Reveal().Public() }

// Sign signs, as the key itself does.
func (s *signer) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.key.Reveal().Sign(random, digest, opts)
}

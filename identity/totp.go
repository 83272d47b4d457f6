package identity

import (
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/theorydb/theorydb"
)

// What a TOTP authenticator is set up with (RFC 6238). SHA-1 is what authenticator apps support; HMAC does not need a hash
// without collisions.
const (
	totpPeriod   = 30 // seconds of a step
	totpSkew     = 1  // steps before and after the current one that count
	totpDigits   = 6
	totpSeedSize = 20 // bytes, as RFC 4226 section 4 recommends
)

func totpStep(t time.Time) int64 {
	seconds := t.Unix()
	step := seconds / totpPeriod
	if seconds%totpPeriod < 0 {
		step--
	}
	return step
}

// matchTOTP gives the newest step of the window whose code this is. Every step is computed and compared in constant time,
// whichever fits: a code can be that of two steps, and the older one may have been used.
func matchTOTP(seed []byte, code string, now time.Time) (step int64, found bool, err error) {
	current := totpStep(now)
	for candidate := current - totpSkew; candidate <= current+totpSkew; candidate++ {
		if candidate < 0 {
			continue
		}
		expected, err := totpCode(seed, candidate)
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(expected), []byte(code)) == 1 {
			step, found = candidate, true
		}
	}
	return step, found, nil
}

// totpCode is the code of one step.
func totpCode(seed []byte, step int64) (string, error) {
	code, err := totp.GenerateCodeCustom(totpSecret(seed), time.Unix(step*totpPeriod, 0), totp.ValidateOpts{
		Period: totpPeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil {
		return "", fmt.Errorf("%w: the seed makes no codes", theorydb.ErrInvalidValue) // and not err, which may quote the seed
	}
	return code, nil
}

// totpURL is what an authenticator app reads from a QR code. Every part is escaped: an account can't change the seed.
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format
func totpURL(seed []byte, issuer, account string) (theorydb.Secret[string], error) {
	for _, field := range []struct{ name, text string }{{"Issuer", issuer}, {"Account", account}} {
		if err := fitsAsText(field.name, field.text, maxShortText); err != nil {
			return theorydb.Secret[string]{}, err
		}
		if field.text == "" || strings.Contains(field.text, ":") { // which separates the two
			return theorydb.Secret[string]{}, fmt.Errorf("%w: %s is empty or has a colon", theorydb.ErrInvalidValue, field.name)
		}
	}
	query := url.Values{
		"secret": {totpSecret(seed)}, "issuer": {issuer}, "algorithm": {"SHA1"},
		"digits": {strconv.Itoa(totpDigits)}, "period": {strconv.Itoa(totpPeriod)},
	}
	key := url.URL{
		Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account,
		RawQuery: strings.ReplaceAll(query.Encode(), "+", "%20"), // apps read a plus as a plus
	}
	return theorydb.NewSecret(key.String()), nil
}

// totpSecret is a seed as authenticator apps write it.
func totpSecret(seed []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed)
}

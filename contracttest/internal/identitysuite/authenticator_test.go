package identitysuite

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The seed and times of RFC 6238 appendix B, with the last six of its eight digits.
func TestAuthenticatorGivesTheCodesOfRFC6238(t *testing.T) {
	a := authenticator{seed: []byte("12345678901234567890")}
	for seconds, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		require.Equal(t, code, a.code(stepOf(time.Unix(seconds, 0))).Reveal())
	}
}

package identitysuite

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScenariosAreNamedOnce(t *testing.T) {
	for _, scenarios := range ByID() {
		require.Regexp(t, `^id\.[a-z]+\.[a-z0-9_]+$`, scenarios[0].ID)
		names := map[string]bool{}
		for _, s := range scenarios {
			require.NotNil(t, s.run, s.ID)
			require.Equal(t, len(scenarios) > 1, s.Of != "", "%s: several of one id say of what they are", s.ID)
			require.False(t, names[s.Of], "%s of %q stands twice", s.ID, s.Of)
			names[s.Of] = true
		}
	}
}

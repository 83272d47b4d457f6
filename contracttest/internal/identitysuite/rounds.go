package identitysuite

import "testing"

// rounds is how often a scenario repeats what happens by chance: full times, a tenth of that under -short and under the race
// detector, which takes ten times as long.
func rounds(full int) int {
	if testing.Short() || raceDetector {
		return full / 10
	}
	return full
}

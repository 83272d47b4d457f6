package identitysuite

import "testing"

// rounds is how often a scenario repeats what happens by chance: full times, a tenth of that under -short, and where it takes
// ten times as long: under the race detector, and on an engine in another process.
func (b *bench) rounds(full int) int {
	if testing.Short() || raceDetector || b.embedded == nil {
		return full / 10
	}
	return full
}

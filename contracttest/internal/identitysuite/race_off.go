//go:build !race

package identitysuite

const raceDetector = false

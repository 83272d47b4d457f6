//go:build !race

package identity

// raceDetector says that the tests run under the race detector, which makes the long ones far longer.
const raceDetector = false

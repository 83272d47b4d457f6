//go:build !race

package identity

// underRace scales down what would take too long with the race detector.
const underRace = false

//go:build !race

package theorydb_test

// underRace scales down what would take too long with the race detector, and is done in full without it.
const underRace = false

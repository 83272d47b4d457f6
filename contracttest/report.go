package contracttest

import (
	"fmt"
	"strings"
)

// Report is what came of many scenarios.
type Report struct {
	Results    []*Result
	Unreadable []Unreadable // files that are no scenarios; each counts as failed
}

// Counts returns how many scenarios passed and how many failed.
func (r *Report) Counts() (passed, failed int) {
	for _, result := range r.Results {
		if result.Failure == nil {
			passed++
		} else {
			failed++
		}
	}
	return passed, failed + len(r.Unreadable)
}

// Table counts by promise, one line each, for promises that have scenarios.
func (r *Report) Table() string {
	const none = "none"
	passed, failed := map[string]int{}, map[string]int{none: len(r.Unreadable)}
	for _, result := range r.Results {
		promise := result.Scenario.Promise
		if promise == "" {
			promise = none
		}
		if result.Failure == nil {
			passed[promise]++
		} else {
			failed[promise]++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-8s %6s %6s\n", "promise", "passed", "failed")
	for _, promise := range append(append([]string{}, Promises...), none) {
		if passed[promise]+failed[promise] > 0 {
			fmt.Fprintf(&b, "%-8s %6d %6d\n", promise, passed[promise], failed[promise])
		}
	}
	return b.String()
}

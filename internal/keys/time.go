package keys

import (
	"strings"
	"time"
)

// millisCut is what ms takes from the end of the stored form, but for the Z.
const millisCut = len("000000Z")

// isTime tells whether text is a time in the one stored form. Formatting again
// refuses what time.Parse forgives, such as a comma before the fraction.
func isTime(text string) bool {
	t, err := time.Parse(TimeLayout, text)
	return err == nil && t.Format(TimeLayout) == text
}

// cutToMillis drops all but three digits of the fraction. It cuts and never
// rounds, so that a time never moves into the next second.
func cutToMillis(text string) string {
	return text[:len(text)-millisCut] + "Z"
}

// extendToNanos is the first time that cutToMillis maps to text.
func extendToNanos(text string) string {
	return strings.TrimSuffix(text, "Z") + "000000Z"
}

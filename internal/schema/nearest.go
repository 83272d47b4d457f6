package schema

import "strings"

// Nearest returns the candidate that text most likely meant, or "" when none is
// near, as for the words of a tag.
func Nearest(text string, candidates []string) string { return nearest(text, candidates) }

// nearest returns the candidate that text most likely meant, or "" when none
// is near: at most one edit in three letters, letter case not counted.
func nearest(text string, candidates []string) string {
	best, bestDistance := "", len(text)/3+1
	if bestDistance > 3 {
		bestDistance = 3
	}
	for _, c := range candidates {
		if d := editDistance(strings.ToLower(text), strings.ToLower(c)); d <= bestDistance && c != text {
			if best == "" || d < bestDistance {
				best, bestDistance = c, d
			}
		}
	}
	return best
}

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b (optimal string alignment).
func editDistance(a, b string) int {
	before, previous := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current := make([]int, len(b)+1)
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous = previous, current
	}
	return previous[len(b)]
}

func didYouMean(text string, candidates []string) string {
	if c := nearest(text, candidates); c != "" {
		return " (did you mean " + quote(c) + "?)"
	}
	return ""
}

func quote(s string) string { return `"` + s + `"` }

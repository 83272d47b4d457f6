// Package mutants shows that the contract suite can fail. A mutant is a small change to the library that breaks one of
// its promises, the way a mistake or a "simplification" would; the scenarios that must fail on it stand beside it. The
// package is tests alone, and the library has no switch for it: a mutant is edits of a source file, which are compiled
// into a binary of their own. README.md describes the files.
package mutants

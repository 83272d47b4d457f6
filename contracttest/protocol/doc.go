// Package protocol is how the runner of the contract suite speaks to an implementation that it judges: JSON lines, as
// PROTOCOL.md in the folder above says. The implementation may be a Go value in this process or a program in any language;
// both are asked the same and judged alike, since both are reached through the same lines.
//
// The types: [Request] and [Answer] are the lines, [Item] the values in them. [Serve] answers lines with a [Handler],
// which is what an implementation in Go writes; [Client] asks, and [Start] asks a program. Nothing here knows theorydb.
package protocol

// Package contracttest is the conformance suite of theorydb: what the library promises, shown by scenarios that any
// runtime can run.
//
// A scenario is a YAML file: steps in order, each an operation and what is expected of it. Nothing in it is Go; models
// come from model documents, values are logical and stored by the declared type. A scenario runs on an [Engine], the
// embedded one ([LocalAWS]) or any DynamoDB endpoint ([Endpoint]), in a table of its own. The runner owns the clock,
// so time passes only where a step says so, and no step waits.
//
// There are few types: [Scenario] is what a file says, [Models] where models are looked up, [Engine] where it runs,
// [Driver] the implementation that is judged, [Runner] runs it, [Result] is what came of it and [Report] what came of many.
// [Run] runs the embedded suite as a Go test. README.md describes the files, PROTOCOL.md what a driver is asked.
package contracttest

// Package vectors has what every runtime has to agree on, as JSON: each file is some lists or one stored item, and the test
// beside whatever it is about holds the Go code to it. README.md is the manual of the files.
package vectors

import "embed"

// Files are the vectors: keys, names, stored values, envelopes, cursors, schema documents, and under identity a stored
// item of each of the main models of package identity, in DynamoDB's JSON.
//
//go:embed *.json identity/*.json
var Files embed.FS

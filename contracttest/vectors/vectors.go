// Package vectors has what every runtime has to agree on, as JSON: each file is one list or one stored item, and the test
// beside whatever it is about holds the Go code to it.
package vectors

import "embed"

// Files are the vectors: keys, names, stored values, envelopes, and under identity a stored item of each of the main models
// of package identity, in DynamoDB's JSON.
//
//go:embed *.json identity/*.json
var Files embed.FS

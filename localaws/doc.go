// Package localaws is DynamoDB and KMS in your process, for examples and
// tests.
//
//	aws := localaws.New()
//	client := aws.DynamoDB() // a real SDK client; no socket, no Java, no container
//	keys := aws.KMS()        // another one
//	alias := aws.KMSKey("alias/identity")
//
// The real SDK serialises, signs, retries and types the errors of every
// request; only the wire is missing. There are few types: AWS is the engine
// and an http.Handler, Clock its time, Server the engine on a loopback port,
// and Faults a transport that loses requests and answers on purpose.
//
// It is a test and development engine. It keeps everything in memory, the logs
// of calls and the history of every key too, and forgets it with the process.
// KMS keys follow from the seed (WithSeed): they encrypt, but they protect
// nothing. Production is DynamoDB and KMS. README.md says what localaws does
// and does not do.
package localaws

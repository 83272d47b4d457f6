package main

func Example() {
	main()
	// Output:
	// 1. A key per tenant
	//    in the program            ada@acme.example [REDACTED]
	//    stored password           ct 30 bytes, edk 184 bytes, k 8 bytes, kc 32 bytes, nonce 12 bytes, v N
	//    read back                 correct horse
	//    a tenant without a key    refused: theorydb: encryption: key unresolved: no key for this scope; retryable false
	//
	// 2. Somebody who can write to the table copies one tenant's password over another's
	//    read the copy             refused: theorydb: encryption: key not allowed; retryable false
	//    read a password in clear  refused: theorydb: encryption: invalid envelope; retryable false
	//
	// 3. An alias is pointed at another key
	//    the running program       tok_1, by the key it began with
	//    one that starts now       refused: theorydb: encryption: key not allowed; retryable false
	//
	// 4. A tenant's key is disabled
	//    read                      refused: theorydb: encryption: KMS key unusable; retryable false
	//    write                     refused: theorydb: encryption: KMS key unusable; retryable false
	//    enabled again             [REDACTED]
	//
	// 5. KMS is down
	//    read                      refused: theorydb: encryption: KMS unavailable; retryable true
	//    models without secrets    Ada
	//    fields that are no secret updated
}

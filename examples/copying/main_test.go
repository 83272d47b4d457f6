package main

func Example() {
	main()
	// Output:
	// 1. A user signs in
	//    the secret, printed      [REDACTED]
	//    a request with it        session s1, idle until 12:30:00
	//    a request with a guess   no such session
	//    stored under             T#acme#P#prod#U#ann SESS#s1
	//    stored of the secret     its digest, 64 hexadecimal digits
	//
	// 2. Ten minutes later it is used, which moves its idle end
	//    idle until               12:40:00
	//    who was slower is told   theorydb: Update Session: version conflict (stored version 2)
	//
	// 3. A session ends at its second, whether DynamoDB has deleted it yet or not
	//    a second before          session s1
	//    at the second            theorydb: Get Session: item not found
	//    a touch at the second    theorydb: Update Session: item not found
	//    items still stored       1
	//
	// 4. A token of another service is deposited, sealed under KMS
	//    stored of the token      ct 28 bytes, edk 184 bytes, k 8 bytes, kc 32 bytes, nonce 12 bytes
	//    read back, printed       [REDACTED]
	//    it is the same           true
	//
	// 5. KMS is away: what needs the key fails, and nothing else does
	//    read the token           theorydb: Get Credential: encryption: KMS unavailable: open Credential.secret
	//    deposit another          theorydb: Create Credential: encryption: KMS unavailable: seal Credential
	//    a request with s2        session s2
}

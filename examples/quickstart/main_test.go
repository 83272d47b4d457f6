package main

func Example() {
	main()
	// Output:
	// 1. Two models in one table, as they are stored
	//    PK="USER#ada%231" SK="PROFILE" _t="User" email="ada@example.com" id="ada#1" version=1
	//    PK="USER#ada%231" SK="SESSION#s1" _t="Session" createdAt="2096-10-02T07:06:40.000000002Z" id="s1" ttl=4000003600 userID="ada#1" uses=0 version=1
	//    PK="USER#ada%231" SK="SESSION#s2" _t="Session" createdAt="2096-10-02T07:06:40.000000004Z" id="s2" ttl=4000003600 userID="ada#1" uses=0 version=1
	//    create the same user again  theorydb: Create User: already exists
	//
	// 2. Read back: one by its key, many by a query
	//    user ada#1                  ada@example.com
	//    session s1                  uses 0, version 1
	//    session s2                  uses 0, version 1
	//    ada#1 is in team red        owner
	//    team red has ada#1          owner
	//    team red has bob            member
	//
	// 3. Sixteen writers hold version 1 of a session
	//    won                         1
	//    got ErrVersionConflict      15
	//
	// 4. The answer to a write is lost, so it is sent again
	//    before                      uses 1, version 2
	//    answers lost                1
	//    after                       uses 2, version 3: it took effect once
	//
	// 5. A secret is sealed under KMS
	//    PK="CREDENTIAL" SK="github" _t="Credential" secret={sealed: 6 members}
	//    read back                   hunter2
	//    tampered: moved elsewhere   theorydb: Get Credential: encryption: authentication failed: open Credential.secret
	//    without a key               theorydb: Put Credential: encryption: not configured; set Config.KMS with KeyID or Keys
	//    requests sent for that      0
	//
	// 6. An hour later the sessions have expired
	//    get session s1              theorydb: Get Session: item not found
	//    sessions found by a query   0
	//    items still stored          4, until DynamoDB deletes the expired ones
}

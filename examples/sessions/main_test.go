package main

func Example() {
	main()
	// Output:
	// 1. Ada signs in by a link that is mailed to her
	//    (a notice to the operator)   miss
	//    an address of nobody         no mail, and no error that would tell who has an account
	//    she types ADA@example.com    mail goes to Ada@Example.com
	//    the link is clicked          a session; with refresh tokens: true
	//    the same link again          identity: token used
	//    the tokens, printed          [REDACTED] [REDACTED]
	//    > A link counts once, since the session is made in the transaction that spends it. A token
	//    > prints as [REDACTED], so that no log gets it by accident; Reveal gives its text.
	//
	// 2. A request comes with the session token
	//    with the token               200 OK
	//    requests for that            1 to DynamoDB, 0 to KMS
	//    with a made-up token         401 Unauthorized
	//    without one                  401 Unauthorized
	//    > Session and user are read anew for every request, and nothing is kept in between: what was
	//    > ended a moment ago, as in steps 4 and 7, is refused by the next request.
	//
	// 3. Two tabs refresh at once with the same token
	//    both got the same successor  true
	//    it is another token          true
	//    exactly one made it          true
	//    once more, 9 seconds later   the same successor: true, Replayed=true
	//    > A spent token gives its one successor for 10 more seconds, so that tabs, and a client whose
	//    > answer was lost, are not signed out. Of all callers exactly one has Replayed=false.
	//
	// 4. A thief uses the old token 2 seconds after that
	//    (a notice to the operator)   token_reuse
	//    the thief                    401 Unauthorized; for the log: identity: refresh token reused
	//    Ada's newest refresh token   401 Unauthorized; for the log: identity: invalid token: the session is revoked
	//    the session token            401 Unauthorized; for the log: identity: invalid token: the session is revoked
	//    (a notice to the operator)   token_reuse
	//    the thief again              401 Unauthorized
	//    > Two hold tokens of one session, and nobody can tell which of them is Ada. So the session is
	//    > over for both, and Ada has to sign in again. The answers look alike; the log knows more.
	//
	// 5. KMS is away
	//    a request                    200 OK
	//    a refresh                    503 Service Unavailable; retryable: true
	//    KMS is back, the same token  a successor, Replayed=false
	//    > Checking a session needs no KMS. Refreshing does, and fails closed: nothing was changed,
	//    > the token was not spent, and 503 instead of 401 has the client try again.
	//
	// 6. A session reaches its end
	//    it was used at               2023-11-14 22:13:31
	//    unused it ends at            2023-11-28 22:13:31
	//    a second before              200 OK
	//    (a notice to the operator)   miss
	//    at that second               401 Unauthorized
	//    a refresh                    401 Unauthorized
	//    is it still in the table?    true
	//    > DynamoDB deletes expired items some time later. When a session ends is decided by the clock,
	//    > and the second of its end is not part of it.
	//
	// 7. Ada signs out everywhere
	//    laptop, phone                200 OK, 200 OK
	//    sessions ended               2
	//    the user's SessionEpoch      0, now 1
	//    laptop, phone                401 Unauthorized, 401 Unauthorized
	//    a refresh of the phone       401 Unauthorized
	//    the sign-in under way        refused as inactive: true
	//    a new sign-in                200 OK
	//    laptop, phone, still         401 Unauthorized, 401 Unauthorized
	//    > A session has the SessionEpoch of the user of when it was made, and is worth nothing beside
	//    > another one. So one write ends them all, and those too that are about to be made.
}

package main

func Example() {
	main()
	// Output:
	// 1. An operator makes two tenants
	//    (a notice to the operator)   platform: ticket 4711: two new customers
	//    tenant acme                  active, with project prod
	//    (a notice to the operator)   platform: ticket 4711: two new customers
	//    tenant globex                active, with project prod
	//    for no reason                theorydb: invalid value: Platform needs a reason, for whoever reads of it later
	//    > Whoever reaches all tenants says what for, and somebody is told. Everything below goes
	//    > through a handle that is confined to one project of one tenant.
	//
	// 2. The same person signs up with both
	//    the same user                false
	//    found by the address, acme   true
	//    found by the address, globex true
	//    the same stored digest       false
	//    once more at acme            identity: identifier taken: number 0, of kind email
	//    > An address is unique in a project and not beyond it. It is found by a keyed digest, which is
	//    > another one in every project.
	//
	// 3. The handle of globex is asked for what is acme's
	//    the id of a user             theorydb: Get User: item not found; requests sent: 1
	//    an address                   theorydb: Get Identifier: item not found; requests sent: 1
	//    the id of an organization    theorydb: Get Organization: item not found; requests sent: 1
	//    the slug of it               theorydb: Get OrgSlug: item not found; requests sent: 1
	//    the role of its owner        identity: forbidden; requests sent: 1
	//    a document                   theorydb: Get Document: scope mismatch: "tenantID"; requests sent: 0
	//    its keys alone               theorydb: Get Document: item not found; requests sent: 1
	//    a session token              identity: invalid token; requests sent: 0
	//    a refresh token              identity: invalid token; requests sent: 0
	//    a session for acme's user    theorydb: scope mismatch; requests sent: 0
	//    the same token at acme       <nil>; requests sent: 1
	//    the token, printed           [REDACTED]
	//    > Ids are looked up under globex's own keys, where they are not. Tokens and records name their
	//    > tenant, and those of another one are refused before anything is sent.
	//
	// 4. Somebody forgot the scope
	//    read a user                  theorydb: scope required; requests sent: 0
	//    list users                   theorydb: scope required; requests sent: 0
	//    take a token                 theorydb: scope required; requests sent: 0
	//    read a document              theorydb: Get Document: scope required; requests sent: 0
	//    a tenant called *            refused as an invalid value: true
	//    a tenant called acme#P#prod  refused as an invalid value: true
	//    > The zero scope is not all tenants, it is none. And no id can stand for others, or reach into
	//    > another part of a key.
	//
	// 5. What an IAM policy sees
	//    The partition keys in the table and its indexes begin with, and there are so many:
	//      G#TENANTS#...                  2
	//      T#acme                         2
	//      T#acme#P#prod#DOCS#...         1
	//      T#acme#P#prod#MEMBERS#...      1
	//      T#acme#P#prod#ORG#...          1
	//      T#acme#P#prod#ORGS#...         1
	//      T#acme#P#prod#U#...            7
	//      T#acme#P#prod#UQID#...         2
	//      T#acme#P#prod#UQSLUG#...       1
	//      T#acme#P#prod#USERS#...        2
	//      T#globex                       2
	//      T#globex#P#prod#U#...          2
	//      T#globex#P#prod#UQID#...       1
	//      T#globex#P#prod#USERS#...      1
	//    A condition for the role of what serves one tenant:
	//      {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["T#acme", "T#acme#*"]}}
	//    T#acme and T#acme#*          match 14 of 14 items of acme, and 0 of others
	//    T#globex and T#globex#*      match 5 of 5 items of globex, and 0 of others
	//    > Every item of a tenant has a partition key that begins with the tenant. AWS evaluates the
	//    > condition, and the embedded engine does not. Don't grant dynamodb:Scan with it: a scan names
	//    > no key. The list of tenants, in an index under G#TENANTS, stays with the operator.
	//
	// 6. Bob may rename the plan, until he may not
	//    bob, no member               forbidden
	//    bob, a member                forbidden
	//    the title                    Plan
	//    bob, an admin                done
	//    the title                    Bob's plan
	//    bob, suspended               forbidden
	//    the title                    Bob's plan
	//    > The gate is a condition of the transaction that writes: there is no moment between the check
	//    > and the change in which the role could be taken away.
	//
	// 7. The last owner wants to leave
	//    ada leaves                   identity: last owner
	//    ada becomes a member         identity: last owner
	//    ada is suspended             identity: last owner
	//    ada's account is erased      identity: last owner
	//    bob is one too, both leave   left: 1, refused as the last owner: 1
	//    owners counted               1
	//    members listed               1
	//    > The count of owners changes in the transactions that change owners, so that of two who
	//    > leave at once one stays. Make somebody else an owner first, or use TransferOwnership.
}

package theorydb_test

// The table of verbs as it must behave: a line for each verb, a column for each state of the row, a grid for each
// model. The cells say
//
//	ok  the write took effect          NF  ErrItemNotFound     AE  ErrAlreadyExists    TM  ErrTypeMismatch
//	IQ  ErrInvalidQuery, nothing sent  VC  ErrVersionConflict  IM  ErrImmutable        CF  ErrConditionFailed alone
//
// The caller holds version 3, created_at and owner as the live row has them. The columns are: nothing stored; the live
// row; it expired; the expired row of another entity; the live one of another entity; another version; no version;
// another created_at; no created_at; the created_at of the caller in the form of another writer; no _t and no _w; a ttl
// that is text; no ttl; another owner; no owner.

// A version and created_at.
const ledgerGrid = `
                    absent  live  expired  leftover  entity  version  no-ver  reborn  no-born  foreign  untyped  bad-ttl  no-ttl  owner  no-owner
Create              ok      AE    ok       ok        TM      AE       AE      AE      AE       AE       AE       AE       AE      AE     AE
Put                 ok      ok    ok       ok        TM      VC       VC      VC      ok       ok       ok       ok       ok      ok     ok
Put,OnlyIf          NF      ok    NF       NF        TM      VC       VC      VC      ok       ok       ok       ok       ok      ok     ok
Put,OnlyIf!         NF      CF    NF       NF        TM      VC       VC      VC      CF       CF       CF       CF       CF      CF     CF
Put,IfVersion       NF      ok    NF       NF        TM      VC       VC      VC      ok       ok       ok       ok       ok      ok     ok
Update              NF      ok    NF       NF        TM      VC       VC      VC      ok       ok       ok       ok       ok      ok     ok
Update,Fields       NF      ok    NF       NF        TM      VC       VC      VC      ok       ok       ok       ok       ok      ok     ok
Update,OnlyIf       NF      ok    NF       NF        TM      VC       VC      VC      ok       ok       ok       ok       ok      ok     ok
Update,OnlyIf!      NF      CF    NF       NF        TM      VC       VC      VC      CF       CF       CF       CF       CF      CF     CF
Update,IfVersion    NF      ok    NF       NF        TM      VC       VC      VC      ok       ok       ok       ok       ok      ok     ok
Delete              ok      ok    ok       ok        TM      VC       VC      VC      ok       ok       ok       ok       ok      ok     ok
Delete,OnlyIf       NF      ok    NF       NF        TM      VC       VC      VC      ok       ok       ok       ok       ok      ok     ok
Delete,OnlyIf!      NF      CF    NF       NF        TM      VC       VC      VC      CF       CF       CF       CF       CF      CF     CF
Delete,IfVersion    NF      ok    NF       NF        TM      VC       VC      VC      ok       ok       ok       ok       ok      ok     ok
Delete,AnyVersion   ok      ok    ok       ok        TM      ok       ok      ok      ok       ok       ok       ok       ok      ok     ok
`

// A version that starts at 0 and created_at: the first version is the only thing that differs.
const fromZeroGrid = ledgerGrid

// A version alone: the incarnation is not known.
const counterGrid = `
                    absent  live  expired  leftover  entity  version  no-ver  reborn  no-born  foreign  untyped  bad-ttl  no-ttl  owner  no-owner
Create              ok      AE    ok       ok        TM      AE       AE      AE      AE       AE       AE       AE       AE      AE     AE
Put                 ok      ok    ok       ok        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Put,OnlyIf          NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Put,OnlyIf!         NF      CF    NF       NF        TM      VC       VC      CF      CF       CF       CF       CF       CF      CF     CF
Put,IfVersion       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Update              NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Update,Fields       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Update,OnlyIf       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Update,OnlyIf!      NF      CF    NF       NF        TM      VC       VC      CF      CF       CF       CF       CF       CF      CF     CF
Update,IfVersion    NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Delete              ok      ok    ok       ok        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Delete,OnlyIf       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Delete,OnlyIf!      NF      CF    NF       NF        TM      VC       VC      CF      CF       CF       CF       CF       CF      CF     CF
Delete,IfVersion    NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Delete,AnyVersion   ok      ok    ok       ok        TM      ok       ok      ok      ok       ok       ok       ok       ok      ok     ok
`

// created_at alone: the incarnation is guarded, and what happened within it is not.
const journalGrid = `
                    absent  live  expired  leftover  entity  version  no-ver  reborn  no-born  foreign  untyped  bad-ttl  no-ttl  owner  no-owner
Create              ok      AE    ok       ok        TM      AE       AE      AE      AE       AE       AE       AE       AE      AE     AE
Put                 ok      ok    ok       ok        TM      ok       ok      VC      ok       ok       ok       ok       ok      ok     ok
Put,OnlyIf          NF      ok    NF       NF        TM      ok       ok      VC      ok       ok       ok       ok       ok      ok     ok
Put,OnlyIf!         NF      CF    NF       NF        TM      CF       CF      VC      CF       CF       CF       CF       CF      CF     CF
Put,IfVersion       IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ      IQ     IQ
Update              NF      ok    NF       NF        TM      ok       ok      VC      ok       ok       ok       ok       ok      ok     ok
Update,Fields       NF      ok    NF       NF        TM      ok       ok      VC      ok       ok       ok       ok       ok      ok     ok
Update,OnlyIf       NF      ok    NF       NF        TM      ok       ok      VC      ok       ok       ok       ok       ok      ok     ok
Update,OnlyIf!      NF      CF    NF       NF        TM      CF       CF      VC      CF       CF       CF       CF       CF      CF     CF
Update,IfVersion    IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ      IQ     IQ
Delete              ok      ok    ok       ok        TM      ok       ok      VC      ok       ok       ok       ok       ok      ok     ok
Delete,OnlyIf       NF      ok    NF       NF        TM      ok       ok      VC      ok       ok       ok       ok       ok      ok     ok
Delete,OnlyIf!      NF      CF    NF       NF        TM      CF       CF      VC      CF       CF       CF       CF       CF      CF     CF
Delete,IfVersion    IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ      IQ     IQ
Delete,AnyVersion   ok      ok    ok       ok        TM      ok       ok      ok      ok       ok       ok       ok       ok      ok     ok
`

// Neither: the last writer wins.
const plainGrid = `
                    absent  live  expired  leftover  entity  version  no-ver  reborn  no-born  foreign  untyped  bad-ttl  no-ttl  owner  no-owner
Create              ok      AE    ok       ok        TM      AE       AE      AE      AE       AE       AE       AE       AE      AE     AE
Put                 ok      ok    ok       ok        TM      ok       ok      ok      ok       ok       ok       ok       ok      ok     ok
Put,OnlyIf          NF      ok    NF       NF        TM      ok       ok      ok      ok       ok       ok       ok       ok      ok     ok
Put,OnlyIf!         NF      CF    NF       NF        TM      CF       CF      CF      CF       CF       CF       CF       CF      CF     CF
Put,IfVersion       IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ      IQ     IQ
Update              NF      ok    NF       NF        TM      ok       ok      ok      ok       ok       ok       ok       ok      ok     ok
Update,Fields       NF      ok    NF       NF        TM      ok       ok      ok      ok       ok       ok       ok       ok      ok     ok
Update,OnlyIf       NF      ok    NF       NF        TM      ok       ok      ok      ok       ok       ok       ok       ok      ok     ok
Update,OnlyIf!      NF      CF    NF       NF        TM      CF       CF      CF      CF       CF       CF       CF       CF      CF     CF
Update,IfVersion    IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ      IQ     IQ
Delete              ok      ok    ok       ok        TM      ok       ok      ok      ok       ok       ok       ok       ok      ok     ok
Delete,OnlyIf       NF      ok    NF       NF        TM      ok       ok      ok      ok       ok       ok       ok       ok      ok     ok
Delete,OnlyIf!      NF      CF    NF       NF        TM      CF       CF      CF      CF       CF       CF       CF       CF      CF     CF
Delete,IfVersion    IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ      IQ     IQ
Delete,AnyVersion   IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ      IQ     IQ
`

// A version and an immutable owner, which Delete and an Update of other fields do not touch.
const ownedGrid = `
                    absent  live  expired  leftover  entity  version  no-ver  reborn  no-born  foreign  untyped  bad-ttl  no-ttl  owner  no-owner
Create              ok      AE    ok       ok        TM      AE       AE      AE      AE       AE       AE       AE       AE      AE     AE
Put                 ok      ok    ok       ok        TM      VC       VC      ok      ok       ok       ok       ok       ok      IM     ok
Put,OnlyIf          NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      IM     ok
Put,OnlyIf!         NF      CF    NF       NF        TM      VC       VC      CF      CF       CF       CF       CF       CF      IM     CF
Put,IfVersion       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      IM     ok
Update              NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      IM     ok
Update,Fields       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Update,OnlyIf       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      IM     ok
Update,OnlyIf!      NF      CF    NF       NF        TM      VC       VC      CF      CF       CF       CF       CF       CF      IM     CF
Update,IfVersion    NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      IM     ok
Delete              ok      ok    ok       ok        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Delete,OnlyIf       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Delete,OnlyIf!      NF      CF    NF       NF        TM      VC       VC      CF      CF       CF       CF       CF       CF      CF     CF
Delete,IfVersion    NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Delete,AnyVersion   ok      ok    ok       ok        TM      ok       ok      ok      ok       ok       ok       ok       ok      ok     ok
`

// A version and a required ttl: a row without a usable one is not live, though it has not expired either.
const leaseGrid = `
                    absent  live  expired  leftover  entity  version  no-ver  reborn  no-born  foreign  untyped  bad-ttl  no-ttl  owner  no-owner
Create              ok      AE    ok       ok        TM      AE       AE      AE      AE       AE       AE       AE       AE      AE     AE
Put                 ok      ok    ok       ok        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Put,OnlyIf          NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       NF       NF      ok     ok
Put,OnlyIf!         NF      CF    NF       NF        TM      VC       VC      CF      CF       CF       CF       NF       NF      CF     CF
Put,IfVersion       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       NF       NF      ok     ok
Update              NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       NF       NF      ok     ok
Update,Fields       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       NF       NF      ok     ok
Update,OnlyIf       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       NF       NF      ok     ok
Update,OnlyIf!      NF      CF    NF       NF        TM      VC       VC      CF      CF       CF       CF       NF       NF      CF     CF
Update,IfVersion    NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       NF       NF      ok     ok
Delete              ok      ok    ok       ok        TM      VC       VC      ok      ok       ok       ok       ok       ok      ok     ok
Delete,OnlyIf       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       NF       NF      ok     ok
Delete,OnlyIf!      NF      CF    NF       NF        TM      VC       VC      CF      CF       CF       CF       NF       NF      CF     CF
Delete,IfVersion    NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       NF       NF      ok     ok
Delete,AnyVersion   ok      ok    ok       ok        TM      ok       ok      ok      ok       ok       ok       ok       ok      ok     ok
`

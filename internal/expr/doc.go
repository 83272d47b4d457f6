// Package expr writes DynamoDB expression text.
//
// Every attribute name and every value goes through a placeholder, so no name can be a reserved word and no value can
// change what an expression means. A Builder belongs to one request: its placeholders are unique across the
// condition, filter, key condition, update and projection expressions of that request, so one of them can never
// silently replace another.
//
// Conditions are built as Expr values that know how tightly they bind, because DynamoDB refuses an expression with
// redundant parentheses and misreads one with too few.
package expr

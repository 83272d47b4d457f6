package expression

// ReservedWords opens the list to its test.
var ReservedWords = reservedWords

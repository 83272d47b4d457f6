package theorydb

// OneWrite is oneWrite for the tests that look at what it sends.
var OneWrite = oneWrite

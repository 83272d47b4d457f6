package main

import (
	"context"
	"flag"
	"io"

	"github.com/theorydb/theorydb/contracttest"
	"github.com/theorydb/theorydb/contracttest/protocol"
)

// driver speaks the driver protocol for theorydb until stdin ends.
func driver(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("theorydb driver", flag.ContinueOnError)
	if status, ok := parse(flags, args, stderr); !ok {
		return status
	}
	if err := protocol.Serve(ctx, stdin, stdout, contracttest.GoDriver()); err != nil {
		tell(stderr, "theorydb: %v\n", err)
		return exitFailed
	}
	return exitOK
}

package main

import (
	"context"
	"flag"
	"io"

	"github.com/theorydb/theorydb/localaws"
)

// serve serves the embedded engine until ctx ends.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("theorydb serve", flag.ContinueOnError)
	address := flags.String("addr", "127.0.0.1:8000", "loopback `address` to listen on; port 0 takes a free one")
	if status, ok := parse(flags, args, stderr); !ok {
		return status
	}
	server, err := localaws.New().Listen(ctx, *address)
	if err != nil {
		tell(stderr, "theorydb: %v\n", err)
		return exitFailed
	}
	tell(stdout, "%s\n", server.URL)
	if err := server.Wait(); err != nil {
		tell(stderr, "theorydb: %v\n", err)
		return exitFailed
	}
	return exitOK
}

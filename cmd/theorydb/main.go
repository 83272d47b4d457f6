// Command theorydb runs the contract suite and serves the embedded engine.
//
//	theorydb contract [-endpoint URL] [-scenarios DIR] [-models DIR] [-driver CMD] [-run REGEXP] [-json FILE] [-v]
//	theorydb driver
//	theorydb serve [-addr 127.0.0.1:8000]
//	theorydb help
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // a scenario failed, or the server did
	exitUsage  = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const help = `Usage:

  theorydb contract [-endpoint URL] [-scenarios DIR] [-models DIR] [-driver CMD]
                    [-run REGEXP] [-json FILE] [-v]
      Runs scenarios and ends with status 1 when one fails. Without flags: the
      embedded suite on the embedded engine, which needs nothing. With -driver
      another implementation is judged, a program in any language that speaks
      the driver protocol (contracttest/PROTOCOL.md).

  theorydb driver
      Speaks the driver protocol for this library, on standard input and output.

  theorydb serve [-addr 127.0.0.1:8000]
      Serves the embedded engine, an in-memory DynamoDB, over HTTP on a loopback
      address until it is interrupted. For development; data is in memory only.

  theorydb help
      Prints this.

theorydb COMMAND -h describes the flags of a command.
`

// run is the whole command: it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(args) == 0 {
		tell(stderr, "%s", help)
		return exitUsage
	}
	switch args[0] {
	case "contract":
		return contract(ctx, args[1:], stdout, stderr)
	case "driver":
		return driver(ctx, args[1:], os.Stdin, stdout, stderr)
	case "serve":
		return serve(ctx, args[1:], stdout, stderr)
	case "help", "-h", "-help", "--help":
		tell(stdout, "%s", help)
		return exitOK
	}
	tell(stderr, "theorydb: unknown command %q\n\n%s", args[0], help)
	return exitUsage
}

// parse reads a command's flags. When it returns false the command ends with the status.
func parse(flags *flag.FlagSet, args []string, stderr io.Writer) (status int, ok bool) {
	flags.SetOutput(stderr)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK, false
	case err != nil:
		return exitUsage, false
	case flags.NArg() > 0:
		return usage(stderr, fmt.Errorf("%s takes no arguments but flags, and %q is none", flags.Name(), flags.Arg(0))), false
	}
	return exitOK, true
}

// tell writes to the person at the other end. When that fails there is nobody left to tell.
func tell(to io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(to, format, args...) }

func usage(stderr io.Writer, err error) int {
	tell(stderr, "theorydb: %v\n", err)
	return exitUsage
}

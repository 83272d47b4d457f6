package contracttest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/theorydb/theorydb/localaws"
)

// endpoint is a scenario's engine on a loopback address, for a driver in another process. What its requests meet on their
// way is the runner's: each is counted and kept, and a fault that a step ordered happens to it.
type endpoint struct {
	url    string
	server *http.Server
	served chan error
}

// listen serves a scenario's services on a free port of the loopback interface.
func listen(ctx context.Context, w *world) (*endpoint, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	behind := aws.ToString(w.engine.Client.Options().BaseEndpoint)
	e := &endpoint{url: "http://" + listener.Addr().String(), served: make(chan error, 1)}
	e.server = &http.Server{
		Handler:           http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) { forward(to, r, behind, w) }),
		ReadHeaderTimeout: time.Minute,
	}
	go func() { e.served <- e.server.Serve(listener) }()
	return e, nil
}

// forward sends a request on. An answer that is lost on its way is lost to the driver too: its connection is cut.
func forward(w http.ResponseWriter, r *http.Request, behind string, services localaws.HTTPClient) {
	sent, err := http.NewRequestWithContext(r.Context(), r.Method, behind+r.URL.Path, r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	sent.Header, sent.ContentLength = r.Header.Clone(), r.ContentLength
	answer, err := services.Do(sent)
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's way to cut a connection
	}
	defer func() { _ = answer.Body.Close() }()
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	if _, err := io.Copy(w, answer.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// close ends the endpoint and every connection to it.
func (e *endpoint) close() error {
	err := e.server.Close()
	if served := <-e.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

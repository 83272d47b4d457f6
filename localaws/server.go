package localaws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// ErrNotLoopback is what Listen returns for an address that others could reach.
var ErrNotLoopback = errors.New("localaws: address is not a loopback address")

// Server is an engine that listens on a loopback port.
type Server struct {
	URL string // such as http://127.0.0.1:8000, for an SDK's endpoint setting

	server *http.Server
	done   chan error
	stop   func() bool
}

// Listen serves the engine on addr, such as "127.0.0.1:8000", or port 0 for a
// free port, until ctx is done or Close is called. An address whose host is
// not a loopback IP or "localhost" is ErrNotLoopback, because the engine
// checks no signature.
func (a *AWS) Listen(ctx context.Context, addr string) (*Server, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("localaws: listen: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, ErrNotLoopback
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("localaws: listen: %w", err)
	}
	if tcp, ok := listener.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return nil, errors.Join(ErrNotLoopback, listener.Close())
	}
	s := &Server{
		URL:    "http://" + listener.Addr().String(),
		server: &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second},
		done:   make(chan error, 1),
	}
	go func() { s.done <- s.server.Serve(listener) }()
	s.stop = context.AfterFunc(ctx, func() { _ = s.server.Close() })
	return s, nil
}

// Close stops listening and drops open connections. A second Close does
// nothing.
func (s *Server) Close() error {
	s.stop()
	return s.server.Close()
}

// Wait returns when the server has stopped: nil after Close or when the
// context of Listen is done, otherwise what stopped it.
func (s *Server) Wait() error {
	err := <-s.done
	s.done <- err // for whoever waits next
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

package theorydb

import (
	"context"
	"sync"
)

// pinnedKey is Config.KeyID. An alias or a key id is resolved to its ARN once, when it is first needed, and then pinned:
// an alias that is pointed elsewhere later must not decide which key opens or seals. A failure is the error of the
// operation that met it and is not remembered.
type pinnedKey struct {
	name string
	keys dataKeys

	mu       sync.Mutex
	arn      string
	underWay *flight
}

func pinKey(name string, keys dataKeys) *pinnedKey {
	p := &pinnedKey{name: name, keys: keys}
	if keyIDOf(name) != "" {
		p.arn = name
	}
	return p
}

// flight is one question to KMS, and whoever waits for its answer.
type flight struct {
	done  chan struct{}
	arn   string
	err   *EncryptionError
	ended bool // by the context of the one who asks, which is no answer for the others
}

// resolve returns the pinned key. Callers that come while one of them asks KMS share its answer, each as long as its own
// context lasts.
func (p *pinnedKey) resolve(ctx context.Context, _ KeyRequest) (KeySet, error) {
	for {
		f, asks := p.join()
		if asks {
			p.ask(ctx, f)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return KeySet{}, resolving(kmsError(ctx, ctx.Err()))
		}
		switch {
		case f.err == nil:
			return KeySet{Current: f.arn}, nil
		case asks || !f.ended:
			shared := *f.err
			return KeySet{}, &shared
		}
	}
}

// join gives the question that is under way, or a new one for the caller to ask.
func (p *pinnedKey) join() (f *flight, asks bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.arn != "" {
		f = &flight{done: make(chan struct{}), arn: p.arn}
		close(f.done)
		return f, false
	}
	if p.underWay != nil {
		return p.underWay, false
	}
	p.underWay = &flight{done: make(chan struct{})}
	return p.underWay, true
}

func (p *pinnedKey) ask(ctx context.Context, f *flight) {
	f.err = &EncryptionError{Op: opResolve, Err: ErrKMSUnavailable, Retryable: true} // unless there is an answer
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.underWay = nil
		close(f.done)
	}()
	arn, err := p.keys.describe(ctx, p.name)
	if err != nil {
		f.err, f.ended = resolving(err), ctx.Err() != nil
		return
	}
	f.arn, f.err = arn, nil
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arn = arn
}

// resolving says that KMS failed while the key was looked up, and not while something was sealed or opened.
func resolving(err *EncryptionError) *EncryptionError {
	err.Op = opResolve
	return err
}

// VerifyKeys checks at start-up that encryption will work: it resolves Config.KeyID, and makes and opens a data key with
// it, so that both permissions are shown. With Keys it can't know the scopes and asks for the unscoped key. A DB without
// a key is ErrEncryptionNotConfigured. Not calling it costs nothing: keys are resolved when they are first needed.
func (db *DB) VerifyKeys(ctx context.Context) error {
	s, ok := db.sealer.(*kmsSealer)
	if !ok {
		return ErrEncryptionNotConfigured
	}
	set, err := s.resolve(ctx, KeyRequest{Table: db.config.LogicalTable, Region: s.region})
	if err != nil {
		return err
	}
	bound := boundTo(db.config.LogicalTable, Scope{}) // as records are, since a key policy may ask for it
	dataKey, wrapped, err := s.keys.generate(ctx, set.Current, bound)
	if err != nil {
		return err
	}
	clear(dataKey)
	dataKey, err = s.keys.unwrap(ctx, set.Current, wrapped, bound)
	clear(dataKey)
	return err
}

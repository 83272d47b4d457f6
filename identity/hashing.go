package identity

import "context"

// hashing lets so many Argon2id runs go on at the same time, since each takes the memory that Argon2.Memory says. The
// others wait for as long as their context does.
type hashing struct {
	cost   Argon2
	slots  chan struct{}
	derive func(cost Argon2, password, salt []byte, size uint32) []byte
}

func newHashing(cost Argon2) *hashing {
	return &hashing{cost: cost, slots: make(chan struct{}, cost.MaxConcurrent), derive: Argon2.argon2id}
}

// run hashes with Argon2id when its turn has come, and not at all when ctx ended before.
func (h *hashing) run(ctx context.Context, cost Argon2, password, salt []byte, size uint32) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.slots }()
	return h.derive(cost, password, salt, size), nil
}

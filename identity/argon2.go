package identity

import (
	"errors"
	"runtime"
)

// Argon2 says what hashing a recovery code with Argon2id costs (RFC 9106). A zero field is the default that its comment
// gives. A stored hash that asks for more than both this and the default is refused before memory is taken: less than the
// default can be set while codes of the default are out.
type Argon2 struct {
	Memory        uint32 // in KiB: 64 MiB
	Time          uint32 // passes: 3
	Threads       uint8  // 4
	MaxConcurrent int    // runs at the same time, others wait: a quarter of GOMAXPROCS, at least 1
}

var usualArgon2 = Argon2{Memory: 64 << 10, Time: 3, Threads: 4}

// limit is the most that a stored hash may ask for.
func (a Argon2) limit() Argon2 {
	return Argon2{
		Memory: max(a.Memory, usualArgon2.Memory), Time: max(a.Time, usualArgon2.Time), Threads: max(a.Threads, usualArgon2.Threads),
	}
}

func (a *Argon2) complete() error {
	if a.MaxConcurrent < 0 {
		return errors.New("identity: Options.Argon2.MaxConcurrent is negative; leave it zero for the default")
	}
	if a.Memory == 0 {
		a.Memory = usualArgon2.Memory
	}
	if a.Time == 0 {
		a.Time = usualArgon2.Time
	}
	if a.Threads == 0 {
		a.Threads = usualArgon2.Threads
	}
	if a.Memory < 8*uint32(a.Threads) { // RFC 9106 section 3.1
		return errors.New("identity: Options.Argon2.Memory is less than 8 KiB a thread")
	}
	if a.MaxConcurrent == 0 {
		a.MaxConcurrent = max(1, runtime.GOMAXPROCS(0)/4)
	}
	return nil
}

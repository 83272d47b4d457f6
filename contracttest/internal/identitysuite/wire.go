package identitysuite

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/theorydb/theorydb/localaws"
)

// switchboard stands in front of a service. It keeps every request and lets the faults of a scenario happen.
type switchboard struct {
	service localaws.HTTPClient

	mu       sync.Mutex
	faults   *localaws.Faults
	requests []request
	before   []interruption
	clear    map[string]bool // keys of KMS's answers
}

// request is what was sent, resends among it.
type request struct {
	operation string
	body      []byte
}

// interruption happens once, before the next request of an operation is sent on.
type interruption struct {
	operation string
	run       func()
}

func newSwitchboard(service localaws.HTTPClient) *switchboard {
	return &switchboard{service: service, faults: &localaws.Faults{Next: service}, clear: map[string]bool{}}
}

// On adds a rule as localaws.Faults does.
func (s *switchboard) On(operation string) *localaws.Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.On(operation)
}

// mend ends all faults.
func (s *switchboard) mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = &localaws.Faults{Next: s.service}
}

// interrupt runs something once, before the next request of an operation is sent on.
func (s *switchboard) interrupt(operation string, run func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = append(s.before, interruption{operation, run})
}

// Do keeps a request and sends it on.
func (s *switchboard) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close() // it is read to its end
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	faults, run := s.note(request{operation, body})
	for _, interrupt := range run {
		interrupt()
	}
	answer, err := faults.Do(r)
	if err == nil && (operation == "GenerateDataKey" || operation == "Decrypt") {
		err = s.noteKey(answer)
	}
	return answer, err
}

// noteKey keeps the key that an answer of KMS has in clear.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html#API_GenerateDataKey_ResponseSyntax
func (s *switchboard) noteKey(answer *http.Response) error {
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	_ = answer.Body.Close() // it is read to its end
	answer.Body = io.NopCloser(bytes.NewReader(body))
	var given struct{ Plaintext []byte }
	if json.Unmarshal(body, &given) == nil && len(given.Plaintext) > 0 { // a fault gives no key
		s.mu.Lock()
		defer s.mu.Unlock()
		s.clear[string(given.Plaintext)] = true
	}
	return nil
}

// opened are the keys that KMS gave in clear.
func (s *switchboard) opened() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.clear))
}

func (s *switchboard) note(r request) (*localaws.Faults, []func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	var run []func()
	var rest []interruption
	for _, i := range s.before {
		if i.operation == r.operation {
			run = append(run, i.run)
		} else {
			rest = append(rest, i)
		}
	}
	s.before = rest
	return s.faults, run
}

// all gives every request so far.
func (s *switchboard) all() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// forget drops the requests so far, which a scenario that sends very many has searched.
func (s *switchboard) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// during gives the operations that were sent while something ran.
func (s *switchboard) during(run func()) (operations []string) {
	before := len(s.all())
	run()
	for _, r := range s.all()[before:] {
		operations = append(operations, r.operation)
	}
	return operations
}

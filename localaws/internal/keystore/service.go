// Package keystore is the in-memory KMS behind localaws. It takes a region, an
// operation's name and its JSON body and gives the JSON answer; it knows
// neither HTTP nor the SDK.
//
// Keys encrypt with real AES-256-GCM. Their material is derived from a seed,
// so what one run encrypted another one with the same seed decrypts: it is no
// secret, and no place for data that is one.
package keystore

import (
	"encoding/json"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// account is whose keys all are.
const account = "000000000000"

// Service holds the keys and aliases of all regions. One lock makes every
// operation atomic.
type Service struct {
	now    func() time.Time
	random io.Reader
	root   []byte // what all key material is derived from

	mu      sync.Mutex
	regions map[string]*region
	calls   []Call
}

// New gives a service without keys. now is read for creation and deletion
// times, random for data keys; seed decides key ids and key material.
func New(now func() time.Time, random io.Reader, seed int64) *Service {
	return &Service{now: now, random: random, root: rootOf(seed), regions: map[string]*region{}}
}

// operation carries one request out. It fills in what it learns for the log.
type operation func(s *Service, r *request, call *Call) (any, *apierror.Error)

var operations = map[string]operation{
	"CancelKeyDeletion":               (*Service).cancelKeyDeletion,
	"CreateAlias":                     (*Service).createAlias,
	"CreateKey":                       (*Service).createKey,
	"Decrypt":                         (*Service).decrypt,
	"DeleteAlias":                     (*Service).deleteAlias,
	"DescribeKey":                     (*Service).describeKey,
	"DisableKey":                      (*Service).disableKey,
	"EnableKey":                       (*Service).enableKey,
	"Encrypt":                         (*Service).encrypt,
	"GenerateDataKey":                 (*Service).generateDataKey,
	"GenerateDataKeyWithoutPlaintext": (*Service).generateDataKeyWithoutPlaintext,
	"ReEncrypt":                       (*Service).reEncrypt,
	"ReplicateKey":                    (*Service).replicateKey,
	"RotateKeyOnDemand":               (*Service).rotateKeyOnDemand,
	"ScheduleKeyDeletion":             (*Service).scheduleKeyDeletion,
	"UpdateAlias":                     (*Service).updateAlias,
}

// Caller is what the transport says of a request.
type Caller struct {
	Region       string
	Attempt      int
	InvocationID string
}

// Call is one request that reached the service.
type Call struct {
	Caller
	Operation string
	KeyARN    string            // empty when no key was found
	Context   map[string]string // encryption context; of a ReEncrypt the one of its source
	ErrorCode string            // such as DisabledException; empty on success
}

// Handle carries one operation out and gives the HTTP status and body.
func (s *Service) Handle(name string, body []byte, from Caller) (int, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := Call{Caller: from, Operation: name}
	answer, refusal := s.run(name, body, &call)
	if refusal != nil {
		call.ErrorCode = refusal.Code
	}
	s.calls = append(s.calls, call)
	if refusal == nil {
		encoded, err := json.Marshal(answer)
		if err == nil {
			return 200, encoded
		}
		refusal = internal()
	}
	encoded, err := json.Marshal(map[string]string{"__type": refusal.Type, "message": refusal.Message})
	if err != nil {
		encoded = []byte(`{"__type":"KMSInternalException"}`)
	}
	return refusal.Status, encoded
}

func (s *Service) run(name string, body []byte, call *Call) (any, *apierror.Error) {
	run, known := operations[name]
	if !known {
		return nil, refuse("UnknownOperationException", "The requested operation is not known to this engine")
	}
	r, err := parseRequest(body, s.region(call.Region))
	if err != nil {
		return nil, err
	}
	s.deleteDue()
	return run(s, r, call)
}

// Calls gives the requests so far, in order.
func (s *Service) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make([]Call, len(s.calls))
	for i, call := range s.calls {
		call.Context = maps.Clone(call.Context)
		calls[i] = call
	}
	return calls
}

// ResetCalls empties the log.
func (s *Service) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

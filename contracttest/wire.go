package contracttest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// wire stands between the library and an engine. It counts and keeps requests, and remembers the key of the last item
// that one was about: that is how a step finds the stored item without computing a key as the library does.
type wire struct {
	next dynamodb.HTTPClient

	mu    sync.Mutex
	noted sent
	fault *orderedFault // what a step ordered for the next one; nil: nothing
	race  *meeting      // of the race that is going on; nil: none
}

// sent is what a wire noted.
type sent struct {
	requests   int
	operations []string
	bodies     [][]byte
	last       *lastItem
}

// lastItem is where a request's item is stored.
type lastItem struct {
	table string
	item  item // the key and, for a PutItem, everything else
}

// newWire stands in front of whatever client sends to.
func newWire(client *dynamodb.Client) *wire { return &wire{next: client.Options().HTTPClient} }

// reset forgets what was seen.
func (w *wire) reset() { w.restore(sent{}) }

// restore undoes what was noted since seen.
func (w *wire) restore(noted sent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noted = noted
}

func (w *wire) seen() sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.noted
}

// Do sends a request on.
func (w *wire) Do(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
		if err := request.Body.Close(); err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	next, race := w.note(request, body)
	if race != nil {
		race.come(request.Context())
	}
	return next.Do(request)
}

// hold makes the requests of a race wait for each other; nil: no more.
func (w *wire) hold(race *meeting) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.race = race
}

// note keeps what a request says, and gives where it goes and whom it has to wait for.
func (w *wire) note(sending *http.Request, body []byte) (dynamodb.HTTPClient, *meeting) {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := w.next
	if w.fault != nil {
		next = w.fault.through
	}
	_, operation, _ := strings.Cut(sending.Header.Get("X-Amz-Target"), ".")
	w.noted.requests++
	w.noted.operations = append(w.noted.operations, operation)
	w.noted.bodies = append(w.noted.bodies, body)
	var request struct {
		TableName string
		Key, Item map[string]json.RawMessage
	}
	if json.Unmarshal(body, &request) != nil {
		return next, w.race
	}
	encoded := request.Key
	if encoded == nil {
		encoded = request.Item
	}
	if item, err := decodeJSON(encoded); err == nil && len(item) > 0 {
		w.noted.last = &lastItem{request.TableName, item}
	}
	return next, w.race
}

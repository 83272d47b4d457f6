package theorydb_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"unicode/utf16"

	"github.com/theorydb/theorydb/localaws"
)

// Canaries are secrets that can be recognised anywhere: a workload uses them, everything that leaves the library is
// recorded, and none may be found in it, in no encoding.

// newCanary is a text no other has, with characters that encodings write differently.
func newCanary() string {
	random := make([]byte, 15)
	_, _ = rand.Read(random)
	text := base32.StdEncoding.EncodeToString(random)
	return text[:4] + `"` + text[4:8] + `\` + text[8:12] + `<` + text[12:16] + "é" + text[16:]
}

// encodings are the forms in which a canary is searched.
func encodings(canary string) map[string][]byte {
	raw := []byte(canary)
	quoted, _ := json.Marshal(canary)
	var unescaped bytes.Buffer
	encoder := json.NewEncoder(&unescaped)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(canary)
	forms := map[string][]byte{
		"raw": raw, "hex": []byte(hex.EncodeToString(raw)), "HEX": []byte(strings.ToUpper(hex.EncodeToString(raw))),
		"JSON": bytes.Trim(unescaped.Bytes(), "\"\n"), "JSON for HTML": bytes.Trim(quoted, `"`),
	}
	for shift, cut := range []int{0, 2, 3} { // what stands before it moves a text in base64
		shifted := append(make([]byte, shift), raw...)
		whole := shifted[:len(shifted)/3*3]
		forms[fmt.Sprint("base64 +", shift)] = []byte(base64.StdEncoding.EncodeToString(whole)[cut:])
		forms[fmt.Sprint("base64url +", shift)] = []byte(base64.URLEncoding.EncodeToString(whole)[cut:])
	}
	for _, unit := range utf16.Encode([]rune(canary)) {
		forms["UTF-16LE"] = append(forms["UTF-16LE"], byte(unit), byte(unit>>8))
		forms["UTF-16BE"] = append(forms["UTF-16BE"], byte(unit>>8), byte(unit))
	}
	return forms
}

// window is how many bytes of a form are enough to know it.
const window = 16

type form struct {
	canary, encoding string
	bytes            []byte
}

// recording is what left the library, by channel.
type recording struct {
	mu       sync.Mutex
	channels map[string]*bytes.Buffer
}

func (r *recording) add(channel string, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.channels[channel] == nil {
		r.channels[channel] = &bytes.Buffer{}
	}
	r.channels[channel].Write(data)
	r.channels[channel].WriteByte(0)
}

// find gives which canaries stand in which channel in which encoding.
func (r *recording) find(canaries []string) (found map[string]map[string]int, searched int) {
	forms := map[string][]form{}
	for _, canary := range canaries {
		for encoding, text := range encodings(canary) {
			key := string(text[:window])
			forms[key] = append(forms[key], form{canary, encoding, text})
		}
	}
	found = map[string]map[string]int{}
	for channel, buffer := range r.channels {
		data := buffer.Bytes()
		searched += len(data)
		for i := 0; i+window <= len(data); i++ {
			for _, form := range forms[string(data[i:i+window])] {
				if found[form.encoding] == nil {
					found[form.encoding] = map[string]int{}
				}
				found[form.encoding][channel]++
			}
		}
	}
	return found, searched
}

// recorder is a transport that records both directions.
type recorder struct {
	service string
	next    localaws.HTTPClient
	into    *recording
}

func (r recorder) Do(request *http.Request) (*http.Response, error) {
	if request.Body != nil {
		body, _ := io.ReadAll(request.Body)
		_ = request.Body.Close()
		r.into.add(r.service+" request", body)
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	r.into.add(r.service+" request", fmt.Append(nil, request.URL, request.Header))
	response, err := r.next.Do(request)
	if err != nil {
		return response, err
	}
	body, readErr := io.ReadAll(response.Body)
	_ = response.Body.Close()
	r.into.add(r.service+" response", body)
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{readErr}))
	return response, nil
}

// failing is the end of a body that was cut.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// depths writes every text and every byte that reflection reaches from a value.
type depths struct {
	out  bytes.Buffer
	seen map[uintptr]bool
}

func (d *depths) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		d.out.WriteString(v.String() + "\x00")
	case reflect.Pointer, reflect.Map:
		if v.IsNil() || d.seen[v.Pointer()] {
			return
		}
		d.seen[v.Pointer()] = true
		if v.Kind() == reflect.Pointer {
			d.walk(v.Elem())
			return
		}
		for entries := v.MapRange(); entries.Next(); {
			d.walk(entries.Key())
			d.walk(entries.Value())
		}
	case reflect.Interface:
		d.walk(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			d.walk(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			for i := range v.Len() {
				d.out.WriteByte(byte(v.Index(i).Uint()))
			}
			d.out.WriteByte(0)
			return
		}
		for i := range v.Len() {
			d.walk(v.Index(i))
		}
	default: // numbers and funcs hold no text
	}
}

// show records everything that printers and reflection make of an error.
func (r *recording) show(err error) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		r.add("errors "+verb, fmt.Appendf(nil, verb, err))
	}
	d := depths{seen: map[uintptr]bool{}}
	d.walk(reflect.ValueOf(err))
	for wrapped := err; wrapped != nil; wrapped = errors.Unwrap(wrapped) {
		d.walk(reflect.ValueOf(wrapped))
	}
	r.add("errors, deep", d.out.Bytes())
}

// channelWriter is an io.Writer into a channel.
type channelWriter struct {
	recording *recording
	channel   string
}

func (w channelWriter) Write(data []byte) (int, error) {
	w.recording.add(w.channel, data)
	return len(data), nil
}

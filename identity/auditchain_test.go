package identity

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// chainedEvents are n events of a stream, hashed as a store would.
func chainedEvents(t require.TestingT, n int, change func(i int, e *AuditEvent)) []*AuditEvent {
	previous := firstPrevHash
	events := make([]*AuditEvent, n)
	for i := range events {
		at := time.Date(2030, 1, 31, 23, 59, 58+i, 123, time.UTC)
		events[i] = &AuditEvent{
			TenantID: "acme", ProjectID: "prod", EventType: "auth.failed", Month: monthOf(at), CreatedAt: at, Seq: int64(i + 1),
			ID: "e" + strconv.Itoa(i), PrevHash: previous,
		}
		change(i, events[i])
		var err error
		events[i].Hash, err = chainHash(events[i])
		require.NoError(t, err)
		previous = events[i].Hash
	}
	return events
}

// The hash is fixed: other runtimes make the same of the same event.
func TestTheHashOfAnEventIsWhatItWas(t *testing.T) {
	e := &AuditEvent{
		TenantID: "acme", ProjectID: "prod", EventType: "auth.failed", Month: "2030-03", Bucket: 0,
		CreatedAt: time.Date(2030, 3, 17, 17, 46, 40, 1, time.UTC), Seq: 7, ID: "e7", Actor: "u1", Subject: "u2",
		IP: "192.0.2.7", UserAgent: "test/1.0", Data: map[string]string{"method": "passkey", "a": ""},
		PrevHash: strings.Repeat("ab", 32), PIIHash: strings.Repeat("cd", 32), TTL: time.Unix(2_000_000_000, 0),
	}
	want := ""
	for _, field := range []string{
		"acme", "prod", "auth.failed", "2030-03", "0", "2030-03-17T17:46:40.000000001Z", "7", "e7", "u1", "u2", "192.0.2.7",
		"test/1.0", "2", "a", "", "method", "passkey", strings.Repeat("cd", 32), "2000000000",
	} {
		want += string([]byte{0, 0, 0, byte(len(field))}) + field
	}
	require.Equal(t, want, string(canonical(e)))
	hash, err := chainHash(e)
	require.NoError(t, err)
	require.Equal(t, "4c8d835497d7757bf47e683f1a1331184263c838fb627c9c5e6a189c1b9571d7", hash)
}

// Whatever is changed in an event that was stored, taken away, put in or moved, is found.
func TestVerifyChainFindsEveryChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 6).Draw(t, "events")
		text := rapid.StringMatching(`[a-z]{0,3}`)
		events := chainedEvents(t, n, func(_ int, e *AuditEvent) {
			e.Actor, e.Subject, e.IP, e.UserAgent = text.Draw(t, "actor"), text.Draw(t, "subject"), text.Draw(t, "ip"), text.Draw(t, "agent")
			e.Data = rapid.MapOfN(rapid.StringMatching(`[a-z]{1,2}`), text, 0, 3).Draw(t, "data")
		})
		require.NoError(t, VerifyChain(slices.Values(events)))
		require.NoError(t, VerifyChain(slices.Values(events[1:])), "a part of a stream")
		k := rapid.IntRange(0, n-1).Draw(t, "which")
		tampered := slices.Clone(events)
		c := *events[k]
		c.Data = maps.Clone(c.Data)
		tampered[k] = &c
		kinds := slices.Sorted(maps.Keys(tamperings))
		tamperings[rapid.SampledFrom(kinds).Draw(t, "field")](&c)
		require.ErrorIs(t, VerifyChain(slices.Values(tampered)), ErrChainBroken)
	})
}

var tamperings = map[string]func(e *AuditEvent){
	"tenant":      func(e *AuditEvent) { e.TenantID += "x" },
	"project":     func(e *AuditEvent) { e.ProjectID += "x" },
	"type":        func(e *AuditEvent) { e.EventType += "x" },
	"month":       func(e *AuditEvent) { e.Month = "2029-12" },
	"bucket":      func(e *AuditEvent) { e.Bucket++ },
	"a nano more": func(e *AuditEvent) { e.CreatedAt = e.CreatedAt.Add(1) },
	"number":      func(e *AuditEvent) { e.Seq++ },
	"id":          func(e *AuditEvent) { e.ID += "x" },
	"actor":       func(e *AuditEvent) { e.Actor += "x" },
	"actor into subject": func(e *AuditEvent) {
		e.Actor, e.Subject = e.Actor+"#", e.Actor
	},
	"subject":   func(e *AuditEvent) { e.Subject += "x" },
	"ip":        func(e *AuditEvent) { e.IP += "x" },
	"agent":     func(e *AuditEvent) { e.UserAgent += "x" },
	"more data": func(e *AuditEvent) { e.Data["zzz"] = "" },
	"other data": func(e *AuditEvent) {
		e.Data["zz"] = "x"
		for name := range e.Data {
			e.Data[name] += "x"
		}
	},
	"previous":       func(e *AuditEvent) { e.PrevHash = strings.Repeat("1f", 32) },
	"no previous":    func(e *AuditEvent) { e.PrevHash = "" },
	"case of it":     func(e *AuditEvent) { e.PrevHash = strings.ToUpper(e.PrevHash[:60]) + "ABCD" },
	"hash":           func(e *AuditEvent) { e.Hash = strings.Repeat("1f", 32) },
	"digest of pii":  func(e *AuditEvent) { e.PIIHash = strings.Repeat("1f", 32) },
	"ttl":            func(e *AuditEvent) { e.TTL = time.Unix(1, 0) },
	"data to nobody": func(e *AuditEvent) { e.Data = map[string]string{"a": "b", "c": "d", "e": "f", "g": "h"} },
}

func TestVerifyChainFindsWhatWasTakenAwayPutInOrMoved(t *testing.T) {
	events := chainedEvents(t, 6, func(int, *AuditEvent) {})
	rehashed := func(change func(*AuditEvent)) *AuditEvent {
		e := *events[3]
		change(&e)
		e.Hash, _ = chainHash(&e)
		return &e
	}
	for name, row := range map[string][]*AuditEvent{
		"one is missing":        slices.Delete(slices.Clone(events), 2, 3),
		"one twice":             slices.Insert(slices.Clone(events), 2, events[2]),
		"two changed places":    {events[0], events[2], events[1]},
		"backwards":             {events[1], events[0]},
		"nil":                   {events[0], nil},
		"a forged one in place": {events[2], rehashed(func(e *AuditEvent) { e.Actor = "x" }), events[4]},
		"another stream":        {events[2], rehashed(func(e *AuditEvent) { e.EventType = "auth.x" })},
		"older":                 {events[2], rehashed(func(e *AuditEvent) { e.CreatedAt = events[0].CreatedAt; e.Month = events[0].Month })},
		"month of another time": {rehashed(func(e *AuditEvent) { e.Month = "2030-12" })},
		"first after another":   {rehashed(func(e *AuditEvent) { e.Seq = 1 })},
		"later after none":      {rehashed(func(e *AuditEvent) { e.PrevHash = firstPrevHash })},
		"number 0":              {rehashed(func(e *AuditEvent) { e.Seq = 0 })},
	} {
		require.ErrorIs(t, VerifyChain(slices.Values(row)), ErrChainBroken, name)
	}
	require.NoError(t, VerifyChain(slices.Values([]*AuditEvent(nil))))
	require.NoError(t, VerifyChain(slices.Values(events)))
}

// readCanonical reads a canonical form back, as nobody needs to but a proof that two events never have one form.
func readCanonical(form []byte) (*AuditEvent, error) {
	short := errors.New("short")
	next := func() (string, error) {
		if len(form) < 4 || uint32(len(form)-4) < binary.BigEndian.Uint32(form) {
			return "", short
		}
		n := binary.BigEndian.Uint32(form)
		field := string(form[4 : 4+n])
		form = form[4+n:]
		return field, nil
	}
	e := &AuditEvent{}
	var bucket, at, seq, entries, ttl string
	for _, field := range []*string{
		&e.TenantID, &e.ProjectID, &e.EventType, &e.Month, &bucket, &at, &seq, &e.ID, &e.Actor, &e.Subject, &e.IP, &e.UserAgent, &entries,
	} {
		var err error
		if *field, err = next(); err != nil {
			return nil, err
		}
	}
	n, err := strconv.Atoi(entries)
	if err != nil || n < 0 {
		return nil, errors.New("number of entries")
	}
	for range n {
		name, err := next()
		if err != nil {
			return nil, err
		}
		text, err := next()
		if err != nil {
			return nil, err
		}
		if e.Data == nil {
			e.Data = map[string]string{}
		}
		e.Data[name] = text
	}
	var problems error
	for _, field := range []*string{&e.PIIHash, &ttl} {
		*field, err = next()
		problems = errors.Join(problems, err)
	}
	e.Bucket, err = strconv.ParseInt(bucket, 10, 64)
	problems = errors.Join(problems, err)
	e.Seq, err = strconv.ParseInt(seq, 10, 64)
	problems = errors.Join(problems, err)
	e.CreatedAt, err = time.Parse(storedTime, at)
	problems = errors.Join(problems, err)
	seconds, err := strconv.ParseInt(ttl, 10, 64)
	problems = errors.Join(problems, err)
	if seconds != 0 {
		e.TTL = time.Unix(seconds, 0).UTC()
	}
	if len(form) > 0 {
		problems = errors.Join(problems, errors.New("more"))
	}
	return e, problems
}

func FuzzCanonicalForm(f *testing.F) {
	f.Add("acme", "e1", "u1", "u2", "", "k", "v", "k2", "", int64(1), int64(1_900_000_000), uint32(5), int64(0))
	f.Add("", "", "", "\x00\x00\x00\x01", "", "", "", "", "", int64(-1), int64(0), uint32(0), int64(9))
	f.Fuzz(func(t *testing.T, tenant, id, actor, subject, agent, k1, v1, k2, v2 string, seq, at int64, nanos uint32, ttl int64) {
		e := &AuditEvent{
			TenantID: tenant, ID: id, Actor: actor, Subject: subject, UserAgent: agent, Seq: seq,
			CreatedAt: time.Unix(at%200_000_000_000, int64(nanos%1_000_000_000)).UTC(), Data: map[string]string{k1: v1, k2: v2}, PrevHash: firstPrevHash,
		}
		if year := e.CreatedAt.Year(); year < 0 || year > 9999 {
			t.Skip("no time that can be stored")
		}
		if ttl != 0 {
			e.TTL = time.Unix(ttl%10_000_000_000, 0).UTC()
		}
		again, err := readCanonical(canonical(e))
		require.NoError(t, err)
		if ttlSeconds(e.TTL) == 0 {
			again.TTL = e.TTL
		}
		again.PrevHash = e.PrevHash
		require.Equal(t, e, again)
	})
}

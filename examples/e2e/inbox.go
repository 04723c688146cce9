package e2e

import (
	"encoding/json"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"
)

// Message is a mail or a text message as it arrived.
type Message struct {
	To, Subject, Text string
}

// Inbox holds what arrived for everybody, oldest first.
type Inbox struct {
	mu   sync.Mutex
	list []Message
	read []bool
}

// patience is how long a message may take: the mail queue tries again after a
// failure, and the machine may be busy.
const patience = 15 * time.Second

func (i *Inbox) add(m Message) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.list, i.read = append(i.list, m), append(i.read, false)
}

// All is everything that has arrived.
func (i *Inbox) All() []Message {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]Message(nil), i.list...)
}

// Take waits for the oldest unread message to somebody whose text matches,
// marks it as read, and returns the match and its groups.
func (i *Inbox) Take(tb testing.TB, to string, pattern *regexp.Regexp) []string {
	tb.Helper()
	match := i.wait(to, pattern)
	if match == nil {
		tb.Fatalf("no message to %s with %s within %v; got %+v", to, pattern, patience, i.All())
	}
	return match
}

func (i *Inbox) wait(to string, pattern *regexp.Regexp) []string {
	for start := time.Now(); time.Since(start) < patience; time.Sleep(20 * time.Millisecond) {
		if match := i.take(to, pattern); match != nil {
			return match
		}
	}
	return nil
}

func (i *Inbox) take(to string, pattern *regexp.Regexp) []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n, m := range i.list {
		if i.read[n] || m.To != to {
			continue
		}
		if match := pattern.FindStringSubmatch(m.Text); match != nil {
			i.read[n] = true
			return match
		}
	}
	return nil
}

// ServeHTTP is [Inbox.Take] for the browser suite: ?to=ADDRESS&match=PATTERN
// is answered with the match and its groups as a JSON list.
func (i *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	pattern, err := regexp.Compile(r.URL.Query().Get("match"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	match := i.wait(r.URL.Query().Get("to"), pattern)
	if match == nil {
		http.Error(w, "no such message", http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(match) // a failed write is seen by the reader
}

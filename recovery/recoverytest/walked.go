package recoverytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Nearly every test begins with a set-up, whose pages are most of its time. The
// first world of a kind walks it; the next ones take over what it left behind.
var walks = struct { //nolint:gochecknoglobals // only grows, and holds no world
	mu   sync.Mutex
	done map[string]walk
}{done: map[string]walk{}}

// began is when all worlds begin, and root opens what each wrote: else nothing
// could be taken over.
var (
	began = time.Now().Truncate(time.Second) //nolint:gochecknoglobals // as above
	root  = sync.OnceValues(func() (*secret.Keys, error) { return secret.NewKeys(secret.NewRoot()) })
)

// walk is what one left behind.
type walk struct {
	url     string
	records map[string][]byte // nil: deleted
	sent    []recovery.Message
	events  []recovery.Event
	took    time.Duration
	person  Person
}

// history is what was walked in a world, and nothing else done.
type history struct {
	walks string // empty: something else was done, or there is no world like this one
	after state
}

func (h *history) begin(w *World) {
	h.after = w.state()
	if like := w.likeness(); like != "" {
		h.walks = like + fmt.Sprint(slices.Sorted(maps.Keys(h.after.records)))
	}
}

// state is a world between two walks.
type state struct {
	records map[string][]byte
	sent    int
	events  int
	now     time.Time
}

func (w *World) state() state {
	w.TB.Helper()
	s := state{records: map[string][]byte{}, sent: len(w.Outbox.All()), events: len(w.Events.All()), now: w.Clock.Now()}
	keys, err := w.Driver.Keys(w.TB.Context(), "")
	if err != nil {
		w.TB.Fatal(err)
	}
	for _, key := range keys {
		if s.records[key], err = w.Driver.Get(w.TB.Context(), key); err != nil {
			w.TB.Fatal(err)
		}
	}
	return s
}

func (s state) equal(other state) bool {
	return s.sent == other.sent && s.events == other.events && s.now.Equal(other.now) && maps.EqualFunc(s.records, other.records, bytes.Equal)
}

// once walks, or takes over what the same walk left behind in another world of
// the same kind. A world that a test has touched walks by itself. Requests that a
// walk makes to the app do not count, so that it is all one which of them did it.
func (w *World) once(name string, p *Person, walked func()) {
	w.TB.Helper()
	defer w.uncount(w.Hits())
	before := w.state()
	if w.history.walks == "" || !before.equal(w.history.after) {
		w.history.walks = ""
		walked()
		return
	}
	w.history.walks += fmt.Sprintf("\n%s %+v", name, *p)
	walks.mu.Lock()
	known, ok := walks.done[w.history.walks]
	walks.mu.Unlock()
	if ok {
		w.takeOver(known, p)
		w.history.after = w.state()
		return
	}
	walked()
	w.history.after = w.state()
	walks.mu.Lock()
	defer walks.mu.Unlock()
	walks.done[w.history.walks] = w.left(before, w.history.after, *p)
}

// uncount has the app forget all requests beyond the first ones.
func (w *World) uncount(hits int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.AppHits = hits
}

// likeness says which worlds are alike; empty: this one is like no other.
func (w *World) likeness() string {
	_, inMemory := w.Driver.(*memkv.Driver)
	shared, err := root()
	if err != nil || !inMemory || w.Running() || w.Keys != shared || len(w.methods)+len(w.recipes) > 0 {
		return ""
	}
	policy, err := json.Marshal(w.Policy)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s %+v %v %v %v %s", policy, w.Policy.Ways, w.Outbox.only == nil, w.Outbox.only, w.tls, w.portal)
}

func (w *World) left(before, after state, p Person) walk {
	l := walk{
		url: w.Server.URL, records: map[string][]byte{}, sent: w.Outbox.All()[before.sent:], events: w.Events.All()[before.events:],
		took: after.now.Sub(before.now), person: p,
	}
	for key, value := range after.records {
		if !bytes.Equal(before.records[key], value) {
			l.records[key] = value
		}
	}
	for key := range before.records {
		if _, ok := after.records[key]; !ok {
			l.records[key] = nil
		}
	}
	return l
}

func (w *World) takeOver(l walk, p *Person) {
	w.TB.Helper()
	for key, value := range l.records {
		old, err := w.Driver.Get(w.TB.Context(), key)
		if err != nil {
			w.TB.Fatal(err)
		}
		if ok, err := w.Driver.Swap(w.TB.Context(), key, old, value, 0); err != nil || !ok {
			w.TB.Fatalf("take over %q: %v, %v", key, ok, err)
		}
	}
	w.Clock.Move(l.took)
	w.Outbox.add(l.sent, l.url, w.Server.URL)
	for _, e := range l.events {
		w.Events.Add(e)
	}
	*p = l.person
	p.Codes = slices.Clone(l.person.Codes)
}

// add puts messages of another world in, with links that lead to this one.
func (o *Outbox) add(list []recovery.Message, from, to string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range list {
		m.Vars = maps.Clone(m.Vars)
		for name, value := range m.Vars {
			m.Vars[name] = strings.ReplaceAll(value, from, to)
		}
		m.Done = nil
		o.sent = append(o.sent, m)
	}
}

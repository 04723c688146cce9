package recovery_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func recordKeys(tb testing.TB, letters ...string) *secret.Keys {
	tb.Helper()
	var roots [][]byte
	for _, l := range letters {
		roots = append(roots, []byte(strings.Repeat(l, secret.KeySize)))
	}
	k, err := secret.NewKeys(roots...)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// What a reason, browser or name holds cannot make a line, or a colour, of its own.
func TestAU03_RecordsHoldNothingThatIsNotSeen(t *testing.T) {
	evil := "x\r\n{\"event\":\"login\"}\x1b[31m\u202e\x00\u2028<b>\"\\" + strings.Repeat("long ", 500)
	a := &recovery.Account{ID: "someone"}
	e := recovery.Event{Name: recovery.EventDisabled, At: noon, Actor: evil, Method: evil, Network: evil, Browser: evil, Flow: evil, Detail: evil}
	if err := a.Enter(recordKeys(t, "k"), e, "node"); err != nil {
		t.Fatal(err)
	}
	r, err := recovery.ParseRecord(a.Trail.Owed[0].Record)
	if err != nil {
		t.Fatalf("%s: %v", a.Trail.Owed[0].Record, err)
	}
	p, ok := r.Private(a.Trail.Key)
	if !ok || p.Detail == "" {
		t.Fatalf("got %+v, %v, want what is private", p, ok)
	}
	for _, text := range []string{r.As, r.Method, r.Flow, p.Network, p.Browser, p.Detail} {
		if strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) || len(text) > 1000 {
			t.Errorf("got %q, want nothing that is not seen as itself", text)
		}
	}
}

// With the account its key goes, and nothing of what is private can be read; what
// is left names nobody.
func TestRecordsNameNobodyOnceTheAccountIsGone(t *testing.T) {
	a := &recovery.Account{ID: "someone", Name: "alice"}
	e := recovery.Event{Name: recovery.EventDisabled, At: noon, Person: "alice", ActorID: "other", Actor: "boss", Network: "192.0.2.7", Browser: "Firefox on Linux", Detail: "stolen laptop"}
	if err := a.Enter(recordKeys(t, "k"), e, "node"); err != nil {
		t.Fatal(err)
	}
	raw := string(a.Trail.Owed[0].Record)
	for _, word := range []string{"alice", "boss", "192.0.2", "Firefox", "laptop"} {
		if strings.Contains(raw, word) {
			t.Errorf("%s has %q, want ids alone", raw, word)
		}
	}
	r, err := recovery.ParseRecord([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string][]byte{"no key": nil, "another's": secret.NewOwnKey()} {
		if p, ok := r.Private(key); ok || p != (recovery.Private{}) {
			t.Errorf("%s: got %+v, want that it does not open", name, p)
		}
	}
}

// An account changes no more when it owes too many records (AU-04).
func TestAU04_AnAccountOwesNoMoreThanSixteenRecords(t *testing.T) {
	a, k := &recovery.Account{ID: "someone"}, recordKeys(t, "k")
	for n := range 16 {
		if err := a.Enter(k, recovery.Event{Name: recovery.EventLogin, At: noon}, "node"); err != nil {
			t.Fatalf("record %d: %v", n, err)
		}
	}
	head := a.Trail.Head
	if err := a.Enter(k, recovery.Event{Name: recovery.EventLogin, At: noon}, "node"); !errors.Is(err, recovery.ErrTrailFull) || a.Trail.Head.Number != head.Number {
		t.Errorf("got %v and %d, want that nothing more is taken", err, a.Trail.Head.Number)
	}
	if body, err := json.Marshal(a); err != nil || len(body) > 16<<10 {
		t.Errorf("got %d bytes (%v), want a record that can be written", len(body), err)
	}
	if !a.Trail.Settle(a.Trail.Owed[3].Head) || len(a.Trail.Owed) != 12 || a.Trail.Settle(recovery.Head{}) || len(a.Trail.Owed) != 12 {
		t.Errorf("got %d owed, want 12", len(a.Trail.Owed))
	}
}

// FuzzRecord holds that a record has one spelling and shows nothing else than it
// holds, whatever lies in the store.
func FuzzRecord(f *testing.F) {
	a := &recovery.Account{ID: "someone"}
	k := recordKeys(f, "k")
	for _, e := range []recovery.Event{{Name: recovery.EventLogin, Network: "192.0.2.7"}, {Name: recovery.EventDisabled, ActorID: "x", Detail: "<why>"}} {
		if err := a.Enter(k, e, "node"); err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(a.Trail.Owed[len(a.Trail.Owed)-1].Record))
	}
	loose, err := recovery.Loose(recovery.Event{Name: recovery.EventCrossSite, Network: "192.0.2.7", Count: 412}, "node", nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(loose))
	f.Add([]byte(`{"id":"a","at":"2026-01-01T00:00:00Z","event":"e","node":"n","node":"m"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := recovery.ParseRecord(raw)
		if err != nil {
			return
		}
		again, err := r.Encode()
		if err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%q is read and written as %q (%v)", raw, again, err)
		}
		for _, w := range []string{r.ID, string(r.Event), r.Whom, r.Who, r.As, r.Method, r.Flow, r.Node} {
			if strings.ContainsFunc(w, func(c rune) bool { return !unicode.IsPrint(c) }) {
				t.Errorf("%q shows %q", raw, w)
			}
		}
		_, _ = r.Private(secret.NewOwnKey())
	})
}

package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// threeNodes has three processes write a number of events each, over three days
// of which the first two are sealed.
func threeNodes(t *testing.T, each int) *recoverytest.World {
	t.Helper()
	w := recoverytest.New(t)
	w.Engine.Log = slog.New(slog.DiscardHandler)
	var people []*recovery.Account
	for n := range 6 {
		a, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: fmt.Sprint("person", n)})
		if err != nil {
			t.Fatal(err)
		}
		people = append(people, a)
	}
	nodes := []*engine.Engine{w.Engine, w.Node().Engine, w.Node().Engine}
	for range 3 {
		var running sync.WaitGroup
		for i, e := range nodes {
			running.Go(func() {
				for n := range each / 3 {
					if n%3 == 0 {
						e.Refused(engine.By(t.Context(), engine.Actor{Network: fmt.Sprint("net", i, n)}), recovery.Event{Name: recovery.EventCrossSite})
					} else if _, err := e.Invite(t.Context(), people[(n+i)%len(people)]); err != nil {
						t.Error(err)
					}
					if n%8 == 7 {
						_ = e.WriteTrail(t.Context()) // others may write the same account
					}
				}
			})
		}
		running.Wait()
		for _, e := range nodes {
			writeTrail(t, e)
		}
		w.Clock.Move(24 * time.Hour)
		if err := w.Engine.SealTrail(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.Clock.Move(-24 * time.Hour) // the third day still goes on, as far as it is not sealed
	return w
}

// tampering changes a segment as who has the store's key could, and not the key
// of the MACs.
type tampering struct {
	name string
	do   func(s *recovery.Segment, i int)
	want []recovery.Wrong
}

func tamperings() []tampering {
	type W = recovery.Wrong
	other := func(raw json.RawMessage) json.RawMessage {
		return bytes.Replace(raw, []byte(`"event":"`), []byte(`"event":"un`), 1)
	}
	return []tampering{
		{"edited", func(s *recovery.Segment, i int) { s.Records[i].Record = other(s.Records[i].Record) }, []W{recovery.WrongRecord}},
		{"dropped", func(s *recovery.Segment, i int) { s.Records = slices.Delete(s.Records, i, i+1) }, []W{recovery.WrongOrder, recovery.WrongEnd, recovery.WrongAccount, recovery.WrongLog}},
		{"moved", func(s *recovery.Segment, i int) {
			j := (i + 1) % len(s.Records)
			s.Records[i], s.Records[j] = s.Records[j], s.Records[i]
		}, []W{recovery.WrongOrder}},
		{"twice", func(s *recovery.Segment, i int) { s.Records = slices.Insert(s.Records, i, s.Records[i]) }, []W{recovery.WrongOrder, recovery.WrongStray}},
		{"cut from there", func(s *recovery.Segment, i int) { s.Records = s.Records[:i] }, []W{recovery.WrongOrder, recovery.WrongEnd, recovery.WrongAccount, recovery.WrongLog}},
	}
}

// allRecords copies the store.
func allRecords(t *testing.T, d kv.Driver) map[string][]byte {
	t.Helper()
	keys, err := d.Keys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, key := range keys {
		if out[key], err = d.Get(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// put puts one record of the store as it is given; nil: away.
func put(t *testing.T, d kv.Driver, key string, want []byte) {
	t.Helper()
	now, err := d.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(now, want) {
		return
	}
	if ok, err := d.Swap(t.Context(), key, now, want, 0); !ok || err != nil {
		t.Fatalf("put %s: %v, %v", key, ok, err)
	}
}

// segments of a day and of all, by process and number.
func segmentsIn(records map[string][]byte) (keys []string) {
	for key := range records {
		if strings.HasPrefix(key, "audit/20") && strings.Count(key, "/") == 3 {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b string) int {
		x, y := strings.Split(a, "/"), strings.Split(b, "/")
		return strings.Compare(x[1]+x[2]+fmt.Sprintf("%4s", x[3]), y[1]+y[2]+fmt.Sprintf("%4s", y[3]))
	})
	return keys
}

func eventsEach(t *testing.T) int {
	t.Helper()
	if os.Getenv("SPAREKEY_SOAK") != "" {
		return 1000
	}
	return 60
}

// AU-02, as `audit --verify` finds it: three processes, each kind of tampering at
// the first, a middle and the last record of the first, a middle and the last
// segment; whole segments, days and seals; what is put back as it was.
func TestAU02_TamperingOfTheTrailIsFound(t *testing.T) {
	t.Parallel()
	w := threeNodes(t, eventsEach(t))
	if r := verified(t, w.Engine); len(r.Faults) > 0 || r.Records < 3*eventsEach(t)/3*2 {
		t.Fatalf("untouched: got %d records, %v", r.Records, r.Faults)
	}
	before := allRecords(t, w.Driver)
	keys := segmentsIn(before)
	checks := tamperSegments(t, w, before, keys)
	missing := []recovery.Wrong{recovery.WrongMissing, recovery.WrongOrder, recovery.WrongEnd, recovery.WrongSeal, recovery.WrongStray, recovery.WrongAccount}
	days := slices.Sorted(maps.Keys(before))
	days = slices.DeleteFunc(days, func(key string) bool { return !strings.HasPrefix(key, "audit/") })
	for _, key := range days {
		put(t, w.Driver, key, nil)
		checks++
		wantFault(t, w, "without "+key, missing)
		put(t, w.Driver, key, before[key])
	}
	for _, day := range []string{keys[0], keys[len(keys)-1]} {
		day = strings.Split(day, "/")[1]
		for key := range before {
			if strings.HasPrefix(key, "audit/"+day) {
				put(t, w.Driver, key, nil)
			}
		}
		checks++
		wantFault(t, w, "without "+day, missing)
		for key, value := range before {
			put(t, w.Driver, key, value)
		}
	}
	for key := range before {
		if strings.HasPrefix(key, "audit/") {
			put(t, w.Driver, key, nil)
		}
	}
	wantFault(t, w, "without all", missing)
	for key, value := range before {
		put(t, w.Driver, key, value)
	}
	if r := verified(t, w.Engine); len(r.Faults) > 0 {
		t.Errorf("as it was: got %v", r.Faults)
	}
	t.Logf("%d segments, %d tamperings", len(keys), checks)
}

// tamperSegments does everything to the first, a middle and the last segment, and
// returns how often.
func tamperSegments(t *testing.T, w *recoverytest.World, before map[string][]byte, keys []string) int {
	t.Helper()
	checks := 0
	for _, key := range []string{keys[0], keys[len(keys)/2], keys[len(keys)-1]} {
		s, ok, err := kv.Load[recovery.Segment](t.Context(), w.Engine.Store, key)
		if err != nil || !ok {
			t.Fatalf("%s: %v, %v", key, ok, err)
		}
		for _, i := range []int{0, len(s.Records) / 2, len(s.Records) - 1} {
			for _, x := range tamperings() {
				_, err := kv.Update(t.Context(), w.Engine.Store, key, time.Time{}, func(s *recovery.Segment, _ bool) error {
					x.do(s, i)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				checks++
				wantFault(t, w, x.name+fmt.Sprintf(" at %d of %s", i, key), x.want)
				put(t, w.Driver, key, before[key])
			}
		}
	}
	return checks
}

func wantFault(t *testing.T, w *recoverytest.World, what string, want []recovery.Wrong) {
	t.Helper()
	r := verified(t, w.Engine)
	if len(r.Faults) == 0 {
		t.Errorf("%s: got nothing wrong", what)
		return
	}
	if !slices.ContainsFunc(r.Faults, func(f engine.TrailFault) bool { return slices.Contains(want, f.What) }) {
		t.Errorf("%s: got %v, want one of %v", what, r.Faults, want)
	}
}

// Put back as it was a while ago: a segment of today, an account, and the whole
// store, which only the log tells.
func TestAU02_WhatIsPutBackIsFound(t *testing.T) {
	t.Parallel()
	w, boss, bob := withPeople(t)
	change := func() {
		t.Helper()
		for _, do := range []recovery.Action{recovery.ActionDisable, recovery.ActionEnable} {
			if err := w.Engine.Manage(t.Context(), boss, bob.ID, do, "because"); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Engine.EndTrail(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	change()
	old := allRecords(t, w.Driver)
	change()
	now := allRecords(t, w.Driver)
	head := headOf(t, w, now)
	if r := verified(t, w.Engine, head); len(r.Faults) > 0 || r.Heads != 1 {
		t.Fatalf("untouched: got %+v", r)
	}
	segment := segmentsIn(now)[len(segmentsIn(now))-1]
	account := recovery.AccountKey(bob.ID)
	for _, tc := range []struct {
		name  string
		is    func(key string) bool
		heads []engine.TrailHead
		found bool
	}{
		{"a segment", func(key string) bool { return key == segment }, nil, true},
		{"an account", func(key string) bool { return key == account }, nil, true},
		{"a segment and its account", func(key string) bool { return key == segment || key == account }, nil, false},
		{"a segment and its account, with the log", func(key string) bool { return key == segment || key == account }, []engine.TrailHead{head}, true},
		{"all", func(string) bool { return true }, nil, false},
		{"all, with the log", func(string) bool { return true }, []engine.TrailHead{head}, true},
	} {
		for key := range now {
			if tc.is(key) {
				put(t, w.Driver, key, old[key])
			}
		}
		if r := verified(t, w.Node().Engine, tc.heads...); (len(r.Faults) > 0) != tc.found {
			t.Errorf("%s: got %v, want found %v", tc.name, r.Faults, tc.found)
		}
		for key, value := range now {
			put(t, w.Driver, key, value)
		}
	}
	changed := w.Events.Count(recovery.EventAlarm)
	put(t, w.Driver, segment, old[segment])
	change()
	if w.Events.Count(recovery.EventAlarm) == changed {
		t.Error("the process that writes the segment does not see that it was put back")
	}
}

// headOf is what the log has of the process that writes.
func headOf(t *testing.T, w *recoverytest.World, records map[string][]byte) engine.TrailHead {
	t.Helper()
	keys := segmentsIn(records)
	key := keys[len(keys)-1]
	s, _, err := kv.Load[recovery.Segment](t.Context(), w.Engine.Store, key)
	if err != nil {
		t.Fatal(err)
	}
	place := strings.Split(key, "/")
	var n int
	if _, err := fmt.Sscan(place[3], &n); err != nil {
		t.Fatal(err)
	}
	return engine.TrailHead{Day: place[1], Node: place[2], Segment: n, Next: s.Next(), MAC: recovery.ShownMAC(s.End())}
}

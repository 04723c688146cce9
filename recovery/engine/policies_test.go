package engine_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// fleet are processes on one store that say each minute that they run.
type fleet struct {
	t     *testing.T
	store *kv.Store
	keys  *secret.Keys
	now   time.Time
	all   map[string]*engine.Engine
	logs  map[string]*bytes.Buffer
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	keys, err := secret.NewKeys(secret.NewRoot())
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{t: t, keys: keys, now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), all: map[string]*engine.Engine{}, logs: map[string]*bytes.Buffer{}}
	f.store = &kv.Store{Driver: memkv.New(), Sealer: keys, Now: func() time.Time { return f.now }}
	return f
}

func (f *fleet) start(name string, change func(*recovery.Policy)) {
	f.t.Helper()
	p, log := recovery.Default(), new(bytes.Buffer)
	change(p)
	e, err := engine.New(&engine.Engine{
		Store: f.store, Keys: f.keys, Policy: p, Methods: method.All(method.Set{Keys: f.keys, Has: func(string) bool { return true }}),
		Shared: true, Now: f.store.Now, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.all[name], f.logs[name] = e, log
}

func (f *fleet) run(d time.Duration) {
	f.t.Helper()
	for range int(d / time.Minute) {
		for _, e := range f.all {
			if err := e.MeetPolicies(f.t.Context()); err != nil {
				f.t.Fatal(err)
			}
		}
		f.now = f.now.Add(time.Minute)
	}
}

// told lists what a process says of the others, and how often its log did.
func (f *fleet) told(name string) (parts []string, lines int) {
	f.t.Helper()
	d, err := f.all[name].Differs(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	if d != nil {
		parts = d.Parts
	}
	return parts, strings.Count(f.logs[name].String(), "another policy")
}

func (f *fleet) want(name string, lines int, parts ...string) {
	f.t.Helper()
	if got, n := f.told(name); !slices.Equal(got, parts) || n != lines {
		f.t.Errorf("%s after %s: got %q and %d lines, want %q and %d", name, f.now.Format(time.TimeOnly), got, n, parts, lines)
	}
}

func same(*recovery.Policy) {}

func longer(p *recovery.Policy) {
	p.Lifetimes.Case = 2 * time.Hour
	p.Ways[recovery.GoalBoth] = nil
}

// Two Caddys with two policies are both told, after ten minutes and once an hour.
func TestOtherPolicyIsTold(t *testing.T) {
	f := newFleet(t)
	f.start("one", same)
	f.start("two", longer)
	f.run(9 * time.Minute)
	f.want("one", 0)
	f.want("two", 0)
	f.run(3 * time.Minute)
	f.want("one", 1, "lifetime", "recover")
	f.want("two", 1, "lifetime", "recover")
	f.run(59 * time.Minute)
	f.want("one", 2, "lifetime", "recover")
	delete(f.all, "two")
	f.run(3 * time.Minute)
	f.want("one", 2)
}

// A reload of one Caddy after the other is no alarm, nor is the same policy from
// another file.
func TestRollingReloadIsNoAlarm(t *testing.T) {
	f := newFleet(t)
	f.start("one", same)
	f.start("two", func(p *recovery.Policy) {
		p.Ways[recovery.GoalBoth][0].Line, p.Site = "elsewhere/Caddyfile:7", "Photos"
	})
	f.run(30 * time.Minute)
	f.want("two", 0)
	for range 4 { // to and fro, eight minutes apart
		f.start("one", longer)
		f.run(8 * time.Minute)
		f.start("two", longer)
		f.run(8 * time.Minute)
		f.want("one", 0)
		f.want("two", 0)
		f.start("one", same)
		f.start("two", same)
		f.run(4 * time.Minute)
	}
}

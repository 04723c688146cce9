package engine

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Limits of the events that change no account, and of which anybody can cause any
// number: beyond them they are counted.
const (
	looseOfNetwork = 16 // in two minutes
	looseOfAll     = 256
	loosePer       = 2 * time.Minute
	looseApart     = 32 // events and networks that are counted apart
	countedPer     = time.Minute
)

// trail is what this process has to write into the audit trail, and where.
type trail struct {
	mu      sync.Mutex
	loose   []recovery.Event
	counted map[flood]recovery.Event // too many: written once a minute
	since   time.Time                // of the first of counted
	owing   map[string]bool          // accounts that owe records
	moved   movedRecords
	wake    chan struct{}
	drain   func(ctx context.Context, account string) error // moves what one account owes
	network gauge
	all     gauge

	writing sync.Mutex // for what follows
	place   recovery.TrailPlace
	end     []byte // of what was written last
	next    uint64 // number of the record that follows
	doubt   bool   // the last write may have been done
	noted   bool   // place is written down for others
	begun   bool   // and there is a segment there
	sealed  string // the day up to which seals were looked after
	told    time.Time
}

// flood is what is counted together.
type flood struct {
	name    recovery.EventName
	network string // or elsewhere
}

// elsewhere stands for all networks beyond those that are counted apart.
const elsewhere = "others"

func newTrail(drain func(context.Context, string) error) *trail {
	return &trail{
		drain: drain, counted: map[flood]recovery.Event{}, owing: map[string]bool{}, wake: make(chan struct{}, 1), next: 1,
		network: gauge{rate: recovery.Rate{Count: looseOfNetwork, Per: loosePer}}, all: gauge{rate: recovery.Rate{Count: looseOfAll, Per: loosePer}},
	}
}

// note takes an event that changed no account. It waits for nothing: what it says
// is written within a second, or counted if there are too many.
func (t *trail) note(ev recovery.Event, now time.Time) {
	few := t.network.allow(ev.Network, now) == 0 && t.all.allow("", now) == 0
	t.mu.Lock()
	defer t.mu.Unlock()
	if few && len(t.loose) < looseOfAll {
		t.loose = append(t.loose, ev)
		t.stir()
		return
	}
	if len(t.counted) == 0 {
		t.since = now
	}
	key := flood{ev.Name, ev.Network}
	if _, known := t.counted[key]; !known && len(t.counted) >= looseApart {
		key.network = elsewhere
	}
	x := t.counted[key]
	t.counted[key] = recovery.Event{Name: ev.Name, At: ev.At, Network: key.network, Actor: recovery.Visitor, Count: x.Count + max(ev.Count, 1)}
}

// owes notes that an account owes records.
func (t *trail) owes(account string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owing[account] = true
	t.stir()
}

func (t *trail) stir() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *trail) waits() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.loose)+len(t.counted)+len(t.owing) > 0 || t.moved.any()
}

// batch is what is written together.
type batch struct {
	loose    []recovery.Event
	accounts []string
}

// batchOf is how many accounts are asked at a time for what they owe.
const batchOf = 64

// take takes what waits: what was counted once its minute is over, or all of it.
func (t *trail) take(now time.Time, all bool) batch {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := batch{loose: t.loose}
	t.loose = nil
	if all || !now.Before(t.since.Add(countedPer)) {
		b.loose = append(b.loose, slices.Collect(maps.Values(t.counted))...)
		clear(t.counted)
	}
	for id := range t.owing {
		if len(b.accounts) == batchOf {
			t.stir()
			break
		}
		b.accounts = append(b.accounts, id)
		delete(t.owing, id)
	}
	return b
}

// giveBack is for what could not be written.
func (t *trail) giveBack(b batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range b.accounts {
		t.owing[id] = true
	}
	t.loose = append(b.loose, t.loose...)
	for _, ev := range t.loose[min(looseOfAll, len(t.loose)):] { // the store is away for long
		key := flood{ev.Name, elsewhere}
		t.counted[key] = recovery.Event{Name: ev.Name, At: ev.At, Network: elsewhere, Actor: recovery.Visitor, Count: t.counted[key].Count + max(ev.Count, 1)}
	}
	t.loose = t.loose[:min(looseOfAll, len(t.loose))]
}

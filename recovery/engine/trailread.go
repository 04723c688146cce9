package engine

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// TrailQuery says which records of the audit trail are wanted; zero: all.
type TrailQuery struct {
	Account string               // it happened to it, or it did it
	Events  []recovery.EventName // of these names; none: of any
	Since   time.Time            // not before
	Until   time.Time            // before; zero: no end
	Back    bool                 // the newest first
	From    TrailCursor          // not what a reading before has handed on
	// Segments is how many segments are read that have something of the time that is
	// asked for; zero: all there are.
	Segments int
}

// of tells whether a record may be of the account that is wanted, without reading it:
// most are not.
func (q TrailQuery) of(record []byte) bool {
	return q.Account == "" || bytes.Contains(record, []byte(q.Account))
}

// TrailCursor is a place in the order in which things were written; zero: the
// beginning of a reading.
type TrailCursor struct {
	At time.Time
	ID string // of the record that was handed on last
}

// TrailEntry is a record with what can be looked up of it today.
type TrailEntry struct {
	recovery.Record
	recovery.Private
	Hidden bool   // what is private does not open: its account is gone
	Name   string // of the account it happened to; empty: it is gone, or there was none
	By     string // name of the account that did it
}

// errTrailEnough ends a reading.
var errTrailEnough = errors.New("enough")

// ReadTrail hands on the records of a query one by one, in the order in which they
// were written. rest is where to go on, if not all were looked at; lost counts the
// segments that are not there or do not open.
func (e *Engine) ReadTrail(ctx context.Context, q TrailQuery, hand func(TrailEntry) (more bool)) (rest TrailCursor, lost int, err error) {
	days, err := e.trailDays(ctx, q)
	if err != nil {
		return rest, 0, err
	}
	r := trailReader{Engine: e, query: q, hand: hand, known: map[string]*recovery.Account{}, skips: q.From.ID != ""}
	for _, day := range days {
		if err := r.day(ctx, day); errors.Is(err, errTrailEnough) {
			return r.last, r.lost, nil
		} else if err != nil {
			return r.last, r.lost, err
		}
	}
	return TrailCursor{}, r.lost, nil
}

// trailDays lists the days in which something of a query may be: records may be
// written later than they happened, and never before.
func (e *Engine) trailDays(ctx context.Context, q TrailQuery) ([]string, error) {
	root, ok, err := kv.Load[trailRoot](ctx, e.Store, trailRootKey)
	if err != nil || !ok {
		return nil, err
	}
	first := root.First
	if !q.Since.IsZero() {
		first = max(first, dayOf(q.Since.AddDate(0, 0, -1))) // clocks differ
	}
	var days []string
	for day := first; day <= root.last(); day = dayAfter(day) {
		days = append(days, day)
	}
	if q.Back {
		days = slices.DeleteFunc(days, func(day string) bool { return !q.From.At.IsZero() && day > dayOf(q.From.At) })
		slices.Reverse(days)
	}
	return days, nil
}

// last is the newest day on which something was written.
func (r trailRoot) last() string {
	day := ""
	for _, d := range r.Keys {
		day = max(day, d)
	}
	return day
}

// trailReader reads the trail for one query.
type trailReader struct {
	*Engine
	query    TrailQuery
	hand     func(TrailEntry) bool
	known    map[string]*recovery.Account // nil: there is none
	seen     map[string]bool              // ids of records of this day
	before   map[string]bool              // and of the one before
	segments int
	lost     int
	skips    bool // the record at which to go on was not met yet
	last     TrailCursor
}

// written is a record, and when it was written: not before those before it.
type written struct {
	recovery.Record
	when time.Time
}

// day merges what all processes wrote on a day.
func (r *trailReader) day(ctx context.Context, day string) error {
	d, ok, err := kv.Load[trailDay](ctx, r.Store, trailDayKey(day))
	if errors.Is(err, kv.ErrDamaged) {
		r.lost++
		return nil
	}
	if err != nil || !ok {
		return err
	}
	r.before, r.seen = r.seen, map[string]bool{}
	var nodes []*nodeReader
	for _, node := range slices.Sorted(maps.Keys(d.Nodes)) {
		nodes = append(nodes, r.node(day, node, d.Nodes[node]))
	}
	for {
		var next *nodeReader
		for _, n := range nodes {
			if err := n.fill(ctx); err != nil {
				return err
			}
			if len(n.have) > 0 && (next == nil || r.earlier(n.have[0], next.have[0])) {
				next = n
			}
		}
		if next == nil {
			return nil
		}
		if err := r.pass(ctx, next.take()); err != nil {
			return err
		}
	}
}

func (r *trailReader) earlier(a, b written) bool {
	if r.query.Back {
		a, b = b, a
	}
	return a.when.Before(b.when)
}

// pass hands a record on, if it is wanted and was not before.
func (r *trailReader) pass(ctx context.Context, x written) error {
	q := r.query
	switch {
	case r.read(x):
		return nil
	case q.Segments > 0 && r.segments > q.Segments:
		return errTrailEnough
	}
	again := r.seen[x.ID] || r.before[x.ID]
	r.seen[x.ID], r.last = true, TrailCursor{x.when, x.ID}
	if again || x.At.Before(q.Since) || !q.Until.IsZero() && !x.At.Before(q.Until) {
		return nil
	}
	if q.Account != "" && x.Whom != q.Account && x.Who != q.Account || len(q.Events) > 0 && !slices.Contains(q.Events, x.Event) {
		return nil
	}
	entry, err := r.entry(ctx, x.Record)
	if err != nil {
		return err
	}
	if !r.hand(entry) {
		return errTrailEnough
	}
	return nil
}

// read tells whether a reading before has handed a record on.
func (r *trailReader) read(x written) bool {
	from := r.query.From
	switch {
	case from.ID == "" || r.later(x.when, from.At):
		return false
	case !x.when.Equal(from.At):
		return true
	case r.skips:
		r.skips = x.ID != from.ID
		return true
	}
	return false
}

// later tells whether one time comes after another in this reading.
func (r *trailReader) later(a, b time.Time) bool {
	if r.query.Back {
		return a.Before(b)
	}
	return a.After(b)
}

// entry looks up who is named.
func (r *trailReader) entry(ctx context.Context, x recovery.Record) (TrailEntry, error) {
	whom, err := r.who(ctx, x.Whom)
	if err != nil {
		return TrailEntry{}, err
	}
	who, err := r.who(ctx, x.Who)
	if err != nil {
		return TrailEntry{}, err
	}
	out := TrailEntry{Record: x}
	var key []byte
	if whom != nil {
		out.Name, key = whom.Name, whom.Trail.Key
	}
	if who != nil {
		out.By = who.Name
	}
	private, ok := x.Private(key)
	out.Private, out.Hidden = private, !ok
	return out, nil
}

const namesKept = 10_000 // by one reading

func (r *trailReader) who(ctx context.Context, id string) (*recovery.Account, error) {
	if a, known := r.known[id]; known || id == "" {
		return a, nil
	}
	a, err := r.account(ctx, id)
	if errors.Is(err, recovery.ErrNoAccount) || errors.Is(err, recovery.ErrGone) || errors.Is(err, kv.ErrDamaged) {
		a, err = nil, nil // what is private does not open then
	}
	if err != nil {
		return nil, err
	}
	if len(r.known) >= namesKept {
		clear(r.known)
	}
	if a != nil {
		a = &recovery.Account{ID: a.ID, Name: a.Name, Trail: recovery.Trail{Key: a.Trail.Key}}
	}
	r.known[id] = a
	return a, nil
}

// nodeReader reads what one process wrote on a day.
type nodeReader struct {
	*trailReader
	at   recovery.TrailPlace // of the segment that is read next
	most int
	have []written
}

func (r *trailReader) node(day, node string, segments int) *nodeReader {
	n := &nodeReader{trailReader: r, at: recovery.TrailPlace{Day: day, Node: node, N: 1}, most: segments}
	if r.query.Back {
		n.at.N = segments
	}
	return n
}

func (n *nodeReader) take() written {
	x := n.have[0]
	n.have = n.have[1:]
	return x
}

// fill reads the next segment when nothing is left of the one before.
func (n *nodeReader) fill(ctx context.Context) error {
	for len(n.have) == 0 && n.at.N >= 1 && n.at.N <= n.most {
		s, ok, err := kv.Load[recovery.Segment](ctx, n.Store, segmentKey(n.at))
		if err != nil && !errors.Is(err, kv.ErrDamaged) {
			return err
		}
		if (err != nil || !ok) && !(err == nil && n.at.N == n.most) {
			n.lost++
		}
		n.open(s)
		if n.at.N++; n.query.Back {
			n.at.N -= 2
		}
	}
	return nil
}

func (n *nodeReader) open(s recovery.Segment) {
	within, when, from := false, s.Began, n.query.From
	for i, x := range s.Records {
		// The first and the last are read in any case, so that a reading comes on.
		if i > 0 && i < len(s.Records)-1 && !n.query.of(x.Record) {
			continue
		}
		rec, err := recovery.ParseRecord(x.Record)
		if err != nil {
			n.lost++
			continue
		}
		if rec.At.After(when) {
			when = rec.At
		}
		within = within || from.ID == "" || n.later(when, from.At)
		n.have = append(n.have, written{rec, when})
	}
	if n.query.Back {
		slices.Reverse(n.have)
	}
	if within {
		n.segments++
	}
}

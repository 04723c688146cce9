package engine

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// TrailFault is something that is not as it was written.
type TrailFault struct {
	What    recovery.Wrong `json:"what"`
	Day     string         `json:"day,omitempty"`
	Node    string         `json:"node,omitempty"`
	Segment int            `json:"segment,omitempty"`
	Record  int            `json:"record,omitempty"` // in the segment, from 1 on
	Account string         `json:"account,omitempty"`
	Number  uint64         `json:"number,omitempty"` // in the row of that account
}

// TrailReport is what a look at all of the audit trail has found.
type TrailReport struct {
	First    string       `json:"first,omitempty"` // day
	Last     string       `json:"last,omitempty"`
	Segments int          `json:"segments"`
	Records  int          `json:"records"`
	Accounts int          `json:"accounts"` // whose rows were compared
	Heads    int          `json:"heads"`    // of the log, that were found
	Older    int          `json:"older"`    // of the log, of days that are kept no longer
	Faults   []TrailFault `json:"faults"`
	More     int          `json:"more,omitempty"` // faults that are not listed
}

const maxFaults = 1000

// TrailHead is an end of the trail as it stood in the log once.
type TrailHead struct {
	Day     string `json:"day"`
	Node    string `json:"node"`
	Segment int    `json:"segment"`
	Next    uint64 `json:"next"`
	MAC     string `json:"mac"`
}

// VerifyTrail looks at all of the audit trail and at every account: it lists all
// keys of both, as only a command may. An error means that nothing is known.
func (e *Engine) VerifyTrail(ctx context.Context, heads []TrailHead) (TrailReport, error) {
	v := &trailVerifier{Engine: e, rows: map[string]*trailRow{}, nodes: map[string]*nodeState{}, heads: heads, report: TrailReport{Faults: []TrailFault{}}}
	if err := v.accounts(ctx); err != nil { // first: what they say now is in the trail from now on
		return v.report, err
	}
	keys, err := e.Store.Driver.Keys(ctx, "audit/")
	if err != nil {
		return v.report, err
	}
	v.unvisited = map[string]bool{}
	for _, key := range keys {
		v.unvisited[key] = true
	}
	if err := v.days(ctx); err != nil {
		return v.report, err
	}
	for _, key := range slices.Sorted(maps.Keys(v.unvisited)) {
		if place := strings.Split(key, "/"); place[1] != v.root.Dropping {
			v.fault(TrailFault{What: recovery.WrongStray, Day: place[1], Node: strings.Join(place[2:], "/")})
		}
	}
	return v.report, v.endRows(ctx)
}

type trailVerifier struct {
	*Engine
	root      trailRoot
	rows      map[string]*trailRow
	nodes     map[string]*nodeState
	heads     []TrailHead
	unvisited map[string]bool
	before    sealed // the newest seal so far
	prior     sealed // and the one before it
	report    TrailReport
}

// nodeState is where a process has come to; nil: not known.
type nodeState struct {
	end  []byte
	next uint64
}

func (v *trailVerifier) fault(f TrailFault) {
	if len(v.report.Faults) >= maxFaults {
		v.report.More++
		return
	}
	v.report.Faults = append(v.report.Faults, f)
}

func (v *trailVerifier) days(ctx context.Context) error {
	var err error
	if v.root, _, err = kv.Load[trailRoot](ctx, v.Store, trailRootKey); errors.Is(err, kv.ErrDamaged) {
		v.fault(TrailFault{What: recovery.WrongOpen})
		return nil
	} else if err != nil {
		return err
	}
	delete(v.unvisited, trailRootKey)
	if v.root.Gone != nil {
		v.before = *v.root.Gone
	}
	v.report.First, v.report.Last = v.root.First, v.root.last()
	for day := v.root.First; day != "" && day <= v.root.last(); day = dayAfter(day) {
		if day == v.root.Dropping {
			continue
		}
		if err := v.day(ctx, day); err != nil {
			return err
		}
		v.endDay()
	}
	for _, h := range v.heads {
		if h.Day < v.root.First {
			v.report.Older++
			continue
		}
		v.fault(TrailFault{What: recovery.WrongLog, Day: h.Day, Node: h.Node, Segment: h.Segment})
	}
	// A process may have been killed between the two writes.
	if !v.root.Sealed.is(v.before) && !(v.before.Day > v.root.Sealed.Day && v.root.Sealed.is(v.prior)) {
		v.fault(TrailFault{What: recovery.WrongSeal, Day: v.root.Sealed.Day})
	}
	return nil
}

// load reads a record of the trail that may not be there; a damaged one is a fault
// and counts as missing.
func load[T any](ctx context.Context, v *trailVerifier, key string, at TrailFault) (x T, ok bool, err error) {
	delete(v.unvisited, key)
	x, ok, err = kv.Load[T](ctx, v.Store, key)
	if errors.Is(err, kv.ErrDamaged) {
		at.What = recovery.WrongOpen
		v.fault(at)
		err = nil
	}
	return x, ok, err
}

func (v *trailVerifier) day(ctx context.Context, day string) error {
	d, listed, err := load[trailDay](ctx, v, trailDayKey(day), TrailFault{Day: day})
	if err != nil {
		return err
	}
	s, sealedDay, err := load[recovery.Seal](ctx, v, trailSealKey(day), TrailFault{Day: day})
	if err != nil {
		return err
	}
	switch {
	case sealedDay:
		v.seal(day, s)
	case listed && day <= v.root.Sealed.Day:
		v.fault(TrailFault{What: recovery.WrongSeal, Day: day})
	}
	if sealedDay && !listed {
		v.fault(TrailFault{What: recovery.WrongEnd, Day: day})
	}
	ends := map[string]recovery.NodeEnd{}
	for _, end := range s.Nodes {
		ends[end.Node] = end
	}
	for node := range d.Nodes {
		if _, known := ends[node]; !known && sealedDay {
			v.fault(TrailFault{What: recovery.WrongStray, Day: day, Node: node})
		}
		ends[node] = recovery.NodeEnd{Node: node, Segments: max(d.Nodes[node], ends[node].Segments), Next: ends[node].Next, End: ends[node].End}
	}
	for _, node := range slices.Sorted(maps.Keys(ends)) {
		if err := v.node(ctx, day, ends[node], sealedDay); err != nil {
			return err
		}
	}
	return nil
}

// seal compares the seal of a day with that of the day before.
func (v *trailVerifier) seal(day string, s recovery.Seal) {
	ok, known := s.Genuine(v.Keys)
	switch {
	case !known:
		v.fault(TrailFault{What: recovery.WrongNoKey, Day: day})
	case !ok || s.Day != day || s.Before != v.before.Day || !bytes.Equal(s.Prev, v.before.MAC):
		v.fault(TrailFault{What: recovery.WrongSeal, Day: day})
	}
	v.prior, v.before = v.before, sealed{day, s.MAC}
}

// node compares what a process wrote on a day with what came before, and with the
// seal if there is one.
func (v *trailVerifier) node(ctx context.Context, day string, end recovery.NodeEnd, sealedDay bool) error {
	state, met := v.nodes[end.Node]
	if !met && v.root.Gone == nil {
		state = &nodeState{next: 1} // else it may have begun on a day that is gone
	}
	for n := 1; n <= end.Segments; n++ {
		at := recovery.TrailPlace{Day: day, Node: end.Node, N: n}
		where := TrailFault{Day: day, Node: end.Node, Segment: n}
		s, ok, err := load[recovery.Segment](ctx, v, segmentKey(at), where)
		switch {
		case err != nil:
			return err
		case !ok && n == end.Segments && (!sealedDay || end.Next > 0 && state != nil && state.next == end.Next):
			continue // written down, and not written
		case !ok:
			where.What, state = recovery.WrongMissing, nil
			v.fault(where)
			continue
		}
		state = v.segment(at, s, state)
	}
	v.nodes[end.Node] = state
	if sealedDay && end.Next > 0 && state != nil {
		v.atEnd(day, end, state)
	}
	return nil
}

// atEnd compares the end of what there is with the seal.
func (v *trailVerifier) atEnd(day string, end recovery.NodeEnd, is *nodeState) {
	f := TrailFault{Day: day, Node: end.Node, Segment: end.Segments}
	switch {
	case is.next < end.Next:
		f.What = recovery.WrongEnd
	case is.next > end.Next:
		f.What = recovery.WrongStray
	case !bytes.Equal(is.end, end.End):
		f.What = recovery.WrongSeal
	default:
		return
	}
	v.fault(f)
}

// segment checks a segment by itself and in its place, and returns its end.
func (v *trailVerifier) segment(at recovery.TrailPlace, s recovery.Segment, state *nodeState) *nodeState {
	v.report.Segments++
	if state == nil {
		state = &nodeState{s.Before, s.First}
	}
	for _, f := range s.Check(v.Keys, at, state.end, state.next) {
		v.fault(TrailFault{What: f.What, Day: at.Day, Node: at.Node, Segment: at.N, Record: f.Index + 1})
	}
	for _, x := range s.Records {
		v.report.Records++
		v.row(x)
	}
	v.heads = slices.DeleteFunc(v.heads, func(h TrailHead) bool {
		if h.Day != at.Day || h.Node != at.Node || h.Segment != at.N || h.Next <= s.First || h.Next > s.Next() {
			return false
		}
		found := recovery.ShownMAC(s.Records[h.Next-1-s.First].Chain) == h.MAC
		if found {
			v.report.Heads++
		}
		return found
	})
	return &nodeState{s.End(), s.Next()}
}

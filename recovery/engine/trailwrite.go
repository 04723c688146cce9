package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// trailRoot is where the audit trail begins and ends.
type trailRoot struct {
	First    string            `json:"first"`              // the oldest day that there may be
	Gone     *sealed           `json:"gone,omitempty"`     // the seal before it, of a day that was dropped
	Dropping string            `json:"dropping,omitempty"` // a day that is being dropped
	Sealed   sealed            `json:"sealed,omitzero"`    // the newest seal
	Keys     map[string]string `json:"keys,omitempty"`     // id of each root key of a MAC, and the last day on which it made one
}

// sealed names a seal.
type sealed struct {
	Day string `json:"day"`
	MAC []byte `json:"mac"`
}

func (s sealed) is(x sealed) bool { return s.Day == x.Day && bytes.Equal(s.MAC, x.MAC) }

// trailDay lists what there is of a day.
type trailDay struct {
	Nodes   map[string]int `json:"nodes"`             // segments of each process
	Closing bool           `json:"closing,omitempty"` // it is over: nothing more begins on it
}

const trailRootKey = "audit/root"

func trailDayKey(day string) string { return "audit/" + day }

func segmentKey(p recovery.TrailPlace) string {
	return fmt.Sprintf("audit/%s/%s/%d", p.Day, p.Node, p.N)
}

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// errSegment says why nothing more goes into a segment.
var (
	errSegmentFull  = errors.New("the segment is full")
	errSegmentMoved = errors.New("the segment is not as it was written")
)

// appendTrail writes records, in their order. Each is there afterwards, or all that
// are not are to be written again: twice is harmless.
func (e *Engine) appendTrail(ctx context.Context, links []recovery.Link) error {
	for len(links) > 0 {
		n, err := e.appendSome(ctx, links)
		if err != nil {
			return err
		}
		links = links[n:]
	}
	return nil
}

// appendSome writes as many as one segment takes.
func (e *Engine) appendSome(ctx context.Context, links []recovery.Link) (int, error) {
	t := e.trail
	if t.begun {
		n, err := e.goOn(ctx, links)
		switch {
		case err == nil:
			return n, nil
		case spoiled(err):
			e.alarm(trailRootKey, "the audit trail was changed behind this process: see caddy sparekey audit --verify")
		case !errors.Is(err, errSegmentFull):
			t.doubt = true
			return 0, err
		}
		t.place.N++
		t.begun, t.noted, t.doubt = false, false, false
	}
	n, err := e.beginSegment(ctx, links)
	for range maxSpoiled {
		if !spoiled(err) {
			break
		}
		e.alarm(trailRootKey, "the audit trail was changed behind this process: see caddy sparekey audit --verify")
		t.place.N++
		t.noted, t.doubt = false, false
		n, err = e.beginSegment(ctx, links)
	}
	return n, err
}

// maxSpoiled is how many places in a row are left because something lies there that
// this process has not written.
const maxSpoiled = 8

// spoiled tells whether a place of the trail is no good any more: who can write to
// the store must not stop the trail, and with it all changes, for ever.
func spoiled(err error) bool { return errors.Is(err, errSegmentMoved) || errors.Is(err, kv.ErrDamaged) }

// goOn adds to the segment that was written last.
func (e *Engine) goOn(ctx context.Context, links []recovery.Link) (n int, err error) {
	t := e.trail
	if day := dayOf(e.Now()); day > t.place.Day {
		return 0, errSegmentFull
	}
	s, err := kv.Update(ctx, e.Store, segmentKey(t.place), time.Time{}, func(s *recovery.Segment, exists bool) error {
		if !exists || !t.own(s) {
			return errSegmentMoved
		}
		for n = 0; n < len(links) && s.Add(e.Keys, t.place, links[n]); n++ {
		}
		if n == 0 {
			t.end, t.next = s.End(), s.Next() // what was in doubt is there
			return errSegmentFull
		}
		return nil
	})
	if err == nil {
		t.end, t.next, t.doubt = s.End(), s.Next(), false
	}
	return n, err
}

// own tells whether a segment is what this process has written, or in doubt may
// have.
func (t *trail) own(s *recovery.Segment) bool {
	if bytes.Equal(s.End(), t.end) && s.Next() == t.next {
		return true
	}
	i := int(t.next - s.First)
	return t.doubt && t.next >= s.First && i <= len(s.Records) && (i == 0 && bytes.Equal(s.Before, t.end) || i > 0 && bytes.Equal(s.Records[i-1].Chain, t.end))
}

// beginSegment writes down that there is one more, and then writes it. Without the
// second of the two the first says nothing wrong: it is the last of a process.
func (e *Engine) beginSegment(ctx context.Context, links []recovery.Link) (n int, err error) {
	t := e.trail
	if !t.noted {
		if err := e.noteSegment(ctx); err != nil {
			return 0, err
		}
	}
	s, err := kv.Update(ctx, e.Store, segmentKey(t.place), time.Time{}, func(s *recovery.Segment, exists bool) error {
		if exists && !t.own(s) {
			return errSegmentMoved
		}
		if n = 0; !exists {
			*s = recovery.NewSegment(e.Keys, t.end, t.next, e.Now())
		}
		for ; n < len(links) && s.Add(e.Keys, t.place, links[n]); n++ {
		}
		if len(s.Records) == 0 {
			return kv.ErrDrop // its key went this moment
		}
		return nil
	})
	if err != nil {
		t.doubt = true
		return 0, err
	}
	t.end, t.next, t.doubt, t.begun = s.End(), s.Next(), false, len(s.Records) > 0
	return n, nil
}

// noteSegment finds the day of the next segment, the first from today on that is
// not closed, and writes the segment down.
func (e *Engine) noteSegment(ctx context.Context) error {
	t := e.trail
	place := recovery.TrailPlace{Day: max(dayOf(e.Now()), t.place.Day), Node: e.name, N: max(t.place.N, 1)}
	for {
		sealed, err := e.noteDay(ctx, place.Day)
		if err != nil {
			return err
		}
		if place.Day <= sealed { // the clock is behind
			place.Day = dayAfter(sealed)
			continue
		}
		if place.Day != t.place.Day {
			place.N = 1
		}
		d, err := kv.Update(ctx, e.Store, trailDayKey(place.Day), time.Time{}, func(d *trailDay, _ bool) error {
			if d.Closing {
				return errSegmentFull
			}
			if d.Nodes == nil {
				d.Nodes = map[string]int{}
			}
			d.Nodes[place.Node] = max(place.N, d.Nodes[place.Node])
			return nil
		})
		if err == nil {
			place.N = d.Nodes[place.Node]
			t.place, t.noted = place, true
			return nil
		}
		if !errors.Is(err, errSegmentFull) && !errors.Is(err, kv.ErrDamaged) {
			return err
		}
		place.Day = dayAfter(place.Day)
	}
}

func dayAfter(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return dayOf(t.AddDate(0, 0, 1))
}

// noteDay writes down where the trail begins, and until when which key is needed,
// unless the day is sealed. It returns the day up to which all are.
func (e *Engine) noteDay(ctx context.Context, day string) (sealed string, err error) {
	id := e.Keys.ID()
	_, err = kv.Update(ctx, e.Store, trailRootKey, time.Time{}, func(r *trailRoot, exists bool) error {
		sealed = r.Sealed.Day
		if day <= sealed || exists && r.First != "" && r.First <= day && r.Keys[id] >= day {
			return errTrailNoted
		}
		if r.First == "" || day < r.First {
			r.First = day
		}
		if r.Keys == nil {
			r.Keys = map[string]string{}
		}
		r.Keys[id] = max(r.Keys[id], day)
		return nil
	})
	switch {
	case errors.Is(err, errTrailNoted):
		err = nil
	case errors.Is(err, kv.ErrDamaged):
		err = errTrailRoot // with another place nothing is won
	}
	return sealed, err
}

var (
	errTrailNoted = errors.New("the day is noted")
	errTrailRoot  = errors.New("where the audit trail begins does not open: it is damaged, or sealed with another key")
)

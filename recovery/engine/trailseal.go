package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

func trailSealKey(day string) string { return "audit/" + day + "/seal" }

// SealTrail seals the days that are over, drops those that are kept no longer, and
// writes into the log where the trail of this process ends.
func (e *Engine) SealTrail(ctx context.Context) error {
	e.tellHead()
	today := dayOf(e.Now())
	e.trail.writing.Lock()
	done := e.trail.sealed == today
	e.trail.writing.Unlock()
	if done {
		return nil
	}
	if err := errors.Join(e.sealDays(ctx, today), e.dropDays(ctx, today)); err != nil {
		return err
	}
	e.trail.writing.Lock()
	e.trail.sealed = today
	e.trail.writing.Unlock()
	return nil
}

// tellHead writes the end of what this process has written into the log, once an
// hour: what is in the store can be compared with that, whoever has its key.
func (e *Engine) tellHead() {
	t, now := e.trail, e.Now()
	t.writing.Lock()
	defer t.writing.Unlock()
	if !t.begun || now.Before(t.told.Add(time.Hour)) {
		return
	}
	t.told = now
	e.log().Info("audit head", "day", t.place.Day, "node", t.place.Node, "segment", t.place.N, "next", t.next, "mac", recovery.ShownMAC(t.end))
}

// sealDays seals every day before today, in their order.
func (e *Engine) sealDays(ctx context.Context, today string) error {
	root, ok, err := kv.Load[trailRoot](ctx, e.Store, trailRootKey)
	if err != nil || !ok || root.First == "" {
		return err
	}
	day := root.First
	if root.Sealed.Day != "" {
		day = max(day, dayAfter(root.Sealed.Day))
	}
	for ; day < today && err == nil; day = dayAfter(day) {
		root, err = e.sealDay(ctx, root, day)
	}
	return err
}

// sealDay closes what was written on a day, and says what there is. Two processes
// may do it at once, and after a crash it is done again.
func (e *Engine) sealDay(ctx context.Context, root trailRoot, day string) (trailRoot, error) {
	d, ok, err := kv.Load[trailDay](ctx, e.Store, trailDayKey(day))
	if errors.Is(err, kv.ErrDamaged) {
		return root, nil // it stays without a seal, which shows
	}
	if err != nil || !ok {
		return root, err
	}
	d, err = kv.Update(ctx, e.Store, trailDayKey(day), time.Time{}, func(d *trailDay, _ bool) error {
		d.Closing = true
		return nil
	})
	if err != nil {
		return root, err
	}
	s := recovery.Seal{Day: day, Before: root.Sealed.Day, Prev: root.Sealed.MAC}
	for node, segments := range d.Nodes {
		end, err := e.closeNode(ctx, recovery.TrailPlace{Day: day, Node: node, N: segments})
		if err != nil {
			return root, err
		}
		s.Nodes = append(s.Nodes, end)
	}
	s.Sign(e.Keys)
	if _, err := kv.Create(ctx, e.Store, trailSealKey(day), s, time.Time{}); err != nil {
		return root, err
	}
	if s, _, err = kv.Load[recovery.Seal](ctx, e.Store, trailSealKey(day)); err != nil {
		return root, err
	}
	return kv.Update(ctx, e.Store, trailRootKey, time.Time{}, func(r *trailRoot, _ bool) error {
		if day > r.Sealed.Day {
			r.Sealed = sealed{day, s.MAC}
		}
		if r.Keys == nil {
			r.Keys = map[string]string{}
		}
		r.Keys[s.Key] = max(r.Keys[s.Key], day)
		return nil
	})
}

// closeNode closes the last segment of a process on a day. One that was written
// down and not written is left out.
func (e *Engine) closeNode(ctx context.Context, p recovery.TrailPlace) (recovery.NodeEnd, error) {
	for ; p.N > 0; p.N-- {
		s, err := kv.Update(ctx, e.Store, segmentKey(p), time.Time{}, func(s *recovery.Segment, exists bool) error {
			if !exists {
				return errSegmentMoved
			}
			s.Closed = true
			return nil
		})
		if errors.Is(err, kv.ErrDamaged) { // a look at the trail says so
			return recovery.NodeEnd{Node: p.Node, Segments: p.N}, nil
		}
		if err == nil {
			return recovery.NodeEnd{Node: p.Node, Segments: p.N, Next: s.Next(), End: s.End()}, nil
		}
		if !errors.Is(err, errSegmentMoved) {
			return recovery.NodeEnd{}, err
		}
	}
	return recovery.NodeEnd{Node: p.Node}, nil
}

// dropDays drops the oldest days, whole ones only, once they are kept no longer. The
// last seal of them stays, as the beginning of what follows.
func (e *Engine) dropDays(ctx context.Context, today string) error {
	root, ok, err := kv.Load[trailRoot](ctx, e.Store, trailRootKey)
	if err != nil || !ok {
		return err
	}
	keep := e.Now().Add(-e.Policy.Lifetimes.Audit)
	for day := root.First; day < dayOf(keep) && day < today && day <= root.Sealed.Day; day = dayAfter(day) {
		if err := e.dropDay(ctx, day, root.Dropping == day); err != nil {
			return err
		}
	}
	return nil
}

// dropDay drops a day; begun tells that it was begun before.
func (e *Engine) dropDay(ctx context.Context, day string, begun bool) error {
	d, ok, err := kv.Load[trailDay](ctx, e.Store, trailDayKey(day))
	if err != nil {
		return err
	}
	s, _, err := kv.Load[recovery.Seal](ctx, e.Store, trailSealKey(day))
	if err != nil {
		return err
	}
	if !ok && !begun {
		return nil // nothing was written on it
	}
	err = e.editTrailRoot(ctx, func(r *trailRoot) {
		if r.Dropping = day; !begun {
			r.Gone = &sealed{day, s.MAC}
		}
	})
	if err != nil {
		return err
	}
	for node, segments := range d.Nodes {
		for n := range segments {
			if err := kv.Delete(ctx, e.Store, segmentKey(recovery.TrailPlace{Day: day, Node: node, N: n + 1})); err != nil {
				return err
			}
		}
	}
	for _, key := range []string{trailSealKey(day), trailDayKey(day)} {
		if err := kv.Delete(ctx, e.Store, key); err != nil {
			return err
		}
	}
	return e.editTrailRoot(ctx, func(r *trailRoot) {
		r.First, r.Dropping = max(r.First, dayAfter(day)), ""
		for id, last := range r.Keys {
			if last <= day {
				delete(r.Keys, id)
			}
		}
	})
}

func (e *Engine) editTrailRoot(ctx context.Context, edit func(*trailRoot)) error {
	_, err := kv.Update(ctx, e.Store, trailRootKey, time.Time{}, func(r *trailRoot, _ bool) error {
		edit(r)
		return nil
	})
	return err
}

// TrailKeys are the root keys that the audit trail still needs to be checked, and
// until when, beside the newest.
func (e *Engine) TrailKeys(ctx context.Context) (map[string]time.Time, error) {
	root, _, err := kv.Load[trailRoot](ctx, e.Store, trailRootKey)
	out := map[string]time.Time{}
	for id, day := range root.Keys {
		if t, bad := time.Parse(time.DateOnly, day); bad == nil && !slices.Contains(e.Keys.IDs()[:1], id) {
			out[id] = t.AddDate(0, 0, 1).Add(e.Policy.Lifetimes.Audit)
		}
	}
	return out, err
}

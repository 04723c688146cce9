package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// segmentOrder has the segments of a process follow on each other: what is begun while
// a backup is made comes behind what it has read.
func segmentOrder(key string) string {
	place := strings.Split(key, "/")
	if n, err := strconv.Atoi(place[len(place)-1]); err == nil && len(place) == 4 {
		place[3] = fmt.Sprintf("%09d", n)
	}
	return strings.Join(place, "/")
}

// trailRecord writes a record of the audit trail. It takes the place of what this
// store has of one, in which there was nobody yet.
func (r *backRun) trailRecord(ctx context.Context, c kv.Carried) error {
	if !r.cleared {
		keys, err := r.Store.Driver.Keys(ctx, "audit/")
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := kv.Delete(ctx, r.Store, key); err != nil {
				return err
			}
		}
		r.cleared = true
	}
	return kv.Put(ctx, r.Store, c)
}

// trailMend makes a trail whole that was read while others wrote it: days that are
// not sealed end where their segments do not follow on each other any more, and each
// account begins after its last record. Sealed days stay as they are.
type trailMend struct {
	*backRun
	root  trailRoot
	days  map[string]map[string]bool // processes by day
	ends  map[string]nodeState       // of each process
	tops  map[string]recovery.Head   // of each account
	seals []sealed                   // in their order
}

func (r *backRun) mendTrail(ctx context.Context) error {
	root, there, err := kv.Load[trailRoot](ctx, r.Store, trailRootKey)
	if err != nil {
		return err
	}
	m := &trailMend{r, root, map[string]map[string]bool{}, map[string]nodeState{}, map[string]recovery.Head{}, nil}
	if there && r.cleared {
		if err := m.mendDays(ctx); err != nil {
			return err
		}
	}
	return m.mendAccounts(ctx)
}

func (m *trailMend) mendDays(ctx context.Context) error {
	keys, err := m.Store.Driver.Keys(ctx, "audit/")
	if err != nil {
		return err
	}
	for _, key := range keys {
		place := strings.Split(key, "/")
		if len(place) < 2 || key == trailRootKey {
			continue
		}
		if m.days[place[1]] == nil {
			m.days[place[1]] = map[string]bool{}
		}
		if len(place) == 4 {
			m.days[place[1]][place[2]] = true
		}
	}
	days := slices.Sorted(maps.Keys(m.days))
	for i, day := range days {
		if err := m.mendDay(ctx, day, i == len(days)-1 || day >= m.root.Sealed.Day); err != nil {
			return err
		}
	}
	if len(days) == 0 {
		return nil
	}
	return m.editTrailRoot(ctx, func(r *trailRoot) {
		if r.First == "" || days[0] < r.First {
			r.First = days[0]
		}
		if r.Sealed = (sealed{}); len(m.seals) > 0 {
			r.Sealed = m.seals[len(m.seals)-1]
		} else if r.Gone != nil {
			r.Sealed = *r.Gone
		}
		if r.Keys == nil {
			r.Keys = map[string]string{}
		}
		r.Keys[m.Keys.ID()] = max(r.Keys[m.Keys.ID()], days[len(days)-1])
	})
}

// mendDay reads a day; its seal goes if it is one of the last and says of more than was
// read.
func (m *trailMend) mendDay(ctx context.Context, day string, late bool) error {
	seal, sealedDay, err := kv.Load[recovery.Seal](ctx, m.Store, trailSealKey(day))
	if err != nil {
		return err
	}
	segments := map[string]int{}
	for _, node := range slices.Sorted(maps.Keys(m.days[day])) {
		if segments[node], err = m.mendNode(ctx, day, node, late); err != nil {
			return err
		}
	}
	if sealedDay && late && slices.ContainsFunc(seal.Nodes, func(n recovery.NodeEnd) bool {
		is := m.ends[n.Node]
		return n.Next > 0 && (is.next != n.Next || !bytes.Equal(is.end, n.End))
	}) {
		sealedDay = false
		if err := kv.Delete(ctx, m.Store, trailSealKey(day)); err != nil {
			return err
		}
	}
	if sealedDay {
		m.seals = append(m.seals, sealed{day, seal.MAC})
	}
	if sealedDay || !late {
		return nil
	}
	maps.DeleteFunc(segments, func(_ string, n int) bool { return n == 0 })
	_, err = kv.Update(ctx, m.Store, trailDayKey(day), time.Time{}, func(d *trailDay, _ bool) error {
		*d = trailDay{Nodes: segments}
		return nil
	})
	return err
}

// mendNode reads what a process wrote on a day, and returns how many of its segments
// follow on each other. On late days the others go.
func (m *trailMend) mendNode(ctx context.Context, day, node string, late bool) (int, error) {
	for n := 1; ; n++ {
		p := recovery.TrailPlace{Day: day, Node: node, N: n}
		s, ok, err := kv.Load[recovery.Segment](ctx, m.Store, segmentKey(p))
		if err != nil {
			return 0, err
		}
		if is, known := m.ends[node]; ok && late && known && (s.First != is.next || !bytes.Equal(s.Before, is.end)) {
			ok = false
		}
		if !ok {
			if late {
				err = m.dropSegments(ctx, p)
			}
			return n - 1, err
		}
		m.ends[node] = nodeState{s.End(), s.Next()}
		for _, x := range s.Records {
			if r, err := recovery.ParseRecord(x.Record); err == nil && x.Head != nil && x.Head.Number > m.tops[r.Whom].Number {
				m.tops[r.Whom] = *x.Head
			}
		}
	}
}

// dropSegments deletes those of a process from one on.
func (m *trailMend) dropSegments(ctx context.Context, from recovery.TrailPlace) error {
	for misses := 0; misses < 2; from.N++ {
		_, there, err := kv.Load[recovery.Segment](ctx, m.Store, segmentKey(from))
		if err == nil && there {
			err = kv.Delete(ctx, m.Store, segmentKey(from))
		}
		if err != nil {
			return err
		}
		if !there {
			misses++
		}
	}
	return nil
}

// mendAccounts has each account begin after its last record in the trail: what it was
// at the time of the backup, and what of it was moved into the trail by then, were not
// read in one moment.
func (m *trailMend) mendAccounts(ctx context.Context) error {
	keys, err := m.Store.Driver.Keys(ctx, recovery.AccountKey(""))
	if err != nil {
		return err
	}
	for _, key := range keys {
		_, err := kv.Update(ctx, m.Store, key, time.Time{}, func(a *recovery.Account, exists bool) error {
			top, gone := m.tops[a.ID], m.root.Gone != nil
			if !exists || !a.Trail.BringBack(top, gone) {
				return errSameRows
			}
			return nil
		})
		if err != nil && !errors.Is(err, errSameRows) {
			return err
		}
	}
	return nil
}

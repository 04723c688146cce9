package engine

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// spray counts the names that failed to sign in from a network, from browsers
// that their accounts do not know: one password tried on many names fails once
// for each, and no counter of an account sees it (TH-06). It is in memory,
// bounded, and of this process.
type spray struct {
	mu       sync.Mutex
	rate     recovery.Rate
	seed     maphash.Seed
	networks map[string]*sprayed
	names    int // in all networks
}

// sprayed is what failed from one network.
type sprayed struct {
	since time.Time
	last  time.Time // a name failed that had not before
	names map[uint64]bool
}

// From the name after those of the limit on, the answer to one more wrong one
// waits: so many people at one place do not mistype within ten minutes.
const (
	sprayWait  = 10 * time.Second
	sprayNames = 200_000 // in memory, about 64 bytes each
	// The limit of an IPv4 /24 or IPv6 /48, in limits of an address.
	sprayWide = 3
	// From so many limits on, no further name is looked at before the wait is
	// over: that is no place any more.
	sprayMany = 3
)

// wait is how long to wait before a name is looked at that has not failed yet
// from there.
func (s *spray) wait(network, name string, now time.Time) (wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for place, limit := range places(network) {
		limit *= s.rate.Count
		x := s.networks[place]
		if x == nil || !now.Before(x.since.Add(s.rate.Per)) || len(x.names) < sprayMany*limit || x.names[s.sum(name)] {
			continue
		}
		wait = max(wait, x.last.Add(sprayWait).Sub(now))
	}
	return wait
}

// failed counts a name that was wrong, and returns how long the answer waits.
func (s *spray) failed(network, name string, now time.Time) (wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for place, limit := range places(network) {
		limit *= s.rate.Count
		x := s.at(place, now)
		if x.names[s.sum(name)] {
			continue
		}
		if len(x.names) >= limit {
			wait = sprayWait
		}
		x.last = now
		if len(x.names) < sprayMany*limit {
			x.names[s.sum(name)] = true
			s.names++
		}
	}
	return wait
}

// at is what failed from a place in the window. When there are too
// many places, those that come later are counted as one.
func (s *spray) at(place string, now time.Time) *sprayed {
	if s.networks == nil {
		s.networks, s.seed = map[string]*sprayed{}, maphash.MakeSeed()
	}
	if s.names >= sprayNames {
		s.forget(now)
	}
	if s.networks[place] == nil && s.names >= sprayNames {
		place = crowd
	}
	x := s.networks[place]
	if x != nil && now.Before(x.since.Add(s.rate.Per)) {
		return x
	}
	if x != nil {
		s.names -= len(x.names)
	}
	x = &sprayed{since: now, names: map[uint64]bool{}}
	s.networks[place] = x
	return x
}

func (s *spray) forget(now time.Time) {
	for place, x := range s.networks {
		if !now.Before(x.since.Add(s.rate.Per)) {
			s.names -= len(x.names)
			delete(s.networks, place)
		}
	}
}

func (s *spray) sum(name string) uint64 { return maphash.String(s.seed, name) }

// places lists the networks that an address counts for, with their limits in
// limits of an address.
func places(network string) map[string]int {
	out := map[string]int{network: 1}
	p, err := netip.ParsePrefix(network)
	bits := 48
	if a, bad := netip.ParseAddr(network); err != nil && bad == nil {
		p, err, bits = netip.PrefixFrom(a, 32), nil, 24
	}
	if err == nil && p.Bits() > bits {
		out[netip.PrefixFrom(p.Addr(), bits).Masked().String()] = sprayWide
	}
	return out
}

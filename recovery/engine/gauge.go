package engine

import (
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// gauge is the bounded meter in memory that stands before any store write: it
// counts per network and is cleared at the end of each window.
type gauge struct {
	mu    sync.Mutex
	rate  recovery.Rate
	count map[string]int
	since time.Time
}

const (
	gaugeSize = 100_000
	crowd     = "everybody who came when the table was full"
)

// allow charges one for the network and returns how long to wait, if so.
func (g *gauge) allow(network string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	end := g.since.Add(g.rate.Per)
	if g.count == nil || !now.Before(end) || now.Before(g.since) {
		g.count, g.since = map[string]int{}, now
		end = now.Add(g.rate.Per)
	}
	if _, known := g.count[network]; !known && len(g.count) >= gaugeSize {
		network = crowd
	}
	if g.count[network] >= g.rate.Count {
		return end.Sub(now)
	}
	g.count[network]++
	return 0
}

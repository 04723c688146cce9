package caddymodule

import (
	"time"

	"github.com/caddy-sparekey/sparekey/caddymodule/figures"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

// tallies are what this process counts: a registry of Caddy ends with its
// configuration, and figures must not begin anew with each reload.
var tallies = figures.New(time.Now) //nolint:gochecknoglobals // see above

// showFigures puts the figures on Caddy's endpoint of metrics.
func (a *App) showFigures() error { return tallies.Register(a.ctx.GetMetricsRegistry()) }

// measured has the gauges look at this configuration.
func (rt *runtime) measured() (leave func()) {
	return tallies.Use(figures.Live{Hashes: rt.hasher.Load, Waiting: func() map[string]int { return waitingIn(rt.queue) }})
}

func waitingIn(q *notify.Queue) map[string]int {
	out := map[string]int{}
	for channel, s := range q.Stats() {
		out[channel] = s.Waiting
	}
	return out
}

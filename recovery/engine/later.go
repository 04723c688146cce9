package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// afterwards leaves something for after the answer, within a minute. It returns
// false when too much waits already.
func (e *Engine) afterwards(job func(context.Context)) bool {
	select {
	case e.later <- job:
		return true
	default:
		return false
	}
}

// Later does what was left for after the answers so far.
func (e *Engine) Later(ctx context.Context) {
	for {
		select {
		case do := <-e.later:
			supervise.Run(e.log(), "what an answer did not wait for", func() { do(ctx) })
		default:
			return
		}
	}
}

package engine

import (
	"context"
	"errors"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// ClockState is what is known of the clocks of all that use the store. It is
// told and decides nothing: what has expired is deleted when a form meets it.
type ClockState struct {
	Latest time.Time     `json:"latest"`          // seen by any process, as of a minute ago
	Jumped time.Time     `json:"jumped,omitzero"` // when a clock was last found to be another, by that clock
	By     time.Duration `json:"by,omitempty"`    // how far it went, back when negative
}

const (
	clockKey   = "clock"
	clockJump  = 2 * time.Minute // a smaller step is no news
	clockEvery = time.Minute     // between two notes
)

// Clock returns what is known of the clocks.
func (e *Engine) Clock(ctx context.Context) (ClockState, error) {
	s, _, err := kv.Load[ClockState](ctx, e.Store, clockKey)
	return s, err
}

// CheckClock notes the time, and tells in the log when this clock has jumped by
// more than two minutes since the last call, or is that far behind what was
// noted before. Each is told once. It writes one record.
func (e *Engine) CheckClock(ctx context.Context) error {
	now, last := e.Now(), e.clockSeen
	jump := time.Duration(0)
	if !last.IsZero() {
		jump = now.Round(0).Sub(last.Round(0)) - now.Sub(last) // Round drops the monotonic reading
	}
	e.clockSeen = now
	by, behind := time.Duration(0), false
	_, err := kv.Update(ctx, e.Store, clockKey, time.Time{}, func(s *ClockState, _ bool) error {
		by, behind = 0, s.Latest.Sub(now.Round(0)) > clockJump
		switch {
		case jump.Abs() > clockJump:
			by = jump
		case behind && !e.clockBehind:
			by = now.Round(0).Sub(s.Latest)
		case now.Sub(s.Latest) < clockEvery:
			return errClockNoted
		}
		if by != 0 {
			s.Jumped, s.By = now.Round(0), by
		}
		if now.After(s.Latest) {
			s.Latest = now.Round(0)
		}
		return nil
	})
	if err != nil && !errors.Is(err, errClockNoted) {
		return err
	}
	e.clockBehind = behind
	if by != 0 {
		e.log().Error("a clock has jumped: what ends by time ends sooner or later than people were told", "by", by.String())
	}
	return nil
}

var errClockNoted = errors.New("the time is noted")

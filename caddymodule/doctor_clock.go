package caddymodule

import (
	"context"
	"time"
)

// clockNews is how long a clock that has jumped is told of.
const clockNews = 7 * 24 * time.Hour

// clockCheck tells of a clock that was put forward or back lately, here or on
// another machine with the same store.
func (o *operations) clockCheck(ctx context.Context) check {
	s, err := o.engine.Clock(ctx)
	now := o.engine.Now()
	switch {
	case err != nil:
		return check{"clock", levelWarning, "what it said before is not known: " + err.Error(), "", nil}
	case s.Latest.Sub(now) > 2*time.Minute:
		return check{"clock", levelWarning, "it is behind what was seen before, by " + s.Latest.Sub(now).Round(time.Second).String(), "have the machines set their clocks by the network", nil}
	case s.By != 0 && now.Sub(s.Jumped).Abs() < clockNews:
		return check{
			"clock", levelWarning, "it jumped by " + s.By.Round(time.Second).String() + " at " + s.Jumped.UTC().Format(time.RFC3339) +
				": what ended by time around then ended sooner or later than people were told",
			"have the machines set their clocks by the network", nil,
		}
	}
	return fine("clock", "it has not jumped")
}

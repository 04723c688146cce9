package caddymodule

import (
	"context"
	"os"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// clockNews is how long a clock that has jumped is told of.
const clockNews = 7 * 24 * time.Hour

const setClock = "have the machines set their clocks by the network"

// clockCheck tells of a clock that was put forward or back lately, here or on
// another machine with the same store, or that nothing keeps right.
func (o *operations) clockCheck(ctx context.Context) check {
	s, err := o.engine.Clock(ctx)
	if err != nil {
		return check{"clock", levelWarning, "what it said before is not known: " + err.Error(), "", nil}
	}
	return judgeClock(s, o.engine.Now(), clockLeft(), programTime())
}

// programTime is when this program was written, by the clock of whoever built or
// installed it; zero: not known. On one machine alone without a network nothing else
// tells of a clock that has been wrong from the start.
func programTime() time.Time {
	path, err := os.Executable()
	if err != nil {
		return time.Time{}
	}
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// judgeClock is what is to be said; left: the system says that nothing sets it; built:
// it cannot be earlier.
func judgeClock(s engine.ClockState, now time.Time, left bool, built time.Time) check {
	switch {
	case built.Sub(now) > 2*time.Minute:
		return check{"clock", levelWarning, "it is behind the day on which this program was written, " + built.UTC().Format(time.RFC3339) + ": codes of authenticator apps are refused, and certificates too", setClock, nil}
	case s.Latest.Sub(now) > 2*time.Minute:
		return check{"clock", levelWarning, "it is behind what was seen before, by " + s.Latest.Sub(now).Round(time.Second).String(), setClock, nil}
	case s.By != 0 && now.Sub(s.Jumped).Abs() < clockNews:
		return check{
			"clock", levelWarning, "it jumped by " + s.By.Round(time.Second).String() + " at " + s.Jumped.UTC().Format(time.RFC3339) +
				": what ended by time around then ended sooner or later than people were told", setClock, nil,
		}
	case left: // in many virtual machines that is for the host to do
		return fine("clock", "it has not jumped; the system does not say that anything keeps it right, and codes of authenticator apps need it within half a minute")
	}
	return fine("clock", "it has not jumped")
}

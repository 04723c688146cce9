package engine

import (
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// entry writes the records of a change into the account that is being changed.
type entry func(a *recovery.Account, events ...*recovery.Event) error

// entering makes a change together with its records.
func (e *Engine) entering(edit func(enter entry) error) error {
	var done []*recovery.Event
	err := edit(func(a *recovery.Account, events ...*recovery.Event) error {
		done = events
		for _, ev := range events {
			if err := e.enter(a, ev); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		for _, ev := range done {
			e.say(*ev)
		}
	}
	return err
}

// always is entering for a change that only closes something. It is not refused
// because the account owes the audit trail too much: somebody may be in there who
// has to get out. Its records follow then like those of no change. edit may be
// called twice.
func (e *Engine) always(edit func(enter entry) error) error {
	err := e.entering(edit)
	if !errors.Is(err, recovery.ErrTrailFull) {
		return err
	}
	var done []*recovery.Event
	err = edit(func(a *recovery.Account, events ...*recovery.Event) error {
		done = events
		for _, ev := range events {
			ev.Account, ev.Person = a.ID, a.Name
		}
		return nil
	})
	if err == nil {
		for _, ev := range done {
			e.audit(*ev)
		}
	}
	return err
}

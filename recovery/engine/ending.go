package engine

import "github.com/caddy-sparekey/sparekey/recovery"

// events are those of an ending.
func (r *run) events(eff recovery.Effects) []recovery.Event {
	var out []recovery.Event
	for _, name := range eff.Events {
		ev := r.event(name)
		ev.Method = recovery.MethodLine(eff.Shown)
		out = append(out, ev)
	}
	return out
}

// enterAll writes the records of an ending into the account that is being changed.
func (r *run) enterAll(a *recovery.Account, eff recovery.Effects) error {
	r.done = r.events(eff)
	if r.postponed {
		return nil
	}
	for i := range r.done {
		if err := r.enter(a, &r.done[i]); err != nil {
			return err
		}
	}
	return nil
}

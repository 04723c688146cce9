package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// What has expired is over for good: the form that meets it deletes it, so that
// a clock that goes back brings nothing back (TK-04). Showing a page writes
// nothing.

// reopen is resume for a form.
func (e *Engine) reopen(ctx context.Context, c recovery.Client, id string) (*run, *recovery.Problem, error) {
	r, p, err := e.resume(ctx, c, id)
	if err == nil && p != nil && p.Key == recovery.ProblemFlowExpired {
		err = kv.Expire(ctx, e.Store, flowKey(id), e.over)
	}
	return r, p, err
}

// expireTicket deletes a ticket that has expired.
func (e *Engine) expireTicket(ctx context.Context, code string) error {
	for _, key := range e.ticketKeys(code) {
		err := kv.Expire(ctx, e.Store, key, func(t *recovery.Ticket) bool { return e.Policy.Lifetimes.OfTicket(t.Purpose) > 0 && e.late(t) })
		if err != nil {
			return err
		}
	}
	return nil
}

// expireCode voids what was sent for a proof, once it has expired.
func (r *run) expireCode(ctx context.Context, m recovery.Method) error {
	lasting, ok := m.(recovery.Lasting)
	name := recovery.Bare(m.Traits().Name)
	sent, some := r.flow.Challenges[name]
	if !ok || !some || !r.stored || sent.Over || sent.Good(r.Now(), lasting.Life(r.Policy.Lifetimes)) {
		return nil
	}
	sent.Over = true
	r.flow.Challenges[name] = sent
	_, err := kv.Update(ctx, r.Store, flowKey(r.flow.ID), r.flow.Expires, func(f *recovery.Flow, exists bool) error {
		if !exists || f.Version != r.since {
			return recovery.ErrMoved
		}
		f.Challenges[name] = sent
		f.Version++
		return nil
	})
	if err == nil {
		r.since++
	}
	return err
}

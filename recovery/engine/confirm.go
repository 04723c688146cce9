package engine

import (
	"context"
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// mailTo notes in a ticket that it goes into a mail and nowhere else.
func (e *Engine) mailTo(ctx context.Context, token string, to recovery.Address) error {
	key := e.ticketKeys(token)[0]
	t, ok, err := kv.Load[recovery.Ticket](ctx, e.Store, key)
	if err != nil || !ok {
		return errors.Join(recovery.ErrMoved, err)
	}
	_, err = kv.Update(ctx, e.Store, key, t.Expires, func(t *recovery.Ticket, exists bool) error {
		if !exists {
			return recovery.ErrMoved
		}
		t.To = to.Entry()
		return nil
	})
	return err
}

// mailed takes a ticket that went into a mail and nowhere else as the answer of
// that mailbox, if the account still has the address.
func (r *run) mailed(t *recovery.Ticket) {
	to := r.account.Unconfirmed(recovery.ChannelMail, r.Now())
	if m := r.Methods.Get(recovery.ConfirmMail); m != nil && t.To != "" && t.To == to.Entry() {
		r.flow.AddProof(recovery.Proof{Method: recovery.ConfirmMail, Source: m.Traits().Source, At: r.Now(), Entry: t.To})
	}
}

package engine

import (
	"context"
	"errors"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// RenameBrowser names a known browser of an account. One that is not known is no
// error.
func (e *Engine) RenameBrowser(ctx context.Context, account, device, label string) error {
	return e.changeOwn(ctx, account, recovery.EventBrowserRenamed, func(a *recovery.Account) bool { return a.Rename(device, label) })
}

// ForgetBrowser makes a known browser unknown and ends its sessions. One that is
// not known is no error.
func (e *Engine) ForgetBrowser(ctx context.Context, account, device string) error {
	return e.changeOwn(ctx, account, recovery.EventBrowserForgotten, func(a *recovery.Account) bool { return a.Forget(device) })
}

// changeOwn changes something that its owner may name; false: it is not there.
func (e *Engine) changeOwn(ctx context.Context, id string, done recovery.EventName, change func(*recovery.Account) bool) error {
	ev := e.attributed(ctx, recovery.Event{Name: done})
	err := e.always(func(enter entry) error {
		_, err := e.edit(ctx, id, recovery.Within(func(a *recovery.Account) error {
			if !change(a) {
				return recovery.ErrMoved
			}
			return enter(a, &ev)
		}))
		return err
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	return err
}

// copied ends the trust in a browser of which there are two, and tells its owner
// once a day: after a right password only, so that nobody without it ends anything.
func (r *run) copied(ctx context.Context) {
	if !r.recipe().Opens || !r.account.Device(r.client.Device).Copied(r.client.Device, r.Now(), r.Policy) {
		return
	}
	r.distrust(ctx)
	r.audit(r.event(recovery.EventBrowserCopied))
	r.tellOnce(ctx, recovery.EventBrowserCopied, 24*time.Hour)
}

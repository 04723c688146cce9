package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// How long a process may take for a notice it sends. A process that still runs
// renews its lease while the message waits; if it has stopped, another one
// sends the notice, and at worst it is sent twice.
const (
	owedGrace = time.Minute // the request that wrote it is about to queue it
	owedRenew = 5 * time.Minute
	owedLease = 10 * time.Minute
	// owedRefused is when a notice that a server refused is tried again: 42 times
	// in the seven days that it is owed.
	owedRefused = 4 * time.Hour
)

// owe notes in an account that is being written that its owner is to hear of an
// event: whoever can be told now, and the operator's channels.
func (e *Engine) owe(a *recovery.Account, name recovery.EventName, c recovery.Client) {
	e.oweOf(a, name, recovery.Thing{}, c)
}

// oweOf is owe for an event that is about something.
func (e *Engine) oweOf(a *recovery.Account, name recovery.EventName, thing recovery.Thing, c recovery.Client) {
	e.oweAs(a, recovery.Owed{Event: name, Thing: thing, At: e.Now(), Browser: c.Browser, Base: c.Base, To: e.reachable(a)})
}

// oweAdmin is owe for what an administrator does: the owner is told so, and where
// to look. Of which browser it was is for the log.
func (e *Engine) oweAdmin(ctx context.Context, a *recovery.Account, name recovery.EventName, thing recovery.Thing) {
	e.oweAs(a, recovery.Owed{Event: name, Thing: thing, At: e.Now(), Base: actor(ctx).Base, To: e.reachable(a), Admin: true})
}

// oweAs is owe for a notice that says more than its event, or that others are to
// hear of.
func (e *Engine) oweAs(a *recovery.Account, o recovery.Owed) {
	o.ID = secret.Token(9)
	if !o.Texts() {
		o.To = slices.DeleteFunc(o.To, func(to recovery.Recipient) bool { return to.Channel == recovery.ChannelSMS })
	}
	if e.Notify == nil { // a command, while no Caddy runs: the next one sends it
		a.Owe(o)
		return
	}
	o.By, o.Since = e.name, e.Now()
	for _, channel := range []string{recovery.ChannelPush, recovery.ChannelHook} {
		if e.Notify.Has(channel) {
			o.To = append(o.To, recovery.Recipient{Channel: channel, Value: a.Name})
		}
	}
	a.Owe(o)
}

// reachable lists where an account's owner can be told of things here.
func (e *Engine) reachable(a *recovery.Account) []recovery.Recipient {
	var out []recovery.Recipient
	for _, to := range a.NoticeAddresses(e.Now()) {
		if e.Methods.Has(to.Channel) {
			out = append(out, recovery.Recipient{Channel: to.Channel, Value: to.Value, Entry: to.Entry(), Unlinked: !to.Closes()})
		}
	}
	return out
}

// editOwing is edit for a change of which somebody is to hear: change calls owe.
// The account is listed first, so that every process finds what it owes.
func (e *Engine) editOwing(ctx context.Context, id string, change func(a *recovery.Account) error) (*recovery.Account, error) {
	e.listOwing(ctx, id)
	return e.edit(ctx, id, change)
}

// notice is for events that change nothing in the account.
func (e *Engine) notice(ctx context.Context, id string, name recovery.EventName, c recovery.Client) {
	e.noticeOf(ctx, id, name, func(a *recovery.Account) { e.owe(a, name, c) })
}

// noticeOf is notice with what owes it.
func (e *Engine) noticeOf(ctx context.Context, id string, name recovery.EventName, owe func(*recovery.Account)) {
	a, err := e.editOwing(ctx, id, func(a *recovery.Account) error {
		owe(a)
		return nil
	})
	if err != nil {
		e.log().Warn("notice not written", "event", string(name), "error", err)
		return
	}
	e.deliver(ctx, a)
}

// deliver queues what the account owes and this process sends. The change has
// been made already: when a notice cannot be prepared it stays owed.
func (e *Engine) deliver(ctx context.Context, a *recovery.Account) {
	if e.Notify == nil {
		return
	}
	for _, o := range a.Owed {
		if o.By != e.name {
			continue
		}
		for _, to := range o.To {
			if !e.Notify.Has(to.Channel) {
				e.handed(a.ID, o.ID, to, recovery.Delivered) // nothing sends on it: there is nobody to wait for
				continue
			}
			if !e.mayTell(ctx, a.ID, o, to) || !e.sending.begin(job(o.ID, to)) {
				continue
			}
			e.Notify.Queue(e.letter(ctx, a, o, to))
		}
	}
}

// handed takes a notice that was handed over off the account. What was dropped
// is sent by the next process that looks, and what was refused is tried again
// after hours: the address may be wrong for ever, but our password at the mail
// server is mended some day.
func (e *Engine) handed(account, id string, to recovery.Recipient, became recovery.Delivery) {
	defer e.sending.end(job(id, to))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := e.edit(ctx, account, func(a *recovery.Account) error {
		i := slices.IndexFunc(a.Owed, func(o recovery.Owed) bool { return o.ID == id })
		if i < 0 {
			return recovery.ErrMoved
		}
		switch became {
		case recovery.Delivered:
			a.Paid(id, to)
		case recovery.Refused:
			a.Owed[i].By, a.Owed[i].Since = "", e.Now().Add(owedRefused)
		case recovery.Dropped:
			a.Owed[i].By = ""
		}
		return nil
	})
	if err != nil && !errors.Is(err, recovery.ErrMoved) && !errors.Is(err, recovery.ErrNoAccount) {
		e.log().Warn("a notice that was sent may be sent again", "error", err)
	}
}

// owing is an account that may owe a notice. Whether it does is in the account.
type owing struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
}

const owingShards = 16

func owingKey(account string) string {
	return fmt.Sprintf("owing/%x", shardOf(account)%owingShards)
}

// listOwing lists an account before it owes something. A change does not fail
// because its notice could not be listed.
func (e *Engine) listOwing(ctx context.Context, account string) {
	if e.Notify == nil && !e.Methods.Has(recovery.ChannelMail) && !e.Methods.Has(recovery.ChannelSMS) {
		return // nobody can ever be told
	}
	now := e.Now()
	err := e.changeOwing(ctx, owingKey(account), func(list []owing) []owing {
		list = slices.DeleteFunc(list, func(x owing) bool { return x.Account == account })
		return append(list, owing{account, now})
	})
	if err != nil {
		e.log().Warn("who is to be told is not listed", "error", err)
	}
}

func (e *Engine) changeOwing(ctx context.Context, key string, change func([]owing) []owing) error {
	_, err := kv.Update(ctx, e.Store, key, time.Time{}, func(list *[]owing, _ bool) error {
		if *list = change(*list); len(*list) == 0 {
			return kv.ErrDrop
		}
		return nil
	})
	return err
}

// PayDue sends the notices that were owed when a process ended or could not
// reach the store, and drops those that are owed no more. It reads 16 records,
// and the accounts listed there. An error means that the answer is unknown: ask
// again.
func (e *Engine) PayDue(ctx context.Context) error {
	if e.Notify == nil {
		return nil
	}
	var errs []error
	for i := range owingShards {
		errs = append(errs, e.payShard(ctx, fmt.Sprintf("owing/%x", i)))
	}
	return errors.Join(errs...)
}

func (e *Engine) payShard(ctx context.Context, key string) error {
	list, _, err := kv.Load[[]owing](ctx, e.Store, key)
	if err != nil {
		return err
	}
	var failed error
	var done []owing
	for _, x := range list {
		owes, err := e.payAccount(ctx, x.Account)
		if err != nil {
			failed = err
		} else if !owes && !e.Now().Before(x.At.Add(owedGrace)) {
			done = append(done, x)
		}
	}
	if len(done) == 0 {
		return failed
	}
	err = e.changeOwing(ctx, key, func(list []owing) []owing {
		return slices.DeleteFunc(list, func(x owing) bool { return slices.Contains(done, x) })
	})
	return errors.Join(failed, err)
}

// payAccount takes on what nobody sends, renews what waits here, and reports
// whether the account owes anything.
func (e *Engine) payAccount(ctx context.Context, id string) (bool, error) {
	a, err := e.account(ctx, id)
	if errors.Is(err, recovery.ErrNoAccount) {
		return false, nil
	}
	if err != nil || len(a.Owed)+len(a.Begun) == 0 {
		return false, err
	}
	if !slices.ContainsFunc(a.Owed, e.mine) && !a.GivesUp(e.Now()) {
		return true, nil
	}
	var late []recovery.Owed
	var givenUp []recovery.Event
	a, err = e.edit(ctx, id, func(a *recovery.Account) (err error) {
		late = nil
		if givenUp, err = e.oweGivenUp(a); err != nil {
			return err
		}
		for i := range a.Owed {
			if o := &a.Owed[i]; e.mine(*o) {
				if !e.sending.has(o.ID, o.To) && !e.held.has(heldBack(a.ID, *o), o.To) {
					late = append(late, *o)
				}
				o.By, o.Since = e.name, e.Now()
			}
		}
		a.DropOwed(e.Now())
		return nil
	})
	if err != nil {
		return true, err
	}
	for _, o := range late {
		for _, name := range append([]recovery.EventName{o.Event}, o.Also...) {
			e.say(recovery.Event{Name: name, At: e.Now(), Account: a.ID, Person: a.Name, Detail: "told late; it was at " + o.At.UTC().Format(time.RFC3339)})
		}
	}
	e.say(givenUp...)
	e.deliver(ctx, a)
	return len(a.Owed)+len(a.Begun) > 0, nil
}

// mine reports whether this process takes a notice on now, or renews its lease.
func (e *Engine) mine(o recovery.Owed) bool {
	age := e.Now().Sub(o.Since)
	switch {
	case o.By == "":
		return age >= 0 // a refused one waits
	case o.By != e.name:
		return age >= owedLease
	case e.sending.has(o.ID, o.To):
		return age >= owedRenew
	}
	return age >= owedGrace
}

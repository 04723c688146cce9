package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// awaited is a wait whose end a person has to be told. It is in the record of
// the day on which it ends, so that every process finds it without a scan.
// Whether there is anything to tell is read from the account when it is due.
type awaited struct {
	ID      string        `json:"id"`
	Account string        `json:"account"`
	Goal    recovery.Goal `json:"goal"`
	Ready   time.Time     `json:"ready"`
	Lang    string        `json:"lang,omitempty"`
	Host    string        `json:"host,omitempty"`
	Browser string        `json:"browser,omitempty"`
	By      string        `json:"by,omitempty"` // the process that took it on
	At      time.Time     `json:"at,omitzero"`  // when that was
}

// How long a process may take for a reminder it took on. After settleAfter a
// process that still runs has sent its messages, or keeps trying. If it has
// stopped, another process takes the reminder on, and at worst the person is
// told twice.
const (
	settleAfter  = 15 * time.Minute
	abandonAfter = 20 * time.Minute
	remindEvery  = time.Minute
	oneDay       = 24 * time.Hour
)

func awaitedKey(day time.Time) string { return "awaited/" + day.UTC().Format(time.DateOnly) }

// awaited stores that the end of a wait has to be told.
func (r *run) awaited(ctx context.Context, g recovery.Goal, ready time.Time) error {
	x := awaited{
		ID: secret.Token(9), Account: r.account.ID, Goal: g, Ready: ready, Lang: r.flow.Lang, Host: hostOf(r.client.Base), Browser: r.client.Browser,
	}
	return r.onDay(ctx, ready, func(list []awaited) []awaited { return append(list, x) })
}

// onDay changes the record of a day. It may go when nothing in it can be ripe.
func (e *Engine) onDay(ctx context.Context, day time.Time, change func([]awaited) []awaited) error {
	until := day.UTC().Truncate(oneDay).Add(oneDay + e.Policy.Lifetimes.Ripe)
	_, err := kv.Update(ctx, e.Store, awaitedKey(day), until, func(list *[]awaited, _ bool) error {
		if *list = change(*list); len(*list) == 0 {
			return kv.ErrDrop
		}
		return nil
	})
	return err
}

// Remind tells people that their wait is over, sends the notices that are owed,
// tells of a clock that has jumped and of processes with another policy: at once
// what became due while nothing ran, then every minute, until ctx is done. It
// also does what answers did not wait for.
func (e *Engine) Remind(ctx context.Context) {
	tick := time.NewTicker(remindEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		e.Later(ctx)
		for _, x := range e.duties() {
			supervise.Run(e.log(), x.name, func() {
				if err := x.do(ctx); err != nil && ctx.Err() == nil {
					e.log().Warn(x.name+": not done, tried again in a minute", "error", err)
				}
			})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	e.tellRefusals(true)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second) // what changed since
	defer cancel()
	if err := e.CheckAge(last); err != nil {
		e.log().Warn("the mark of the store is not raised", "error", err)
	}
	if err := e.leave(last); err != nil {
		e.log().Warn("that this process has ended is not noted: it counts as running for two minutes", "error", err)
	}
}

// duty is done each minute, whatever became of the others.
type duty struct {
	name string
	do   func(context.Context) error
}

func (e *Engine) duties() []duty {
	return []duty{
		{"putting the list of people right", e.repairOnce},
		{"telling that waits are over", e.RemindDue},
		{"sending notices that are owed", e.PayDue},
		{"removing accounts whose time is over", e.RemoveDue},
		{"looking at the clock", e.CheckClock},
		{"lowering the cost of passwords", e.LowerCosts},
		{"comparing policies", e.MeetPolicies},
		{"writing what was refused", func(context.Context) error { e.tellRefusals(false); return nil }},
		{"raising the mark of the store", e.CheckAge},
		{"sealing the days of the audit trail", e.SealTrail},
	}
}

// RemindDue tells people whose wait is over and who were not told yet. One of
// many processes tells; if it dies before its messages are sent, another one
// does, or the same after its restart, 20 minutes later. It reads one record
// for each day that a wait stays good, four by default. An error means that the
// answer is unknown: ask again.
func (e *Engine) RemindDue(ctx context.Context) error {
	if e.Notify == nil {
		return nil
	}
	now := e.Now()
	var errs []error
	for day := now.Add(-e.Policy.Lifetimes.Ripe).UTC().Truncate(oneDay); !day.After(now); day = day.Add(oneDay) {
		errs = append(errs, e.remindDay(ctx, day, now))
	}
	return errors.Join(errs...)
}

// remindDay prepares all it may have to tell before it takes anything on, so
// that nothing can fail between taking on and queueing. A reminder that cannot
// be prepared stays as it is and delays no other.
func (e *Engine) remindDay(ctx context.Context, day, now time.Time) error {
	list, _, err := kv.Load[[]awaited](ctx, e.Store, awaitedKey(day))
	if err != nil {
		return err
	}
	ready, settled := map[string][]recovery.Message{}, false
	var failed error
	for _, x := range list {
		settled = settled || x.settled(e.name, now)
		if !x.due(now) {
			continue
		}
		if messages, err := e.reminder(ctx, x, now); err != nil {
			failed = err
		} else {
			ready[x.ID] = messages
		}
	}
	if len(ready) == 0 && !settled {
		return failed
	}
	var mine []recovery.Message
	err = e.onDay(ctx, day, func(list []awaited) []awaited {
		list, mine = e.takeOn(list, ready, now)
		return list
	})
	if err != nil {
		return err
	}
	for _, m := range mine {
		e.Notify.Queue(m)
	}
	return failed
}

// takeOn marks the reminders that this process sends, and drops those that are
// done: sent by it long enough ago, with nothing to tell any more, or sent just
// now because the button was pressed twice.
func (e *Engine) takeOn(list []awaited, ready map[string][]recovery.Message, now time.Time) (left []awaited, mine []recovery.Message) {
	for _, x := range list {
		messages, prepared := ready[x.ID]
		prepared = prepared && x.due(now) // no other process took it on since
		again := slices.ContainsFunc(left, func(y awaited) bool { return y.told(e.name, now) && y.Account == x.Account && y.Goal == x.Goal })
		switch {
		case x.settled(e.name, now), prepared && (again || len(messages) == 0):
			continue
		case prepared:
			mine = append(mine, messages...)
			x.By, x.At = e.name, now
		}
		left = append(left, x)
	}
	return left, mine
}

func (x awaited) told(name string, now time.Time) bool { return x.By == name && x.At.Equal(now) }

// due reports that no process has sent it yet, or that the process that took it
// on has not finished.
func (x awaited) due(now time.Time) bool {
	return !now.Before(x.Ready) && (x.By == "" || !now.Before(x.At.Add(abandonAfter)))
}

// settled reports that this process took it on and had time to send it.
func (x awaited) settled(name string, now time.Time) bool {
	return x.By == name && !now.Before(x.At.Add(settleAfter))
}

// reminder makes the messages for a wait that is over and still good; none when
// it was stopped or used meanwhile.
func (e *Engine) reminder(ctx context.Context, x awaited, now time.Time) ([]recovery.Message, error) {
	a, err := e.account(ctx, x.Account)
	if errors.Is(err, recovery.ErrNoAccount) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(a.Waits, func(w recovery.Wait) bool { return w.Goal == x.Goal && !now.Before(w.Ready) && now.Before(w.Until) })
	if i < 0 {
		return nil, nil
	}
	var out []recovery.Message
	for _, c := range a.NoticeAddresses(now) {
		if !e.Notify.Has(c.Channel) {
			continue
		}
		out = append(out, recovery.Message{
			ID: secret.Token(9), Channel: c.Channel, To: c.Value, Template: "wait-ready", Lang: cmp.Or(a.Lang, x.Lang), Expires: a.Waits[i].Until,
			Vars: map[string]string{"name": a.Name, "goal": string(x.Goal), "browser": x.Browser, "site": e.Policy.Site, "host": x.Host},
		})
	}
	return out, nil
}

package caddymodule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/templates"
)

// table is the policy in the words of the lint: only the proofs that are
// built, only the channels that can be sent on.
func (a *App) table() lint.Table {
	t := lint.Base()
	methods := method.All(method.Set{Has: a.has})
	built := func(name string) bool { return name == recovery.Factor || methods.Get(name) != nil }
	t.Proofs = slices.DeleteFunc(t.Proofs, func(p lint.Proof) bool { return !built(p.Name) })
	t.Login = slices.DeleteFunc(t.Login, func(s lint.SignIn) bool {
		return slices.ContainsFunc(s.Proofs, func(name string) bool { return !built(name) })
	})
	t.Channels = slices.DeleteFunc([]string{recovery.ChannelMail, recovery.ChannelSMS}, func(c string) bool { return !a.has(c) })
	if t.FactorFor = a.policy.FactorFor; len(t.FactorFor) == 0 { // nobody may take it off
		t.Changes = slices.DeleteFunc(t.Changes, func(c lint.Change) bool { return slices.Contains(c.Gives, lint.GiftNoFactor) })
	}
	t.KnownDevice = a.policy.KnownDevice
	t.Ban = a.policy.Lifetimes.RecoveredBan
	for i := range t.Changes {
		if t.Changes[i].After > 0 { // a new address
			t.Changes[i].After = a.policy.Lifetimes.NewContact
		}
	}
	if slices.Contains(a.policy.Ask[recovery.SecurityQuestion], recovery.KindRecover) {
		t.Ask = []string{recovery.SecurityQuestion}
	}
	for goal := range a.policy.Ways {
		for _, w := range a.policy.Read(goal, a.has(recovery.ChannelMail)) {
			t.Ways[lint.Goal(goal)] = append(t.Ways[lint.Goal(goal)], lint.Way{
				Proofs: w.Proofs, Wait: w.Wait, WithoutFactor: w.WithoutFactor, WeakOK: w.WeakOK, Line: w.Line, Written: w.Written,
			})
		}
	}
	return t
}

// judge refuses a policy whose way back is weaker than its login. A default
// way that needs what is not configured is simply not offered; one that the
// operator wrote must be possible. Accounts that have no way are a warning.
func (a *App) judge() error {
	findings := lint.Judge(a.offeredTable())
	for _, f := range findings {
		if f.Key == lint.KeyNoWay {
			a.logger.Warn(strings.Join(f.Lines, ", ") + ": " + f.Text + "; " + f.Advice())
		}
	}
	return errors.Join(a.noticeLasts(), a.temporaryLeads(), lint.Refused(findings))
}

// offeredTable is the table without default ways that cannot be walked here.
func (a *App) offeredTable() lint.Table {
	t := a.table()
	t.Idle = map[lint.Goal][]lint.Way{}
	for goal, ways := range t.Ways {
		idle := func(w lint.Way) bool { return w.Line == "" && !a.possible(w) }
		for _, w := range ways {
			if idle(w) {
				t.Idle[goal] = append(t.Idle[goal], w)
			}
		}
		t.Ways[goal] = slices.DeleteFunc(slices.Clone(ways), idle)
	}
	return t
}

func (a *App) possible(w lint.Way) bool {
	return !slices.ContainsFunc(channels(), func(c string) bool { return a.needs(w, c) })
}

// shape is what an account has, in the words of the lint.
func (a *App) shape(who *recovery.Account, now time.Time) lint.Shape {
	return a.shapeOf(method.All(method.Set{Keys: a.keys, Has: a.has}).Holds(who, now), who.Admin())
}

// shapeOf is the shape of an account that holds what the words of
// [recovery.Methods.Holds] say.
func (a *App) shapeOf(holds []string, manages bool) lint.Shape {
	methods := method.All(method.Set{Keys: a.keys, Has: a.has})
	var words []string
	for _, p := range a.table().Proofs {
		has := func(word string) bool { return word == p.Name || strings.HasPrefix(word, p.Name+"*") }
		i := slices.IndexFunc(holds, has)
		switch {
		case p.Class == lint.ClassAuthority:
			words = append(words, p.Source)
		case i < 0 || !methods.Offered(p.Name):
		case p.Extra:
			words = append(words, p.Name)
		case p.Source == lint.SourceContact:
			words = append(words, holds[i])
		default:
			words = append(words, p.Source)
		}
	}
	for _, word := range holds {
		switch {
		case word == recovery.HoldsHearing: // the owner asks from one of them, and a wait is told on the others
			words = append(words, lint.SourceDevice)
		case methods.Get(recovery.Bare(word)) == nil:
			words = append(words, word) // where a passkey is
		}
	}
	if manages {
		words = append(words, lint.TraitManages)
	}
	return lint.Having(words...)
}

// forecast is what would happen if somebody lost something today. The account
// page has no row for a leaked password: it has its own.
func (a *App) forecast(who *recovery.Account) []templates.Loss {
	var out []templates.Loss
	for _, l := range a.losses(a.shape(who, time.Now())) {
		loss := templates.Loss{What: strings.ReplaceAll(l.Object, " ", "_"), Locked: locks(l)}
		switch {
		case len(l.Gone) > 0:
			loss.Thing = templates.LossGone
		case len(l.Spared) > 0:
			loss.Thing = templates.LossSpared
		}
		if loss.Locked && len(l.Mends) > 0 {
			loss.Mend = mend(l.Mends, who)
		}
		out = append(out, loss)
	}
	return out
}

func (a *App) losses(s lint.Shape) []lint.Loss {
	return slices.DeleteFunc(lint.Forecast(a.offeredTable(), s), func(l lint.Loss) bool { return l.Object == "password" })
}

// locks tells whether somebody who loses the thing needs help.
func locks(l lint.Loss) bool { return !l.SignsIn && !l.Alone }

// lockedOut tells whether somebody of the list who lost one thing would need help. What
// people hold is much alike, so it is worked out once for each likeness.
func (a *App) lockedOut(p engine.Person) bool {
	type likeness struct {
		has   string
		admin bool
	}
	like := likeness{p.Has, p.Admin}
	if out, ok := a.likenesses.Load(like); ok {
		return out.(bool)
	}
	out := slices.ContainsFunc(a.losses(a.shapeOf(strings.Fields(p.Has), p.Admin)), locks)
	a.likenesses.Store(like, out)
	return out
}

// mend is the first of the lint's suggestions that the account page has a
// button for. An address that is there already only needs its code.
func mend(mends []lint.Mend, who *recovery.Account) string {
	buttons := map[string]string{"add_codes": "new_codes", "add_mail": "add_mail", "add_phone": "add_phone", "add_contacts": "add_contact"}
	now := time.Now()
	if who.Unconfirmed(recovery.ChannelMail, now).Value != "" {
		buttons["add_mail"] = "confirm_mail"
	}
	if who.Unconfirmed(recovery.ChannelSMS, now).Value != "" {
		buttons["add_phone"] = "confirm_phone"
	}
	for _, m := range mends {
		if b := buttons[m.Key]; b != "" {
			return b
		}
	}
	return ""
}

// idleWays are the default ways that are not offered because nothing sends on
// a channel.
func (a *App) idleWays(channel string) []string {
	var out []string
	for _, goal := range lint.Goals() {
		for _, w := range a.table().Ways[goal] {
			if w.Line == "" && a.needs(w, channel) {
				out = append(out, fmt.Sprintf("%s by %s", strings.ReplaceAll(string(goal), "_", " "), strings.Join(w.Proofs, " + ")))
			}
		}
	}
	return out
}

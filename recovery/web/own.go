package web

import (
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/templates"
)

// own is what each page of one's own account begins with.
func (x *exchange) own(a *recovery.Account, s *recovery.Session) templates.Own {
	out := templates.Own{Others: len(a.Sessions) > 1 && x.changed()}
	out.FactorDue = x.Engine.Policy.Requires(a) && !x.Engine.Methods.HasFactor(a)
	out.Probation = a.OnProbation(s, x.Engine.Now())
	if s != nil {
		out.Held = method.PasskeysHeld(x.client.Passkeys, a)
	}
	return out
}

func (x *exchange) ownOverview(a *recovery.Account, s *recovery.Session) templates.Content {
	now := x.Engine.Now()
	return templates.AccountPage{
		Own: x.own(a, s), Name: a.Name, Display: a.DisplayName, Groups: a.Groups, CodesLeft: method.CodesThatOpen(a, x.Engine.Keys),
		Unconfirmed: x.unconfirmed(a), Losses: x.losses(a), Waits: shownWaits(a.Showing("", now)),
		Guessed: x.guessed(a), Admin: a.Admin(), Reminder: a.DrillDue(now),
	}
}

func (x *exchange) ownSignIn(a *recovery.Account, s *recovery.Session) templates.Content {
	p := x.Engine.Policy
	return templates.AccountSignInPage{
		Own: x.own(a, s), Factors: x.ownFactors(a), Droppable: !p.Requires(a) && x.Engine.Methods.HasFactor(a),
		Passwordless: x.passwordless(a), NoPassword: a.Credential(recovery.Password) == nil,
		PIN: len(p.Ask[recovery.PIN]) > 0, Question: len(p.Ask[recovery.SecurityQuestion]) > 0,
		HasPIN: a.Credential(recovery.PIN) != nil, HasQuestion: a.Credential(recovery.SecurityQuestion) != nil,
	}
}

func (x *exchange) ownDevices(a *recovery.Account, s *recovery.Session) templates.Content {
	return templates.AccountDevicesPage{Own: x.own(a, s), Sessions: x.sessions(a, s.ID), Browsers: x.browsers(a, s)}
}

func (x *exchange) ownRecovery(a *recovery.Account, s *recovery.Session) templates.Content {
	left := method.CodesThatOpen(a, x.Engine.Keys)
	c := templates.AccountRecoveryPage{
		Own: x.own(a, s), CodesLeft: left, Drill: left > 0, Reminder: a.DrillDue(x.Engine.Now()), Losses: x.losses(a),
	}
	for _, v := range a.TrustedContacts {
		c.Contacts = append(c.Contacts, v.Name)
	}
	return c
}

func (x *exchange) ownContact(a *recovery.Account, s *recovery.Session) templates.Content {
	now := x.Engine.Now()
	return templates.AccountContactPage{
		Own: x.own(a, s), CanMail: x.has(recovery.ChannelMail), CanPhone: x.has(recovery.ChannelSMS), Unconfirmed: x.unconfirmed(a),
		Mail: recovery.Mask(a.Address(recovery.ChannelMail, now)), Phone: recovery.Mask(a.Address(recovery.ChannelSMS, now)),
		KeepDays: int(x.Engine.Policy.Lifetimes.Delete / (24 * time.Hour)),
	}
}

func (x *exchange) losses(a *recovery.Account) []templates.Loss {
	if x.Forecast == nil {
		return nil
	}
	return x.Forecast(a)
}

// guessed is how many codes somebody with another proof has tried beyond the
// known browsers, where those are too many to be typos; else zero.
func (x *exchange) guessed(a *recovery.Account) int {
	n, _, err := x.Engine.Guessed(x.r.Context(), a)
	if err != nil {
		x.log().Warn("codes tried cannot be counted", "error", err)
	}
	if n < engine.WorthTelling {
		return 0
	}
	return n
}

// about is what an administrator sees of an account; current as in sessions.
func (x *exchange) about(a *recovery.Account, current string) *templates.Account {
	now := x.Engine.Now()
	return &templates.Account{
		Name: a.Name, CodesLeft: method.CodesThatOpen(a, x.Engine.Keys), Groups: a.Groups, Lines: lines(a), Keys: x.keysOf(a),
		Mail: recovery.Mask(a.Address(recovery.ChannelMail, now)), Phone: recovery.Mask(a.Address(recovery.ChannelSMS, now)),
		Probation: x.own(a, nil).Probation, Unconfirmed: x.unconfirmed(a), Factors: x.ownFactors(a), Sessions: x.sessions(a, current),
	}
}

func (x *exchange) ownFactors(a *recovery.Account) []templates.Factor {
	var out []templates.Factor
	for _, c := range a.Credentials {
		if m := x.Engine.Methods.Get(c.Method); m != nil && m.Traits().Factor {
			out = append(out, x.ownFactor(a, c))
		}
	}
	return out
}

// sessions are those of the account, the last one first; current is the id of this
// browser's.
func (x *exchange) sessions(a *recovery.Account, current string) []templates.Session {
	var out []templates.Session
	for _, s := range slices.Backward(a.Sessions) {
		out = append(out, templates.Session{
			ID: s.ID, Browser: s.Browser, Since: s.Created, Seen: s.Seen, Current: s.ID == current, Methods: x.shown(s),
		})
	}
	return out
}

// shown lists the proofs of a session that have a name for people. What began
// an account, such as an invitation, has none.
func (x *exchange) shown(s recovery.Session) []string {
	var out []string
	for _, p := range s.Proofs {
		if m := x.Engine.Methods.Get(p.Method); p.Method == recovery.TrustedBrowser || m != nil && m.Traits().Class != "" {
			out = append(out, recovery.Bare(p.Method))
		}
	}
	return out
}

// browsers are those the account knows, the last used first.
func (x *exchange) browsers(a *recovery.Account, current *recovery.Session) []templates.Browser {
	var out []templates.Browser
	for _, d := range a.Devices {
		out = append(out, templates.Browser{
			ID: d.ID, Label: d.Label, Name: d.Browser, Network: d.Network, First: d.First, Seen: d.Seen, Current: d.ID == current.Device, Trusted: d.TrustedUntil(x.Engine.Now(), x.Engine.Policy),
		})
	}
	slices.SortStableFunc(out, func(x, y templates.Browser) int { return y.Seen.Compare(x.Seen) })
	return out
}

// unconfirmed lists the addresses in use from which no code has come back.
func (x *exchange) unconfirmed(a *recovery.Account) []templates.Unconfirmed {
	var out []templates.Unconfirmed
	for _, u := range []struct{ channel, what string }{{recovery.ChannelMail, "mail"}, {recovery.ChannelSMS, "phone"}} {
		if c := a.Unconfirmed(u.channel, x.Engine.Now()); c.Value != "" {
			out = append(out, templates.Unconfirmed{What: u.what, Used: c.Counts(), Can: x.has(u.channel)})
		}
	}
	return out
}

// lines are the main numbers and extensions of an account.
func lines(a *recovery.Account) []string {
	var out []string
	for _, l := range a.Extensions {
		out = append(out, strings.TrimSpace(l.Number+" "+l.Digits))
	}
	return out
}

func (x *exchange) ownKeys(a *recovery.Account, s *recovery.Session) templates.Content {
	return x.keysPage(a, s)
}

func (x *exchange) keysPage(a *recovery.Account, s *recovery.Session) templates.AccountKeysPage {
	return templates.AccountKeysPage{Own: x.own(a, s), Keys: x.keysOf(a), Full: len(a.AccessKeys) >= recovery.MaxKeys}
}

// keysOf are the access keys of an account, as they are shown.
func (x *exchange) keysOf(a *recovery.Account) []templates.Key {
	var out []templates.Key
	now := x.Engine.Now()
	for _, k := range a.AccessKeys {
		out = append(out, templates.Key{
			ID: k.ID, Name: k.Name, Hosts: k.Hosts, Paths: k.Paths, Maker: x.maker(a, k.Maker), Made: k.Created, End: k.End, Used: k.Used,
			Suspended: k.Suspended, Over: !k.End.IsZero() && !now.Before(k.End),
		})
	}
	return out
}

// maker is the name of who made a key for somebody else; empty: the owner did.
func (x *exchange) maker(a *recovery.Account, id string) string {
	switch id {
	case a.ID:
		return ""
	case "": // by a command
		return x.place()
	}
	who, err := x.Engine.Person(x.r.Context(), id)
	if err != nil {
		return "–"
	}
	return who.Shown()
}

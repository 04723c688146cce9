package engine_test

import (
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// proofPolicy is the default with cheap hashes and without throttles. Throttles
// delay an attack and never decide it.
func proofPolicy() *recovery.Policy {
	p := recovery.Default()
	p.Hash = secret.HashParams{Time: 1, Memory: 8, Threads: 1}
	plenty := recovery.Rate{Count: 1e9, Per: time.Minute}
	p.Limits.Posts, p.Limits.Flows, p.Limits.SendsHourly, p.Limits.SendsDaily = plenty, plenty, plenty, plenty
	return p
}

// devicelessPolicy has no way in which a known device stands, so that who sits
// before one has to change something first.
func devicelessPolicy() *recovery.Policy {
	p := proofPolicy()
	for goal := range p.Ways {
		p.Ways[goal] = slices.DeleteFunc(p.Ways[goal], func(w recovery.Way) bool { return slices.Contains(w.Proofs, recovery.OtherDevice) })
	}
	return p
}

// loosePolicy accepts the mailbox alone for a new password, so that only bans
// and waits protect the second factor.
func loosePolicy() *recovery.Policy {
	p := proofPolicy()
	p.Ways[recovery.GoalPassword] = append(p.Ways[recovery.GoalPassword], recovery.Way{Proofs: []string{recovery.MailLink}, WeakOK: true})
	return p
}

// askingPolicy asks all that an operator can ask in addition.
func askingPolicy() *recovery.Policy {
	p := proofPolicy()
	p.Ask = map[string][]recovery.Kind{recovery.PIN: {recovery.KindChangePassword}, recovery.SecurityQuestion: {recovery.KindRecover}}
	return p
}

// freePolicy lets people go without a second factor.
func freePolicy() *recovery.Policy {
	p := proofPolicy()
	p.FactorFor = []string{recovery.GroupAdmins}
	return p
}

// vouchedPolicy has people who vouch as the only way when both are lost.
func vouchedPolicy() *recovery.Policy {
	p := proofPolicy()
	p.Ways[recovery.GoalBoth] = []recovery.Way{{Proofs: []string{recovery.VouchedBy + "*2", recovery.MailLink}}}
	p.Ways[recovery.GoalSecondFactor] = nil
	return p
}

// proofTable is the policy in the words of the lint, as caddymodule writes it,
// with one source more: a signed-in browser within reach. Changes that no
// recipe of the engine makes are left out.
func proofTable(p *recovery.Policy) lint.Table {
	t := lint.Base()
	methods := proofMethods(p, method.Set{})
	built := func(name string) bool { return name == recovery.Factor || methods.Get(name) != nil }
	t.Proofs = slices.DeleteFunc(t.Proofs, func(p lint.Proof) bool { return p.Name != lint.SourceDevice && !built(p.Name) })
	t.Login = slices.DeleteFunc(t.Login, func(s lint.SignIn) bool {
		return slices.ContainsFunc(s.Proofs, func(name string) bool { return !built(name) })
	})
	t.Changes = slices.DeleteFunc(t.Changes, func(c lint.Change) bool { return c.Name == "remove_factor" && len(p.FactorFor) == 0 || c.NoFactorOnly })
	t.FactorFor = p.FactorFor
	t.Channels = []string{recovery.ChannelMail, recovery.ChannelSMS}
	t.Ban = p.Lifetimes.RecoveredBan
	if slices.Contains(p.Ask[recovery.SecurityQuestion], recovery.KindRecover) {
		t.Ask = []string{recovery.SecurityQuestion}
	}
	for goal := range p.Ways {
		for _, w := range p.Read(goal, true) {
			t.Ways[lint.Goal(goal)] = append(t.Ways[lint.Goal(goal)], lint.Way{
				Proofs: w.Proofs, Wait: w.Wait, WithoutFactor: w.WithoutFactor, WeakOK: w.WeakOK,
			})
		}
	}
	return t
}

// proofShapes are the accounts of the proof.
func proofShapes() []lint.Shape {
	full := fullShape()
	return []lint.Shape{
		full,
		lint.Having("totp", "recovery_code", "mail", "sms"),
		lint.Having("totp", "recovery_code", "sms", "contact*2"), // no mail
		lint.Having("totp", "recovery_code", "mail"),             // no channel to announce a wait
		lint.Having("totp", "mail", "device"),                    // codes lost
		lint.Having("totp", "recovery_code", "mail", "contact*2"),
		{},
		lint.Having("mail"),
		lint.Having("recovery_code", "sms"),
		lint.Having("recovery_code", "mail", "sms", "device"),
	}
}

// fullShape has everything.
func fullShape() lint.Shape {
	return lint.Having("totp", "recovery_code", "mail", "sms", "device", "contact*2")
}

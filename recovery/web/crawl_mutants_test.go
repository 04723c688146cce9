package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// brokenCode is a code that is sent, with a mistake in it.
type brokenCode struct {
	recovery.Method
	send      recovery.Challenger
	factor    bool // counts as a second factor
	toMailbox bool // goes to the mailbox, whatever the channel is
}

// Traits implements [recovery.Method].
func (m brokenCode) Traits() recovery.Traits {
	t := m.Method.Traits()
	t.Factor = t.Factor || m.factor
	return t
}

// Challenge implements [recovery.Challenger].
func (m brokenCode) Challenge(t recovery.Try) (recovery.Challenge, *recovery.Message, error) {
	s, msg, err := m.send.Challenge(t)
	if m.toMailbox {
		msg.To = t.Account.Address(recovery.ChannelMail, t.Now)
	}
	return s, msg, err
}

// replaceMethod puts a wrong method in the place of a right one.
func replaceMethod(name string, wrong brokenCode) func(*engine.Engine) {
	return func(e *engine.Engine) {
		var list []recovery.Method
		for _, n := range e.Methods.Names() {
			m := e.Methods.Get(n)
			if n == name {
				wrong.Method, wrong.send = m, m.(recovery.Challenger)
				m = wrong
			}
			list = append(list, m)
		}
		e.Methods = recovery.NewMethods((&crawlOutbox{}).Has, list...)
	}
}

// mutant is an installation with one mistake in it, and the attack that must find
// the mistake.
type mutant struct {
	name    string
	mutate  func(*engine.Engine)
	options []recoverytest.Option
	row     crawlRow
}

// TestCrawlSeesMutants seeds mistakes: a crawl that finds none of them would
// prove nothing.
func TestCrawlSeesMutants(t *testing.T) {
	t.Parallel()
	recoverytest.Slow(t)
	add := func(g recovery.Goal, w recovery.Way) recoverytest.Option {
		return recoverytest.WithPolicy(func(p *recovery.Policy) { p.Ways[g] = append(p.Ways[g], w) })
	}
	mailOnly := recovery.Way{Proofs: []string{recovery.MailLink}}
	plain := func(*engine.Engine) {}
	list := []mutant{
		{"a mailbox is enough for the second factor", plain, []recoverytest.Option{add(recovery.GoalSecondFactor, mailOnly)}, crawlRow{holds: []string{recovery.MailLink}}},
		{
			"the code for the number goes to the mailbox", replaceMethod(recovery.SMSCode, brokenCode{toMailbox: true}), nil,
			crawlRow{holds: []string{recovery.MailLink, recovery.Password}, within: waitless},
		},
		{
			"six mailed digits are a second factor", replaceMethod(recovery.MailCode, brokenCode{factor: true}), nil,
			crawlRow{holds: []string{recovery.MailLink, recovery.Password}, within: waitless},
		},
		{
			"a way has lost its wait", plain,
			[]recoverytest.Option{add(recovery.GoalSecondFactor, recovery.Way{Proofs: []string{recovery.Password, recovery.MailLink, recovery.MailCode}})},
			crawlRow{holds: []string{recovery.MailLink, recovery.Password}, within: waitless},
		},
		{"a recovered password counts at once", plain, []recoverytest.Option{
			add(recovery.GoalPassword, mailOnly),
			recoverytest.WithPolicy(func(p *recovery.Policy) { p.Lifetimes.RecoveredBan = 0 }),
		}, crawlRow{holds: []string{recovery.MailLink}, within: 50 * time.Hour, want: "second factor"}},
	}
	if recoverytest.UnderRace(t) {
		list = list[:3]
	}
	for _, tc := range list {
		t.Run(tc.name, func(t *testing.T) {
			inst := newInstallation(t, accountShapes()[0], tc.mutate, tc.options...)
			tc.row.strayPosts = 4
			c := inst.crawl(t, tc.row)
			found := c.reached
			for _, hole := range c.holes {
				found = hole
			}
			if found == "" {
				t.Fatalf("got nothing in %v, want it found", c)
			}
			t.Logf("%d requests: %s", c.requests, found)
		})
	}
}

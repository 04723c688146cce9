package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// purse is what an attacker holds. The zero value is nothing.
type purse struct {
	password, key, pin, answer string
	codes                      []string
	reads                      []string // addresses and numbers
	friends                    int      // people who would vouch
	admin, rescue, session     bool
}

// hold fills a purse by the names of proofs.
func (h *house) hold(names []string) purse {
	var p purse
	for _, name := range names {
		switch name {
		case recovery.Password:
			p.password = h.alice.Password
		case recovery.Factor:
			p.key = h.alice.Key
		case recovery.RecoveryCode:
			p.codes = h.alice.Codes
		case recovery.MailLink:
			p.reads = append(p.reads, h.alice.Mail)
		case recovery.SMSCode:
			p.reads = append(p.reads, recoverytest.Alice().Phone)
		case recovery.VouchedBy + "*1":
			p.friends = 1
		case recovery.VouchedBy + "*2":
			p.friends = 2
		case recovery.Admin:
			p.admin = true
		case recovery.Rescue:
			p.rescue = true
		case recovery.PIN:
			p.pin = alicePIN
		case recovery.SecurityQuestion:
			p.answer = aliceAnswer
		case "session":
			p.session = true
		case "wait":
		default:
			h.t.Fatalf("nobody here can hold %q", name)
		}
	}
	return p
}

// helpers are other people who do what the attacker asks of them.
func (c *crawler) helpers(s *spot) []move {
	if s.page.spoken == "" || s.vouched >= c.row.purse.friends {
		return nil
	}
	return []move{{"is vouched for", rankLinks, func(c *crawler, s *spot) {
		c.house.vouch(c.house.people[s.vouched], s.page.spoken)
		s.vouched++
		c.open(s, "/.sparekey/?f="+s.page.flow)
	}}}
}

// brokenCode is a code that is sent, with a mistake in it.
type brokenCode struct {
	recovery.Method
	send   recovery.Challenger
	factor bool // counts as a second factor
	astray bool // goes to the mailbox, whatever it is
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
	if m.astray {
		msg.To = t.Account.Address(recovery.ChannelMail, t.Now)
	}
	return s, msg, err
}

// breaking puts a wrong method in the place of a right one.
func breaking(name string, wrong brokenCode) func(*engine.Engine) {
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
		e.Methods = recovery.NewMethods((&crawlPost{}).Has, list...)
	}
}

// TestCrawlSeesMutants seeds mistakes: a crawl that finds none of them would
// prove nothing.
func TestCrawlSeesMutants(t *testing.T) {
	recoverytest.Slow(t)
	add := func(g recovery.Goal, w recovery.Way) recoverytest.Option {
		return recoverytest.WithPolicy(func(p *recovery.Policy) { p.Ways[g] = append(p.Ways[g], w) })
	}
	mailOnly := recovery.Way{Proofs: []string{recovery.MailLink}}
	plain := func(*engine.Engine) {}
	list := []struct {
		name    string
		odd     func(*engine.Engine)
		options []recoverytest.Option
		row     crawlRow
	}{
		{"a mailbox is enough for the second factor", plain, []recoverytest.Option{add(recovery.GoalSecondFactor, mailOnly)}, crawlRow{holds: []string{recovery.MailLink}}},
		{
			"the code for the number goes to the mailbox", breaking(recovery.SMSCode, brokenCode{astray: true}), nil,
			crawlRow{holds: []string{recovery.MailLink, recovery.Password}, within: waitless},
		},
		{
			"six mailed digits are a second factor", breaking(recovery.MailCode, brokenCode{factor: true}), nil,
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
	if recoverytest.UnderRace {
		list = list[:3]
	}
	for _, tc := range list {
		t.Run(tc.name, func(t *testing.T) {
			h := newHouse(t, accountShapes()[0], tc.odd, tc.options...)
			tc.row.odd = 4
			c := h.crawl(t, tc.row)
			found := c.reach
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

package web_test

import (
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// holdings are what an attacker holds. The zero value is nothing.
type holdings struct {
	password, totpKey, pin, answer string
	codes                          []string
	reads                          []string // addresses and numbers
	contacts                       int      // trusted contacts who vouch when asked
	admin, rescue, session         bool
	device                         bool // sits before a browser of the owner's that is signed in
}

// attacker is somebody who holds these proofs of the owner and nothing else.
func (inst *installation) attacker(names []string) holdings {
	var out holdings
	for _, name := range names {
		switch name {
		case recovery.Password:
			out.password = inst.owner.Password
		case recovery.Factor:
			out.totpKey = inst.owner.Key
		case recovery.RecoveryCode:
			out.codes = inst.owner.Codes
		case recovery.MailLink:
			out.reads = append(out.reads, inst.owner.Mail)
		case recovery.SMSCode:
			out.reads = append(out.reads, recoverytest.Alice().Phone)
		case recovery.VouchedBy + "*1":
			out.contacts = 1
		case recovery.VouchedBy + "*2":
			out.contacts = 2
		case recovery.Admin:
			out.admin = true
		case recovery.Rescue:
			out.rescue = true
		case recovery.PIN:
			out.pin = alicePIN
		case recovery.SecurityQuestion:
			out.answer = aliceAnswer
		case recovery.OtherDevice:
			out.device = true
		case "session":
			out.session = true
		case "wait":
		default:
			inst.t.Fatalf("nobody here can hold %q", name)
		}
	}
	return out
}

// contactMoves are what trusted contacts do when the attacker asks them.
func (c *crawler) contactMoves(s *attackState) []move {
	if s.page.spoken == "" || s.vouched >= c.row.holdings.contacts {
		return nil
	}
	return []move{{"is vouched for", rankLinks, func(c *crawler, s *attackState) {
		c.inst.vouch(c.inst.contacts[s.vouched], s.page.spoken)
		s.vouched++
		c.open(s, "/.sparekey/?f="+s.page.flow)
	}}}
}

// deviceMoves are what the attacker does at the owner's browser.
func (c *crawler) deviceMoves(s *attackState) []move {
	if s.page.find == "" || !c.row.holdings.device {
		return nil
	}
	return []move{{"is let in by a browser of the owner's", rankLinks, func(c *crawler, s *attackState) {
		c.letIn(s)
		c.open(s, "/.sparekey/?f="+s.page.flow)
	}}}
}

// letIn types what the page of the attacker shows into the owner's browser, and what
// is asked there as far as the attacker has it.
func (c *crawler) letIn(s *attackState) {
	b, u := c.inst.world.Browser(), c.b.URL
	b.Client.Jar.SetCookies(u, s.seat)
	if b.Get("/.sparekey/account/approve?choice=device"); !b.Has("code") {
		return
	}
	b.Submit("code", s.page.find)
	for range 4 {
		switch {
		case b.Offers("choice", recovery.ChoiceTap):
			b.Submit("choice", recovery.ChoiceTap)
		case b.Page() == "factor" && b.Has("password") && c.row.holdings.password != "":
			b.Submit("password", c.row.holdings.password)
		case b.Page() == "factor" && b.Has("code") && c.row.holdings.totpKey != "":
			c.inst.world.Clock.Move(time.Minute)
			b.Submit("code", recoverytest.TOTP(c.inst.world, c.row.holdings.totpKey))
		case b.Page() == "factor" && c.row.holdings.password != "":
			if another(b); b.Offers("method", recovery.Password) {
				b.Submit("method", recovery.Password)
			}
		}
	}
	s.seat = b.Client.Jar.Cookies(u)
}

// seat is a browser that the owner has been signed in on since yesterday, and stays
// signed in on.
func (inst *installation) seat() *recoverytest.Browser {
	b := inst.signIn()
	inst.world.Clock.Move(25 * time.Hour)
	inst.signInAt(b)
	change(inst.t, inst.world, "alice", func(a *recovery.Account) {
		for i := range a.Sessions {
			a.Sessions[i].End, a.Sessions[i].Idle = inst.world.Clock.Now().Add(30*24*time.Hour), 7*24*3600
		}
	})
	return b
}

package web_test

import (
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

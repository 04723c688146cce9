package web

import (
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/templates"
)

// newPasskey has the browser make one.
func (s step) newPasskey() templates.Content {
	s.hardenAsking()
	return templates.EnrollPage{Ways: s.ways(), Choice: string(s.Flow.Goal), Ceremony: s.ceremony()}
}

// ceremony is what the script of the page gives to the browser.
func (s step) ceremony() (c templates.Ceremony) {
	if s.Step.Enroll {
		options, until := method.PasskeyOffered(s.offered())
		return templates.Ceremony{Options: options, Left: until.Sub(s.Engine.Now()), Label: s.in.Label, Suggested: s.browserName()}
	}
	var here []method.OwnedPasskey
	if s.Account != nil { // before anything was proved, what somebody has shows in no list
		here, c.Elsewhere = method.PasskeysAt(s.Account, s.client.Passkeys)
		c.Moved = s.Portal != ""
	}
	challenge := s.Flow.Challenges[recovery.Passkey]
	if len(c.Elsewhere) == 0 && s.client.Passkeys.Here() && challenge.Live(s.Engine.Now()) {
		c.Options = string(method.PasskeyRequest(s.client.Passkeys, challenge.Code, here, false))
		c.Left = challenge.Expires.Sub(s.Engine.Now())
	}
	return c
}

// browserName is what a new passkey is called unless its owner says otherwise.
func (s step) browserName() string {
	if s.client.Browser == recovery.UnknownBrowser {
		return ""
	}
	return s.client.Browser
}

// passkey has the browser show one of those that the account has here. Of others it
// says for which address they were made.
func (s step) passkey(c *templates.FactorPage) error {
	s.hardenAsking()
	c.Ceremony = s.ceremony()
	return nil
}

// passkeysGone are those that a recovery ends, for their owner to delete them on
// their devices, too.
func (s step) passkeysGone() []templates.Factor {
	var out []templates.Factor
	for _, p := range method.Passkeys(s.Account) {
		out = append(out, templates.Factor{Method: recovery.Passkey, Label: p.Label, Made: p.Browser, Since: p.Created})
	}
	return out
}

// passwordless tells whether the account may go without its password.
func (x *exchange) passwordless(a *recovery.Account) bool {
	can, _ := x.Engine.Methods.Alone(a)
	return can && a.Credential(recovery.Password) != nil
}

// ownFactor is how pages of the account show a second factor.
func (x *exchange) ownFactor(a *recovery.Account, c recovery.Credential) templates.Factor {
	f := templates.Factor{ID: c.ID, Method: c.Method, Label: c.Label, Made: c.Browser, Since: c.Created}
	all := method.Passkeys(a)
	i := slices.IndexFunc(all, func(p method.OwnedPasskey) bool { return p.ID == c.ID })
	if i < 0 {
		return f
	}
	row := all[i].Row
	f.Used, f.Where, f.Doubt = row.Used, row.Where, string(row.Doubt)
	switch {
	case row.Alone():
		f.Worth = templates.WorthBoth
	case row.Doubt == "":
		f.Worth = templates.WorthSecond
	}
	f.Spare = x.Engine.Methods.Spares(a, c.ID, x.Engine.Now())
	if row.RP != x.client.Passkeys.ID {
		f.Place = row.RP
	}
	return f
}

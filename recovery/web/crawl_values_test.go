package web_test

import (
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// value is one thing to put into a field.
type value struct {
	label  string
	proof  bool   // the attacker has it
	source string // what it proves, if anything
	text   func(*crawler, *attackState) string
}

func plainValue(label, text string) value {
	return value{label, true, "", func(*crawler, *attackState) string { return text }}
}

func proofValue(label, source, text string) value {
	v := plainValue(label, text)
	v.source = source
	return v
}

func wrongValue(text string) value {
	v := plainValue("wrong", text)
	v.proof = false
	return v
}

// own makes a value of something held, or a wrong one.
func own(label, text, wrong string) []value {
	if text == "" {
		return []value{wrongValue(wrong)}
	}
	return []value{proofValue(label, label, text), wrongValue(wrong)}
}

// values lists what the attacker can put into a field, best first.
func (c *crawler) values(s *attackState, f parsedField) []value {
	has := c.row.holdings
	switch f.name {
	case "name":
		return []value{plainValue("alice", "alice"), wrongValue("nobody-here")}
	case "password":
		if s.newPassword != "" {
			return own("new password", s.newPassword, has.password+"x")
		}
		return own("password", has.password, "wrong horse staple")
	case "pin":
		return own("pin", has.pin, "271828")
	case "answer":
		return own("answer", has.answer, "no idea")
	case "new_password":
		return []value{plainValue("new", evilPassword)}
	case "code":
		return c.codeValues(s)
	case "mail":
		return []value{plainValue("mail", evilMail)}
	case "phone":
		return []value{plainValue("phone", evilPhone)}
	case "extension":
		return []value{plainValue("extension", "1")}
	case "reason":
		return []value{plainValue("reason", "because I say so")}
	case "choice":
		var out []value
		for _, o := range f.options {
			out = append(out, plainValue(o, o))
		}
		return out
	}
	return []value{plainValue(f.name, "1")}
}

// codeValues list everything the attacker could type where a code is asked for.
func (c *crawler) codeValues(s *attackState) []value {
	has := c.row.holdings
	out := []value{wrongValue("000000")}
	for _, x := range [][2]string{{"totp", has.totpKey}, {"new totp", s.newTOTPKey}} {
		if key := x[1]; key != "" {
			out = append(out, value{x[0], true, x[0], func(c *crawler, _ *attackState) string {
				c.inst.world.Clock.Move(30 * time.Second) // each code passes once
				return recoverytest.TOTP(c.inst.world, key)
			}})
		}
	}
	if len(has.codes) > 0 {
		out = append(out, proofValue("recovery code", "recovery code", has.codes[0]))
	}
	if len(s.newCodes) > 0 {
		out = append(out, proofValue("new recovery code", "new recovery code", s.newCodes[0]))
	}
	if s.ticket != "" {
		out = append(out, proofValue("ticket", "ticket", s.ticket))
	}
	for _, m := range c.readable(s) {
		if code := m.Vars["code"]; code != "" {
			out = append(out, proofValue(m.Template, m.Template, code))
		}
		if _, token, ok := strings.Cut(m.Vars["link"], "#"); ok {
			out = append(out, proofValue(m.Template+" link", m.Template, token))
		}
	}
	return append(out[1:], out[0])
}

// readable lists the newest message of each kind that the attacker reads.
func (c *crawler) readable(s *attackState) []recovery.Message {
	var out []recovery.Message
	for _, m := range slices.Backward(s.messages) {
		mine := slices.Contains(c.row.holdings.reads, m.To) || m.To == evilMail || m.To == evilPhone
		if mine && !slices.ContainsFunc(out, func(x recovery.Message) bool { return x.Template == m.Template }) {
			out = append(out, m)
		}
	}
	return out
}

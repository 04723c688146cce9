package engine_test

import (
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// newest is the newest message of a template that somebody with the holdings
// reads; of notices, the newest with a link.
func (inst *installation) newest(h holdings, template string) (recovery.Message, bool) {
	for _, m := range slices.Backward(inst.outbox) {
		if m.Template == template && slices.Contains(h.reads, m.To) && (template != "notice" || m.Vars["stop"] != "") {
			return m, true
		}
	}
	return recovery.Message{}, false
}

// proofForm is the form for a proof, if the state holds it.
func (inst *installation) proofForm(s *attackState, proof string) (in recovery.Input, ok bool) {
	sent := func(template string) (recovery.Input, bool) {
		m, ok := inst.newest(s.holdings, template)
		return recovery.Input{Code: secret.Text(m.Vars["code"])}, ok
	}
	switch proof {
	case recovery.Password:
		return recovery.Input{Password: secret.Text(s.holdings.password)}, s.holdings.password != ""
	case recovery.TOTP:
		if s.holdings.totpKey == "" {
			return in, false
		}
		return inst.totpForm(s.holdings.totpKey), true
	case recovery.Passkey:
		return inst.passkeyForm(s.holdings.passkey), s.holdings.passkey != ""
	case recovery.RecoveryCode:
		return s.holdings.paste()
	case recovery.MailLink:
		return sent("recover-code")
	case recovery.MailCode:
		return sent("mail-code")
	case recovery.SMSCode:
		return sent("sms-code")
	case recovery.NewContact:
		return sent("contact-code")
	case recovery.VouchedBy, recovery.VouchedBy + "*2":
		return recovery.Input{Code: "check"}, inst.vouch(s) > 0
	case recovery.PIN:
		return recovery.Input{PIN: secret.Text(s.holdings.pin)}, s.holdings.pin != ""
	case recovery.SecurityQuestion:
		return recovery.Input{Answer: secret.Text(s.holdings.answer)}, s.holdings.answer != ""
	}
	return in, false
}

// paste takes one code from each list: which of them counts is the engine's
// business, which reads a pasted list.
func (h *holdings) paste() (recovery.Input, bool) {
	var codes []string
	lists := slices.Clone(h.codes)
	for i, list := range lists {
		if len(list) > 0 {
			codes, lists[i] = append(codes, list[0]), list[1:]
		}
	}
	h.codes = lists
	return recovery.Input{Code: secret.Text(strings.Join(codes, " "))}, len(codes) > 0
}

// vouch lets the people the attacker commands sign in and approve, and counts
// them: contacts of the owner who were won over, and accomplices.
func (inst *installation) vouch(s *attackState) (n int) {
	for _, v := range inst.account(inst.ownerID).TrustedContacts {
		if mine := slices.Contains(accomplices(), v.Name); !mine && !slices.Contains(contacts()[:s.holdings.contacts], v.Name) {
			continue
		}
		n++
		f := &attackState{client: stranger()}
		inst.send(f, recovery.Input{Start: recovery.KindLogin, Name: v.Name, Password: contactPassword})
		f.client.Session, f.client.Device = f.holdings.session, f.holdings.device
		for _, in := range []recovery.Input{
			{Start: recovery.KindVouch}, {Code: secret.Text(s.flow.AskCode)}, {Password: contactPassword}, {Choice: "approve"},
		} {
			if !inst.send(f, in) {
				inst.t.Fatalf("%s: got a refusal at %+v, want to vouch", v.Name, f.step)
			}
		}
	}
	return n
}

const contactPassword = "a sentence that friends remember"

// contacts are whom the owner has named; accomplices are whom the attacker names.
func contacts() []string    { return []string{"contacta", "contactb"} }
func accomplices() []string { return []string{"accomplicea", "accompliceb"} }

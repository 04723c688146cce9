package engine_test

import (
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// read is the newest message of a template that the keyring reads.
func (l *lab) read(r keyring, template string) (recovery.Message, bool) {
	for _, m := range slices.Backward(l.post) {
		if m.Template == template && slices.Contains(r.reads, m.To) {
			return m, true
		}
	}
	return recovery.Message{}, false
}

// show makes the form for a proof, if the keyring has it.
func (l *lab) show(s *situation, proof string) (in recovery.Input, ok bool) {
	sent := func(template string) (recovery.Input, bool) {
		m, ok := l.read(s.ring, template)
		return recovery.Input{Code: secret.Text(m.Vars["code"])}, ok
	}
	switch proof {
	case recovery.Password:
		return recovery.Input{Password: secret.Text(s.ring.password)}, s.ring.password != ""
	case recovery.TOTP:
		if s.ring.key == "" {
			return in, false
		}
		return l.code(s.ring.key), true
	case recovery.RecoveryCode:
		return s.ring.paste()
	case recovery.MailLink:
		return sent("recover-code")
	case recovery.MailCode:
		return sent("mail-code")
	case recovery.SMSCode:
		return sent("sms-code")
	case recovery.NewContact:
		return sent("contact-code")
	case recovery.VouchedBy + "*2":
		return recovery.Input{Code: "check"}, l.vouch(s) > 0
	case recovery.PIN:
		return recovery.Input{PIN: secret.Text(s.ring.pin)}, s.ring.pin != ""
	case recovery.SecurityQuestion:
		return recovery.Input{Answer: secret.Text(s.ring.answer)}, s.ring.answer != ""
	}
	return in, false
}

// paste takes one code from each sheet: which of them counts is the engine's
// business, which reads a pasted list.
func (r *keyring) paste() (recovery.Input, bool) {
	var codes []string
	sheets := slices.Clone(r.sheets)
	for i, sheet := range sheets {
		if len(sheet) > 0 {
			codes, sheets[i] = append(codes, sheet[0]), sheet[1:]
		}
	}
	r.sheets = sheets
	return recovery.Input{Code: secret.Text(strings.Join(codes, " "))}, len(codes) > 0
}

// vouch lets the friends the attacker commands sign in and approve, and
// counts them: the owner's who were won over, and those named by the attacker.
func (l *lab) vouch(s *situation) (n int) {
	for _, v := range l.account(l.alice).TrustedContacts {
		if mine := slices.Contains(cronies(), v.Name); !mine && !slices.Contains(friends()[:s.ring.friends], v.Name) {
			continue
		}
		n++
		f := &situation{client: stranger()}
		l.send(f, recovery.Input{Start: recovery.KindLogin, Name: v.Name, Password: friendPassword})
		f.client.Session, f.client.Device = f.ring.session, f.ring.device
		for _, in := range []recovery.Input{
			{Start: recovery.KindVouch}, {Code: secret.Text(s.flow.AskCode)}, {Password: friendPassword}, {Choice: "approve"},
		} {
			if !l.send(f, in) {
				l.t.Fatalf("%s: got a refusal at %+v, want to vouch", v.Name, f.step)
			}
		}
	}
	return n
}

const friendPassword = "a sentence that friends remember"

// friends are the owner's, cronies the attacker's.
func friends() []string { return []string{"frienda", "friendb"} }
func cronies() []string { return []string{"cronya", "cronyb"} }

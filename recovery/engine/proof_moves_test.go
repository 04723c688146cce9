package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// move is one thing an attacker can do. do returns false when it was refused.
type move struct {
	name string
	do   func(*situation) bool
}

// form is the move of posting a form.
func (l *lab) form(name string, in recovery.Input) move {
	return move{name, func(s *situation) bool { return l.send(s, in) }}
}

// pass is the move of doing nothing for a while.
func (l *lab) pass(d time.Duration) move {
	return move{"wait " + d.String(), func(*situation) bool {
		l.now = l.now.Add(d)
		return true
	}}
}

// moves lists what can be done in a situation.
func (l *lab) moves(s *situation) []move {
	if s.flow == nil {
		return l.beginnings(s)
	}
	out := []move{{"give up", func(s *situation) bool {
		s.flow, s.step, s.next = nil, recovery.Step{}, keyring{}
		return true
	}}}
	if s.ring.session == "" { // whoever has a session has enough to do without looking at dying codes
		out = append(out, l.pass(5*time.Minute))
	}
	if s.step.Page == recovery.PageWait {
		out = append(out, l.form("begin to wait", recovery.Input{Choice: "wait"}))
	}
	for _, g := range s.step.Choices {
		out = append(out, l.form("choose "+string(g), recovery.Input{Choice: string(g)}))
	}
	for _, m := range s.step.Methods {
		if m != s.step.Method {
			out = append(out, l.form("ask for "+m, recovery.Input{Method: recovery.Bare(m)}))
		}
	}
	switch s.step.Ask {
	case recovery.AskMail:
		out = append(out, l.readdress(recovery.Input{Mail: evilMail}, evilMail))
	case recovery.AskPhone:
		out = append(out, l.readdress(recovery.Input{Phone: evilPhone}, evilPhone))
	case recovery.AskPerson:
		out = append(out, move{"name people of one's own", l.nameCronies})
	default:
		out = append(out, move{"show " + s.step.Method, func(s *situation) bool {
			in, ok := l.show(s, s.step.Method)
			return ok && l.send(s, in)
		}})
	}
	return out
}

// readdress names a new address that the attacker reads.
func (l *lab) readdress(in recovery.Input, to string) move {
	return move{"name " + to, func(s *situation) bool {
		if !slices.Contains(s.ring.reads, to) {
			s.ring.reads = append(slices.Clip(s.ring.reads), to)
		}
		return l.send(s, in)
	}}
}

// beginnings are the moves outside any flow.
func (l *lab) beginnings(s *situation) []move {
	out := []move{l.pass(5 * time.Minute), l.pass(24 * time.Hour), l.pass(72 * time.Hour)}
	fresh := stranger()
	if l.known {
		fresh.Device = l.owner.device
	}
	browsers := []recovery.Client{fresh}
	if s.ring.device != "" {
		stolen := stranger()
		stolen.Device, stolen.Session = s.ring.device, s.ring.session
		browsers = append(browsers, stolen)
		kinds := []recovery.Kind{recovery.KindChangeMail, recovery.KindNewCodes}
		if !l.lean {
			kinds = append(kinds, recovery.KindChangePhone, recovery.KindAddFactor, recovery.KindChangePassword)
		}
		a := l.account(l.alice)
		if l.names && !slices.ContainsFunc(a.TrustedContacts, func(v recovery.TrustedContact) bool { return slices.Contains(cronies(), v.Name) }) {
			kinds = append(kinds, recovery.KindAddContact)
		}
		for name, kind := range map[string]recovery.Kind{recovery.PIN: recovery.KindSetPIN, recovery.SecurityQuestion: recovery.KindSetQuestion} {
			if c := a.Credential(name); c != nil && c.Version == 1 { // replaced once is enough
				kinds = append(kinds, kind)
			}
		}
		slices.Sort(kinds)
		for _, k := range kinds {
			out = append(out, l.begin(stolen, "in the session", recovery.Input{Start: k}))
		}
	}
	for i, c := range browsers {
		where := []string{"as a stranger", "on the stolen browser"}[i]
		out = append(out,
			l.begin(c, where, recovery.Input{Start: recovery.KindRecover, Name: "alice"}))
		if s.ring.password != "" {
			out = append(out, l.begin(c, where, recovery.Input{Start: recovery.KindLogin, Name: "alice", Password: secret.Text(s.ring.password)}))
		}
	}
	out = append(out, l.begin(fresh, "as a stranger", recovery.Input{Start: recovery.KindUnlock, Name: "alice"}))
	if s.ring.boss {
		out = append(out, l.caseMove())
	}
	if s.ring.cases {
		out = append(out, move{"an administrator's case", l.openCase})
	}
	if l.stops {
		out = append(out, move{"press \"this wasn't me\"", l.freeze})
	}
	return out
}

func (l *lab) begin(c recovery.Client, where string, in recovery.Input) move {
	return move{"begin " + string(in.Start) + " " + where, func(s *situation) bool {
		s.client = c
		return l.send(s, in)
	}}
}

// nameCronies names both, one after the other, with the same kind of proof: a
// single one is of no use.
func (l *lab) nameCronies(s *situation) bool {
	strong := s.flow.Proofs[0].Method
	for i, name := range cronies() {
		if i > 0 && (!l.send(s, recovery.Input{Start: recovery.KindAddContact}) || s.step.Method != strong && !l.send(s, recovery.Input{Method: strong})) {
			return false
		}
		if i > 0 {
			in, ok := l.show(s, strong)
			if !ok || !l.send(s, in) {
				return false
			}
		}
		if !l.send(s, recovery.Input{Name: name}) {
			return false
		}
	}
	return true
}

// openCase lets an honest administrator open a case for the owner, whose link
// the attacker gets hold of.
func (l *lab) openCase(s *situation) bool {
	boss := &situation{client: stranger()}
	l.send(boss, recovery.Input{Start: recovery.KindLogin, Name: "boss", Password: friendPassword})
	boss.client.Session, boss.client.Device = boss.ring.session, boss.ring.device
	for _, in := range []recovery.Input{
		{Start: recovery.KindOpenCase, Name: "alice", Reason: "asked on the phone"}, {Password: friendPassword},
	} {
		if !l.send(boss, in) {
			l.t.Fatalf("boss: got a refusal at %+v, want to open a case", boss.step)
		}
	}
	m, ok := l.read(keyring{reads: []string{aliceMail}}, "admin-case")
	_, token, _ := strings.Cut(m.Vars["link"], "#")
	s.client = stranger()
	return ok && l.send(s, recovery.Input{Code: secret.Text(token)})
}

// freeze presses the button of the newest notice the keyring reads.
func (l *lab) freeze(s *situation) bool {
	m, ok := l.read(s.ring, "notice")
	return ok && l.account(l.alice).State == recovery.StateActive && l.stop(m)
}

func (l *lab) stop(m recovery.Message) bool {
	_, token, _ := strings.Cut(m.Vars["stop"], "?t=")
	ok, err := l.engine.Stop(l.t.Context(), token)
	if err != nil {
		l.t.Fatal(err)
	}
	return ok
}

// facts names a situation by all that decides what can be done in it: two of
// the same name are gone on from once. Times count in whole days from now, as
// the clock is moved. The situation is the one the lab is in.
func (l *lab) facts(s *situation) string {
	a := l.account(l.alice)
	_, alive, err := l.engine.Account(l.t.Context(), s.ring.session)
	if err != nil {
		l.t.Fatal(err)
	}
	out := []string{
		string(a.State), fmt.Sprint(a.SecondFactor, len(a.Credentials), a.OldCodes != nil, l.until(a.Probation), alive != nil),
		fmt.Sprint(strings.ReplaceAll(s.ring.password, again+again, again), s.ring.friends, s.ring.reads, s.ring.device != "", s.ring.pin, s.ring.answer),
	}
	if l.stops {
		_, told := l.read(s.ring, "notice")
		spent := l.until(a.CodeUsed.Add(l.engine.Policy.Lifetimes.Notice)) // then no code opens what is closed now
		out = append(out, fmt.Sprint(told, spent))
	}
	if a.UnfreezeWith != nil {
		out = append(out, fmt.Sprint(l.until(a.UnfreezeWith.Until), len(a.UnfreezeWith.Codes)))
	}
	if a.OldCodes != nil {
		out = append(out, fmt.Sprint(l.until(a.OldCodes.Until), len(a.OldCodes.Codes)))
	}
	for _, c := range a.Credentials {
		out = append(out, fmt.Sprint(c.Method, l.until(c.NoProofUntil), l.fits(c, s.ring)))
	}
	for _, v := range a.TrustedContacts {
		out = append(out, v.Name)
	}
	for _, c := range a.Addresses {
		out = append(out, fmt.Sprint(c.Value, l.until(c.ValidFrom), c.ValidUntil.IsZero(), l.until(c.ValidUntil)))
	}
	for _, w := range a.Waits {
		out = append(out, fmt.Sprint(w.Goal, w.Way, l.until(w.Ready), l.until(w.Until)))
	}
	return strings.Join(append(out, l.work(s)), "|")
}

// fits tells whether the keyring holds an authenticator or sheet that is the
// account's.
func (l *lab) fits(c recovery.Credential, r keyring) bool {
	switch c.Method {
	case recovery.TOTP:
		key, _ := method.TOTP{}.Key(c.Data, "")
		return key == r.key
	case recovery.RecoveryCode:
		in, _ := r.paste()
		a := &recovery.Account{ID: l.alice, State: recovery.StateActive, Credentials: []recovery.Credential{c}}
		return method.RecoveryCode{Keys: l.engine.Keys}.Try(a, string(in.Code), l.now)
	case recovery.PIN: // the owner's was there first
		return r.pin == map[bool]string{true: alicePIN, false: evilPIN}[c.Version == 1]
	case recovery.SecurityQuestion:
		return r.answer == map[bool]string{true: aliceAnswer, false: evilAnswer}[c.Version == 1]
	}
	return r.password != ""
}

// work names the flow that is open.
func (l *lab) work(s *situation) string {
	f := s.flow
	if f == nil {
		return ""
	}
	var sent []string
	for method, x := range f.Challenges {
		sent = append(sent, fmt.Sprint(method, l.now.Before(x.Expires)))
	}
	slices.Sort(sent)
	var proofs []string
	for _, p := range f.Proofs {
		proofs = append(proofs, p.Method)
	}
	slices.Sort(proofs)
	pending := slices.Sorted(maps.Keys(f.Pending))
	return fmt.Sprint(f.Kind, f.Goal, f.Picked, proofs, sent, pending, s.client.Device, f.Mail, f.Phone, s.step.Page, s.step.Method, l.now.Before(f.Expires))
}

// until is how many days are left, rounded up: what has passed is all alike.
func (l *lab) until(t time.Time) int {
	if !l.now.Before(t) {
		return 0
	}
	const day = 24 * time.Hour
	return int((t.Sub(l.now) + day - 1) / day)
}

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
	do   func(*attackState) bool
}

// formMove is the move of posting a form.
func (inst *installation) formMove(name string, in recovery.Input) move {
	return move{name, func(s *attackState) bool { return inst.send(s, in) }}
}

// waitMove is the move of doing nothing for a while.
func (inst *installation) waitMove(d time.Duration) move {
	return move{"wait " + d.String(), func(*attackState) bool {
		inst.now = inst.now.Add(d)
		return true
	}}
}

// moves lists what can be done in a state.
func (inst *installation) moves(s *attackState) []move {
	if s.flow == nil {
		return inst.entryMoves(s)
	}
	out := []move{{"give up", func(s *attackState) bool {
		s.flow, s.step, s.enrolled = nil, recovery.Step{}, holdings{}
		return true
	}}}
	if s.holdings.session == "" { // whoever has a session has enough to do without looking at dying codes
		out = append(out, inst.waitMove(5*time.Minute))
	}
	if s.step.Page == recovery.PageWait {
		out = append(out, inst.formMove("begin to wait", recovery.Input{Choice: "wait"}))
	}
	for _, g := range s.step.Choices {
		out = append(out, inst.formMove("choose "+string(g), recovery.Input{Choice: string(g)}))
	}
	for _, m := range s.step.Methods {
		if m != s.step.Method {
			out = append(out, inst.formMove("ask for "+m, recovery.Input{Method: m}))
		}
	}
	if s.step.ByBrowser {
		return append(out, inst.letInMoves()...)
	}
	switch s.step.Ask {
	case recovery.AskMail:
		out = append(out, inst.addressMove(recovery.Input{Mail: evilMail}, evilMail))
	case recovery.AskPhone:
		out = append(out, inst.addressMove(recovery.Input{Phone: evilPhone}, evilPhone))
	case recovery.AskPerson:
		out = append(out, move{"name people of one's own", inst.nameAccomplices})
	default:
		out = append(out, move{"show " + s.step.Method, func(s *attackState) bool {
			in, ok := inst.proofForm(s, s.step.Method)
			return ok && inst.send(s, in)
		}})
	}
	return out
}

// addressMove names a new address that the attacker reads.
func (inst *installation) addressMove(in recovery.Input, to string) move {
	return move{"name " + to, func(s *attackState) bool {
		if !slices.Contains(s.holdings.reads, to) {
			s.holdings.reads = append(slices.Clip(s.holdings.reads), to)
		}
		return inst.send(s, in)
	}}
}

// madeUp is what somebody says skips the second factor in a stolen browser, which
// was never remembered.
const madeUp = "made-up"

// entryMoves are the moves outside any flow.
func (inst *installation) entryMoves(s *attackState) []move {
	out := []move{inst.waitMove(5 * time.Minute), inst.waitMove(24 * time.Hour), inst.waitMove(72 * time.Hour)}
	fresh := stranger()
	if inst.knownBrowser {
		fresh.Device = inst.owner.device
	}
	browsers := []recovery.Client{fresh}
	if s.holdings.device != "" {
		stolen := stranger()
		token, _, _ := strings.Cut(s.holdings.device, ".")
		stolen.Device, stolen.Session = token+"."+madeUp, s.holdings.session
		browsers = append(browsers, stolen)
		for _, k := range inst.sessionKinds() {
			out = append(out, inst.beginMove(stolen, "in the session", recovery.Input{Start: k}))
		}
		out = append(out, inst.oneMoves(stolen)...)
	}
	for i, c := range browsers {
		where := []string{"as a stranger", "on the stolen browser"}[i]
		out = append(out,
			inst.beginMove(c, where, recovery.Input{Start: recovery.KindRecover, Name: "alice"}))
		if s.holdings.password != "" {
			out = append(out, inst.beginMove(c, where, recovery.Input{Start: recovery.KindLogin, Name: "alice", Password: secret.Text(s.holdings.password)}))
		}
	}
	out = append(out, inst.beginMove(fresh, "as a stranger", recovery.Input{Start: recovery.KindUnlock, Name: "alice"}))
	if s.holdings.passkey != "" {
		in := inst.passkeyForm(s.holdings.passkey)
		in.Start = recovery.KindLogin
		out = append(out, inst.beginMove(fresh, "with a passkey", in))
	}
	if s.holdings.inPerson {
		out = append(out, inst.inPersonMove())
	}
	if s.holdings.admin {
		out = append(out, move{"an administrator's case", inst.openCase})
		if inst.engine.Policy.TemporaryPassword {
			out = append(out, move{"a temporary password", inst.typeTemporary})
		}
	}
	if inst.pressesStop {
		out = append(out, move{"press \"this wasn't me\"", inst.freeze})
	}
	if inst.closes && inst.account(inst.ownerID).State == recovery.StateActive {
		out = append(out, move{"somebody closes the account", inst.close})
	}
	return out
}

// sessionKinds are the kinds that are worth to begin in a session.
func (inst *installation) sessionKinds() []recovery.Kind {
	kinds := []recovery.Kind{recovery.KindChangeMail, recovery.KindNewCodes}
	if !inst.fewChanges {
		kinds = append(kinds, recovery.KindChangePhone, recovery.KindAddFactor, recovery.KindChangePassword)
	}
	a := inst.account(inst.ownerID)
	if !inst.engine.Policy.Requires(a) && inst.engine.Methods.HasFactor(a) {
		kinds = append(kinds, recovery.KindDropFactor)
	}
	if inst.namesContacts && !slices.ContainsFunc(a.TrustedContacts, func(v recovery.TrustedContact) bool { return slices.Contains(accomplices(), v.Name) }) {
		kinds = append(kinds, recovery.KindAddContact)
	}
	for name, kind := range map[string]recovery.Kind{recovery.PIN: recovery.KindSetPIN, recovery.SecurityQuestion: recovery.KindSetQuestion} {
		if c := a.Credential(name); c != nil && c.Version == 1 { // replaced once is enough
			kinds = append(kinds, kind)
		}
	}
	if len(a.CredentialsOf(recovery.Passkey)) > 1 { // one more of one's own is enough
		kinds = slices.DeleteFunc(kinds, func(k recovery.Kind) bool { return k == recovery.KindAddFactor })
	}
	slices.Sort(kinds)
	return kinds
}

// close closes the account as the newest notice there could be would. Its owner
// may do so, whoever reads a notice, and whoever holds a first proof.
func (inst *installation) close(*attackState) bool {
	inst.change(func(a *recovery.Account) { a.Freeze(inst.now, inst.now, inst.engine.Policy.Lifetimes) })
	return true
}

func (inst *installation) beginMove(c recovery.Client, where string, in recovery.Input) move {
	return move{"begin " + string(in.Start) + " " + where, func(s *attackState) bool {
		s.client = c
		return inst.send(s, in)
	}}
}

// nameAccomplices names both, one after the other, with the same kind of proof: a
// single one is of no use.
func (inst *installation) nameAccomplices(s *attackState) bool {
	strong := s.flow.Proofs[0].Method
	for i, name := range accomplices() {
		if i > 0 && (!inst.send(s, recovery.Input{Start: recovery.KindAddContact}) || s.step.Method != strong && !inst.send(s, recovery.Input{Method: strong})) {
			return false
		}
		if i > 0 {
			in, ok := inst.proofForm(s, strong)
			if !ok || !inst.send(s, in) {
				return false
			}
		}
		if !inst.send(s, recovery.Input{Name: name}) {
			return false
		}
	}
	return true
}

// openCase lets an honest administrator open a case for the owner, whose link
// the attacker gets hold of.
func (inst *installation) openCase(s *attackState) bool {
	if admin, ok := inst.opensCase(); !ok || admin.flow != nil {
		inst.t.Fatalf("case: got a refusal at %+v, want to open a case", admin.step)
	}
	m, ok := inst.newest(holdings{reads: []string{aliceMail}}, "admin-case")
	_, token, _ := strings.Cut(m.Vars["link"], "#")
	s.client = stranger()
	return ok && inst.send(s, recovery.Input{Code: secret.Text(token)})
}

// freeze presses the button of the newest notice the attacker reads.
func (inst *installation) freeze(s *attackState) bool {
	m, ok := inst.newest(s.holdings, "notice")
	return ok && inst.account(inst.ownerID).State == recovery.StateActive && inst.stop(m)
}

func (inst *installation) stop(m recovery.Message) bool {
	_, token, _ := strings.Cut(m.Vars["stop"], "#")
	ok, err := inst.engine.Stop(inst.t.Context(), token, recovery.Client{})
	if err != nil {
		inst.t.Fatal(err)
	}
	return ok
}

// fingerprint names a state by all that decides what can be done in it: of two
// with the same name the search goes on from one. Times count in whole days from
// now, as the clock is moved. The state is the one the installation is in.
func (inst *installation) fingerprint(s *attackState) string {
	a := inst.account(inst.ownerID)
	out := []string{
		string(a.State), fmt.Sprint(a.SecondFactor, len(a.Credentials), a.OldCodes != nil, inst.daysUntil(a.Probation), inst.alive(a, s.holdings.session)),
		fmt.Sprint(strings.ReplaceAll(s.holdings.password, again+again, again), s.holdings.contacts, s.holdings.reads, s.holdings.device != "", s.holdings.pin, s.holdings.answer),
	}
	out = append(out, fmt.Sprint(inst.daysUntil(a.FirstFactor.Add(72*time.Hour)), a.Removed != nil, inst.sure(a, s)))
	if inst.closes {
		out = append(out, fmt.Sprint(inst.daysUntil(a.CodeUsed.Add(inst.engine.Policy.Lifetimes.Notice)), inst.ages(a)))
	}
	if inst.pressesStop {
		_, told := inst.newest(s.holdings, "notice")
		spent := inst.daysUntil(a.CodeUsed.Add(inst.engine.Policy.Lifetimes.Notice)) // then no code opens what is closed now
		out = append(out, fmt.Sprint(told, spent, inst.ripeness(a)))
	}
	if a.UnfreezeWith != nil {
		out = append(out, fmt.Sprint(inst.daysUntil(a.UnfreezeWith.Until), len(a.UnfreezeWith.Codes)))
	}
	if a.OldCodes != nil {
		out = append(out, fmt.Sprint(inst.daysUntil(a.OldCodes.Until), len(a.OldCodes.Codes)))
	}
	for _, c := range a.Credentials {
		out = append(out, fmt.Sprint(c.Method, inst.daysUntil(c.NoProofUntil), inst.fits(c, s.holdings)))
	}
	for _, v := range a.TrustedContacts {
		out = append(out, v.Name)
	}
	for _, c := range a.Addresses {
		out = append(out, fmt.Sprint(c.Value, inst.daysUntil(c.ValidFrom), c.ValidUntil.IsZero(), inst.daysUntil(c.ValidUntil)))
	}
	for _, w := range a.Waits {
		out = append(out, fmt.Sprint(w.Goal, w.Way, inst.daysUntil(w.Ready), inst.daysUntil(w.Until)))
	}
	return strings.Join(append(out, inst.flowFingerprint(s)), "|")
}

// alive tells whether a cookie is that of a session, as the engine does which would
// read the account once more.
func (inst *installation) alive(a *recovery.Account, cookie string) bool {
	id, sum := recovery.SplitSession(cookie)
	if id == "" {
		return false
	}
	if id != a.ID {
		inst.t.Fatalf("got a session of %s, want one of %s", id, a.ID)
	}
	session := a.Session(sum, inst.now)
	return session != nil && !session.Near
}

// sure tells whether the browser that the attacker has stands for more than the
// password.
func (inst *installation) sure(a *recovery.Account, s *attackState) bool {
	d := a.Device(s.holdings.device)
	return d != nil && d.Sure
}

// ages names what decides which credentials serve on a closed account: what was
// enrolled lately does not.
func (inst *installation) ages(a *recovery.Account) (out []string) {
	ban := inst.engine.Policy.Lifetimes.RecoveredBan
	lately := func(made time.Time) string {
		if a.State == recovery.StateFrozen {
			return fmt.Sprint(made.Add(ban).After(a.ClosedFor))
		}
		return fmt.Sprint(inst.daysUntil(made.Add(ban)))
	}
	for _, c := range a.Credentials {
		if !c.Initial {
			out = append(out, c.Method+lately(c.Created))
		}
	}
	for _, v := range a.TrustedContacts {
		out = append(out, lately(v.Since))
	}
	return out
}

// ripeness names what decides which sheet of codes would open the account.
func (inst *installation) ripeness(a *recovery.Account) (out []string) {
	week := inst.engine.Policy.Lifetimes.Notice
	for _, c := range a.Credentials {
		if c.Method == recovery.RecoveryCode || c.Method == recovery.TOTP {
			out = append(out, fmt.Sprint(c.Opens || c.Initial, inst.daysUntil(c.Created.Add(week))))
		}
	}
	return out
}

// sheet is one of recovery codes as it is stored, and a code that is tried on it.
type sheet struct{ stored, code string }

// fits tells whether a credential of the account is among the holdings.
func (inst *installation) fits(c recovery.Credential, r holdings) bool {
	switch c.Method {
	case recovery.TOTP:
		key, _ := method.AuthenticatorKey(c.Data, "", "")
		return key == r.totpKey
	case recovery.Passkey:
		return string(c.Data) == `"`+r.passkey+`"`
	case recovery.RecoveryCode:
		in, _ := r.paste()
		sheet := sheet{string(c.Data), string(in.Code)}
		fits, known := inst.fitting[sheet]
		if !known {
			a := &recovery.Account{ID: inst.ownerID, State: recovery.StateActive, Credentials: []recovery.Credential{c}}
			fits = method.RecoveryCode{Keys: inst.engine.Keys}.Try(a, sheet.code, inst.now)
			inst.fitting[sheet] = fits
		}
		return fits
	case recovery.PIN: // the owner's was there first
		return r.pin == map[bool]string{true: alicePIN, false: evilPIN}[c.Version == 1]
	case recovery.SecurityQuestion:
		return r.answer == map[bool]string{true: aliceAnswer, false: evilAnswer}[c.Version == 1]
	}
	return r.password != ""
}

// flowFingerprint names the flow that is open.
func (inst *installation) flowFingerprint(s *attackState) string {
	f := s.flow
	if f == nil {
		return ""
	}
	var sent []string
	for method, x := range f.Challenges {
		sent = append(sent, fmt.Sprint(method, inst.now.Before(x.Expires)))
	}
	slices.Sort(sent)
	var proofs []string
	for _, p := range f.Proofs {
		proofs = append(proofs, fmt.Sprint(p.Method, p.There))
	}
	slices.Sort(proofs)
	pending := slices.Sorted(maps.Keys(f.Pending))
	return fmt.Sprint(f.Kind, f.Goal, f.Picked, proofs, sent, pending, s.client.Device, f.Mail, f.Phone, f.Acts == inst.account(inst.ownerID).Acts, s.step.Page, s.step.Method, inst.now.Before(f.Expires))
}

// daysUntil is how many days are left, rounded up: what has passed is all alike.
func (inst *installation) daysUntil(t time.Time) int {
	if !inst.now.Before(t) {
		return 0
	}
	const day = 24 * time.Hour
	return int((t.Sub(inst.now) + day - 1) / day)
}

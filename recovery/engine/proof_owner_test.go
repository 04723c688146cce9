package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// defend lets the owner move. Who signs in fully ends every wait: then no
// chain with one succeeds, and every other still does. Who presses "this
// wasn't me" after a takeover closes the account for whatever it was taken
// over with, for as long as nobody who may vouch helps.
func defend(t *testing.T, p *recovery.Policy, odd *mutant, shape lint.Shape, n *tally) (faults []string) {
	t.Helper()
	l := newLab(t, p, odd)
	begin := l.open(shape)
	for _, set := range lint.Analyze(proofTable(p), shape).Sets {
		if slices.Contains(set.Sources, lint.SourceDevice) || !shape.TOTP {
			continue
		}
		n.minimal++
		thief := l.thief(begin, set.Sources)
		x := &search{lab: l, horizon: horizon, after: l.ownerSignsIn}
		end := x.run(thief)
		n.situations, n.steps = n.situations+len(x.seen), n.steps+x.steps
		if got, want := end != nil, !coolsDown(set); got != want {
			faults = append(faults, fmt.Sprintf("%s: %s: got signed in %v although the owner ends every wait, want %v", shape, set, got, want))
		}
		if fault := l.closed(shape, set, thief, n); fault != "" {
			faults = append(faults, fault)
		}
	}
	if shape.TOTP && shape.Mail && shape.Device {
		faults = append(faults, l.signedOut(begin)...)
	}
	n.shapes++
	return faults
}

// signedOut lets the owner replace the password: nobody who sat before a
// signed-in browser is signed in any more.
func (l *lab) signedOut(begin *situation) []string {
	s := l.thief(begin, nil)
	s.ring, s.client = l.owner, stranger()
	l.back(s)
	ok := l.send(s, recovery.Input{Start: recovery.KindRecover, Name: "alice"})
	for _, proof := range []string{recovery.MailLink, "", recovery.TOTP} {
		in := recovery.Input{Choice: string(recovery.GoalPassword)}
		if proof != "" {
			in, _ = l.show(s, proof)
		}
		ok = ok && l.send(s, in)
	}
	if !ok || !l.enrol(s) || s.flow != nil {
		return []string{fmt.Sprintf("the owner got stuck at %+v, want a new password", s.step)}
	}
	if a, _, err := l.engine.Account(l.t.Context(), l.owner.session); a != nil || err != nil {
		return []string{fmt.Sprintf("got a live session after a recovery (%v), want none", err)}
	}
	return nil
}

// coolsDown tells whether the fastest chain of a set has a cool-down in it.
func coolsDown(set lint.Takeover) bool {
	return slices.ContainsFunc(set.Chain, func(s lint.Step) bool { return strings.Contains(s.Name, " wait ") })
}

// ownerSignsIn lets the owner sign in as soon as there is a wait, if the
// owner's credentials still work.
func (l *lab) ownerSignsIn(*situation) {
	if len(l.account(l.alice).Waits) > 0 {
		l.signIn(&situation{ring: l.owner})
	}
}

// closed takes the account over, lets the owner press the button of the newest
// notice, and lets the thief go on for as long as anything is remembered.
func (l *lab) closed(shape lint.Shape, set lint.Takeover, thief *situation, n *tally) string {
	x := &search{lab: l, horizon: horizon}
	taken := x.run(thief)
	if taken == nil {
		return ""
	}
	l.back(taken)
	owner := keyring{reads: []string{aliceMail, alicePhone}}
	notice, told := l.read(owner, "notice")
	if !told {
		return "" // nothing has changed but a browser that nobody knew before
	}
	if !l.stop(notice) {
		return fmt.Sprintf("%s: %s: got a refusal, want the notice to freeze", shape, set)
	}
	if a, _, err := l.engine.Account(l.t.Context(), taken.ring.session); a != nil || err != nil {
		return fmt.Sprintf("%s: %s: got a live session after the account was frozen (%v)", shape, set, err)
	}
	taken.in = false
	l.keep(taken)
	x = &search{lab: l, horizon: 5 * 24 * time.Hour}
	end := x.run(taken)
	n.situations, n.steps = n.situations+len(x.seen), n.steps+x.steps
	helped := isPart([]string{lint.SourceMail, "contact*2"}, set.Sources)
	if got := end != nil; got != helped {
		path := ""
		if end != nil {
			path = strings.Join(end.path[len(taken.path):], ", ") + " after " + end.at.Sub(taken.at).String()
		}
		return fmt.Sprintf("%s: %s: frozen by the owner, got opened again %v, want %v: %s", shape, set, got, helped, path)
	}
	return ""
}

// TestOwnerMoves is the half of the proof in which the owner is awake.
func TestOwnerMoves(t *testing.T) {
	recoverytest.Slow(t)
	var n tally
	shapes := proofShapes()
	if recoverytest.UnderRace {
		shapes = shapes[1:4]
	}
	for _, shape := range shapes {
		for _, fault := range defend(t, proofPolicy(), nil, shape, &n) {
			t.Error(fault)
		}
	}
	t.Log(n)
}

// TestThiefFreezes lets an attacker press "this wasn't me" in notices that can
// be read there. Closing an account must open nothing: no set that the lint
// leaves out gets anywhere by it.
func TestThiefFreezes(t *testing.T) {
	recoverytest.Slow(t)
	var n tally
	shapes := append(proofShapes()[1:6], lint.Shape{TOTP: true, Codes: true, Mail: true, Phone: true, Contacts: 2})
	for _, shape := range shapes {
		l := newLab(t, proofPolicy(), nil)
		begin := l.open(shape)
		l.stops = true
		for _, sources := range harmless(shape, lint.Analyze(proofTable(proofPolicy()), shape).Sets) {
			n.maximal++
			x := &search{lab: l, horizon: horizon}
			end := x.run(l.thief(begin, sources))
			n.situations, n.steps = n.situations+len(x.seen), n.steps+x.steps
			if end != nil {
				t.Errorf("%s: %v signed in: %s", shape, sources, strings.Join(end.path, ", "))
			}
		}
		n.shapes++
	}
	t.Log(n)
}

package recovery_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
)

var update = flag.Bool("update", false, "rewrite FLOWS.md")

const flowsFile = "FLOWS.md"

const flowsHead = `# Flows

What [next.go](next.go) asks for, and in which order, with the ways back of the default policy. **Do not edit:** this page is walked
out of the code by flows_doc_test.go; after a change run ` + "`go test ./recovery -run TestFlows -update`" + `.

A box is a page, and on it the proof it asks for first; an arrow is what was shown or done. Nobody sets a state: from every box the
next one is computed from what has been proved so far, so arrows cannot be jumped over.
`

// chapter is one diagram: a kind, for a recovery one goal of it.
type chapter struct {
	kind    recovery.Kind
	goal    recovery.Goal
	heading string
	text    string
	end     string // what has happened when nothing is missing
	shapes  []shape
}

// shape is an account as it stands when the flow begins.
type shape struct {
	name    string
	account *recovery.Account
	device  *recovery.Device
}

func chapters() []chapter {
	full := person(recovery.Password, recovery.TOTP, recovery.RecoveryCode)
	full.Vouchers = []recovery.Voucher{{ID: "r", Name: "robin"}, {ID: "c", Name: "carol"}}
	full.Groups = []string{recovery.GroupAdmins}
	plain := person(recovery.Password)
	codes := person(recovery.Password, recovery.RecoveryCode)
	probation, frozen, blank := *full, *full, &recovery.Account{}
	probation.Probation = noon.Add(time.Hour)
	frozen.State = recovery.StateFrozen
	trusted := &recovery.Device{Remembered: noon.Add(time.Hour)}

	one := []shape{{"", full, nil}}
	factor := []shape{{"a second factor", full, nil}, {"none", plain, nil}}
	settled := append(slices.Clone(factor), shape{"recovered today", &probation, nil})
	signIn := []shape{{"a second factor", full, nil}, {"trusted browser", full, trusted}, {"none, unknown browser", plain, nil}, {"none, known browser", plain, &recovery.Device{}}}
	return []chapter{
		{"login", "", "Sign in", "The password, and then the second factor or a recovery code; without a second factor an unknown browser needs a code from the mailbox.", "signed in", signIn},
		{"recover", "password", "Recover: the password", "The mailbox alone is less than a login with two factors, so it is never enough for one.", "new password, all sessions ended: sign in", []shape{{"a second factor", full, nil}, {"none", codes, nil}}},
		{"recover", "second_factor", "Recover: the second factor", "Old authenticators, codes, trusted browsers and sessions end in the write that puts the new ones in.", "new factor and codes, all sessions ended: sign in", one},
		{"recover", "both", "Recover: password and second factor", "What is enough for both is enough for each, so these ways are also in the two diagrams above.", "everything new, all sessions ended: sign in", one},
		{"recover", "both", "Recover: an account closed by \"this wasn't me\"", "Nothing that the change in question put there opens it: the codes are those of before the change, kept for 72 hours.", "open again, everything new: sign in", []shape{{"closed", &frozen, nil}}},
		{"unlock", "", "Lift a lock", "One thing a stranger at the sign-in page does not have lets passwords be tried again, and does nothing else.", "wrong passwords forgotten: sign in", one},
		{"setup", "", "Set up", "The link in the log makes the first account, an administrator, and does not sign in.", "first account made: sign in", []shape{{"", blank, nil}}},
		{"activate", "", "Accept an invitation", "The invited person makes every credential; nobody else ever knows one of them.", "account open: sign in", []shape{{"", blank, nil}}},
		{"change_password", "", "Change the password", "All other sessions end; with `ask pin for change_password` the PIN comes after the password.", "new password, this session stays", factor},
		{"add_factor", "", "Replace the authenticator", "The new authenticator comes with new recovery codes, and the old ones of both end.", "new factor and codes", settled},
		{"new_codes", "", "Make new recovery codes", "Ten new codes replace the ones on the old sheet.", "new codes", settled},
		{"change_mail", "", "Change the mail address", "The new address answers first and counts after 72 hours; until then the old one counts and can undo it.", "new address taken in", settled},
		{"change_phone", "", "Change the phone number", "As with the mail address.", "new number taken in", settled},
		{"set_pin", "", "Set a PIN", "A PIN is only ever asked in addition to something else.", "PIN set", settled},
		{"set_question", "", "Set a security question", "So is the answer; with `ask question for recover` it comes after the first proof of a recovery.", "question set", settled},
		{"add_contact", "", "Name somebody who may vouch", "Up to five people with an account here; two of them and the mailbox are a way back.", "may vouch", settled},
		{"approve_contact", "", "Vouch for somebody", "The person who asks reads a code out over the phone; whoever vouches types it and proves a second factor.", "vouched, both are told", settled},
		{"open_case", "", "Open a case", "An administrator has a link sent to the person's own address and never sees it.", "link sent, the person is told", []shape{{"administrator", full, nil}, {"anybody else", plain, nil}}},
		{"step_up", "", "Prove it is still you", "Asked before what a borrowed browser should not do.", "fresh for ten minutes", factor},
		{"drill", "", "Try a recovery code", "The code is checked like a real one and not used up.", "known to work", one},
	}
}

// node is a step and what follows; equal ones are one box.
type node struct {
	id    int
	label string
	end   bool
	next  []edge
}

type edge struct {
	by string
	to *node
}

// walk draws one chapter.
type walk struct {
	chapter
	nodes   []*node
	byShape map[string]*node
}

func (w *walk) facts(f *recovery.Flow, a *recovery.Account, d *recovery.Device) recovery.Facts {
	return recovery.Facts{Flow: f, Account: a, Device: d, Policy: recovery.Default(), Methods: method.All(method.Set{Has: everything}), Now: noon}
}

// from computes the step the facts lead to, and all after it; nil when this
// is no path to the goal of the chapter.
func (w *walk) from(f recovery.Facts) *node {
	step := recovery.Next(f)
	switch {
	case step.Done && !w.reached(f.Flow):
		return nil
	case step.Done:
		return w.add(&node{label: w.end, end: true})
	case step.Dead != "":
		return w.add(&node{label: step.Page, end: true})
	}
	n := &node{label: step.Page + asks(step)}
	for _, by := range answers(step, w.goal) {
		if to := w.from(answered(f, step, by)); to != nil {
			n.follow(edge{spoken(step, by), to})
		}
	}
	if n.next == nil {
		return nil
	}
	return w.add(n)
}

// reached tells whether what was made new is what the chapter is about: where
// only one thing can be mended, no page asks which.
func (w *walk) reached(f *recovery.Flow) bool {
	want := map[recovery.Goal][]string{
		recovery.GoalPassword:     {recovery.Password},
		recovery.GoalSecondFactor: {recovery.RecoveryCode, recovery.TOTP},
		recovery.GoalBoth:         {recovery.Password, recovery.RecoveryCode, recovery.TOTP},
	}[w.goal]
	return want == nil || slices.Equal(slices.Sorted(maps.Keys(f.Pending)), want)
}

// answers lists what can be done on a page.
func answers(step recovery.Step, goal recovery.Goal) []string {
	switch {
	case slices.Contains(step.Choices, goal):
		return []string{string(goal)}
	case step.Choices != nil:
		return nil
	}
	return append([]string{step.Method}, step.Methods...)
}

// answered is the facts after a step was satisfied one way.
func answered(f recovery.Facts, step recovery.Step, by string) recovery.Facts {
	flow := *f.Flow
	f.Flow = &flow
	switch {
	case step.Choices != nil:
		flow.Goal = recovery.Goal(by)
	case by == "wait":
		a := *f.Account
		f.Account, a.Waits = &a, waits(f)
	case step.Enroll:
		flow.Pending = enrolled(&flow, by)
	case by == "": // one form takes name and password
		flow.Name, flow.Pending = "alice", enrolled(&flow, recovery.Password)
	case !fill(&flow, by):
		flow.Proofs = append(slices.Clone(flow.Proofs), recovery.Proof{Method: by, At: noon})
	}
	return f
}

func enrolled(f *recovery.Flow, name string) map[string]recovery.Pending {
	p := map[string]recovery.Pending{name: {Confirmed: true}}
	maps.Copy(p, f.Pending)
	return p
}

// fill sets the field of a step that asks for no proof.
func fill(f *recovery.Flow, by string) bool {
	field := map[string]*string{
		"change_mail": &f.Mail, "change_phone": &f.Phone, "add_contact": &f.Person, "approve": &f.Vouch,
		"open_case": &f.Reason, "vouch": &f.Reason, "drill": &f.Reason,
	}[by]
	if field != nil {
		*field = "x"
	}
	return field != nil
}

// waits are those that could have been begun with what was shown, all over.
func waits(f recovery.Facts) []recovery.Wait {
	var out []recovery.Wait
	for _, goal := range []recovery.Goal{f.Flow.Goal, recovery.GoalBoth} {
		for _, way := range f.Policy.Ways[goal] {
			if way.Wait > 0 && !slices.ContainsFunc(way.Proofs, func(p string) bool { return !f.Flow.Has(p) }) {
				out = append(out, recovery.Wait{Goal: f.Flow.Goal, Way: slices.Sorted(slices.Values(way.Proofs)), Ready: noon, Until: noon.Add(time.Hour)})
			}
		}
	}
	return out
}

// follow adds an edge; several to the same box are one arrow.
func (n *node) follow(e edge) {
	for i := range n.next {
		if n.next[i].to == e.to {
			n.next[i].by += " or " + e.by
			return
		}
	}
	n.next = append(n.next, e)
}

// add returns the box that is the same as n, or n itself.
func (w *walk) add(n *node) *node {
	key := fmt.Sprint(n.label, n.end)
	for _, e := range n.next {
		key += fmt.Sprintf("|%s>%d", e.by, e.to.id)
	}
	if old := w.byShape[key]; old != nil {
		return old
	}
	n.id = len(w.nodes)
	w.nodes, w.byShape[key] = append(w.nodes, n), n
	return n
}

// spoken is a method in words.
func spoken(step recovery.Step, by string) string {
	words := map[string]string{
		"": "name and password", "change_mail": "new address", "change_phone": "new number", "add_contact": "person", "open_case": "reason",
		"approve": "code read out", "vouch": "approval", "drill": "recovery code, kept", "new_contact": "code sent there",
		"setup": "link of the log", "invite": "invitation", "wait": "wait of 24 hours", "admin": "link of a case", "rescue": "rescue link",
		"contact*2": "two people vouch", "totp": "authenticator", "sms_code": "text message", "pin": "PIN", "question": "question",
	}
	text, ok := words[by]
	if !ok {
		text = strings.ReplaceAll(by, "_", " ")
	}
	if step.Enroll {
		return "new " + text
	}
	return text
}

func asks(step recovery.Step) string {
	if step.Choices != nil {
		return ""
	}
	return "<br/>" + spoken(step, step.Method)
}

// draw renders the chapter.
func (c chapter) draw(t *testing.T, out *bytes.Buffer) {
	t.Helper()
	w := &walk{chapter: c, byShape: map[string]*node{}}
	start := &node{label: "signed in", end: true}
	who := recovery.Next(w.facts(&recovery.Flow{Kind: c.kind}, nil, nil).orKnown(c.shapes[0].account))
	for _, s := range c.shapes {
		flow := &recovery.Flow{Kind: c.kind}
		if s.account.State == recovery.StateFrozen {
			flow.Goal = recovery.GoalBoth // the engine sets it, whoever asks
		}
		if to := w.from(w.facts(flow, s.account, s.device)); to != nil {
			start.follow(edge{s.name, to})
		}
	}
	_ = who
	if len(start.next) == 0 {
		t.Fatalf("%s %s: got no path to the end", c.kind, c.goal)
	}
	fmt.Fprintf(out, "\n## %s\n\n%s\n\n```mermaid\nflowchart LR\n", c.heading, c.text)
	_ = strconv.Itoa
	fmt.Fprint(out, "```\n")
}

var _ = ast.Inspect
var _ = parser.ParseFile
var _ token.Pos
var _ = os.ReadFile

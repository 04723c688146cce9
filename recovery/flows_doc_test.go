package recovery_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

var update = flag.Bool("update", false, "rewrite FLOWS.md")

const flowsFile = "FLOWS.md"

const flowsHead = `# Flows

What [recipe.go](recipe.go) asks for, and in which order, with the ways back of the default policy. **Do not edit:** this page is walked
out of the code by flows_doc_test.go; after a change run ` + "`go test ./recovery -run TestFlows -update`" + `.

A box is a page, and on it the proof it asks for first; an arrow is what was shown or done, "or" any one of several. Nobody sets a
state: the next box is computed from what has been proved so far, so none can be skipped.
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
	ticket  string // the proof the flow begins with
	mute    bool   // no mail can be sent
	free    bool   // only administrators must have a second factor
	known   bool   // a known device is asked for
}

func chapters() []chapter {
	full := recoverytest.Account(recovery.Password, recovery.TOTP, recovery.RecoveryCode)
	full.TrustedContacts = []recovery.TrustedContact{{ID: "r", Name: "robin"}, {ID: "c", Name: "carol"}}
	full.Groups = []string{recovery.GroupAdmins}
	plain := recoverytest.Account(recovery.Password)
	codes := recoverytest.Account(recovery.Password, recovery.RecoveryCode)
	probation, frozen := *full, *full
	probation.Probation = noon.Add(time.Hour)
	frozen.State, frozen.UnfreezeWith = recovery.StateFrozen, &recovery.OldCodes{Codes: full.Credential(recovery.RecoveryCode).Data}
	member := full.Clone()
	member.Groups = nil
	one := []shape{{account: full}}
	typed := &recovery.Account{}
	typed.AddAddresses("alice@example.org", "+41791234567")
	empty := []shape{{name: "", account: typed}}
	factor := []shape{{name: "a second factor", account: full}, {name: "none", account: plain}}
	settled := append(slices.Clone(factor), shape{name: "recovered today", account: &probation})
	unasked := []shape{{account: marked(full, recovery.AnsweredNo)}}
	signIn := []shape{
		factor[0],
		{name: "a second factor, trusted browser", account: full, device: remembered(noon.Add(time.Hour))},
		{name: "none, unknown browser", account: plain},
		{name: "none, known browser", account: plain, device: &recovery.Device{}},
	}
	linked := func(a *recovery.Account) []shape {
		return []shape{{account: a}, {account: a, ticket: recovery.Admin}, {account: a, ticket: recovery.Rescue}}
	}
	known := []shape{{name: "known for a day", account: knownFor(full, 24*time.Hour)}, {name: "known for less", account: knownFor(full, time.Hour)}}
	password := append([]shape{factor[0], {name: "none", account: codes}}, linked(full)[1:]...)
	return slices.Concat([]chapter{
		{"login", "", "Sign in", "The password, and then the second factor or a recovery code; without a second factor an unknown browser needs a code from the mailbox.", "signed in", signIn},
		{"login", "", "Sign in where a known device is asked for", "With `require known_device`, in a browser that the account does not know. Where another one could answer now it is asked, else a mail code or recovery code beside the factor.", "signed in", strictSignIns(full)},
		{"recover", "password", "Recover: the password", "The mailbox alone is less than a login with two factors, so it is never enough for one.", "new password, all sessions ended: sign in", password},
		{"recover", "second_factor", "Recover: the second factor", "Old authenticators, codes, trusted browsers and sessions end in the write that puts the new ones in.", "new factor and codes, all sessions ended: sign in", linked(full)},
		{"recover", "both", "Recover: password and second factor", "What is enough for both is enough for each, so these ways are also in the two diagrams above.", "everything new, all sessions ended: sign in", linked(full)},
		{"recover", "both", "Recover: an account closed by \"this wasn't me\"", "The ways for both, with their waits. The codes are those of the newest sheet that counts: of set-up, or a week old and followed by a full sign-in.", "open again, everything new: sign in", linked(&frozen)},
		{"unlock", "", "Lift a lock", "One thing a stranger at the sign-in page does not have lets passwords be tried again, and does nothing else.", "wrong passwords forgotten: sign in", one},
		{"setup", "", "Set up", "The link in the log makes the first account, an administrator, who is signed in then: password and factor were shown in it. The codes are asked for the addresses that were given, where anything can be sent.", "first account made, signed in", empty},
		{"activate", "", "Accept an invitation", "The invited person makes every credential; nobody else ever knows one of them. An invitation that was mailed has answered for the mailbox. It ends signed in, in the browser that the link is bound to.", "account open, signed in", empty},
		{"activate", "", "Accept an invitation without a second factor", "With `require second_factor for GROUP...` everybody else may say *later*, and the password is longer then. A shorter one is asked for anew when *later* comes after it.", "account open, signed in", []shape{{account: newcomer(), free: true}}},
		{"change_password", "", "Change the password", "All other sessions end; with `ask pin for change_password` the PIN comes after the password.", "new password, this session stays", factor},
		{"drop_password", "", "Go without a password", "For an account with something that signs in alone and is there twice; else a recovery code is tried, and not used up.", "no password, the passkey signs in", settled},
		{"add_factor", "", "Add or replace a second factor", "One in the place of another comes with new recovery codes, and the old ones of both end; so does the first one, and one that a recovery code was shown for. One beside others leaves the codes as they are.", "new factor, and codes", settled},
		{"drop_factor", "", "Go without a second factor", "Where none is required. It asks the factor itself, and another password where the one there is may be too short to stand alone.", "no second factor, all other sign-ins ended", []shape{{name: "need not have one", account: member, free: true}, {name: "must have one", account: full, free: true}}},
		{"new_codes", "", "Make new recovery codes", "Ten new codes replace the ones on the old sheet.", "new codes", settled},
		{"change_mail", "", "Change the mail address", "The new address answers first and counts after 72 hours; until then the old one counts and can undo it.", "new address taken in", settled},
		{"change_phone", "", "Change the phone number", "As with the mail address.", "new number taken in", settled},
		{"confirm_mail", "", "Confirm the mail address", "An address that was skipped at set-up or activation, or is older than that step. It counts at once: it is the one that stands in the account.", "address confirmed", unasked},
		{"confirm_phone", "", "Confirm the phone number", "As with the mail address.", "number confirmed", unasked},
		{"set_pin", "", "Set a PIN", "A PIN is only ever asked in addition to something else.", "PIN set", settled},
		{"set_question", "", "Set a security question", "An answer is only ever asked in addition, too; with `ask question for recover` it comes after the first proof of a recovery.", "question set", settled},
		{"add_contact", "", "Name somebody who may vouch", "Up to ten people with an account here; two of them and the mailbox are a way back.", "may vouch", settled},
		{"approve_contact", "", "Vouch for somebody", "The person who asks reads a code out over the phone; whoever vouches types it and proves a second factor.", "vouched, both are told", settled},
		{"let_in", "", "Let another device in", "A known browser shows who asks; the number that the new one shows comes first, then a proof, then one click: at once, or with a code to be typed there.", "the new browser may go on", known},
		{"open_case", "", "Open a case", "An administrator has a link sent to the person's own address and never sees it.", "link sent, the person is told", []shape{{name: "administrator", account: full}, {name: "anybody else", account: plain}}},
		{"step_up", "", "Prove it is still you", "An administrator who changes another account has to have shown this within ten minutes.", "good for ten minutes", factor},
		{"drill_contact", "", "Try out who could vouch", "The same call and the same code as when everything is lost; whoever vouches does it as for real.", "known to work", one},
		{"drill", "", "Try a recovery code", "The code is checked like a real one and not used up.", "known to work", one},
	}, byLink(empty), oneOfSeveral(full), temporarily(member, plain), unmailed(full), deleted(settled))
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
	nodes []*node
	same  map[string]*node
}

func (w *walk) facts(f *recovery.Flow, s shape) recovery.Facts {
	policy := recovery.Default()
	policy.KnownDevice, policy.TemporaryPassword = s.known, true
	if s.free {
		policy.FactorFor = []string{recovery.GroupAdmins}
	}
	if s.account != nil {
		if c := s.account.Credential(recovery.Passkey); c != nil {
			f.Credential = c.ID
		}
	}
	return recovery.Facts{Flow: f, Account: s.account, Device: s.device, Client: recovery.Client{Device: skipping}, Policy: policy, Methods: method.All(method.Set{Has: s.has}), Now: noon}
}

// from computes the step the facts lead to, and all after it; nil when this
// is no path to the goal of the chapter.
func (w *walk) from(f recovery.Facts) *node {
	step := recoverytest.Next(f)
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
		if to := w.from(answered(f, step, by, w.goal)); to != nil {
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
		recovery.GoalSecondFactor: {recovery.Factor, recovery.RecoveryCode},
		recovery.GoalBoth:         {recovery.Factor, recovery.Password, recovery.RecoveryCode},
	}[w.goal]
	var made []string
	for name := range f.Pending {
		if name == recovery.TOTP || name == recovery.Passkey {
			name = recovery.Factor
		}
		made = append(made, name)
	}
	slices.Sort(made)
	return want == nil || slices.Equal(made, want)
}

// asked names what a step asks for.
func asked(step recovery.Step) string {
	if step.Method != "" {
		return step.Method
	}
	return string(step.Ask)
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
	if old := w.same[key]; old != nil {
		return old
	}
	n.id = len(w.nodes)
	w.nodes, w.same[key] = append(w.nodes, n), n
	return n
}

// spoken is a method in words.
func spoken(step recovery.Step, by string) string {
	words := map[string]string{
		"name": "name and password", "change_mail": "new address", "change_phone": "new number", "add_contact": "person", "open_case": "person and reason",
		"approve": "code read out", "vouch": "approval", "factor": "which second factor", "drill": "recovery code, not used up", "new_contact": "code sent there",
		"confirm_mail": "code in the mailbox", "confirm_phone": "code sent to the number", "skip": "nothing: it stays unconfirmed", "later": "later",
		"admin_in_person": "code handed over in person", "setup": "link of the log", "group_invite": "link for a group", "join_mail": "mail address", "join_name": "name", "let_in": "number of the new device", "hand_over": "last click", "device": "a known device lets it in", "invite": "invitation", "wait": "wait of 24 hours", "admin": "link of a case", "rescue": "rescue link",
		"contact*2": "two people vouch", "contact": "one person vouches", "totp": "authenticator", "sms_code": "text message", "pin": "PIN", "question": "question",
	}
	text, ok := words[by]
	if !ok {
		text = strings.ReplaceAll(by, "_", " ")
	}
	switch {
	case step.Enroll && by == recovery.RecoveryCode:
		return "new recovery codes"
	case step.Enroll && by != recovery.AdminInPerson && by != recovery.Later:
		return "new " + text
	}
	return text
}

func asks(step recovery.Step) string {
	if step.Choices != nil {
		return ""
	}
	return "<br/>" + spoken(step, asked(step))
}

// starts are the boxes a flow begins in: where a name is typed, the account
// page, or a link that came from elsewhere.
func (w *walk) starts() []*node {
	typed, signedIn, link := &node{}, &node{label: "signed in", end: true}, &node{label: "a link from elsewhere", end: true}
	if recipe := recovery.RecipeOf(recovery.Recipes(), w.kind); recipe.Anyone {
		typed.label = recoverytest.Next(w.facts(&recovery.Flow{Kind: w.kind}, shape{})).Page + "<br/>name"
	}
	for _, s := range w.shapes {
		flow := &recovery.Flow{Kind: w.kind}
		if recovery.RecipeOf(recovery.Recipes(), w.kind).Typed != "" {
			flow.Goal = w.goal // nobody is asked
		}
		if s.account.State == recovery.StateFrozen {
			flow.Goal = recovery.GoalBoth // the engine sets it: what else is lost is not known
		}
		if s.ticket != "" {
			flow.Proofs = []recovery.Proof{{Method: s.ticket, At: noon}}
		}
		if len(s.account.Sessions) > 0 {
			flow.Session = s.account.Sessions[0].ID
		}
		to := w.from(w.facts(flow, s))
		switch {
		case to == nil:
		case s.ticket != "":
			link.follow(edge{spoken(recovery.Step{}, s.ticket), to})
		case typed.label != "":
			typed.follow(edge{s.name, to})
		case !recovery.RecipeOf(recovery.Recipes(), w.kind).SignedIn:
			return []*node{to}
		default:
			signedIn.follow(edge{s.name, to})
		}
	}
	return slices.DeleteFunc([]*node{typed, signedIn, link}, func(n *node) bool { return n.next == nil })
}

// draw renders the chapter.
func (c chapter) draw(t *testing.T, out *bytes.Buffer) {
	t.Helper()
	w := &walk{chapter: c, same: map[string]*node{}}
	todo := w.starts()
	if len(todo) == 0 {
		t.Fatalf("%s: got no path to the end, want at least one", c.heading)
	}
	fmt.Fprintf(out, "\n## %s\n\n%s\n\n```mermaid\nflowchart LR\n", c.heading, c.text)
	number, drawn := map[*node]int{}, map[*node]bool{}
	box := func(n *node) string {
		if i, known := number[n]; known {
			return fmt.Sprintf("n%d", i)
		}
		number[n] = len(number)
		if n.end {
			return fmt.Sprintf("n%d([%q])", number[n], n.label)
		}
		return fmt.Sprintf("n%d[%q]", number[n], n.label)
	}
	for ; len(todo) > 0; todo = todo[1:] {
		n := todo[0]
		if drawn[n] {
			continue
		}
		drawn[n] = true
		for _, e := range n.next {
			by := ""
			if e.by != "" {
				by = fmt.Sprintf("|%q|", e.by)
			}
			fmt.Fprintf(out, "    %s -->%s %s\n", box(n), by, box(e.to))
			todo = append(todo, e.to)
		}
	}
	fmt.Fprint(out, "```\n")
}

func TestFlows(t *testing.T) {
	var got bytes.Buffer
	got.WriteString(flowsHead)
	for _, c := range chapters() {
		c.draw(t, &got)
	}
	if *update {
		if err := os.WriteFile(flowsFile, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(flowsFile)
	if err != nil {
		t.Fatal(err)
	}
	a, b := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s:%d: got %q, want %q: run with -update and read what changed", flowsFile, i+1, a[i], b[i])
		}
	}
	if len(a) != len(b) {
		t.Fatalf("%s: got %d lines, want %d: run with -update", flowsFile, len(a), len(b))
	}
}

package web_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// flowWalker is somebody who walks a flow and tries another way at every step.
type flowWalker struct {
	t     *testing.T
	w     *recoverytest.World
	p     *recoverytest.Person
	b     *recoverytest.Browser
	steps int
}

// proofHeadings tells pages that ask for a proof apart by their headings.
func proofHeadings() map[string]string {
	return map[string]string{
		recovery.MailLink: "Check your messages", recovery.TOTP: "Enter your code", recovery.SMSCode: "Enter the code we texted you",
		recovery.MailCode: "Enter the code we mailed you", recovery.RecoveryCode: "Enter a recovery code", recovery.Password: "Enter your password",
		recovery.PIN: "Enter your PIN", recovery.SecurityQuestion: "Answer your question", recovery.VouchedBy: "Ask somebody to vouch for you",
		recovery.NewContact: "Enter the code we sent", "wait": "This way takes time",
	}
}

// prove tries every other way, comes back, and shows the proof.
func (s *flowWalker) prove(method string) *flowWalker {
	s.t.Helper()
	s.tryOtherWays()
	flow := s.b.URL.Query().Get("f")
	if !strings.Contains(s.b.Text(), proofHeadings()[method]) {
		s.b.Post("/.sparekey/", recoverytest.Fields("flow", flow, "method", method))
	}
	if !strings.Contains(s.b.Text(), proofHeadings()[method]) {
		s.t.Fatalf("asked for %s, got %q", method, s.b.Text())
	}
	s.w.Clock.Move(30 * time.Second)
	s.b.Post("/.sparekey/", recoverytest.Fields(append([]string{"flow", flow}, s.proof(method)...)...))
	return s
}

func (s *flowWalker) proof(method string) []string {
	switch method {
	case recovery.Password:
		return []string{"password", s.p.Password}
	case recovery.MailLink:
		return []string{"code", s.w.MailCode(s.p)}
	case recovery.MailCode:
		return []string{"code", s.w.Outbox.Last(s.t, s.p.Mail, "mail-code").Vars["code"]}
	case recovery.SMSCode:
		return []string{"code", s.w.SMSCode(s.p)}
	case recovery.RecoveryCode:
		return []string{"code", s.p.Codes[0]}
	case recovery.PIN:
		return []string{"pin", "284617"}
	case recovery.SecurityQuestion:
		return []string{"answer", "Rex of the hill"}
	case recovery.TOTP:
		return []string{"code", recoverytest.TOTP(s.w, s.p.Key)}
	}
	s.t.Fatalf("nobody shows %s here", method)
	return nil
}

// tryOtherWays tries every other way from a step, and comes back to it.
func (s *flowWalker) tryOtherWays() {
	s.t.Helper()
	s.steps++
	step, page := s.b.URL.RequestURI(), s.b.Page()
	methods, links := exits(s.t, s.b)
	i := slices.IndexFunc(links, func(l string) bool {
		return strings.HasPrefix(l, "/.sparekey/choose?") || strings.HasPrefix(l, "/.sparekey/recover")
	})
	others := slices.DeleteFunc(slices.Clone(methods), func(m string) bool { return strings.Contains(s.b.Text(), proofHeadings()[recovery.Bare(m)]) })
	if len(others) == 0 && i < 0 {
		s.t.Fatalf("%s: page %q has no other way: %s", step, page, s.b.Text())
	}
	if i >= 0 {
		methods = append(methods, s.openOtherWays(links[i])...)
	}
	flow := s.b.Get(step).Want(page).URL.Query().Get("f")
	for _, m := range methods {
		s.b.Post("/.sparekey/", recoverytest.Fields("flow", flow, "method", m))
		if s.b.Status != 200 || !strings.Contains(s.b.Text(), proofHeadings()[recovery.Bare(m)]) {
			s.t.Errorf("%s: pressing %q leads to page %q, status %d", step, m, s.b.Page(), s.b.Status)
		}
	}
}

// openOtherWays opens the page of other ways, which writes nothing and has something
// to do, and returns what can be pressed there.
func (s *flowWalker) openOtherWays(link string) []string {
	s.t.Helper()
	before := s.records()
	s.b.Get(link)
	if !bytes.Equal(s.records(), before) {
		s.t.Errorf("opening %s wrote something", link)
	}
	methods, links := exits(s.t, s.b)
	if s.b.Status != 200 || s.b.Page() == "choose" && len(methods)+len(links) < 2 || s.b.Page() != "choose" && !s.b.Has("name") {
		s.t.Fatalf("%s: got status %d, page %q with nothing to do: %s", link, s.b.Status, s.b.Page(), s.b.Text())
	}
	for _, l := range links {
		if s.b.Get(l); s.b.Status != 200 || s.b.Page() == "refused" {
			s.t.Errorf("%s leads to page %q, status %d", l, s.b.Page(), s.b.Status)
		}
	}
	return methods
}

// exits are the other proofs a page offers to press for, and the links in its
// main part.
func exits(t *testing.T, b *recoverytest.Browser) (methods, links []string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(b.Body))
	if err != nil {
		t.Fatal(err)
	}
	main := false
	for n := range doc.Descendants() {
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		switch {
		case n.Data == "main", n.Data == "footer":
			main = n.Data == "main"
		case main && n.Data == "button" && at["name"] == "method":
			methods = append(methods, at["value"])
		case main && n.Data == "a":
			links = append(links, at["href"])
		}
	}
	return methods, links
}

// records is all that the store holds.
func (s *flowWalker) records() []byte {
	s.t.Helper()
	keys, err := s.w.Driver.Keys(s.t.Context(), "")
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Sort(keys)
	var out []byte
	for _, key := range keys {
		v, err := s.w.Driver.Get(s.t.Context(), key)
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(append(append(out, key...), v...), '\n')
	}
	return out
}

func (s *flowWalker) login() *flowWalker {
	s.b.Get("/").Want("sign-in").Submit("name", s.p.Name, "password", s.p.Password)
	return s
}

func (s *flowWalker) recover(goal string) *flowWalker {
	s.b.Get("/.sparekey/recover").Want("recover").Submit("name", s.p.Name)
	s.prove(recovery.MailLink)
	if goal != "" {
		s.b.Want("choice").Submit("choice", goal)
	}
	return s
}

// start begins a flow of somebody signed in.
func (s *flowWalker) start(kind recovery.Kind, fields ...string) *flowWalker {
	s.w.SignIn(s.b, s.p, "/")
	s.b.Post("/.sparekey/", recoverytest.Fields(append([]string{"start", string(kind)}, fields...)...))
	return s
}

func (s *flowWalker) enter(pairs ...string) *flowWalker {
	s.b.Submit(pairs...)
	return s
}

// walks are the flows, step by step. Set-up and activation begin with a link
// and ask for no proof after it.
func walks() map[recovery.Kind][]func(s *flowWalker) {
	settle := func(kind recovery.Kind) []func(*flowWalker) {
		return []func(*flowWalker){
			func(s *flowWalker) { s.start(kind).prove(recovery.TOTP) },
			func(s *flowWalker) { s.start(kind).prove(recovery.RecoveryCode) },
		}
	}
	return map[recovery.Kind][]func(s *flowWalker){
		recovery.KindLogin: {
			func(s *flowWalker) { s.login().prove(recovery.TOTP) },
			func(s *flowWalker) { s.login().prove(recovery.RecoveryCode) },
			func(s *flowWalker) { s.lose(recovery.RecoveryCode); s.login().prove(recovery.TOTP) },
			func(s *flowWalker) {
				change(s.t, s.w, "alice", func(a *recovery.Account) { a.SecondFactor = false; a.Drop(recovery.TOTP) })
				s.login().prove(recovery.MailCode)
			},
		},
		recovery.KindRecover: recoveryWalks(),
		recovery.KindUnlock: {func(s *flowWalker) {
			s.b.Get("/.sparekey/recover?choice=unlock").Submit("name", s.p.Name)
			s.prove(recovery.MailLink).b.Want("sign-in")
		}},
		recovery.KindChangePassword: {func(s *flowWalker) {
			s.w.Policy.Ask = map[string][]recovery.Kind{recovery.PIN: {recovery.KindChangePassword}}
			s.start(recovery.KindSetPIN).prove(recovery.TOTP).enter("pin", "284617").b.Want("account-sign-in")
			s.b.Post("/.sparekey/", recoverytest.Fields("start", "change_password"))
			s.prove(recovery.Password).prove(recovery.PIN).prove(recovery.TOTP).b.Want("new-password")
		}},
		recovery.KindAddFactor:   settle(recovery.KindAddFactor),
		recovery.KindNewCodes:    settle(recovery.KindNewCodes),
		recovery.KindSetPIN:      settle(recovery.KindSetPIN),
		recovery.KindSetQuestion: settle(recovery.KindSetQuestion),
		recovery.KindAddContact:  settle(recovery.KindAddContact),
		recovery.KindStepUp:      settle(recovery.KindStepUp),
		recovery.KindOpenCase:    settle(recovery.KindOpenCase),
		recovery.KindChangeMail: {func(s *flowWalker) {
			s.start(recovery.KindChangeMail).prove(recovery.TOTP).enter("mail", "new@example.org").b.Want("confirm")
			s.tryOtherWays()
		}},
		recovery.KindChangePhone: {func(s *flowWalker) {
			s.start(recovery.KindChangePhone).prove(recovery.RecoveryCode).enter("phone", "+41790000001").b.Want("confirm")
			s.tryOtherWays()
		}},
		recovery.KindVouch: {func(s *flowWalker) {
			code := voucher(s)
			s.start(recovery.KindVouch, "code", code).prove(recovery.TOTP).b.Want("confirm")
		}},
		recovery.KindDrillContact: {func(s *flowWalker) {
			voucher(s)
			s.start(recovery.KindDrillContact).tryOtherWays()
		}},
		recovery.KindDrill: nil, // asks for a code of those there are, to try it: nothing else would do
	}
}

func (s *flowWalker) lose(methods ...string) {
	change(s.t, s.w, "alice", func(a *recovery.Account) { a.Drop(methods...) })
}

func recoveryWalks() []func(s *flowWalker) {
	return []func(s *flowWalker){
		func(s *flowWalker) { s.recover("password").prove(recovery.TOTP).b.Want("new-password") },
		func(s *flowWalker) { s.recover("password").prove(recovery.RecoveryCode).b.Want("new-password") },
		func(s *flowWalker) {
			s.recover("second_factor").prove(recovery.Password).prove(recovery.SMSCode).b.TakeApp()
		},
		func(s *flowWalker) { s.recover("second_factor").prove(recovery.RecoveryCode).b.TakeApp() },
		func(s *flowWalker) { s.recover("both").prove(recovery.RecoveryCode).b.Want("new-password") },
		func(s *flowWalker) {
			s.lose(recovery.RecoveryCode)
			change(s.t, s.w, "alice", func(a *recovery.Account) { a.Addresses = a.Addresses[:1] })
			w, p := s.w, *s.p
			w.SignIn(w.Browser(), &p, "/")
			s.recover("second_factor").prove(recovery.Password).b.Want("wait")
			s.tryOtherWays()
		},
		func(s *flowWalker) {
			s.w.Policy.Ask = map[string][]recovery.Kind{recovery.SecurityQuestion: {recovery.KindRecover}}
			s.start(recovery.KindSetQuestion).prove(recovery.TOTP).enter("answer", "Rex of the hill", "choice", "first_pet").b.Want("account-sign-in")
			s.b.Get("/.sparekey/recover").Submit("name", s.p.Name)
			s.prove(recovery.MailLink).prove(recovery.SecurityQuestion).b.Want("choice")
		},
		func(s *flowWalker) {
			voucher(s)
			s.recover("both").tryOtherWays()
		},
	}
}

// voucher lets alice and robin vouch for each other, and returns the code robin
// reads out.
func voucher(s *flowWalker) string {
	s.t.Helper()
	robin := bob()
	s.w.Invite(robin)
	a, err := s.w.Engine.Find(s.t.Context(), "alice")
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := s.w.Engine.Find(s.t.Context(), "robin")
	if err != nil {
		s.t.Fatal(err)
	}
	change(s.t, s.w, "alice", func(x *recovery.Account) {
		x.TrustedContacts = []recovery.TrustedContact{{ID: r.ID, Name: "robin"}, {ID: "-", Name: "eve"}}
	})
	change(s.t, s.w, "robin", func(x *recovery.Account) {
		x.TrustedContacts = []recovery.TrustedContact{{ID: a.ID, Name: "alice"}, {ID: "-", Name: "eve"}}
	})
	b := s.w.Browser()
	s.w.Ask(b, robin)
	b.Want("choice").Submit("choice", "both").Want("factor").Submit("method", "contact").Want("factor")
	return strings.Join(b.All("spoken"), "")
}

// From every step that asks for a proof, another way leads to a page with
// something to do on it, and nothing offered there is a dead end.
func TestAnotherWayAlwaysLeadsSomewhere(t *testing.T) {
	t.Parallel()
	recoverytest.Alone(t)
	for kind, list := range walks() {
		for _, walk := range list {
			t.Run(string(kind), func(t *testing.T) {
				s := &flowWalker{t: t, w: recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) {
					p.Limits.SendsHourly.Count, p.Limits.SendsDaily.Count = 1e6, 1e6
				})), p: recoverytest.Alice()}
				s.w.Setup(s.p)
				s.b = s.w.Browser()
				walk(s)
				if s.steps == 0 {
					t.Error("stood at no step")
				}
			})
		}
	}
	kinds := walks()
	for _, kind := range []recovery.Kind{
		recovery.KindLogin, recovery.KindRecover, recovery.KindChangePassword, recovery.KindAddFactor, recovery.KindNewCodes, recovery.KindUnlock,
		recovery.KindChangeMail, recovery.KindChangePhone, recovery.KindSetPIN, recovery.KindSetQuestion, recovery.KindAddContact,
		recovery.KindVouch, recovery.KindOpenCase, recovery.KindStepUp, recovery.KindDrill, recovery.KindDrillContact,
	} {
		if _, ok := kinds[kind]; !ok {
			t.Errorf("nobody walks %s", kind)
		}
	}
}

// The page of other ways says no more of a person than the step itself: before
// the first proof it is the same for everybody.
func TestOtherWaysTellNothingBeforeTheFirstProof(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	pages := map[string]string{}
	for _, name := range []string{"alice", "nobody"} {
		b := w.Browser()
		b.Get("/.sparekey/recover").Submit("name", name).Want("sent")
		b.Get("/.sparekey/choose?f=" + b.URL.Query().Get("f")).Want("choose")
		pages[name] = b.Text()
	}
	if pages["alice"] != pages["nobody"] {
		t.Errorf("got\n%s\nfor somebody and\n%s\nfor nobody", pages["alice"], pages["nobody"])
	}
}

// A flow is shown to its own browser only.
func TestOtherWaysBelongToTheBrowser(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.Ask(b, alice)
	b.Want("choice").Submit("choice", "second_factor").Want("factor")
	address := "/.sparekey/choose?f=" + b.URL.Query().Get("f")
	if b.Get(address).Want("choose"); !b.Offers("method", "recovery_code") {
		t.Fatalf("got %q", b.Text())
	}
	if other := w.Browser(); other.Get(address).Page() != "refused" || strings.Contains(other.Text(), "alice") {
		t.Errorf("another browser: got page %q", other.Page())
	}
	if b.Get("/.sparekey/choose"); b.Page() != "refused" {
		t.Errorf("without a flow: got page %q", b.Page())
	}
}

// What a way gives, needs and takes is said before it is taken.
func TestOtherWaysSayWhatTheyNeed(t *testing.T) {
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) {
		p.Ways[recovery.GoalSecondFactor] = append(p.Ways[recovery.GoalSecondFactor],
			recovery.Way{Proofs: []string{recovery.MailLink, recovery.SMSCode, recovery.RecoveryCode}})
	}))
	alice := recoverytest.Alice()
	w.Setup(alice)
	w.SignIn(w.Browser(), alice, "/") // a browser that would see the banner of a wait
	b := w.Browser()
	w.Ask(b, alice)
	b.Want("choice").Submit("choice", "second_factor").Want("factor")
	b.Get("/.sparekey/choose?f=" + b.URL.Query().Get("f")).Want("choose")
	for _, want := range []string{
		"You asked for a new second factor.", "To the phone number we know. After that it asks for a recovery code.", "One of the codes you printed or saved. ",
	} {
		if !strings.Contains(b.Text(), want) {
			t.Errorf("got %q, want %q in it", b.Text(), want)
		}
	}
}

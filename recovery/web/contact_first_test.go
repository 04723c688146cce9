package web_test

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// peopleAlone is a place where two people who vouch are enough, and nothing else.
func peopleAlone() recoverytest.Option {
	return recoverytest.WithPolicy(func(p *recovery.Policy) {
		p.Ways = map[recovery.Goal][]recovery.Way{recovery.GoalBoth: {{Proofs: []string{"contact*2"}}}}
	})
}

// aliceWithContacts is an installation with alice, her trusted contacts, and others.
func aliceWithContacts(t *testing.T, options ...recoverytest.Option) *recoverytest.World {
	t.Helper()
	w := recoverytest.New(t, options...)
	w.Setup(recoverytest.Alice())
	var list []recovery.TrustedContact
	for _, name := range []string{"robin", "carol", "lonely", "frozn"} {
		w.Invite(&recoverytest.Person{Name: name, Mail: name + "@example.org", Password: "staple battery horse"})
		a, err := w.Engine.Find(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, recovery.TrustedContact{ID: a.ID, Name: name})
	}
	for _, name := range []string{"alice", "frozn"} {
		change(t, w, name, func(a *recovery.Account) { a.TrustedContacts = list[:2] })
	}
	disable(t, w, "frozn", recovery.StateFrozen)
	return w
}

// kinds counts the records there are.
func kinds(t *testing.T, w *recoverytest.World) map[string]int {
	t.Helper()
	keys, err := w.Driver.Keys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, k := range keys {
		out[kv.Kind(k)]++
	}
	return out
}

// What is shown, written and sent before somebody has vouched is the same for
// people with friends, without any, with a closed account, and for nobody.
func TestEN05_AskingPeopleFirstTellsNothing(t *testing.T) {
	w := aliceWithContacts(t, peopleAlone())
	spoken := regexp.MustCompile(`<p class="spoken"><code>[^<]+</code>`)
	want := ""
	for _, who := range []string{"alice", "lonely", "frozn", "ghost", "ghost@example.org"} {
		b, before := w.Browser(), kinds(t, w)
		b.Get("/.sparekey/recover").Submit("name", who).Want("factor")
		got := spoken.ReplaceAllString(normal(b, who), "CODE")
		for range 3 {
			fields := b.Hidden("")
			fields.Set("code", "check")
			b.Post("/.sparekey/", fields).Want("factor")
			got += spoken.ReplaceAllString(normal(b, who), "CODE")
		}
		after := kinds(t, w)
		maps.DeleteFunc(after, func(k string, n int) bool { return n == before[k] })
		for k := range after {
			after[k] -= before[k]
		}
		got += fmt.Sprint(after)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s: got\n%s\nwant what everybody gets\n%s", who, got, want)
		}
	}
	if n := len(w.Outbox.To("", "contact-ask")) + len(w.Outbox.To("", "notice")); n != 0 {
		t.Errorf("got %d messages because names were typed, want none", n)
	}
}

// Those who may vouch are written to after a proof only, once for each request,
// and no more than three times an hour and ten a day.
func TestPeopleWhoVouchAreNotSpammed(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	r, err := w.Engine.Find(t.Context(), robin.Name)
	if err != nil {
		t.Fatal(err)
	}
	change(t, w, "alice", func(a *recovery.Account) {
		a.TrustedContacts = []recovery.TrustedContact{{ID: r.ID, Name: r.Name}, {ID: "somebody else", Name: "carol"}}
	})
	ask := func() {
		b := w.Browser().Get("/.sparekey/recover").Submit("name", "alice").Submit("method", "recovery_code").Submit("code", alice.Codes[0])
		b.Want("choice").Submit("choice", "both").Want("sent").Submit("method", "contact").Want("factor")
		b.Submit("method", "mail_link").Want("sent").Submit("method", "contact").Want("factor")
	}
	sent := func() int { return len(w.Outbox.To(robin.Mail, "contact-ask")) }
	for i, want := range []int{1, 2, 3, 3, 3} {
		ask()
		if got := sent(); got != want {
			t.Errorf("request %d: got %d mails, want %d", i+1, got, want)
		}
	}
	for range 12 {
		w.Clock.Move(61 * time.Minute)
		ask()
	}
	if got := sent(); got != 10 {
		t.Errorf("got %d mails in a day, want 10", got)
	}
}

// Waiting for two people takes more looks than a code has tries.
func TestLookingWhetherPeopleVouchedIsNoGuess(t *testing.T) {
	w := aliceWithContacts(t, peopleAlone())
	b := w.Browser().Get("/.sparekey/recover").Submit("name", "alice").Want("factor")
	for range 12 {
		fields := b.Hidden("")
		fields.Set("code", "check")
		b.Post("/.sparekey/", fields).Want("factor")
	}
	if !strings.Contains(b.Text(), "Nobody has vouched") {
		t.Errorf("got %q, want to be told to wait", b.Text())
	}
}

// A code made for nobody is a wrong one to whoever types it.
func TestEN07_VouchingForNobodyIsAWrongCode(t *testing.T) {
	w := aliceWithContacts(t, peopleAlone())
	alice := recoverytest.Alice()
	answers := map[string]bool{}
	for _, who := range []string{"ghost", "lonely", "alice"} { // alice has not named herself
		b := w.Browser().Get("/.sparekey/recover").Submit("name", who).Want("factor")
		code := strings.Join(b.All("spoken"), "")
		voucher := w.Browser()
		change(t, w, "alice", func(a *recovery.Account) { a.Drop(recovery.TOTP); a.SecondFactor = false })
		voucher.Get("/").Submit("name", "alice", "password", alice.Password)
		if voucher.Page() == "factor" {
			voucher.Submit("code", w.Outbox.Last(t, alice.Mail, "mail-code").Vars["code"])
		}
		voucher.Get("/.sparekey/account/approve").Submit("code", code).Want("confirm")
		answers[voucher.Find("problem")] = true
	}
	if len(answers) != 1 || answers[""] {
		t.Errorf("got the answers %v, want one for everybody", answers)
	}
}

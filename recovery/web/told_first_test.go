package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// The page of a "this wasn't me" link says what would open the account again,
// before anything is pressed, and by kind only.
func TestRule_ThePageThatClosesSaysWhatOpens(t *testing.T) {
	const operator = "Only whoever runs"
	for _, tc := range []struct {
		name        string
		policy      recoverytest.Option
		edit        func(*recovery.Account)
		says, hides []string
	}{
		{"codes and mailbox", bothBy(0, recovery.RecoveryCode, recovery.MailLink), nil, []string{"a recovery code + a code we mail you."}, []string{operator, "nothing changes"}},
		{"with a wait", bothBy(48*time.Hour, recovery.RecoveryCode, recovery.MailLink), nil, []string{"Then nothing changes for 48 hours"}, []string{operator}},
		{"a code was used", bothBy(0, recovery.RecoveryCode, recovery.MailLink), func(a *recovery.Account) { a.CodeUsed = a.Created.Add(time.Minute) }, []string{operator}, []string{"a recovery code + "}},
		{"both off, the only administrator", bothBy(0), nil, []string{operator}, []string{"administrator’s"}},
		{"both off, a member", bothBy(0), func(a *recovery.Account) { a.Groups = nil }, []string{"an administrator’s help + a code we mail you. Then nothing changes for 24 hours"}, []string{operator}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := withFactor(t, tc.policy)
			enter(t, w, w.Browser(), alice)
			enter(t, w, w.Browser(), alice)
			if tc.edit != nil {
				change(t, w, "alice", tc.edit)
			}
			link := linksTo(w, alice.Mail)[0]
			text := w.Browser().Follow(link).Want("stop").Text()
			for _, s := range tc.says {
				if !strings.Contains(text, s) {
					t.Errorf("got %s\nwant it to say %q", text, s)
				}
			}
			for _, s := range append(tc.hides, alice.Mail, "a•••") {
				if strings.Contains(text, s) {
					t.Errorf("got %s\nwant nothing of %q", text, s)
				}
			}
			if lock, only := strings.Index(text, "Lock my account"), strings.Index(text, "Stop this only"); (lock < only) == strings.Contains(text, operator) {
				t.Errorf("the wrong button comes first: %s", text)
			}
		})
	}
}

// "Stop this only" ends what the notice may be about and leaves the account open.
func TestStopThisOnly(t *testing.T) {
	w, alice := waits()[0].coolDown(t, nil)
	b := enter(t, w, w.Browser(), alice)
	x := readdressings()[0]
	waits()[0].beginWait(w, alice)
	running := waits()[0].walk(w, w.Browser(), alice)
	link := linksTo(w, alice.Phone)[len(linksTo(w, alice.Phone))-1]
	page := w.Browser().Follow(link).Want("stop")
	page.Submit("choice", "only").Want("sign-in")
	a := account(t, w, "alice")
	if a.State != recovery.StateActive || len(a.Waits) > 0 || w.SignedIn(b) {
		t.Errorf("got %s, %d waits, signed in %v, want it open, none, false", a.State, len(a.Waits), w.SignedIn(b))
	}
	if running.Get(running.URL.RequestURI()).Want("refused"); running.Status != 422 {
		t.Errorf("the recovery goes on: status %d", running.Status)
	}
	if page = w.Browser().Follow(link); page.Page() != "refused" {
		t.Error("the link works twice")
	}
	if n := len(notices(w, alice.Mail, recovery.EventSessionsEnded)); n != 1 {
		t.Errorf("got %d notices of it, want 1", n)
	}
	b = enter(t, w, w.Browser(), alice)

	// A change of the address is taken back, and that is all.
	x.do(w, b, alice)
	list := notices(w, x.old, recovery.EventContactChanged)
	page = w.Browser().Follow(list[0].Vars["stop"]).Want("undo")
	page.Submit("choice", "only").Want("sign-in")
	a = account(t, w, "alice")
	if a.State != recovery.StateActive || len(a.Addresses) != 2 {
		t.Errorf("got %s and %+v, want it open with the addresses of before", a.State, a.Addresses)
	}
	enter(t, w, w.Browser(), alice)
}

package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func secondAdmin(p *recovery.Policy) { p.SecondAdmin = true }

// answer is the button that answers what waits, as its value has it.
func answer(b *recoverytest.Browser, what string) string {
	for n := range b.Document().Descendants() {
		for _, a := range n.Attr {
			if a.Key == "value" && strings.HasPrefix(a.Val, what) {
				return a.Val
			}
		}
	}
	return ""
}

// TestAD05_ASecondAdministratorAgrees before somebody becomes one: not who asks, not
// whom it is about, and once.
func TestAD05_ASecondAdministratorAgrees(t *testing.T) {
	t.Parallel()
	w, alice, robin, admin := twoAdmins(t, recoverytest.WithPolicy(secondAdmin))
	carol := newcomer("carol")
	w.Invite(carol)
	id := account(t, w, "carol").ID
	path := "/.sparekey/people/" + id
	grant := recoverytest.Fields("choice", "groups", "groups", "family, admins", "reason", "helps me")
	if got := admin.Post(path, grant).Want("person").Text(); !strings.Contains(got, "has to agree within a day") || account(t, w, "carol").Admin() {
		t.Fatalf("got %q, want it to wait", got)
	}
	own := answer(admin, "decline:")
	_, what, _ := strings.Cut(own, ":")
	if answer(admin, "agree:") != "" || what == "" {
		t.Error("who asks is asked to agree")
	}
	if admin.Post(path, recoverytest.Fields("choice", "agree:"+what)); admin.Status != 403 || account(t, w, "carol").Admin() {
		t.Errorf("who asks agrees: got status %d", admin.Status)
	}
	if !toldOf(w, robin.Mail, recovery.EventSecondAsked) || toldOf(w, carol.Mail, recovery.EventSecondAsked) {
		t.Error("want the other administrator to be told, and nobody else")
	}
	b := signIn(w, w.Browser(), robin)
	if got := b.Get("/.sparekey/people").Want("people").Text(); !strings.Contains(got, "Waits for another administrator") || !strings.Contains(got, "helps me") {
		t.Errorf("got %q, want to see what waits", got)
	}
	w.Clock.Move(11 * time.Minute)
	if b.Post(path, recoverytest.Fields("choice", "agree:"+what)); account(t, w, "carol").Admin() {
		t.Error("agreed to without a fresh factor")
	}
	b = signIn(w, w.Browser(), robin)
	b.Post(path, recoverytest.Fields("choice", "agree:"+what)).Want("person")
	if a := account(t, w, "carol"); !a.Admin() || !slices.Contains(a.Groups, "family") {
		t.Errorf("got groups %v", a.Groups)
	}
	if b.Post(path, recoverytest.Fields("choice", "agree:"+what)); b.Status != 404 {
		t.Errorf("once more: got status %d", b.Status)
	}
	signIn(w, admin, alice)
	if got := admin.Post("/.sparekey/people", recoverytest.Fields("name", "dora", "groups", "admins", "choice", "invite")).Want("people").Text(); !strings.Contains(got, "without that group") {
		t.Errorf("invited as an administrator: got %q", got)
	}
}

// TestACaseWaitsForASecondAdministrator who declines it, or agrees: then it is mailed.
func TestACaseWaitsForASecondAdministrator(t *testing.T) {
	t.Parallel()
	w, alice, robin, admin := twoAdmins(t, recoverytest.WithPolicy(secondAdmin))
	carol := newcomer("carol")
	w.Invite(carol)
	path := "/.sparekey/people/" + account(t, w, "carol").ID
	ask := func() {
		t.Helper()
		admin.Get(path+"?do=case").Want("person").Submit("reason", "lost the phone", "choice", "second_factor").Want("factor")
		w.Clock.Move(time.Minute)
		if got := admin.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("person").Text(); !strings.Contains(got, "Nothing goes out before") {
			t.Errorf("got %q, want it to wait", got)
		}
	}
	sent := func() int { return len(w.Outbox.To(carol.Mail, "admin-case")) }
	ask()
	b := signIn(w, w.Browser(), robin)
	b.Get(path).Want("person")
	b.Post(path, recoverytest.Fields("choice", answer(b, "decline:"))).Want("person")
	if sent() != 0 {
		t.Error("declined, and sent")
	}
	ask()
	b.Get(path).Want("person")
	b.Post(path, recoverytest.Fields("choice", answer(b, "agree:"))).Want("person")
	if sent() != 1 || !toldOf(w, carol.Mail, recovery.EventCaseOpened) {
		t.Errorf("agreed: got %d mails, want one and a notice", sent())
	}
	ask()
	w.Clock.Move(25 * time.Hour)
	b = signIn(w, w.Browser(), robin)
	if got := b.Get(path).Want("person"); answer(got, "agree:") != "" {
		t.Error("waits for longer than a day")
	}
}

// TestNobodyCouldAgree, so it is refused with what the operator can do; the command line
// never waits.
func TestNobodyCouldAgree(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithPolicy(secondAdmin))
	alice, carol := recoverytest.Alice(), newcomer("carol")
	w.Setup(alice)
	w.Invite(carol)
	id := account(t, w, "carol").ID
	admin := signIn(w, w.Browser(), alice)
	if got := admin.Post("/.sparekey/people/"+id, recoverytest.Fields("choice", "groups", "groups", "admins", "reason", "helps me")).Want("person").Text(); admin.Status != 403 || !strings.Contains(got, "caddy sparekey") {
		t.Errorf("got status %d, %q", admin.Status, got)
	}
	for _, do := range []string{"unlock", "sign_out", "disable", "enable"} {
		admin.Post("/.sparekey/people/"+id, recoverytest.Fields("choice", do, "reason", "because")).Want("person")
		if admin.Status != 200 {
			t.Errorf("%s: got status %d", do, admin.Status)
		}
	}
	if _, err := w.Engine.Edit(byShell(t.Context()), engine.Shell(), id, recovery.Edit{Do: recovery.ActionGroups, Groups: []string{"admins"}}, "helps me"); err != nil || !account(t, w, "carol").Admin() {
		t.Errorf("the command line: %v", err)
	}
}

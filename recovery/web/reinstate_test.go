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

// twoAdmins are alice and robin, both administrators, and alice's browser.
func twoAdmins(t *testing.T, options ...recoverytest.Option) (w *recoverytest.World, alice, robin *recoverytest.Person, admin *recoverytest.Browser) {
	t.Helper()
	w = recoverytest.New(t, options...)
	alice, robin = recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	if _, err := w.Engine.Edit(byShell(t.Context()), engine.Shell(), account(t, w, "robin").ID, recovery.Edit{Do: recovery.ActionGroups, Groups: []string{"family", recovery.GroupAdmins}}, "helps me"); err != nil {
		t.Fatal(err)
	}
	return w, alice, robin, signIn(w, w.Browser(), alice)
}

// undone is the link of the newest notice by which an administrator undoes something.
func undone(t *testing.T, w *recoverytest.World, mail string) string {
	t.Helper()
	list := w.Outbox.To(mail, "notice")
	for _, m := range slices.Backward(list) {
		if m.Vars["undo"] != "" {
			_, token, _ := strings.Cut(m.Vars["undo"], "#")
			return token
		}
	}
	return ""
}

func toldOf(w *recoverytest.World, mail string, event recovery.EventName) bool {
	return slices.ContainsFunc(w.Outbox.To(mail, "notice"), func(m recovery.Message) bool { return m.Vars["event"] == string(event) })
}

// TestAD05_AnAdministratorUndoesWhatAnotherOneDid by the link of the notice, for 72
// hours, once, and all are told.
func TestAD05_AnAdministratorUndoesWhatAnotherOneDid(t *testing.T) {
	t.Parallel()
	w, alice, robin, admin := twoAdmins(t)
	id := account(t, w, "robin").ID
	for _, tt := range []struct {
		name   string
		fields []string
	}{
		{"disabled", []string{"choice", "disable"}},
		{"being removed", []string{"choice", "remove"}},
		{"no administrator", []string{"choice", "groups", "groups", "family"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !w.Engine.FreshOwn(account(t, w, "alice"), &account(t, w, "alice").Sessions[0]) {
				admin = signIn(w, w.Browser(), alice)
			}
			admin.Post("/.sparekey/people/"+id, recoverytest.Fields(append(tt.fields, "reason", "we disagree")...)).Want("person")
			if a := account(t, w, "robin"); a.Admin() && a.State == recovery.StateActive {
				t.Fatalf("got %s, %v", a.State, a.Groups)
			}
			token := undone(t, w, robin.Mail)
			if token == "" || undone(t, w, alice.Mail) != "" {
				t.Fatal("want a link to undo it for robin, and for nobody else")
			}
			b := w.Browser()
			b.Get("/.sparekey/reinstate").Want("reinstate").Submit("code", token).Want("sign-in")
			a := account(t, w, "robin")
			if !a.Admin() || a.State != recovery.StateActive || !a.Leaving.IsZero() || !slices.Contains(a.Groups, "family") {
				t.Errorf("got %s, %v, leaving %v", a.State, a.Groups, a.Leaving)
			}
			if w.SignedIn(b) {
				t.Error("the link signs in")
			}
			if !toldOf(w, alice.Mail, recovery.EventAdminRestored) || !toldOf(w, robin.Mail, recovery.EventAdminRestored) {
				t.Error("want both to be told")
			}
			if b.Get("/.sparekey/reinstate").Submit("code", token); b.Status != 422 {
				t.Errorf("once more: got status %d", b.Status)
			}
			w.Clock.Move(2 * time.Hour)
		})
	}
}

// TestAnUndoneLinkIsLate after 72 hours, or ended by the command line.
func TestAnUndoneLinkIsLate(t *testing.T) {
	t.Parallel()
	w, _, robin, admin := twoAdmins(t)
	id := account(t, w, "robin").ID
	admin.Post("/.sparekey/people/"+id, recoverytest.Fields("choice", "disable", "reason", "we disagree")).Want("person")
	early := undone(t, w, robin.Mail)
	shell := func(do recovery.Action) {
		t.Helper()
		if _, err := w.Engine.Edit(byShell(t.Context()), engine.Shell(), id, recovery.Edit{Do: do}, "has decided"); err != nil {
			t.Fatal(err)
		}
	}
	late := func(when, token string) {
		t.Helper()
		b := w.Browser()
		if b.Get("/.sparekey/reinstate").Submit("code", token); b.Status != 422 || account(t, w, "robin").State != recovery.StateDisabled {
			t.Errorf("%s: got status %d, %s", when, b.Status, account(t, w, "robin").State)
		}
	}
	shell(recovery.ActionSignOut)
	late("the command line has decided", early)
	shell(recovery.ActionEnable)
	n := len(w.Outbox.To(robin.Mail, "notice"))
	shell(recovery.ActionDisable)
	for _, m := range w.Outbox.To(robin.Mail, "notice")[n:] {
		if m.Vars["undo"] != "" {
			t.Error("what the command line does can be undone")
		}
	}
	shell(recovery.ActionEnable)
	admin.Post("/.sparekey/people/"+id, recoverytest.Fields("choice", "disable", "reason", "we disagree")).Want("person")
	token := undone(t, w, robin.Mail)
	w.Clock.Move(72*time.Hour + time.Second)
	late("after 72 hours", token)
}

// TestAD05_TwoActsInARowAreUndoneTogether: whoever takes somebody's being an
// administrator away first, and disables the account then, has not taken the undo away
// with it.
func TestAD05_TwoActsInARowAreUndoneTogether(t *testing.T) {
	t.Parallel()
	w, _, robin, admin := twoAdmins(t)
	path := "/.sparekey/people/" + account(t, w, "robin").ID
	admin.Post(path, recoverytest.Fields("choice", "groups", "groups", "family", "reason", "we disagree")).Want("person")
	token := undone(t, w, robin.Mail)
	for _, do := range []string{"disable", "remove"} {
		admin.Post(path, recoverytest.Fields("choice", do, "reason", "we disagree")).Want("person")
	}
	w.Browser().Get("/.sparekey/reinstate").Want("reinstate").Submit("code", token).Want("sign-in")
	if a := account(t, w, "robin"); !a.Admin() || a.State != recovery.StateActive || !a.Leaving.IsZero() {
		t.Errorf("got %s, %v, leaving %v", a.State, a.Groups, a.Leaving)
	}
}

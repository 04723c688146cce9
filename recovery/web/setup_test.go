package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// announced lists what n nodes printed that started on one empty store.
func announced(t *testing.T, w *recoverytest.World, n int) []string {
	t.Helper()
	var codes []string
	for range n {
		code, err := w.Node().Engine.AnnounceSetup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, code)
	}
	return codes
}

// live tells which set-up codes lead to the form of the first account.
func live(t *testing.T, w *recoverytest.World, codes []string) (out []bool) {
	t.Helper()
	for _, code := range codes {
		b := w.Browser()
		b.Get("/.sparekey/setup").Want("setup").Submit("code", code)
		out = append(out, b.Page() == "setup" && b.Has("new_password"))
	}
	return out
}

func want(t *testing.T, what string, got []bool, want ...bool) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: link %d: got live %v, want %v", what, i+1, got[i], want[i])
		}
	}
}

// A node that starts leaves the links alone that others have printed, five at
// most; the command that prints one voids them all.
func TestEachNodePrintsALinkThatWorks(t *testing.T) {
	w := recoverytest.New(t)
	codes := announced(t, w, 6)
	want(t, "six nodes", live(t, w, codes), false, true, true, true, true, true)
	last, err := w.Engine.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want(t, "after the command", live(t, w, append([]string{last}, codes...)), true, false, false, false, false, false, false)
	w.Clock.Move(w.Policy.Lifetimes.Setup)
	want(t, "half an hour later", live(t, w, []string{last}), false)
}

// The first account made by any of them voids all.
func TestTheFirstAccountVoidsEveryLink(t *testing.T) {
	w := recoverytest.New(t)
	codes := announced(t, w, 3)
	begun := w.Browser()
	begun.Get("/.sparekey/setup").Submit("code", codes[2]).Want("setup")
	begun.Submit("name", "mallory", "new_password", "an evil long sentence").TakeApp()
	thief := &recoverytest.Person{Name: "mallory"}

	alice, b := recoverytest.Alice(), w.Browser()
	b.Get("/.sparekey/setup").Submit("code", codes[0]).Want("setup")
	b.Submit("name", alice.Name, "mail", alice.Mail, "phone", alice.Phone, "new_password", alice.Password)
	w.Confirm(b, alice)
	w.Enrol(b, alice)

	w.Enrol(begun, thief)
	if begun.Status != 422 {
		t.Errorf("a set-up begun with another link: got page %q, status %d, want a refusal", begun.Page(), begun.Status)
	}
	if _, err := w.Engine.Find(t.Context(), "mallory"); err == nil {
		t.Error("there is a second first account")
	}
	people, err := w.Engine.People(t.Context())
	if err != nil || len(people) != 1 || people[0].Name != "alice" || !people[0].Admin {
		t.Errorf("got %+v, %v, want alice alone", people, err)
	}
	for _, code := range codes {
		o, err := w.Node().Engine.Submit(t.Context(), recovery.Client{Network: "192.0.2.1"}, recovery.Input{Start: recovery.KindSetup, Code: secret.Text(code)})
		if err != nil || o.Problem == nil || o.Flow != nil {
			t.Errorf("got %+v, %v, want a refusal", o, err)
		}
	}
	if _, err := w.Engine.AnnounceSetup(t.Context()); err == nil {
		t.Error("another link was printed")
	}
	w.Clock.Move(time.Minute)
	w.SignIn(w.Browser(), alice, "/")
}

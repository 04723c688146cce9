package web_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// input is a field of a page as it was sent; of several of that name, the one that
// is marked, or the first.
func input(b *recoverytest.Browser, name string) (first map[string]string) {
	for n := range b.Document().Descendants() {
		if n.Type != html.ElementNode || n.Data != "input" && n.Data != "select" {
			continue
		}
		attrs := map[string]string{}
		for _, a := range n.Attr {
			attrs[a.Key] = a.Val
		}
		if attrs["name"] == name && attrs["type"] != "hidden" && (first == nil || attrs["aria-invalid"] != "") {
			first = attrs
		}
	}
	return first
}

// wantWrong wants these fields marked, with a sentence beside each, the cursor in
// the first, and everything else kept as typed.
func wantWrong(t *testing.T, name string, b *recoverytest.Browser, wrong []string, typed map[string]string) {
	t.Helper()
	if b.Status != 422 || b.Find("problem") == "" {
		t.Errorf("%s: got status %d and %q, want 422 and what is wrong", name, b.Status, b.Find("problem"))
	}
	for i, field := range wrong {
		in := input(b, field)
		_, focused := in["autofocus"]
		if in["aria-invalid"] != "true" || b.Find(field+"-fault") == "" || focused != (i == 0) {
			t.Errorf("%s: %s: got %v and %q beside it, want it marked, the cursor in the first", name, field, in, b.Find(field+"-fault"))
		}
	}
	if got := strings.Count(b.Body, `aria-invalid="true"`); got != len(wrong) {
		t.Errorf("%s: got %d fields marked, want %d", name, got, len(wrong))
	}
	for field, value := range typed {
		if got := input(b, field)["value"]; got != value {
			t.Errorf("%s: %s: got %q, want what was typed: %q", name, field, got, value)
		}
	}
}

// TestAllFaultsOfAFormAtOnce posts forms with everything wrong.
func TestAllFaultsOfAFormAtOnce(t *testing.T) {
	t.Parallel()
	empty := recoverytest.New(t)
	code, err := empty.Engine.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := empty.Browser()
	b.Get("/.sparekey/setup").Submit("code", code).Submit("name", "a b", "mail", "ana@", "phone", "12", "new_password", "short")
	wantWrong(t, "set-up", b, []string{"name", "mail", "phone", "new_password"}, map[string]string{"name": "a b", "mail": "ana@", "phone": "12", "new_password": ""})
	b.Submit("name", "", "mail", "ana@example.org", "new_password", "")
	wantWrong(t, "set-up, left empty", b, []string{"name", "new_password"}, map[string]string{"mail": "ana@example.org"})

	w, alice := withFactor(t)
	w.Invite(bob())
	admin := w.Browser()
	w.SignIn(admin, alice, "/")
	admin.Get("/.sparekey/people").Submit("name", "a b", "mail", "ana@", "phone", "12", "groups", "ro!bin")
	wantWrong(t, "an invitation", admin, []string{"name", "mail", "phone", "groups"}, map[string]string{"name": "a b", "mail": "ana@", "phone": "12", "groups": "ro!bin"})
	admin.Submit("name", "robin", "mail", alice.Mail, "phone", alice.Phone, "groups", "")
	wantWrong(t, "an invitation of what others have", admin, []string{"name", "mail", "phone"}, map[string]string{"name": "robin"})
	admin.Submit("name", "sam", "mail", alice.Mail, "phone", "")
	admin.Submit("name", "sam", "mail", "sam@example.org").Want("invite") // the name was not taken by the try before
	robin := account(t, w, "robin")
	admin.Get("/.sparekey/people/" + robin.ID)
	admin.Post("/.sparekey/people/"+robin.ID, recoverytest.Fields("choice", "correct_mail", "mail", "robin@", "reason", ""))
	wantWrong(t, "another address", admin, []string{"mail", "reason"}, map[string]string{"mail": "robin@"})
}

// TestWhatWasTypedIsKept on the forms that come back for one thing.
func TestWhatWasTypedIsKept(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := w.Browser()
	b.Get("/").Submit("name", alice.Name, "password", "wrong horse staple", "remember", "1").Want("sign-in")
	if _, kept := input(b, "remember")["checked"]; !kept || input(b, "name")["value"] != alice.Name {
		t.Errorf("sign-in: got name %q, ticked %v, want both kept", input(b, "name")["value"], kept)
	}
	b.Submit("name", alice.Name, "password", alice.Password).Want("factor").Submit("code", "000000", "remember", "1").Want("factor")
	if _, kept := input(b, "remember")["checked"]; !kept {
		t.Error("trust: it is not ticked any more")
	}
	b.Submit("code", secondCode(w, alice))
	begin(w, b, alice, recovery.KindAddContact).Want("confirm").Submit("name", "nobody-here").Want("confirm")
	if got := input(b, "name")["value"]; b.Status != 422 || got != "nobody-here" {
		t.Errorf("somebody who may vouch: got status %d and %q, want the name as typed", b.Status, got)
	}
}

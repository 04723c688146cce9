package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// inputs lists the fields of a page: what stands in them, and which are marked.
func inputs(t *testing.T, b *recoverytest.Browser) (values map[string][]string, marked []string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(b.Body))
	if err != nil {
		t.Fatal(err)
	}
	values = map[string][]string{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "input" && n.Data != "option" {
			continue
		}
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		if _, selected := at["selected"]; n.Data == "option" && selected {
			values["choice"] = append(values["choice"], at["value"])
		}
		if n.Data == "input" && at["type"] != "hidden" {
			values[at["name"]] = append(values[at["name"]], at["value"])
		}
		if at["aria-invalid"] == "true" {
			marked = append(marked, at["id"])
		}
	}
	return values, marked
}

// A form that was wrong comes back as it was typed, with what is wrong at its
// field.
func TestAdministratorsFormsComeBack(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	r, err := w.Engine.Find(t.Context(), robin.Name)
	if err != nil {
		t.Fatal(err)
	}
	people, person := "/.sparekey/people", "/.sparekey/people/"+r.ID
	for _, tc := range []struct {
		name, path string
		fields     []string
		page       string
		marked     []string
		kept       map[string][]string
	}{
		{
			"name taken", people,
			[]string{"name", "robin", "mail", "new@example.org", "phone", "", "groups", "family, friends", "choice", "invite"},
			"people",
			[]string{"name"},
			map[string][]string{"name": {"robin"}, "mail": {"new@example.org"}, "groups": {"family, friends"}},
		},
		{
			"bad name", people,
			[]string{"name", "no good name", "mail", "new@example.org", "phone", "+33612345678"},
			"people",
			[]string{"name"},
			map[string][]string{"name": {"no good name"}, "phone": {"+33612345678"}},
		},
		{
			"bad mail", people,
			[]string{"name", "eve", "mail", "nowhere", "phone", "+33612345678"},
			"people",
			[]string{"mail"},
			map[string][]string{"name": {"eve"}, "mail": {"nowhere"}, "phone": {"+33612345678"}},
		},
		{
			"mail taken", people,
			[]string{"name", "eve", "mail", robin.Mail},
			"people",
			[]string{"mail", "phone"},
			map[string][]string{"name": {"eve"}, "mail": {robin.Mail}},
		},
		{"bad phone", people, []string{"name", "eve", "phone", "12"}, "people", []string{"phone"}, map[string][]string{"phone": {"12"}}},
		{"bad extension", people, []string{"name", "eve", "phone", "12", "extension", "7"}, "people", []string{"phone"}, map[string][]string{"phone": {"12"}}},
		{"no reason", person, []string{"choice", "unlock", "reason", " x "}, "person", []string{"reason"}, map[string][]string{"reason": {"", "", " x "}}},
		{"no such action", person, []string{"choice", "sudo", "reason", "because of this"}, "person", nil, map[string][]string{"reason": {"", "", "because of this"}}},
		{
			"case without a reason", "/.sparekey/",
			[]string{"start", "open_case", "name", r.ID, "choice", "both", "reason", "x"},
			"person",
			[]string{"case-reason"},
			map[string][]string{"reason": {"x", "", ""}, "choice": {"both"}},
		},
		{"nothing chosen", "/.sparekey/account", []string{"choice", ""}, "account", nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			boss := w.Browser()
			w.SignIn(boss, alice, "/")
			boss.Post(tc.path, recoverytest.Fields(append(tc.fields, "new_password", "a password for everybody")...)).Want(tc.page)
			values, marked := inputs(t, boss)
			if !slices.Equal(marked, tc.marked) {
				t.Errorf("got fields %q marked, want %q", marked, tc.marked)
			}
			for field, want := range tc.kept {
				if got := values[field]; !slices.Equal(got, want) {
					t.Errorf("%s: got %q, want %q", field, got, want)
				}
			}
			if boss.Find("problem") == "" || boss.Status != 422 && tc.name != "no such action" {
				t.Errorf("got status %d, problem %q", boss.Status, boss.Find("problem"))
			}
			if strings.Contains(boss.Body, "a password for everybody") {
				t.Error("a password came back")
			}
		})
	}
	if list, err := w.Engine.People(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("got %d people, %v, want 2", len(list), err)
	}
}

// The form of a case says whom and why at once: the proof is all that is asked
// for then.
func TestACaseIsOpenedFromThePage(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	r, err := w.Engine.Find(t.Context(), robin.Name)
	if err != nil {
		t.Fatal(err)
	}
	boss := w.Browser()
	w.SignIn(boss, alice, "/")
	boss.Get("/.sparekey/people/"+r.ID).Want("person").Post("/.sparekey/", recoverytest.Fields(
		"start", "open_case", "name", r.ID, "choice", "password", "reason", "called me, I know the voice")).Want("factor")
	if n := len(w.Outbox.To(robin.Mail, "admin-case")); n != 0 {
		t.Fatalf("got %d mails before the proof", n)
	}
	w.Clock.Move(time.Minute)
	boss.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("person")
	if got := w.Outbox.Last(t, robin.Mail, "admin-case").Vars["reason"]; got != "called me, I know the voice" {
		t.Errorf("got reason %q", got)
	}
	if n := w.Events.Count(recovery.EventCaseOpened); n != 1 {
		t.Errorf("got %d cases, want 1", n)
	}

	// Asked one after the other, as a form without the fields does, every step has its page.
	w.Clock.Move(time.Minute)
	boss.Post("/.sparekey/", recoverytest.Fields("start", "open_case")).Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key)).Want("confirm")
	boss.Submit("name", robin.Name, "reason", "x", "choice", "password").Want("confirm")
	if values, marked := inputs(t, boss); boss.Status != 422 || !slices.Equal(marked, []string{"reason"}) || !slices.Equal(values["reason"], []string{"x"}) {
		t.Errorf("got status %d, marked %q, kept %q", boss.Status, marked, values["reason"])
	}
	boss.Submit("name", robin.Name, "reason", "was here in person", "choice", "password").Want("person")
	if n := w.Events.Count(recovery.EventCaseOpened); n != 2 {
		t.Errorf("got %d cases, want 2", n)
	}
}

// Who may not open a case learns nothing about the person named.
func TestACaseTellsOthersNothing(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	a, err := w.Engine.Find(t.Context(), alice.Name)
	if err != nil {
		t.Fatal(err)
	}
	b := w.Browser()
	w.SignIn(b, robin, "/")
	for _, id := range []string{a.ID, strings.Repeat("A", 22)} {
		b.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", id, "reason", "x")).Want("refused")
		if got := b.Find("problem"); got != "That isn’t possible here. Use another way, or ask for help." {
			t.Errorf("%s: got %q", id, got)
		}
	}
}

// A code that came back from an address somebody else has leads to one's own
// page, where another one can be given.
func TestTakenAddressLeadsBackToTheAccount(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	w.Clock.Move(time.Minute)
	b.Post("/.sparekey/", recoverytest.Fields("start", "change_mail")).Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key)).Want("confirm")
	b.Submit("mail", robin.Mail).Want("confirm")
	b.Submit("code", w.Outbox.Last(t, robin.Mail, "contact-code").Vars["code"]).Want("account")
	if got := b.Find("problem"); b.Status != 422 || got != "That one can’t be used here. Choose another one." {
		t.Errorf("got status %d, %q", b.Status, got)
	}
}

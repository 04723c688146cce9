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

// badForm is a form that is refused, and what the page then shows of it.
type badForm struct {
	name, path string
	fields     []string
	page       string
	marked     []string
	kept       map[string][]string
}

// badAdministratorForms are forms of an administrator. The person named robin has
// that mail address and that id.
func badAdministratorForms(mail, id string) []badForm {
	people, person := "/.sparekey/people", "/.sparekey/people/"+id
	return []badForm{
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
			[]string{"name", "eve", "mail", mail},
			"people",
			[]string{"mail"},
			map[string][]string{"name": {"eve"}, "mail": {mail}},
		},
		{"bad phone", people, []string{"name", "eve", "phone", "12"}, "people", []string{"phone"}, map[string][]string{"phone": {"12"}}},
		{"bad extension", people, []string{"name", "eve", "phone", "12", "extension", "7"}, "people", []string{"phone"}, map[string][]string{"phone": {"12"}}},
		{"no reason", person, []string{"choice", "unlock", "reason", " x "}, "person", []string{"reason"}, map[string][]string{"reason": {" x "}}},
		{"no such action", person, []string{"choice", "sudo", "reason", "because of this"}, "person", nil, nil},
		{
			"case without a reason", "/.sparekey/",
			[]string{"start", "open_case", "name", id, "choice", "both", "reason", "x"},
			"person",
			[]string{"reason"},
			map[string][]string{"reason": {"x"}, "choice": {"both"}},
		},
		{"nothing chosen", "/.sparekey/account", []string{"choice", ""}, "account", nil, nil},
	}
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
	for _, tc := range badAdministratorForms(robin.Mail, r.ID) {
		t.Run(tc.name, func(t *testing.T) {
			admin := w.Browser()
			w.SignIn(admin, alice, "/")
			admin.Post(tc.path, recoverytest.Fields(append(tc.fields, "new_password", "a password for everybody")...)).Want(tc.page)
			values, marked := inputs(t, admin)
			if !slices.Equal(marked, tc.marked) {
				t.Errorf("got fields %q marked, want %q", marked, tc.marked)
			}
			for field, want := range tc.kept {
				if got := values[field]; !slices.Equal(got, want) {
					t.Errorf("%s: got %q, want %q", field, got, want)
				}
			}
			if admin.Find("problem") == "" || admin.Status != 422 && tc.name != "no such action" {
				t.Errorf("got status %d, problem %q", admin.Status, admin.Find("problem"))
			}
			if strings.Contains(admin.Body, "a password for everybody") {
				t.Error("a password came back")
			}
		})
	}
	if list, err := w.Engine.People(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("got %d people, %v, want 2", len(list), err)
	}
}

func TestAD05_AdministratorsCannotDoItToThemselves(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	a, err := w.Engine.Find(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.Engine.Find(t.Context(), "robin")
	if err != nil {
		t.Fatal(err)
	}
	admin, plain := w.Browser(), w.Browser()
	w.SignIn(admin, alice, "/")
	w.SignIn(plain, robin, "/")
	for _, tc := range []struct {
		name   string
		b      *recoverytest.Browser
		id     string
		fields []string
		status int
	}{
		{"oneself", admin, a.ID, []string{"choice", "disable", "reason", "because of this"}, 403},
		{"without a reason", admin, r.ID, []string{"choice", "unlock"}, 422},
		{"an action there is not", admin, r.ID, []string{"choice", "sudo", "reason", "because of this"}, 403},
		{"nobody", admin, strings.Repeat("A", 22), []string{"choice", "unlock", "reason", "because of this"}, 404},
		{"not an administrator", plain, a.ID, []string{"choice", "disable", "reason", "because of this"}, 404},
		{"not an administrator, nobody", plain, strings.Repeat("A", 22), []string{"choice", "disable", "reason", "because of this"}, 404},
		{"a password", admin, r.ID, []string{"choice", "unlock", "reason", "because of this", "new_password", "another horse battery"}, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.b.Post("/.sparekey/people/"+tc.id, recoverytest.Fields(tc.fields...))
			if tc.b.Status != tc.status {
				t.Errorf("got status %d, page %q, want %d", tc.b.Status, tc.b.Page(), tc.status)
			}
		})
	}
	w.SignIn(w.Browser(), robin, "/") // the password posted by the administrator changed nothing

	w.Clock.Move(11 * time.Minute)
	admin.Post("/.sparekey/people/"+r.ID, recoverytest.Fields("choice", "disable", "reason", "has left the house")).Want("factor")
	w.Clock.Move(time.Minute)
	admin.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("person")
	admin.Post("/.sparekey/people/"+r.ID, recoverytest.Fields("choice", "disable", "reason", "has left the house")).Want("person")
	if w.SignedIn(plain) {
		t.Error("a disabled person is still signed in")
	}
}

// Disabling and enabling must not be a way around a freeze.
func TestEnablingGivesBackWhatWas(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	disable(t, w, "robin", recovery.StateFrozen)
	admin := w.Browser()
	w.SignIn(admin, alice, "/")
	r, err := w.Engine.Find(t.Context(), "robin")
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range []string{"disable", "enable"} {
		admin.Post("/.sparekey/people/"+r.ID, recoverytest.Fields("choice", do, "reason", "has left the house")).Want("person")
	}
	if r, err = w.Engine.Find(t.Context(), "robin"); err != nil || r.State != recovery.StateFrozen {
		t.Errorf("got state %q, %v, want frozen", r.State, err)
	}
}

package web_test

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestAD01_EachActionIsWalked from its place in the list, by its form, to what has
// become of the account.
func TestAD01_EachActionIsWalked(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	id := account(t, w, "robin").ID
	robins, b := signIn(w, w.Browser(), robin), signIn(w, w.Browser(), alice)
	for _, tc := range []struct {
		do     string
		fields []string
		want   func(*recovery.Account) bool
	}{
		{"unlock", nil, func(a *recovery.Account) bool { return a.Unlocks == 1 }},
		{"sign_out", nil, func(a *recovery.Account) bool { return len(a.Sessions) == 0 }},
		{"groups", []string{"groups", "family, friends"}, func(a *recovery.Account) bool { return slices.Equal(a.Groups, []string{"family", "friends"}) }},
		{"display_name", []string{"label", "Robin Hood"}, func(a *recovery.Account) bool { return a.DisplayName == "Robin Hood" }},
		{"extension", []string{"phone", "+41 44 123 45 67", "extension", "12"}, func(a *recovery.Account) bool { return len(a.Extensions) == 1 }},
		{"correct_mail", []string{"mail", "r@example.net"}, func(a *recovery.Account) bool { return len(a.Addresses) == 3 }},
		{"correct_phone", []string{"phone", "+41791234577"}, func(a *recovery.Account) bool { return len(a.Addresses) == 4 }},
		{"rename", []string{"name", "robin.hood"}, func(a *recovery.Account) bool { return a.Name == "robin.hood" }},
		{"disable", nil, func(a *recovery.Account) bool { return a.State == recovery.StateDisabled }},
		{"enable", nil, func(a *recovery.Account) bool { return a.State == recovery.StateActive }},
		{"remove", nil, func(a *recovery.Account) bool { return !a.Leaving.IsZero() }},
		{"enable", nil, func(a *recovery.Account) bool { return a.Leaving.IsZero() }},
	} {
		b.Get("/.sparekey/people/" + id).Want("person")
		if !strings.Contains(b.Body, "?do="+tc.do) {
			t.Fatalf("%s is not offered", tc.do)
		}
		b.Get("/.sparekey/people/" + id + "?do=" + tc.do).Want("person")
		b.Submit(append([]string{"reason", "because of this", "choice", tc.do}, tc.fields...)...).Want("person")
		a, err := w.Engine.Person(t.Context(), id)
		if err != nil || b.Status != http.StatusOK || !tc.want(a) {
			t.Fatalf("%s: got status %d, %v, account %+v, page %q", tc.do, b.Status, err, a, b.Text())
		}
	}
	if w.SignedIn(robins) {
		t.Error("robin is still signed in")
	}
}

// TestAD02_OneAnswerForEverybodyElse: who may not gets what an address gets that there
// is not, whatever is behind it.
func TestAD02_OneAnswerForEverybodyElse(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	there, none := account(t, w, "alice").ID, strings.Repeat("A", recovery.IDSize)
	remembered := w.Browser()
	remembered.Get("/").Submit("name", "robin", "password", robin.Password)
	remembered.Submit("code", recoverytest.TOTP(w, robin.Key), "remember", "on")
	w.Clock.Move(25 * time.Hour) // its session has ended, the trust in it has not
	old, half, user := signIn(w, w.Browser(), robin), w.Browser(), signIn(w, w.Browser(), robin)
	half.Get("/").Submit("name", "alice", "password", alice.Password)
	if _, err := w.Engine.Edit(t.Context(), engine.Shell(), account(t, w, "robin").ID, recovery.Edit{Do: recovery.ActionSignOut}, "because of this"); err != nil {
		t.Fatal(err)
	}
	w.Clock.Move(time.Minute)
	user = signIn(w, user, robin)
	for name, b := range map[string]*recoverytest.Browser{"old session": old, "half": half, "user": user, "remembered browser": remembered} {
		b.NoFollow()
		for _, query := range []string{"", "?do=disable", "?do=groups&done=person_changed"} {
			known := b.Get("/.sparekey/people/" + there + query)
			status, body := known.Status, masked(known.Body, there)
			unknown := b.Get("/.sparekey/people/" + none + query)
			if unknown.Status != status || masked(unknown.Body, none) != body || status == http.StatusOK {
				t.Errorf("%s: got status %d for somebody and %d for nobody, or another page", name, status, unknown.Status)
			}
		}
		for _, path := range []string{"people", "people?show=locked", "people/activity", "people/activity?who=" + there, "people/export", "invites", "invites?do=x"} {
			unknown := b.Get("/.sparekey/people/" + none)
			status, page, said := unknown.Status, unknown.Page(), unknown.Find("problem")
			if got := b.Get("/.sparekey/" + path); got.Status != status || got.Page() != page || got.Find("problem") != said || status == http.StatusOK {
				t.Errorf("%s, %s: got status %d, page %q, %q, want %d, %q, %q", name, path, got.Status, got.Page(), got.Find("problem"), status, page, said)
			}
		}
		for path, fields := range map[string][]string{
			"people":          {"choice", "invite", "name", "mallory", "groups", "admins"},
			"people/activity": {"name", "alice"},
			"invites":         {"choice", "make_link", "uses", "5", "groups", "family", "reason", "the choir"},
		} {
			unknown := b.Post("/.sparekey/people/"+none, recoverytest.Fields("choice", "disable", "reason", "because of this"))
			status, page, said := unknown.Status, unknown.Page(), unknown.Find("problem")
			if got := b.Post("/.sparekey/"+path, recoverytest.Fields(fields...)); got.Status != status || got.Page() != page || got.Find("problem") != said || status == http.StatusOK {
				t.Errorf("%s posts %s: got status %d, page %q, %q, want %d, %q, %q", name, path, got.Status, got.Page(), got.Find("problem"), status, page, said)
			}
		}
		for _, choice := range []string{"disable", "groups", "remove", "unlock", "invite_again", "correct_mail"} {
			fields := recoverytest.Fields("choice", choice, "reason", "because of this", "groups", "admins", "mail", "m@example.net")
			known := b.Post("/.sparekey/people/"+there, fields)
			status, body := known.Status, masked(known.Body, there)
			unknown := b.Post("/.sparekey/people/"+none, fields)
			if unknown.Status != status || masked(unknown.Body, none) != body || status == http.StatusOK {
				t.Errorf("%s, %s: got status %d for somebody and %d for nobody, or another page", name, choice, status, unknown.Status)
			}
		}
	}
	if a := account(t, w, "alice"); a.State != recovery.StateActive || !a.Admin() {
		t.Errorf("somebody has changed alice: %s, %q", a.State, a.Groups)
	}
}

// TestOddNamesAndManyGroups: what is too much is refused at its field, and nothing is
// changed; letters that run from right to left are a name like any other, and turn
// nothing on the page around.
func TestOddNamesAndManyGroups(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice, dana := recoverytest.Alice(), bob()
	dana.Name, dana.Password = "דנה", "סוס נכון סוללה מהדק"
	w.Setup(alice)
	w.Invite(dana)
	b := signIn(w, w.Browser(), alice)
	path := "/.sparekey/people/" + account(t, w, dana.Name).ID
	var many []string
	for i := range 5000 {
		many = append(many, "g"+strconv.Itoa(i))
	}
	b.Get(path+"?do=groups").Want("person").Submit("groups", strings.Join(many, ","), "reason", "because of this", "choice", "groups").Want("person")
	if b.Status != http.StatusUnprocessableEntity || b.Find("problem") == "" || len(account(t, w, dana.Name).Groups) > 0 {
		t.Errorf("5,000 groups: got status %d, %q, %d groups", b.Status, b.Find("problem"), len(account(t, w, dana.Name).Groups))
	}
	b.Get(path+"?do=display_name").Want("person").Submit("label", "דנה כהן (IT)", "reason", "because of this", "choice", "display_name").Want("person")
	if got := b.Get("/.sparekey/people"); !strings.Contains(got.Body, "<bdi>דנה כהן (IT)</bdi>") || !strings.Contains(got.Body, "<bdi>דנה</bdi>") {
		t.Errorf("got %s, want both names, each for itself", got.Text())
	}
	if theirs := signIn(w, w.Browser(), dana); !w.SignedIn(theirs) {
		t.Error("dana cannot sign in")
	}
}

// masked is a page without the address it was asked for at and its own id.
func masked(body, id string) string {
	return regexp.MustCompile(`(?s)<p class="hint">.*?</p>`).ReplaceAllString(strings.ReplaceAll(body, id, "ID"), "")
}

// TestA48_NobodyNamesThemselvesMore: the name one is shown by is all that one's own form
// takes.
func TestA48_NobodyNamesThemselvesMore(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	b := signIn(w, w.Browser(), robin)
	b.Get("/.sparekey/account").Submit("label", "Robin Hood", "choice", "show_as", "groups", "admins", "name", "root", "mail", "m@example.net").Want("account")
	a := account(t, w, "robin")
	if a.DisplayName != "Robin Hood" || a.Admin() || a.Name != "robin" || len(a.Addresses) != 2 {
		t.Errorf("got %q, groups %q, name %q, %d addresses", a.DisplayName, a.Groups, a.Name, len(a.Addresses))
	}
	if got := b.Get("/album").Body; !strings.Contains(got, "Robin Hood") {
		t.Errorf("got %q, want the app to be told the name", got)
	}
	for _, evil := range []string{"\u202enibor", strings.Repeat("x", 81), "a\u200bb"} {
		b.Get("/.sparekey/account").Submit("label", evil, "choice", "show_as")
		if b.Status != http.StatusUnprocessableEntity || account(t, w, "robin").DisplayName != "Robin Hood" {
			t.Errorf("%q: got status %d", evil, b.Status)
		}
	}
}

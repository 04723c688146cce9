package web_test

import (
	"bufio"
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

const activityURL = "/.sparekey/people/activity"

// kept writes what waits for the audit trail.
func kept(t *testing.T, w *recoverytest.World) {
	t.Helper()
	if err := w.Engine.CollectTrail(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Engine.EndTrail(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// AU-01: people see what happened to their own account and nobody else's;
// administrators see all, choose, and take it with them.
func TestAU01_PeopleSeeTheirOwnActivityAndAdministratorsAll(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	if w.Running() {
		t.Skip("it writes the trail by hand")
	}
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	w.Clock.Move(25 * time.Hour)
	w.Browser().Get("/").Submit("name", robin.Name, "password", "a wrong password")
	theirs, boss := w.Browser(), w.Browser()
	w.SignIn(theirs, robin, "/")
	w.SignIn(boss, alice, "/")
	boss.Post("/.sparekey/people/"+account(t, w, robin.Name).ID, recoverytest.Fields("choice", "unlock", "reason", "asked by <phone>"))
	kept(t, w)

	own := theirs.Get("/.sparekey/account/activity").Want("account-activity").Text()
	for _, want := range []string{"Signed in", "A wrong password or code", "A pause was lifted", "by alice", "The invitation was accepted"} {
		if !strings.Contains(own, want) {
			t.Errorf("got %q, want %q in it", own, want)
		}
	}
	for _, no := range []string{"The site was set up", "asked by"} {
		if strings.Contains(own, no) {
			t.Errorf("got %q, want %q for administrators alone", own, no)
		}
	}
	for _, path := range []string{activityURL, "/.sparekey/people/export"} {
		if got := theirs.Get(path); got.Status != 404 {
			t.Errorf("%s for an ordinary user: got status %d, want 404", path, got.Status)
		}
		if got := w.Browser().Get(path); got.Page() != "sign-in" {
			t.Errorf("%s for a stranger: got %s, want to be asked to sign in", path, got.Page())
		}
	}
	if got := theirs.Post(activityURL, recoverytest.Fields("name", alice.Name)); got.Status != 404 {
		t.Errorf("the form for an ordinary user: got status %d, want 404", got.Status)
	}
	all := boss.Get(activityURL).Want("people-activity").Text()
	for _, want := range []string{"The site was set up", "asked by <phone>", "by alice", robin.Name} {
		if !strings.Contains(all, want) {
			t.Errorf("got %q, want %q in it", all, want)
		}
	}
	choosesActivity(t, w, boss, robin)
	exportsAll(t, w, boss, alice)
}

// choosesActivity has one person's records shown, by the form and by the person's
// page, and no address has a name.
func choosesActivity(t *testing.T, w *recoverytest.World, boss *recoverytest.Browser, robin *recoverytest.Person) {
	t.Helper()
	id := account(t, w, robin.Name).ID
	chosen := boss.Get(activityURL).Submit("name", robin.Name, "event", "account_unlocked", "since", "", "until", "").Want("people-activity")
	rows, _, _ := strings.Cut(chosen.Body, "people/export")
	if n := strings.Count(rows, "<li>"); n != 1 || !strings.Contains(chosen.Text(), "asked by <phone>") {
		t.Errorf("got %d rows, %q, want what was chosen", n, chosen.Text())
	}
	if query := boss.URL.RawQuery; !strings.Contains(query, "who="+id) || strings.Contains(query, robin.Name) || strings.Contains(boss.Body, "?name=") {
		t.Errorf("got %s, want an id and no name", boss.URL)
	}
	if !strings.Contains(boss.Get("/.sparekey/people/"+id).Want("person").Body, "people/activity?who="+id) {
		t.Error("the page of a person does not lead to what happened to them")
	}
	for name, fields := range map[string][]string{"nobody": {"name", "nobody"}, "no day": {"since", "tomorrow"}} {
		if boss.Post(activityURL, recoverytest.Fields(fields...)); boss.Status != 422 || boss.Page() != "people-activity" || boss.Find("problem") == "" {
			t.Errorf("%s: got status %d, page %q", name, boss.Status, boss.Page())
		}
	}
	if boss.Get(activityURL + "?who=x"); boss.Status != 404 {
		t.Errorf("got status %d for an id that is none, want 404", boss.Status)
	}
}

// exportsAll downloads the trail: with a fresh proof, and whole.
func exportsAll(t *testing.T, w *recoverytest.World, boss *recoverytest.Browser, alice *recoverytest.Person) {
	t.Helper()
	w.Clock.Move(time.Hour)
	boss.Get("/.sparekey/people/export").Want("forbidden")
	boss.Post("/.sparekey/", boss.Hidden("")).Want("factor")
	boss.Submit("code", recoverytest.TOTP(w, alice.Key))
	boss.Get("/.sparekey/people/export")
	want := 0
	if _, _, err := w.Engine.ReadTrail(t.Context(), engine.TrailQuery{}, func(engine.TrailEntry) bool { want++; return true }); err != nil {
		t.Fatal(err)
	}
	got := 0
	for in := bufio.NewScanner(strings.NewReader(boss.Body)); in.Scan(); got++ {
		var line engine.TrailLine
		if err := json.Unmarshal(in.Bytes(), &line); err != nil || line.Event == "" || line.Time.IsZero() {
			t.Fatalf("%q: %v", in.Text(), err)
		}
	}
	if got != want || got < 6 {
		t.Errorf("got %d lines, want %d", got, want)
	}
}

var olderPage = regexp.MustCompile(`href="(/\.sparekey/account/activity\?from=[^"]+)"`)

// Older pages are reached, each record once.
func TestActivityGoesOnWithOlderPages(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	if w.Running() {
		t.Skip("it writes the trail by hand")
	}
	alice := recoverytest.Alice()
	w.Setup(alice)
	w.Clock.Move(25 * time.Hour)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	for range 120 {
		w.Clock.Move(time.Second)
		if _, err := w.Engine.RescueLink(t.Context(), alice.Name); err != nil {
			t.Fatal(err)
		}
	}
	kept(t, w)
	rows := 0
	b.Get("/.sparekey/account/activity")
	for range 5 {
		rows += strings.Count(b.Want("account-activity").Text(), "A way back was made on the server")
		next := olderPage.FindStringSubmatch(b.Body)
		if next == nil {
			break
		}
		b.Get(html.UnescapeString(next[1]))
	}
	if rows != 120 {
		t.Errorf("got %d rows, want 120", rows)
	}
}

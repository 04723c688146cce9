package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// turn is the address of the page before or after.
func turn(b *recoverytest.Browser, rel string) string {
	for n := range b.Document().Descendants() {
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		if n.Data == "a" && at["rel"] == rel {
			return at["href"]
		}
	}
	return ""
}

// TestAD02_ThePeoplePageFiltersAndSearches in pages that name nobody in an address.
func TestAD02_ThePeoplePageFiltersAndSearches(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	for i := range 40 {
		if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: fmt.Sprintf("guest%02d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	b := signIn(w, w.Browser(), alice)
	if got := b.Get("/.sparekey/people").Want("people").Text(); !strings.Contains(got, "42 people") || strings.Contains(got, "guest39") {
		t.Errorf("first page: got %q", got)
	}
	later := turn(b, "next")
	if later == "" || strings.Contains(later, "guest") {
		t.Fatalf("got %q, want one address that names nobody", later)
	}
	if got := b.Get(later).Want("people").Text(); !strings.Contains(got, "guest39") || !strings.Contains(got, "robin") || strings.Contains(got, "guest00") {
		t.Errorf("second page: got %q", got)
	}
	if got := b.Get(turn(b, "prev")).Want("people").Text(); !strings.Contains(got, "guest00") || strings.Contains(got, "guest39") {
		t.Errorf("back: got %q", got)
	}
	if got := b.Get("/.sparekey/people?show=invited").Want("people").Text(); !strings.Contains(got, "40 people") || strings.Contains(got, "robin") {
		t.Errorf("invited: got %q", got)
	}
	search := func(show, name string) string {
		t.Helper()
		return b.Post("/.sparekey/people"+show, recoverytest.Fields("search", name, "choice", "search")).Want("people").Text()
	}
	if got := search("", "ROB"); !strings.Contains(got, "robin") || strings.Contains(got, "guest00") {
		t.Errorf("search: got %q", got)
	}
	if got := search("", robin.Mail); !strings.Contains(got, "robin") || !strings.Contains(got, "1 person") {
		t.Errorf("search by mail: got %q", got)
	}
	if got := search("?show=invited", "rob"); !strings.Contains(got, "Nobody.") {
		t.Errorf("search among the invited: got %q", got)
	}
}

// TestAD02_ThePeoplePageNeedsAFreshProof, and shows who is locked.
func TestAD02_ThePeoplePageNeedsAFreshProof(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Lock = &recovery.Lock{After: 3, For: time.Hour} }))
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	b := signIn(w, w.Browser(), alice)
	if got := b.Get("/.sparekey/people?show=locked").Want("people").Text(); !strings.Contains(got, "Nobody.") {
		t.Errorf("locked: got %q, want nobody yet", got)
	}
	for range 3 {
		w.Browser().Get("/").Submit("name", "robin", "password", "not the right one")
	}
	w.Engine.Later(t.Context())
	if got := b.Get("/.sparekey/people?show=locked").Want("people").Text(); !strings.Contains(got, "robin") {
		t.Errorf("locked: got %q, want robin", got)
	}
	b.Post("/.sparekey/people/"+account(t, w, "robin").ID, recoverytest.Fields("choice", "unlock", "reason", "asked me to"))
	if got := b.Get("/.sparekey/people?show=locked").Want("people").Text(); !strings.Contains(got, "Nobody.") {
		t.Errorf("unlocked: got %q, want nobody", got)
	}
	w.Clock.Move(11 * time.Minute)
	for _, path := range []string{"people", "people?show=locked", "people/" + account(t, w, "robin").ID} {
		if got := b.Get("/.sparekey/" + path); got.Page() != "forbidden" || strings.Contains(got.Text(), "robin") {
			t.Errorf("%s, eleven minutes after the last proof: got page %q", path, got.Page())
		}
	}
	b.Post("/.sparekey/", b.Hidden("")).Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key)).Want("person")
}

package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// namer is a browser on the page that takes who may vouch.
func namer(t *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
	t.Helper()
	b := w.Browser()
	w.SignIn(b, p, "/")
	w.Clock.Move(time.Minute)
	return b.Post("/.sparekey/", recoverytest.Fields("start", "add_contact")).Want("factor").Submit("code", recoverytest.TOTP(w, p.Key)).Want("confirm")
}

// company is alice, and robin whose name has a capital letter in the record.
func company(t *testing.T) (w *recoverytest.World, alice, robin *recoverytest.Person) {
	t.Helper()
	w = recoverytest.New(t)
	alice, robin = recoverytest.Alice(), bob()
	robin.Name = "Robin"
	w.Setup(alice)
	w.Invite(robin)
	return w, alice, robin
}

// Whether an address or number is somebody's, and whose, is nobody's business.
func TestNamingATrustedPersonTakesUserNamesOnly(t *testing.T) {
	w, alice, robin := company(t)
	w.Invite(&recoverytest.Person{Name: "gone", Mail: "gone@example.org", Password: "staple battery horse"})
	disable(t, w, "gone", recovery.StateDisabled)
	b := namer(t, w, alice)
	want := ""
	for _, typed := range []string{"nobody-at-all", robin.Mail, robin.Phone, "gone", "gone@example.org", "nobody@example.org", "+41790000000", "no name!"} {
		got := normal(b.Submit("name", typed).Want("confirm"), typed)
		if want == "" {
			want = got
		}
		if got != want || !strings.Contains(b.Find("problem"), "We know nobody by that name") {
			t.Errorf("%s: got\n%s\nwant what an unknown name gets\n%s", typed, got, want)
		}
	}
	b.Submit("name", "ROBIN").Want("account-recovery")
	if got := b.Text(); !strings.Contains(got, "robin") || strings.Contains(got, "Robin") {
		t.Errorf("got %q, want the name as it was typed and not as it is recorded", got)
	}
}

// Ten names an hour, right ones and wrong ones, over all flows and browsers.
func TestNamingATrustedPersonIsMetered(t *testing.T) {
	w, alice, _ := company(t)
	b := namer(t, w, alice)
	for range 10 {
		b.Submit("name", "nobody-at-all").Want("confirm")
		if !strings.Contains(b.Find("problem"), "We know nobody by that name") {
			t.Fatalf("got %q within the limit", b.Find("problem"))
		}
	}
	b.Submit("name", "robin").Want("slow-down")
	for _, typed := range []string{"nobody-at-all", "robin", "alice"} {
		b = namer(t, w, alice).Submit("name", typed)
		if b.Status != http.StatusTooManyRequests || b.Page() != "slow-down" {
			t.Errorf("%s: got page %s with status %d, want it refused unseen", typed, b.Page(), b.Status)
		}
	}
	w.Clock.Move(time.Hour)
	namer(t, w, alice).Submit("name", "robin").Want("account-recovery")
}

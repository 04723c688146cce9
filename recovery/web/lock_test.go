package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// lockedOut makes a world with "lock after 3 for 1h" in which alice has a known
// browser and strangers have locked her account everywhere else.
func lockedOut(t *testing.T) (w *recoverytest.World, alice *recoverytest.Person, known *recoverytest.Browser) {
	t.Helper()
	w = recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Lock = &recovery.Lock{After: 3, For: time.Hour} }))
	alice, known = recoverytest.Alice(), w.Browser()
	w.Setup(alice)
	w.SignIn(known, alice, "/")
	known.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	for range 20 {
		w.Browser().Get("/").Submit("name", "alice", "password", "wrong horse staple")
	}
	locked(t, w, alice, true)
	return w, alice, known
}

// locked checks whether the right password is looked at in an unknown browser.
func locked(t *testing.T, w *recoverytest.World, p *recoverytest.Person, want bool) {
	t.Helper()
	b := w.Browser()
	b.Get("/").Submit("name", p.Name, "password", p.Password)
	if got := b.Page() == "slow-down" && b.Status == 429; got != want || !got && b.Page() != "factor" {
		t.Fatalf("right password in an unknown browser: got page %q, status %d, want locked %v", b.Page(), b.Status, want)
	}
}

// TH-04: a browser the account has fully signed in on has its own counter.
func TestTH04_StrangersCannotLockAKnownBrowser(t *testing.T) {
	w, alice, known := lockedOut(t)
	w.SignIn(known, alice, "/") // all the way in
	known.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	locked(t, w, alice, true) // which lifts nothing for strangers

	// It counts for itself all the same.
	for range 3 {
		known.Get("/").Submit("name", "alice", "password", "wrong horse staple").Want("sign-in")
	}
	known.Get("/").Submit("name", "alice", "password", alice.Password).Want("slow-down")
	w.Clock.Move(time.Hour)
	w.SignIn(known, alice, "/")
}

// The cookie of another account's browser, or one nobody gave out, is no known
// browser.
func TestTH04_AnotherDeviceCookieIsNotKnown(t *testing.T) {
	w, _, _ := lockedOut(t)
	robin, b := bob(), w.Browser()
	w.Invite(robin)
	w.SignIn(b, robin, "/")
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	b.Get("/").Submit("name", "alice", "password", "correct horse staple").Want("slow-down")
	b.Header.Set("Cookie", b.Cookie("sparekey-device").Name+"=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	b.Get("/").Submit("name", "alice", "password", "correct horse staple").Want("slow-down")
}

func TestLockIsLiftedByMailAndByAdministrators(t *testing.T) {
	t.Parallel()
	for name, lift := range map[string]func(*recoverytest.World, *recoverytest.Person){
		"time": func(w *recoverytest.World, _ *recoverytest.Person) { w.Clock.Move(time.Hour) },
		"mail": func(w *recoverytest.World, p *recoverytest.Person) {
			b := w.Browser()
			b.Get("/").Submit("name", p.Name, "password", p.Password).Want("slow-down")
			b.Get("/.sparekey/recover?choice=unlock").Want("recover").Submit("name", p.Name).Want("sent")
			b.Submit("code", w.MailCode(p)).Want("sign-in")
		},
		"link": func(w *recoverytest.World, p *recoverytest.Person) {
			b := w.Browser()
			b.Get("/.sparekey/recover?choice=unlock").Want("recover").Submit("name", p.Name).Want("sent")
			link := recoverytest.Link(t, w.Outbox.Last(t, p.Mail, "recover-code"))
			b.Get("/.sparekey/link").Want("confirm").Submit("code", link).Want("sign-in")
		},
		"recovery code": func(w *recoverytest.World, p *recoverytest.Person) {
			b := w.Browser()
			b.Get("/.sparekey/recover?choice=unlock").Want("recover").Submit("name", p.Name).Want("sent")
			b.Submit("method", recovery.RecoveryCode).Want("factor").Submit("code", p.Codes[0]).Want("sign-in")
		},
		"administrator": func(w *recoverytest.World, p *recoverytest.Person) {
			admin, b := bob(), w.Browser()
			w.Invite(admin)
			change(t, w, "robin", func(a *recovery.Account) { a.Groups = []string{recovery.GroupAdmins} })
			a, err := w.Engine.Find(t.Context(), p.Name)
			if err != nil {
				t.Fatal(err)
			}
			w.SignIn(b, admin, "/")
			b.Get("/.sparekey/people/"+a.ID).Want("person").Post("/.sparekey/people/"+a.ID,
				recoverytest.Fields("choice", "unlock", "reason", "asked me in person")).Want("person")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, alice, _ := lockedOut(t)
			lift(w, alice)
			locked(t, w, alice, false)
			if w.SignedIn(w.Browser()) {
				t.Error("lifting the lock signed somebody in")
			}
			for range 3 {
				w.Browser().Get("/").Submit("name", "alice", "password", "wrong horse staple")
			}
			locked(t, w, alice, true)
		})
	}
}

// Who asks for the unlocking mail and does not have the mailbox lifts nothing.
func TestStrangersCannotLiftALock(t *testing.T) {
	w, alice, _ := lockedOut(t)
	b := w.Browser()
	b.Get("/.sparekey/recover?choice=unlock").Submit("name", "alice").Want("sent")
	b.Submit("code", "AAAA-AAAA").Want("sent")
	locked(t, w, alice, true)
	if n := w.Events.Count(recovery.EventUnlocked); n != 0 {
		t.Errorf("got %d unlocked, want none", n)
	}
}

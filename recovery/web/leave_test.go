package web_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// leaver is Robin, a member beside Alice the administrator, whose account is closed by
// himself in the browser that is returned.
func leaver(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person, *recoverytest.Browser) {
	t.Helper()
	w := recoverytest.New(t, options...)
	w.Setup(recoverytest.Alice())
	b, p := w.Browser(), bob()
	w.InviteIn(b, p)
	w.Clock.Move(time.Minute)
	if b.Get("/.sparekey/account/contact"); !strings.Contains(b.Body, `value="delete_account"`) {
		t.Errorf("got no button on the page: %s", b.Text())
	}
	begin(w, b, p, recovery.KindDeleteAccount).Want("sign-in")
	if got := account(t, w, p.Name); got.State != recovery.StateLeaving || len(got.Sessions) > 0 {
		t.Fatalf("got %s with %d sessions", got.State, len(got.Sessions))
	}
	if w.SignedIn(b) {
		t.Fatal("still signed in")
	}
	return w, p, b
}

func pass(t *testing.T, w *recoverytest.World, d time.Duration) {
	t.Helper()
	w.Clock.Move(d)
	if err := w.Engine.RemoveDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// An account that its owner deletes is closed at once and gone after seven days, and
// its name is nobody else's for 400.
func TestDelete_GoneAfterSevenDays(t *testing.T) {
	t.Parallel()
	w, p, _ := leaver(t)
	id := account(t, w, p.Name).ID
	if pass(t, w, 7*24*time.Hour-time.Hour); account(t, w, p.Name).State != recovery.StateLeaving {
		t.Fatal("it went too early")
	}
	pass(t, w, 2*time.Hour)
	if _, err := w.Engine.Person(t.Context(), id); !errors.Is(err, recovery.ErrGone) {
		t.Errorf("got %v, want it gone", err)
	}
	people, err := w.Engine.People(t.Context())
	if err != nil || len(people) != 1 {
		t.Errorf("roster: got %+v, %v", people, err)
	}
	w.Browser().Get("/").Submit("name", p.Name, "password", p.Password).Want("sign-in")
	w.Clock.Move(time.Hour)
	add := func(name, mail string) error {
		_, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: name, Mail: mail})
		return err
	}
	if err := add(strings.ToUpper(p.Name), ""); !errors.Is(err, recovery.ErrNameTaken) {
		t.Errorf("the name: got %v, want that it is taken", err)
	}
	if err := add("somebody", p.Mail); err != nil {
		t.Errorf("the address is not free: %v", err)
	}
	if w.Clock.Move(401 * 24 * time.Hour); add(p.Name, "") != nil {
		t.Error("the name is not free after 401 days")
	}
}

// Until then its owner with the second factor keeps it, and nothing less.
func TestDelete_UndoneBySigningIn(t *testing.T) {
	t.Parallel()
	w, p, b := leaver(t)
	b.Get("/.sparekey/recover").Submit("name", p.Name).Want("sent")
	if n := len(w.Outbox.To(p.Mail, "recover-code")); n > 0 {
		t.Errorf("a recovery of an account that goes: got %d codes", n)
	}
	b.Get("/").Submit("name", p.Name, "password", p.Password).Want("factor")
	if account(t, w, p.Name).State != recovery.StateLeaving {
		t.Error("the password alone keeps it")
	}
	b.Submit("code", secondCode(w, p))
	if !w.SignedIn(b) || account(t, w, p.Name).State != recovery.StateActive {
		t.Errorf("got %s", b.Text())
	}
	if pass(t, w, 8*24*time.Hour); account(t, w, p.Name).State != recovery.StateActive {
		t.Error("it went although its owner has kept it")
	}
	if len(notices(w, p.Mail, recovery.EventKept)) == 0 {
		t.Error("nobody was told")
	}
}

// Where a gate asks for one factor, that keeps no account; a passkey that stands for
// both does.
func TestDelete_OneFactorKeepsNothing(t *testing.T) {
	t.Parallel()
	leaves := func(w *recoverytest.World) {
		change(t, w, "alice", func(a *recovery.Account) {
			a.State, a.Leaving = recovery.StateLeaving, w.Clock.Now().Add(time.Hour)
		})
	}
	h := newHome(t)
	leaves(h.World)
	b := h.signInAt(atHome).Want("factor")
	if got := account(t, h.World, "alice").State; got != recovery.StateLeaving {
		t.Errorf("the password where it is enough: got %s", got)
	}
	b.Submit("code", secondCode(h.World, h.alice))
	if got := account(t, h.World, "alice"); got.State != recovery.StateActive || got.Sessions[0].Near {
		t.Errorf("with the second factor: got %s", got.State)
	}
	_, k := keyringOf(t)
	leaves(k.w)
	k.b.Get("/album").Want("sign-in")
	k.answers(k.Get(k.asked()))
	if got := account(t, k.w, "alice").State; got != recovery.StateActive || !k.w.SignedIn(k.b) {
		t.Errorf("a passkey: got %s", got)
	}
}

// Whoever presses a notice keeps the account, closed as by any notice.
func TestDelete_UndoneByANotice(t *testing.T) {
	t.Parallel()
	w, p, _ := leaver(t)
	list := notices(w, p.Mail, recovery.EventAccountGivenUp)
	if len(list) == 0 || list[0].Vars["stop"] == "" || list[0].Vars["until"] == "" {
		t.Fatalf("got %d notices, want one with a link and the day", len(list))
	}
	s := w.Browser().Follow(list[0].Vars["stop"]).Want("stop")
	s.Post("/.sparekey/stop", s.Hidden("")).Want("stop")
	if pass(t, w, 8*24*time.Hour); account(t, w, p.Name).State != recovery.StateFrozen {
		t.Errorf("got %s, want it closed by the notice, and kept", account(t, w, p.Name).State)
	}
}

// An administrator brings it back. Disabled meanwhile, it is removed on its day all
// the same, and enabled it is what it was before.
func TestDelete_UndoneByAnAdministrator(t *testing.T) {
	t.Parallel()
	w, p, _ := leaver(t)
	alice, id := account(t, w, "alice"), account(t, w, p.Name).ID
	day := account(t, w, p.Name).Leaving
	act := func(do recovery.Action) error {
		w.Clock.Move(time.Second)
		return w.Engine.Manage(t.Context(), alice, id, do, "asked by phone")
	}
	if err := act(recovery.ActionRemove); err == nil {
		t.Error("an account that goes was removed once more, which would put its day off")
	}
	if err := act(recovery.ActionDisable); err != nil {
		t.Fatal(err)
	}
	if got := account(t, w, p.Name); !got.Leaving.Equal(day) {
		t.Errorf("disabled: got it removed at %s, want %s", got.Leaving, day)
	}
	if err := act(recovery.ActionEnable); err != nil {
		t.Fatal(err)
	}
	if pass(t, w, 8*24*time.Hour); account(t, w, p.Name).State != recovery.StateActive {
		t.Errorf("got %s", account(t, w, p.Name).State)
	}
}

// The last administrator stays, and so does whoever may change nothing.
func TestDelete_IsRefused(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := signIn(w, w.Browser(), alice)
	b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindDeleteAccount)))
	if !strings.Contains(b.Text(), "last active administrator") || account(t, w, alice.Name).State != recovery.StateActive {
		t.Errorf("the last administrator: got %s", b.Text())
	}
	p := bob()
	c := w.Browser()
	w.InviteIn(c, p)
	for name, edit := range map[string]func(*recovery.Account){
		"on probation": func(a *recovery.Account) { a.Probation = w.Clock.Now().Add(time.Hour) },
		"let in by another browser": func(a *recovery.Account) {
			a.Probation, a.Devices[0].Admitted = time.Time{}, w.Clock.Now().Add(time.Hour)
		},
	} {
		change(t, w, p.Name, edit)
		c.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindDeleteAccount))).Want("refused")
		if account(t, w, p.Name).State != recovery.StateActive {
			t.Errorf("%s it was deleted", name)
		}
		change(t, w, p.Name, func(a *recovery.Account) { a.Probation, a.Devices[0].Admitted = time.Time{}, time.Time{} })
	}
	change(t, w, p.Name, func(a *recovery.Account) { a.Groups = []string{recovery.GroupAdmins} })
	if _, err := w.Engine.RepairRoster(t.Context()); err != nil {
		t.Fatal(err)
	}
	if begin(w, b, alice, recovery.KindDeleteAccount).Want("sign-in"); account(t, w, alice.Name).State != recovery.StateLeaving {
		t.Errorf("one of two administrators: got %s", b.Text())
	}
	if len(notices(w, p.Mail, recovery.EventAdminTaken)) == 0 {
		t.Error("the other administrator was not told")
	}
}

// A crash behind any write of the deletion leaves an account as it was, or one that is
// closed and goes on its day.
func TestDelete_IsCutOff(t *testing.T) {
	t.Parallel()
	d := &memkv.Faulty{Driver: memkv.New()}
	w := recoverytest.New(t, recoverytest.WithDriver(d))
	w.Setup(recoverytest.Alice())
	b, p := w.Browser(), bob()
	w.InviteIn(b, p)
	id := account(t, w, p.Name).ID
	for crash := 1; crash < 12; crash++ {
		w.Clock.Move(time.Minute)
		b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindDeleteAccount))).Want("factor")
		left, code := crash, secondCode(w, p)
		d.After = func(op, _ string) error {
			if op != memkv.OpSwap {
				return nil
			}
			if left--; left <= 0 {
				return kv.ErrAway
			}
			return nil
		}
		b.Submit("code", code)
		d.After = nil
		a, err := w.Engine.Person(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if a.State == recovery.StateActive {
			continue
		}
		if pass(t, w, 8*24*time.Hour); a.State != recovery.StateLeaving {
			t.Errorf("got %s after write %d", a.State, crash)
		}
		if _, err := w.Engine.Person(t.Context(), id); !errors.Is(err, recovery.ErrGone) {
			t.Errorf("got %v after write %d, want it gone", err, crash)
		}
		return
	}
	t.Error("it was never closed")
}

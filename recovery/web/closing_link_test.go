package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// linksTo lists the "this wasn't me" links that an address was sent, oldest
// first.
func linksTo(w *recoverytest.World, to string) []string {
	var out []string
	for _, m := range w.Outbox.To(to, "notice") {
		if stop := m.Vars["stop"]; stop != "" {
			_, path, _ := strings.Cut(stop, "/.sparekey/")
			out = append(out, "/.sparekey/"+path)
		}
	}
	return out
}

// dead presses a link, and tells that neither its page nor its button is there
// any more and that the account stays as it is.
func dead(t *testing.T, w *recoverytest.World, link string) bool {
	t.Helper()
	before := account(t, w, "alice")
	b := w.Browser()
	gone := b.Follow(link).Page() == "refused"
	_, token, _ := strings.Cut(link, "#")
	gone = b.Post("/.sparekey/stop", recoverytest.Fields("code", token)).Page() == "refused" && gone
	after := account(t, w, "alice")
	if gone && (after.State != before.State || after.Generation != before.Generation) {
		t.Errorf("a dead link made the account %s, generation %d", after.State, after.Generation)
	}
	return gone
}

// given has an administrator give alice another mail address.
func given(t *testing.T, w *recoverytest.World, mail string) {
	t.Helper()
	boss := &recovery.Account{ID: "somebody else", State: recovery.StateActive, SecondFactor: true, Groups: []string{recovery.GroupAdmins}}
	c := recovery.Client{Base: w.Server.URL + "/.sparekey/"}
	if err := w.Engine.ReplaceMail(t.Context(), boss, account(t, w, "alice").ID, mail, "asked by phone", c); err != nil {
		t.Fatal(err)
	}
}

// intruder changes alice's address or number, and causes another notice.
func intruder(w *recoverytest.World, x readdressed, alice *recoverytest.Person) *recoverytest.Browser {
	w.TB.Helper()
	b := signIn(w, w.Browser(), alice)
	x.do(w, b, alice)
	begin(w, b, alice, recovery.KindNewCodes).Want("codes").Submit("choice", "saved").Want("account-recovery")
	return b
}

// An address that never counted was never its owner's: what was sent there
// closes nothing once it was taken back, however that was done.
func TestClosingLinksDieWithAnAddressThatWasTakenBack(t *testing.T) {
	t.Parallel()
	for _, x := range readdressings() {
		for name, takeBack := range map[string]func(t *testing.T, w *recoverytest.World, b *recoverytest.Browser, alice *recoverytest.Person){
			"by undoing the change": func(_ *testing.T, w *recoverytest.World, _ *recoverytest.Browser, _ *recoverytest.Person) {
				pressStop(w, notices(w, x.old, recovery.EventContactChanged)[0])
			},
			"by closing the account": func(_ *testing.T, w *recoverytest.World, _ *recoverytest.Browser, _ *recoverytest.Person) {
				pressStop(w, notices(w, x.old, recovery.EventCodesRenewed)[0])
			},
			"by a correction": func(_ *testing.T, w *recoverytest.World, b *recoverytest.Browser, alice *recoverytest.Person) {
				corrected := x
				corrected.new = map[string]string{"mail": "alice@third.example", "number": "+41765550111"}[x.name]
				corrected.do(w, b, alice)
			},
			"by an administrator": func(t *testing.T, w *recoverytest.World, _ *recoverytest.Browser, _ *recoverytest.Person) {
				t.Helper()
				given(t, w, "alice@third.example")
			},
		} {
			if x.name == "number" && name == "by an administrator" {
				continue // they give mail addresses only
			}
			t.Run(x.name+" "+name, func(t *testing.T) {
				w, alice := withFactor(t)
				b := intruder(w, x, alice)
				links := linksTo(w, x.new)
				if len(links) < 2 {
					t.Fatalf("got %d links to the new address, want some to press", len(links))
				}
				takeBack(t, w, b, alice)
				for _, later := range []time.Duration{0, 73 * time.Hour, 3 * 24 * time.Hour} {
					w.Clock.Move(later)
					for i, link := range links {
						if !dead(t, w, link) {
							t.Fatalf("%s later the %d. link still closes the account", later, i+1)
						}
					}
				}
			})
		}
	}
}

// The rightful owner of an address that was replaced is heard for as long as a
// notice works: a thief may have replaced it.
func TestClosingLinksSurviveThatTheirAddressIsReplaced(t *testing.T) {
	for _, x := range readdressings() {
		t.Run(x.name, func(t *testing.T) {
			w, alice := withFactor(t)
			since := x.do(w, enter(t, w, w.Browser(), alice), alice)
			link := linksTo(w, x.old)[0]
			at(w, since.Add(7*24*time.Hour-time.Hour))
			enter(t, w, w.Browser(), alice) // which drops the old address from the record
			if dead(t, w, link) || account(t, w, "alice").State != recovery.StateFrozen {
				t.Error("the link is dead, want it to close the account")
			}
		})
		t.Run(x.name+" that had counted for a day", func(t *testing.T) {
			w, alice := withFactor(t)
			b := enter(t, w, w.Browser(), alice)
			since := x.do(w, b, alice)
			link := linksTo(w, x.new)[0]
			at(w, since.Add(73*time.Hour))
			again := x
			again.new = map[string]string{"mail": "alice@third.example", "number": "+41765550111"}[x.name]
			alice.Mail = map[string]string{"mail": x.new, "number": alice.Mail}[x.name]
			again.do(w, enter(t, w, w.Browser(), alice), alice)
			at(w, since.Add(6*24*time.Hour+2*time.Hour))
			enter(t, w, w.Browser(), alice)
			if dead(t, w, link) {
				t.Error("the link is dead, want it to close the account: its address did count")
			}
		})
	}
}

// Whatever was known before an account was closed and opened again is settled.
func TestClosingLinksDieWhenTheAccountIsOpenedAnew(t *testing.T) {
	w, alice := withFactor(t)
	b := enter(t, w, w.Browser(), alice)
	for range 3 {
		begin(w, b, alice, recovery.KindNewCodes).Want("codes").Submit("choice", "saved").Want("account-recovery")
	}
	before := append(linksTo(w, alice.Mail), linksTo(w, alice.Phone)...)
	pressStop(w, notices(w, alice.Mail, recovery.EventCodesRenewed)[0])
	token, err := w.Engine.RescueLink(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	b = w.Browser()
	b.Get("/.sparekey/link").Submit("code", token)
	alice.Password = "a whole new sentence"
	b.Want("new-password").Submit("new_password", alice.Password)
	w.Enrol(b, alice)
	for i, link := range before {
		if !dead(t, w, link) {
			t.Fatalf("link %d of before closes the account again", i+1)
		}
	}
	after := notices(w, alice.Mail, recovery.EventBothReset)
	if dead(t, w, linksTo(w, alice.Mail)[len(linksTo(w, alice.Mail))-1]) || len(after) != 1 {
		t.Errorf("got %d notices of the opening and a dead link, want one that closes the account", len(after))
	}
}

// Somebody in a session must not end the owner's links by changing once more.
// An administrator, and a link, do.
func TestClosingLinksAboutAChange(t *testing.T) {
	x := readdressings()[0]
	about := func(w *recoverytest.World, to string) string {
		list := notices(w, to, recovery.EventContactChanged)
		_, path, _ := strings.Cut(list[0].Vars["stop"], "/.sparekey/")
		return "/.sparekey/" + path
	}
	t.Run("a session leaves them", func(t *testing.T) {
		w, alice := withFactor(t)
		b := intruder(w, x, alice)
		corrected := x
		corrected.new = "alice@third.example"
		corrected.do(w, b, alice)
		if dead(t, w, about(w, x.old)) {
			t.Error("the link at the old address is dead")
		}
		if got := account(t, w, "alice"); got.State != recovery.StateFrozen || got.Address(recovery.ChannelMail, w.Clock.Now().Add(73*time.Hour)) != x.old {
			t.Errorf("got %s and %+v, want it closed and the old address back", got.State, got.Addresses)
		}
	})
	t.Run("an administrator ends them", func(t *testing.T) {
		w, alice := withFactor(t)
		intruder(w, x, alice)
		link := about(w, x.old)
		given(t, w, "alice@third.example")
		if !dead(t, w, link) {
			t.Error("the link about the change before still works")
		}
		if others := linksTo(w, x.old); dead(t, w, others[len(others)-1]) {
			t.Error("the link about the administrator's change is dead")
		}
	})
	t.Run("a link ends them", func(t *testing.T) {
		w, alice := withFactor(t)
		intruder(w, x, alice)
		pressStop(w, notices(w, x.old, recovery.EventContactChanged)[0])
		if !dead(t, w, about(w, alice.Phone)) {
			t.Error("the link at the number still works")
		}
	})
}

// Taking the same address in once more makes new links, and revives none.
func TestClosingLinksOfAnAddressThatIsTakenInAgain(t *testing.T) {
	w, alice := withFactor(t)
	x := readdressings()[0]
	b := intruder(w, x, alice)
	first := linksTo(w, x.new)
	corrected := x
	corrected.new = "alice@third.example"
	corrected.do(w, b, alice)
	w.Clock.Move(2 * time.Hour)
	x.do(w, enter(t, w, w.Browser(), alice), alice)
	for _, link := range first {
		if !dead(t, w, link) {
			t.Error("a link of the first time works again")
		}
	}
	if all := linksTo(w, x.new); dead(t, w, all[len(all)-1]) {
		t.Error("the link of the second time is dead")
	}
}

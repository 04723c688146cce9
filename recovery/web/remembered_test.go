package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// rememberedSeat is a browser in which alice is not asked for a code.
type rememberedSeat struct {
	*recoverytest.World
	t     *testing.T
	alice *recoverytest.Person
	seat  *recoverytest.Browser
}

func remembering(t *testing.T) *rememberedSeat {
	t.Helper()
	w, alice := recoverytest.New(t), recoverytest.Alice()
	w.Setup(alice)
	return &rememberedSeat{w, t, alice, trusting(w, w.Browser(), alice)}
}

// profile is what a browser keeps: its device cookie.
func (x *rememberedSeat) profile(b *recoverytest.Browser) *http.Cookie {
	x.t.Helper()
	u, err := url.Parse(b.Base)
	if err != nil {
		x.t.Fatal(err)
	}
	cookies := b.Client.Jar.Cookies(u)
	i := slices.IndexFunc(cookies, func(c *http.Cookie) bool { return c.Value == b.Cookie("sparekey-device").Value })
	return cookies[i]
}

// put gives a browser the profile of earlier, or of another one.
func (x *rememberedSeat) put(b *recoverytest.Browser, profile *http.Cookie) *recoverytest.Browser {
	x.t.Helper()
	u, err := url.Parse(b.Base)
	if err != nil {
		x.t.Fatal(err)
	}
	c := *profile
	c.Path = "/"
	b.Client.Jar.SetCookies(u, []*http.Cookie{&c})
	return b
}

// want signs in with the password, and wants the app or a page.
func (x *rememberedSeat) want(b *recoverytest.Browser, page string) {
	x.t.Helper()
	if got := passwordOnly(b, x.alice); got != page {
		x.t.Errorf("got page %q, want %q", got, page)
	}
}

// told wants how often a copy was noticed, and how often its owner was told.
func (x *rememberedSeat) told(noticed, mailed int) {
	x.t.Helper()
	if n, m := x.Events.Count(recovery.EventBrowserCopied), len(notices(x.World, x.alice.Mail, recovery.EventBrowserCopied)); n != noticed || m != mailed {
		x.t.Errorf("got %d copies noticed and %d notices, want %d and %d", n, m, noticed, mailed)
	}
}

// An answer that is lost, and two tabs that send the same token, are no copy.
func TestMF15_LostAnswersAndTabsAreNoCopy(t *testing.T) {
	t.Parallel()
	t.Run("answer lost", func(t *testing.T) {
		t.Parallel()
		x := remembering(t)
		for range 3 {
			before := x.profile(x.seat)
			x.want(x.seat, "")
			if x.profile(x.seat).Value == before.Value {
				t.Error("the token is not replaced when it skips the factor")
			}
			x.put(x.seat, before)
			x.Clock.Move(24 * time.Hour)
		}
		x.want(x.seat, "")
		x.told(0, 0)
	})
	t.Run("two tabs", func(t *testing.T) {
		t.Parallel()
		x := remembering(t)
		tab := x.put(x.Browser(), x.profile(x.seat))
		x.want(x.seat, "")
		newer := x.profile(x.seat)
		x.want(tab, "")
		x.want(x.put(x.seat, newer), "") // whichever answer came last
		x.Clock.Move(time.Hour)
		x.want(x.seat, "")
		x.told(0, 0)
	})
}

// A token of long ago is a copy: that browser is asked for the code again, stays
// known, and its owner hears of it once a day.
func TestMF15_ACopyIsNoticed(t *testing.T) {
	t.Parallel()
	t.Run("profile restored", func(t *testing.T) {
		t.Parallel()
		x := remembering(t)
		backup := x.profile(x.seat)
		for range 2 { // on one day
			x.Clock.Move(time.Hour)
			x.want(x.seat, "")
			x.want(x.seat, "")
			x.want(x.put(x.seat, backup), "factor")
			x.seat.Submit("code", secondCode(x.World, x.alice), "remember", "1")
			backup = x.profile(x.seat)
		}
		x.told(2, 1)
		if n := len(account(t, x.World, "alice").Devices); n != 1 || x.Events.Count(recovery.EventNewDevice) != 0 {
			t.Errorf("got %d known browsers, want the one: it stays known", n)
		}
	})
	t.Run("copied and used second", func(t *testing.T) {
		t.Parallel()
		x := remembering(t)
		thief := x.put(x.Browser(), x.profile(x.seat))
		x.want(x.seat, "")
		x.Clock.Move(11 * time.Minute)
		x.SignedIn(x.seat) // who uses the session has got the token that came with it
		thief.Get("/.sparekey/login").Submit("name", x.alice.Name, "password", "not her password").Want("sign-in")
		x.told(0, 0) // without the password nobody ends anything
		x.want(thief, "factor")
		x.told(1, 1)
		x.want(x.seat, "factor")
		x.told(1, 1)
	})
	t.Run("copied and used first", func(t *testing.T) {
		t.Parallel()
		x := remembering(t)
		thief := x.put(x.Browser(), x.profile(x.seat))
		x.want(thief, "")
		x.Clock.Move(11 * time.Minute)
		x.SignedIn(thief)
		x.want(x.seat, "factor")
		x.told(1, 1)
		x.want(thief, "factor")
	})
	t.Run("copied, used first and left alone", func(t *testing.T) {
		t.Parallel()
		x := remembering(t)
		thief := x.put(x.Browser(), x.profile(x.seat))
		x.want(thief, "")
		x.Clock.Move(time.Hour)
		x.want(x.seat, "") // as if an answer had been lost
		x.want(thief, "factor")
		x.told(1, 1)
	})
}

// Two people who share a browser are both known there, and remembered each.
func TestMF15_TwoPeopleShareABrowser(t *testing.T) {
	t.Parallel()
	x, robin := remembering(t), bob()
	x.Invite(robin)
	trusting(x.World, x.seat, robin)
	for range 2 {
		x.Clock.Move(24 * time.Hour)
		x.want(x.seat, "")
		if got := passwordOnly(x.seat, robin); got != "" {
			t.Errorf("robin: got page %q, want the app", got)
		}
	}
	for _, name := range []string{"alice", robin.Name} {
		if n := len(account(t, x.World, name).Devices); n != 1 {
			t.Errorf("%s: got %d known browsers, want 1", name, n)
		}
	}
	if n := x.Events.Count(recovery.EventNewDevice); n != 0 {
		t.Errorf("got %d notices of new browsers", n)
	}
	x.told(0, 0)
}

// What makes a secret new ends what was remembered, also when it comes back as it
// was: the cookie of before is asked for the code.
func TestMF15_WhatEndsARememberedBrowser(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*rememberedSeat){
		"password changed": func(x *rememberedSeat) {
			b := enter(x.t, x.World, x.Browser(), x.alice)
			b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindChangePassword))).Want("factor")
			b.Submit("password", x.alice.Password).Submit("code", secondCode(x.World, x.alice)).Want("new-password")
			x.alice.Password = "another horse battery"
			b.Submit("new_password", x.alice.Password)
		},
		"recovered": func(x *rememberedSeat) { x.LostPhone(x.Browser(), x.alice) },
		"factor replaced": func(x *rememberedSeat) {
			b := enter(x.t, x.World, x.Browser(), x.alice)
			begin(x.World, b, x.alice, recovery.KindAddFactor)
			x.Enrol(b, x.alice)
		},
		"let in by another browser": func(x *rememberedSeat) {
			change(x.t, x.World, "alice", func(a *recovery.Account) { a.Devices[0].Distrust() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := remembering(t)
			do(x)
			x.Clock.Move(time.Minute)
			x.want(x.seat, "factor")
			x.told(0, 0)
		})
	}
}

// asFlow reads flows of a session as if its sign-in had shown a factor in them.
func asFlow(plain []byte) any {
	var f recovery.Flow
	if json.Unmarshal(plain, &f) == nil && f.Session != "" {
		f.AddProof(recovery.Proof{Method: recovery.TOTP, Source: recovery.TOTP, At: f.Since})
	}
	return f
}

// A remembered browser is a proof of nothing: were it a strong one, new codes would
// be made by the password alone.
func TestMF15_MutantRememberedBrowserAsStrongProof(t *testing.T) {
	t.Parallel()
	for _, mutant := range []bool{false, true} {
		x := remembering(t)
		x.want(x.seat, "")
		if mutant {
			x.Engine.Store.Sealer = misread{x.Engine.Store.Sealer, "flow", asFlow}
		}
		x.seat.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindNewCodes)))
		x.seat.Get("/.sparekey/?f=" + url.QueryEscape(x.seat.URL.Query().Get("f")))
		if got := x.seat.Page() != "factor"; got != mutant {
			t.Errorf("mutant %v: the attack works: %v (page %q)", mutant, got, x.seat.Page())
		}
	}
}

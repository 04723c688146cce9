package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// sheets is alice's account, with every sheet of codes that was made in it.
type sheets struct {
	w      *recoverytest.World
	alice  *recoverytest.Person
	begin  time.Time
	sheets [][]string
}

func newSheets(t *testing.T, options ...recoverytest.Option) *sheets {
	t.Helper()
	w, alice := withFactor(t, options...)
	return &sheets{w, alice, w.Clock.Now(), [][]string{alice.Codes}}
}

// on goes to a time after the set-up.
func (s *sheets) on(days float64) {
	at(s.w, s.begin.Add(time.Duration(days*24*float64(time.Hour))))
}

// signIn signs in in full.
func (s *sheets) signIn() *recoverytest.Browser { return signIn(s.w, s.w.Browser(), s.alice) }

// byCode signs in with a code of the newest sheet.
func (s *sheets) byCode() {
	s.w.Browser().Get("/").Submit("name", s.alice.Name, "password", s.alice.Password).Submit("method", "recovery_code").Submit("code", s.alice.Codes[9])
}

// renew makes new codes, or with a new authenticator both.
func (s *sheets) renew(kind recovery.Kind, more ...string) {
	s.w.TB.Helper()
	b := begin(s.w, s.signIn(), s.alice, kind)
	if b.Page() == "enroll" {
		s.w.Enrol(b, s.alice)
	} else {
		s.alice.Codes = slices.Clone(fields(b.Want("codes").All("codes")))
		b.Submit(append([]string{"choice", "saved"}, more...)...)
	}
	wantOwn(b)
	s.sheets = append(s.sheets, s.alice.Codes)
}

// opens closes the account now and lists the sheets that open it.
func (s *sheets) opens(t *testing.T) []int {
	t.Helper()
	change(t, s.w, "alice", func(a *recovery.Account) { a.Freeze(s.w.Clock.Now(), s.w.Clock.Now(), s.w.Policy.Lifetimes) })
	var out []int
	for i, codes := range s.sheets {
		s.w.Clock.Move(time.Hour) // mails are counted
		b := s.w.Browser()
		s.w.Ask(b, s.alice)
		if b.Has("code") {
			b.Submit("code", codes[0])
		}
		if b.Page() == "new-password" {
			out = append(out, i)
		}
	}
	return out
}

// Which sheet opens a closed account: the newest that counts, which takes seven
// days and after them a full sign-in, both with every factor as it is.
func TestRule_OnlyASheetThatCountsOpensAClosedAccount(t *testing.T) {
	t.Parallel()
	const codes, factor = recovery.KindNewCodes, recovery.KindAddFactor
	for _, tc := range []struct {
		name string
		do   func(s *sheets)
		want []int
	}{
		{"of set-up", func(*sheets) {}, []int{0}},
		{"of set-up, a year later", func(s *sheets) { s.on(365) }, []int{0}},
		{"new codes", func(s *sheets) { s.renew(codes) }, []int{0}},
		{"new codes, then a month", func(s *sheets) { s.renew(codes); s.on(30) }, []int{0}},
		{"new codes, a sign-in just before seven days, then a month", func(s *sheets) { s.renew(codes); s.on(6.99); s.signIn(); s.on(30) }, []int{0}},
		{"new codes, a sign-in after seven days", func(s *sheets) { s.renew(codes); s.on(7.01); s.signIn() }, []int{1}},
		{"new codes, a sign-in with a code after eight days", func(s *sheets) { s.renew(codes); s.on(8); s.byCode(); s.on(16) }, []int{0}},
		{"new codes twice", func(s *sheets) { s.renew(codes); s.on(4); s.renew(codes); s.on(8) }, []int{0}},
		{"new codes twice, a sign-in when the first would have counted", func(s *sheets) { s.renew(codes); s.on(4); s.renew(codes); s.on(8); s.signIn() }, []int{0}},
		{"a new authenticator", func(s *sheets) { s.renew(factor); s.on(8) }, []int{0}},
		{"a new authenticator, a sign-in after seven days", func(s *sheets) { s.renew(factor); s.on(7.1); s.signIn() }, []int{1}},
		{"a new authenticator, then new codes, a sign-in after seven days", func(s *sheets) { s.renew(factor); s.on(3); s.renew(codes); s.on(8); s.signIn() }, []int{0}},
		{"one that counts is kept while the next does not", func(s *sheets) { s.renew(codes); s.on(8); s.signIn(); s.renew(codes); s.on(20) }, []int{1}},
		{"the old one void", func(s *sheets) { s.renew(codes, "void", "1") }, nil},
		{"the old one void, and one more", func(s *sheets) { s.renew(codes, "void", "1"); s.renew(codes); s.on(6) }, nil},
		{"the old one void, the new one counts", func(s *sheets) { s.renew(codes, "void", "1"); s.on(8); s.signIn() }, []int{1}},
		{"a code was used this week", func(s *sheets) { s.byCode(); s.on(6) }, nil},
		{"a code was used before", func(s *sheets) { s.byCode(); s.on(8) }, []int{0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSheets(t)
			tc.do(s)
			if got := s.opens(t); !slices.Equal(got, tc.want) {
				t.Errorf("got sheets %v to open it, want %v", got, tc.want)
			}
		})
	}
}

// Neither closing early nor closing again makes a thief's sheet the one.
func TestRule_ClosingFixesNoNewSheet(t *testing.T) {
	for _, days := range []float64{0, 3, 20} {
		t.Run(fmt.Sprint(days), func(t *testing.T) {
			s := newSheets(t)
			s.renew(recovery.KindNewCodes)
			s.on(days)
			now := s.w.Clock.Now()
			change(t, s.w, "alice", func(a *recovery.Account) { a.Freeze(now, now, s.w.Policy.Lifetimes) })
			s.w.Clock.Move(20 * 24 * time.Hour)
			if got := s.opens(t); !slices.Equal(got, []int{0}) {
				t.Errorf("got sheets %v, want the one of set-up", got)
			}
		})
	}
	t.Run("a sheet that is not older than what was told", func(t *testing.T) {
		s := newSheets(t)
		change(t, s.w, "alice", func(a *recovery.Account) {
			a.Freeze(s.begin.Add(time.Hour), s.w.Clock.Now(), s.w.Policy.Lifetimes)
			a.Freeze(s.begin.Add(-time.Hour), s.w.Clock.Now(), s.w.Policy.Lifetimes)
		})
		if got := s.opens(t); len(got) > 0 {
			t.Errorf("got sheets %v, want none", got)
		}
	})
}

// The mailbox alone replaces the authenticator where the policy says so, and gets
// codes with it. They open nothing when the account was closed, however long he
// waits; the owner's still do.
func TestRule_AThiefsSheetOpensNothing(t *testing.T) {
	s := newSheets(t, recoverytest.WithPolicy(func(p *recovery.Policy) {
		p.Ways[recovery.GoalPassword] = nil
		p.Ways[recovery.GoalSecondFactor] = []recovery.Way{{Proofs: []string{recovery.MailLink}, Wait: 24 * time.Hour, WeakOK: true}}
		p.Ways[recovery.GoalBoth] = []recovery.Way{{Proofs: []string{recovery.RecoveryCode, recovery.MailLink}, Wait: 24 * time.Hour}}
	}))
	thief := *s.alice
	walk := func() *recoverytest.Browser {
		b := s.w.Browser()
		s.w.Ask(b, &thief)
		if b.Page() == "choice" {
			b.Submit("choice", "second_factor")
		}
		if b.Page() == "factor" {
			another(b).Submit("method", "wait")
		}
		return b
	}
	walk().Want("wait").Submit("choice", "wait")
	s.on(1.1)
	s.w.Enrol(walk(), &thief)
	s.sheets = append(s.sheets, thief.Codes)
	s.on(9)
	s.w.Browser().Get("/").Submit("name", "alice", "password", "a guess")
	now := s.w.Clock.Now()
	change(t, s.w, "alice", func(a *recovery.Account) { a.Freeze(now, now, s.w.Policy.Lifetimes) })
	for i, want := range []string{"wait", "factor"} {
		s.w.Clock.Move(time.Hour)
		b := s.w.Browser()
		s.w.Ask(b, s.alice)
		if b.Want("factor").Submit("code", s.sheets[i][0]); b.Page() != want {
			t.Errorf("sheet %d: got %q, want %q", i, b.Page(), want)
		}
	}
}

// A sheet is void only because its owner says so, in a session: not in a recovery.
func TestRule_ARecoveryVoidsNoSheet(t *testing.T) {
	s := newSheets(t)
	b := atSMS(t, s.w, s.alice)
	b.Submit("code", s.w.SMSCode(s.alice)).TakeApp()
	thief := *s.alice
	thief.Key = keyOn(b)
	b.Submit("code", recoverytest.TOTP(s.w, thief.Key)).Want("codes")
	b.Submit("choice", "saved", "void", "1", "others", "1").Want("sign-in")
	if got := s.opens(t); !slices.Equal(got, []int{0}) {
		t.Errorf("got sheets %v, want the owner's", got)
	}
}

// fields are the words of a list, which a page shows as one text.
func fields(list []string) []string { return strings.Fields(strings.Join(list, " ")) }

// keyOn is the key that a page shows for an authenticator.
func keyOn(b *recoverytest.Browser) string {
	return strings.ReplaceAll(strings.Join(b.All("secret"), ""), "-", "")
}

package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// answers tells for each address of an account whether a code has come back.
func answers(t *testing.T, w *recoverytest.World, name string) []recovery.Answered {
	t.Helper()
	var out []recovery.Answered
	for _, c := range account(t, w, name).Addresses {
		out = append(out, c.Answered)
	}
	return out
}

func wantAnswers(t *testing.T, w *recoverytest.World, name string, want ...recovery.Answered) {
	t.Helper()
	if got := answers(t, w, name); !slices.Equal(got, want) {
		t.Errorf("answers of %s: got %q, want %q", name, got, want)
	}
}

const (
	yes     = recovery.AnsweredYes
	no      = recovery.AnsweredNo
	unknown = recovery.AnsweredUnknown
)

// Set-up sends a code to the mailbox and to the number, and takes no other.
func TestSetUpConfirmsAddresses(t *testing.T) {
	t.Parallel()
	w, alice := recoverytest.New(t), recoverytest.Alice()
	code, err := w.Engine.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := w.Browser()
	b.Get("/.sparekey/setup").Submit("code", code)
	b.Submit("name", alice.Name, "mail", alice.Mail, "phone", alice.Phone, "new_password", alice.Password).Want("confirm")
	b.Submit("code", wrongCodes(1, newCode(w, alice.Mail))[0]).Want("confirm")
	b.Submit("code", newCode(w, alice.Mail)).Want("confirm")
	if n := len(w.Outbox.To(alice.Phone, "contact-code")); n != 1 {
		t.Fatalf("got %d texts, want one", n)
	}
	b.Submit("code", newCode(w, alice.Mail)).Want("confirm") // the other one's
	b.Submit("choice", "skip")
	w.Enrol(b, alice)
	wantAnswers(t, w, "alice", yes, no)
}

// A mailed invitation has come back from the mailbox: no code is asked. One that
// an administrator was shown has not, and a number is asked in both cases.
func TestAMailedInvitationConfirmsTheMailbox(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		mailed bool
		want   recovery.Answered
	}{{"mailed", true, yes}, {"shown", false, no}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w, admin, robin, token := invited(t, recoverytest.Alice())
			if tc.mailed {
				admin.Post("/.sparekey/people/"+robin.ID, recoverytest.Fields("choice", "invite_again")).Want("invite")
				token = recoverytest.Link(t, w.Outbox.Last(t, "robin@example.org", "invite"))
			}
			b := w.Browser()
			b.Get("/.sparekey/link").Submit("code", token).Want("new-password").Submit("new_password", "staple battery horse")
			if !tc.mailed {
				b.Want("confirm").Submit("choice", "skip")
			}
			w.Enrol(b, bob())
			wantAnswers(t, w, "robin", tc.want)
		})
	}
}

// before makes the account one of a version that asked for no code.
func before(t *testing.T, w *recoverytest.World, name string) {
	t.Helper()
	change(t, w, name, func(a *recovery.Account) {
		for i := range a.Addresses {
			a.Addresses[i].Answered = unknown
		}
	})
}

// Nobody loses a way back by what was not asked earlier: the first code that
// comes back confirms, of each address its own. Until then the page asks.
func TestAccountsOfBeforeAreConfirmedByTheirFirstCode(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	before(t, w, "alice")
	b := enter(t, w, w.Browser(), alice)
	if b.Get("/.sparekey/account"); !b.Offers("start", "confirm_mail") || !b.Offers("start", "confirm_phone") {
		t.Errorf("got %q, want to be asked to confirm both", b.Text())
	}
	atNewPassword(t, w, alice).Submit("new_password", "another horse battery").Want("sign-in")
	alice.Password = "another horse battery"
	wantAnswers(t, w, "alice", yes, unknown)
	if w.Outbox.Last(t, alice.Phone, "notice").Vars["stop"] == "" {
		t.Error("a number of before gets no closing link any more")
	}
}

// Somebody whom a version of before has invited has no way back yet to lose.
func TestAnInvitationOfBeforeIsAskedForCodes(t *testing.T) {
	t.Parallel()
	w, _, _, token := invited(t, recoverytest.Alice())
	before(t, w, "robin")
	b := w.Browser()
	b.Get("/.sparekey/link").Submit("code", token).Submit("new_password", "staple battery horse").Want("confirm").Submit("choice", "skip")
	w.Enrol(b, bob())
	wantAnswers(t, w, "robin", no)
}

// The operator's rescue comes from no mailbox, and what an administrator opens
// is answered by the codes of the way it begins.
func TestARescueConfirmsNothing(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	before(t, w, "alice")
	token, err := w.Engine.RescueLink(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	b := w.Browser()
	b.Get("/.sparekey/link").Submit("code", token).Want("choice").Submit("choice", "both").Want("new-password")
	b.Submit("new_password", "another horse battery")
	w.Enrol(b, alice)
	wantAnswers(t, w, "alice", unknown, unknown)
}

// The code of one address says nothing of another that has replaced it since.
func TestACodeConfirmsTheAddressItWentTo(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	before(t, w, "alice")
	b := atNewPassword(t, w, alice)
	change(t, w, "alice", func(a *recovery.Account) { a.Addresses[0].Value = "alice@elsewhere.example" })
	b.Submit("new_password", "another horse battery").Want("sign-in")
	wantAnswers(t, w, "alice", unknown, unknown)
}

// Codes that confirm are counted like any others, in each flow and over all of
// them, and skipping goes on as long as that lasts.
func TestGuessesAtACodeThatConfirmsAreCounted(t *testing.T) {
	t.Parallel()
	w, robin := unconfirmed(t)
	b := enter(t, w, w.Browser(), robin)
	tries := 0
	for range 4 {
		confirm(w, b, robin, recovery.KindConfirmMail)
		form := b.Hidden("code")
		for _, guess := range wrongCodes(6, newCode(w, robin.Mail)) {
			form.Set("code", guess)
			if b.Post("/.sparekey/", form); b.Status != http.StatusTooManyRequests {
				tries++
			}
		}
		w.Clock.Move(time.Minute)
	}
	if limit := w.Policy.Limits.CodesHourly.Count; tries > limit {
		t.Errorf("got %d guesses in an hour, want at most %d", tries, limit)
	}
	wantAnswers(t, w, "robin", no, no)
}

func TestSkippingNeedsNoRightCode(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	_, token, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "robin", Mail: "robin@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	b := w.Browser()
	b.Get("/.sparekey/link").Submit("code", token).Submit("new_password", "staple battery horse").Want("confirm")
	form := b.Hidden("code")
	for _, guess := range wrongCodes(6, newCode(w, "robin@example.org")) {
		form.Set("code", guess)
		b.Post("/.sparekey/", form)
	}
	if b.Status != http.StatusTooManyRequests {
		t.Fatalf("got status %d after six guesses", b.Status)
	}
	b.Want("confirm").Submit("choice", "skip").TakeApp()
}

// Only a step that may be skipped is.
func TestNoOtherStepIsSkipped(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := enter(t, w, w.Browser(), alice)
	begin(w, b, alice, recovery.KindChangeMail).Want("confirm").Submit("mail", "alice@elsewhere.example").Want("confirm")
	form := b.Hidden("code")
	form.Set("choice", "skip")
	if b.Post("/.sparekey/", form); strings.HasPrefix(b.Page(), "account") || len(account(t, w, "alice").Addresses) != 2 {
		t.Errorf("got page %q with %+v", b.Page(), account(t, w, "alice").Addresses)
	}
}

// A mailbox gets three codes an hour that would make it somebody's, whichever
// accounts ask; its owner's own mails are not counted with them.
func TestTH08_AMailboxIsCountedOverAllAccounts(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	const victim = "victim@example.net"
	for _, name := range []string{"m1", "m2", "m3", "m4", "m5"} {
		p := &recoverytest.Person{Name: name, Mail: name + "@example.org", Password: "a long walk of " + name}
		w.Invite(p)
		b := enter(t, w, w.Browser(), p)
		begin(w, b, p, recovery.KindChangeMail).Want("confirm").Submit("mail", victim).Want("confirm")
	}
	if n := len(w.Outbox.To(victim, "contact-code")); n != w.Policy.Limits.SendsHourly.Count {
		t.Errorf("got %d codes in an hour, want %d", n, w.Policy.Limits.SendsHourly.Count)
	}
	w.Ask(w.Browser(), alice)
}

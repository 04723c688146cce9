package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// skipping makes the account of an invited person who skips every code.
func skipping(w *recoverytest.World, p *recoverytest.Person) {
	w.TB.Helper()
	_, token, err := w.Engine.AddUser(w.TB.Context(), recovery.NewAccount{Name: p.Name, Mail: p.Mail, Phone: p.Phone})
	if err != nil {
		w.TB.Fatal(err)
	}
	b := w.Browser()
	b.Get("/.sparekey/link").Want("confirm").Submit("code", token).Want("new-password")
	b.Submit("new_password", p.Password).Want("confirm").Submit("choice", "skip").Want("confirm").Submit("choice", "skip")
	w.Enrol(b, p)
}

// unconfirmed is an installation with robin, who has skipped every code.
func unconfirmed(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person) {
	t.Helper()
	w, _ := withFactor(t, options...)
	robin := bob()
	skipping(w, robin)
	return w, robin
}

// confirm begins to confirm an address on the account page, up to the code.
func confirm(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person, kind recovery.Kind) *recoverytest.Browser {
	w.TB.Helper()
	return begin(w, b, p, kind).Want("confirm")
}

func newCode(w *recoverytest.World, to string) string {
	w.TB.Helper()
	return w.Outbox.Last(w.TB, to, "contact-code").Vars["code"]
}

// Whoever owns a mistyped mailbox or number proves nothing by it: no way back
// begins there, and no case is mailed. Confirming it on the account page makes it
// a proof at once, and every channel is told.
func TestAnUnconfirmedAddressIsNoProof(t *testing.T) {
	t.Parallel()
	w, robin := unconfirmed(t)
	w.Browser().Get("/.sparekey/recover").Submit("name", robin.Name).Want("sent")
	if n := len(w.Outbox.To(robin.Mail, "recover-code")); n > 0 {
		t.Fatalf("got %d mails that begin a recovery", n)
	}
	b := enter(t, w, w.Browser(), robin)
	confirm(w, b, robin, recovery.KindConfirmMail).Submit("code", newCode(w, robin.Mail)).Want("account-contact")
	if n := len(notices(w, robin.Phone, recovery.EventContactConfirmed)); n != 1 {
		t.Errorf("the number was told %d times, want once", n)
	}
	back := w.Browser()
	w.Ask(back, robin)
	if back.Want("choice").Submit("choice", "second_factor").Want("factor").Submit("password", robin.Password); back.Page() == "factor" && back.Has("code") {
		if n := len(w.Outbox.To(robin.Phone, "sms-code")); n > 0 {
			t.Errorf("got %d codes texted to a number nobody has confirmed", n)
		}
	}
}

// A case would hand the account to whoever reads what was mistyped.
func TestAnUnconfirmedAddressGetsNoCase(t *testing.T) {
	t.Parallel()
	o := newAdminWorld(t)
	eve := &recoverytest.Person{Name: "eve", Mail: "eve@example.org", Phone: "+41791112233", Password: "a long evening walk"}
	skipping(o.World, eve)
	o.Clock.Move(time.Minute)
	o.adminBrowser.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", "eve", "choice", "second_factor", "reason", "called me, I know the voice"))
	if n := len(o.Outbox.To(eve.Mail, "admin-case")); n > 0 || o.adminBrowser.Status != 422 {
		t.Errorf("got %d cases, status %d: %s", n, o.adminBrowser.Status, o.adminBrowser.Text())
	}
	// An administrator may give it, which counts after 72 hours as any other.
	o.robinID = account(t, o.World, "eve").ID
	if o.correct(eve.Mail, "spelled it to me face to face").Want("person"); o.adminBrowser.Status != 200 {
		t.Fatalf("got status %d: %s", o.adminBrowser.Status, o.adminBrowser.Text())
	}
	o.Clock.Move(72 * time.Hour)
	o.Browser().Get("/.sparekey/recover").Submit("name", "eve").Want("sent")
	o.Outbox.Last(t, eve.Mail, "recover-code")
}

// Notices go there all the same, since it may be the owner's; but without the
// link that closes the account.
func TestAnUnconfirmedAddressGetsNoClosingLink(t *testing.T) {
	t.Parallel()
	w, robin := unconfirmed(t)
	enter(t, w, w.Browser(), robin)
	b := enter(t, w, w.Browser(), robin) // another browser is told
	links := func() map[string]bool {
		out := map[string]bool{}
		for _, to := range []string{robin.Mail, robin.Phone} {
			m := w.Outbox.Last(t, to, "notice")
			out[to] = m.Vars["stop"] != ""
		}
		return out
	}
	for to, linked := range links() {
		if linked {
			t.Errorf("%s got a link that closes the account", to)
		}
	}
	confirm(w, b, robin, recovery.KindConfirmMail).Submit("code", newCode(w, robin.Mail)).Want("account-contact")
	if got := links(); !got[robin.Mail] || got[robin.Phone] {
		t.Errorf("links after confirming the mailbox: got %v, want one there", got)
	}
}

// An address that an administrator gave is a proof after 72 hours, and closes
// nothing before somebody has answered there.
func TestAGivenAddressClosesNothingUnconfirmed(t *testing.T) {
	t.Parallel()
	o := newAdminWorld(t)
	o.correct(robinsNew, "the old mailbox is gone").Want("person")
	o.Clock.Move(73 * time.Hour)
	enter(t, o.World, o.Browser(), o.robin)
	enter(t, o.World, o.Browser(), o.robin) // another browser is told
	if o.Outbox.Last(t, robinsNew, "notice").Vars["stop"] != "" {
		t.Error("got a closing link at an address that nobody has proved")
	}
	o.robin.Mail = robinsNew
	o.LostPhone(o.Browser(), o.robin)
	if o.Outbox.Last(t, robinsNew, "notice").Vars["stop"] == "" {
		t.Error("got no closing link after a code came back from there")
	}
}

// The account page names what is not confirmed, and has the button for it.
func TestTheAccountPageNamesWhatIsNotConfirmed(t *testing.T) {
	t.Parallel()
	w, robin := unconfirmed(t)
	b := enter(t, w, w.Browser(), robin)
	for _, kind := range []recovery.Kind{recovery.KindConfirmMail, recovery.KindConfirmPhone} {
		if text := b.Get("/.sparekey/account/contact").Text(); !strings.Contains(text, "not confirmed") || !b.Offers("start", string(kind)) {
			t.Errorf("%s: got %q, want it named and a button", kind, text)
		}
		to := map[recovery.Kind]string{recovery.KindConfirmMail: robin.Mail, recovery.KindConfirmPhone: robin.Phone}[kind]
		confirm(w, b, robin, kind).Submit("code", newCode(w, to)).Want("account-contact")
	}
	if text := b.Get("/.sparekey/account/contact").Text(); strings.Contains(text, "confirmed:") || strings.Contains(text, "not confirmed") {
		t.Errorf("got %q, want nothing left to confirm", text)
	}
	if b.Post("/.sparekey/", recoverytest.Fields("start", "confirm_mail")); b.Page() == "factor" {
		if strongly(w, b, robin).Page() != "refused" {
			t.Errorf("got page %q, want nothing to confirm any more", b.Page())
		}
	}
}

// Where nothing can be sent nothing is asked, and nothing is confirmed.
func TestWithoutAChannelAnAddressStaysUnconfirmed(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t, recoverytest.WithChannels())
	for _, c := range account(t, w, "alice").Addresses {
		if c.Counts() {
			t.Errorf("%s counts, and nobody has answered there", c.Channel)
		}
	}
	later := w.NodeWith(w.Policy, recovery.ChannelMail)
	b := enter(t, later, later.Browser(), alice)
	if b.Get("/.sparekey/account"); !b.Offers("start", "confirm_mail") || b.Offers("start", "confirm_phone") {
		t.Errorf("got %q, want the button where a code can be sent", b.Text())
	}
}

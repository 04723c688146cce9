package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// groupLink makes a link by the command line.
func groupLink(tb testing.TB, w *recoverytest.World, uses int, groups ...string) (token, id string) {
	tb.Helper()
	token, l, err := w.Engine.MakeLink(byShell(tb.Context()), engine.Shell(), recovery.GroupLink{Note: "the choir", Uses: uses, Groups: groups})
	if err != nil {
		tb.Fatal(err)
	}
	return token, l.ID
}

func aLink(w *recoverytest.World, uses int) string {
	token, _ := groupLink(w.TB, w, uses)
	return token
}

func byShell(ctx context.Context) context.Context {
	return engine.By(ctx, engine.Actor{Name: "command line", Network: "local"})
}

// joinTo begins with a link, and goes as far as the name.
func joinTo(w *recoverytest.World, b *recoverytest.Browser, token, mail string) *recoverytest.Browser {
	w.TB.Helper()
	b.Get("/.sparekey/join").Want("activate").Submit("code", token).Want("confirm").Submit("mail", mail).Want("confirm")
	return b.Submit("code", w.Outbox.Take(w.TB, mail, "contact-code").Vars["code"]).Want("confirm")
}

// join makes an account by a link.
func join(w *recoverytest.World, b *recoverytest.Browser, token string, p *recoverytest.Person) {
	w.TB.Helper()
	joinTo(w, b, token, p.Mail).Submit("name", p.Name).Want("new-password").Submit("new_password", p.Password)
	w.Enrol(b, p)
}

func newcomer(name string) *recoverytest.Person {
	return &recoverytest.Person{Name: name, Mail: name + "@example.org", Password: "staple battery horse"}
}

// TestAGroupsLinkHasLimits that its form tells of: nobody becomes an administrator by it.
func TestAGroupsLinkHasLimits(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	admin := signIn(w, w.Browser(), alice)
	form := func(pairs ...string) *recoverytest.Browser {
		return admin.Post("/.sparekey/invites", recoverytest.Fields(append(pairs, "choice", "make_link")...))
	}
	for _, tt := range []struct{ uses, groups, expires, reason, want string }{
		{"5", "family, Admins", "", "the choir", "Nobody becomes an administrator"},
		{"51", "", "", "the choir", "1 to 50"},
		{"0", "", "", "the choir", "1 to 50"},
		{"many", "", "", "the choir", "1 to 50"},
		{"5", "", "31", "the choir", "30 days at most"},
		{"5", "alice", "", "the choir", "name of a person"},
		{"5", "", "", "", "say why"},
	} {
		if form("uses", tt.uses, "groups", tt.groups, "expires", tt.expires, "reason", tt.reason).Want("invites"); admin.Status != 422 && tt.want != "say why" {
			t.Errorf("%+v: got status %d, %q", tt, admin.Status, admin.Text())
		} else if tt.want != "say why" && !strings.Contains(admin.Text(), tt.want) {
			t.Errorf("%+v: got %q", tt, admin.Text())
		}
	}
}

// TestAGroupsLinkMakesAccounts on the administrator's page: each proves a mailbox, and
// whoever made the link is told of each.
func TestAGroupsLinkMakesAccounts(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	admin := signIn(w, w.Browser(), alice)
	admin.Post("/.sparekey/invites", recoverytest.Fields("uses", "2", "groups", "family", "reason", "the choir", "choice", "make_link")).Want("invite")
	link, token, _ := strings.Cut(strings.Join(admin.All("secret"), ""), "#")
	if !strings.Contains(link, "/.sparekey/join?by=") || !strings.Contains(admin.Text(), "2 people") || !strings.Contains(admin.Text(), "7 days") {
		t.Fatalf("got %q, %q", link, admin.Text())
	}
	_, rest, _ := strings.Cut(link, "/.sparekey/")
	first := w.Browser()
	if got := first.Get("/.sparekey/" + rest).Want("activate").Text(); !strings.Contains(got, "alice invited you.") {
		t.Errorf("got %q, want to read who invites", got)
	}
	eva := newcomer("eva")
	join(w, first, token, eva)
	if !w.SignedIn(first) {
		t.Error("got nobody signed in")
	}
	a := account(t, w, "eva")
	if len(a.Groups) != 1 || a.Groups[0] != "family" || a.Source(recovery.ChannelMail, w.Clock.Now()).Value != eva.Mail || len(a.TrustedContacts) != 0 {
		t.Errorf("got groups %v, contacts %v, vouching %v", a.Groups, a.Addresses, a.TrustedContacts)
	}
	if m := w.Outbox.Last(t, alice.Mail, "notice"); m.Vars["event"] != string(recovery.EventJoined) || m.Vars["name"] != "eva" || m.Vars["stop"] != "" {
		t.Errorf("the maker was told %v", m.Vars)
	}
	if got := admin.Get("/.sparekey/invites").Want("invites").Text(); !strings.Contains(got, "1 account made, of 2 places.") || strings.Contains(got, token) {
		t.Errorf("the list: got %q", got)
	}

	noa := newcomer("noa")
	b := joinTo(w, w.Browser(), token, noa.Mail)
	if !strings.Contains(b.Text(), "alice may vouch for me") {
		t.Errorf("got %q, want to be asked who may vouch", b.Text())
	}
	b.Submit("name", "noa", "remember", "1").Want("new-password").Submit("new_password", noa.Password)
	w.Enrol(b, noa)
	if got := account(t, w, "noa").TrustedContacts; len(got) != 1 || got[0].Name != "alice" {
		t.Errorf("ticked: got %v, want alice to vouch", got)
	}
	full := w.Browser()
	if full.Get("/.sparekey/join").Submit("code", token).Want("invite-over"); !strings.Contains(full.Text(), "All places are taken") {
		t.Errorf("the third: got %q", full.Text())
	}
}

// TestTwoHundredUseALinkForFive at once, on two nodes: five accounts.
func TestTwoHundredUseALinkForFive(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	token, id := groupLink(t, w, 5)
	nodes := []*engine.Engine{w.Engine, w.Node().Engine}
	type held struct {
		c    recovery.Client
		flow string
	}
	var mu sync.Mutex
	var got []held
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			c := recovery.Client{Network: fmt.Sprintf("192.0.2.%d", i), Base: w.Server.URL + "/.sparekey/"}
			o, err := nodes[i%2].Submit(t.Context(), c, recovery.Input{Start: recovery.KindJoin, Code: secret.Text(token)})
			if err != nil {
				t.Error(err)
				return
			}
			if o.Problem != nil {
				if o.Problem.Key != recovery.ProblemInviteHeld {
					t.Errorf("got %v, want to be told that no place is free now", o.Problem.Key)
				}
				return
			}
			c.Flows = []string{o.FlowToken}
			mu.Lock()
			got = append(got, held{c, o.Flow.ID})
			mu.Unlock()
		})
	}
	wg.Wait()
	if len(got) != 5 {
		t.Fatalf("got %d who may go on, want 5", len(got))
	}
	for i, h := range got {
		wg.Go(func() {
			p := newcomer(fmt.Sprintf("guest-%c", 'a'+i))
			finishJoin(t, w, nodes[i%2], h.c, h.flow, p)
		})
	}
	wg.Wait()
	people, err := w.Engine.People(t.Context())
	if err != nil || len(people) != 6 {
		t.Errorf("got %d people, %v, want alice and five", len(people), err)
	}
	if l, err := w.Engine.Link(t.Context(), id); err != nil || l.Used() != 5 {
		t.Errorf("got %+v, %v, want five used", l, err)
	}
	b := w.Browser()
	if b.Get("/.sparekey/join").Submit("code", token); b.Page() != "invite-over" {
		t.Errorf("the sixth: got page %q", b.Page())
	}
}

// finishJoin goes on from the mail address.
func finishJoin(t *testing.T, w *recoverytest.World, e *engine.Engine, c recovery.Client, flow string, p *recoverytest.Person) {
	t.Helper()
	in := func(in recovery.Input) recovery.Outcome {
		in.Flow = flow
		o, err := e.Submit(t.Context(), c, in)
		if err != nil || o.Problem != nil {
			t.Errorf("%s: %v, %+v", p.Name, err, o.Problem)
		}
		return o
	}
	in(recovery.Input{Mail: p.Mail})
	in(recovery.Input{Code: secret.Text(w.Outbox.Take(t, p.Mail, "contact-code").Vars["code"])})
	in(recovery.Input{Name: p.Name})
	o := in(recovery.Input{NewPassword: secret.Text(p.Password)})
	var made struct {
		Key string `json:"secret"`
	}
	if err := json.Unmarshal(o.Flow.Pending[recovery.TOTP].Data, &made); err != nil || made.Key == "" {
		t.Errorf("%s: got %s, want an authenticator's key", p.Name, o.Flow.Pending[recovery.TOTP].Data)
	}
	in(recovery.Input{Code: secret.Text(recoverytest.TOTP(w, made.Key))})
	if o := in(recovery.Input{Choice: "saved"}); o.Finished != recovery.KindJoin || o.Session == "" {
		t.Errorf("%s: got %q, want an account and a session", p.Name, o.Finished)
	}
}

// TestANameOfALink that is taken, was, is a group's or looks like another is refused
// with one sentence, ten times an hour.
func TestANameOfALink(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	robin := bob()
	w.Invite(robin)
	shell := byShell(t.Context())
	if _, err := w.Engine.Edit(shell, engine.Shell(), account(t, w, "robin").ID, recovery.Edit{Do: recovery.ActionRename, Name: "martin"}, "asked for it"); err != nil {
		t.Fatal(err)
	}
	token, _ := groupLink(t, w, 3, "family")
	b := joinTo(w, w.Browser(), token, "eva@example.org")
	bad := []string{"alice", "r0bin", "a.lice", "alıce", "аlice", "robin", "rnartin", "family", "admins", "a1ice"}
	said := ""
	for _, name := range bad {
		b.Submit("name", name).Want("confirm")
		text := b.Find("problem")
		if said == "" {
			said = text
		}
		if text == "" || text != said {
			t.Errorf("%s: got %q, want %q", name, text, said)
		}
	}
	if b.Submit("name", "eva"); b.Status != 429 {
		t.Errorf("the eleventh: got status %d", b.Status)
	}
	other := joinTo(w, w.Browser(), token, "noa@example.org")
	if other.Submit("name", "noa"); other.Status != 429 {
		t.Errorf("another browser with the link: got status %d", other.Status)
	}
	w.Clock.Move(61 * time.Minute)
	third := joinTo(w, w.Browser(), token, "noa@example.org")
	if third.Submit("name", "noa"); third.Page() != "new-password" {
		t.Errorf("an hour later: got page %q", third.Page())
	}
}

// TestANameLikeThatOfSomebodyWhoIsGone is refused for as long as the name itself is kept.
func TestANameLikeThatOfSomebodyWhoIsGone(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	w.Invite(bob())
	if _, err := w.Engine.Edit(byShell(t.Context()), engine.Shell(), account(t, w, "robin").ID, recovery.Edit{Do: recovery.ActionRemove}, "has left"); err != nil {
		t.Fatal(err)
	}
	w.Clock.Move(w.Policy.Lifetimes.Delete + time.Minute)
	if err := w.Engine.RemoveDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"confirm", "new-password"} {
		token, _ := groupLink(t, w, 3, "family")
		if b := joinTo(w, w.Browser(), token, "eva@example.org").Submit("name", "rоbin"); b.Page() != want {
			t.Errorf("got page %q, want %q", b.Page(), want)
		}
		w.Clock.Move(w.Policy.Lifetimes.Name)
	}
}

// TestAnAddressOfALink is claimed when it has answered, and not before; whose it is
// otherwise is told only then.
func TestAnAddressOfALink(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	token, _ := groupLink(t, w, 5)
	b := w.Browser()
	b.Get("/.sparekey/join").Submit("code", token).Want("confirm").Submit("mail", "carol@example.org").Want("confirm")
	if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "carol", Mail: "carol@example.org"}); err != nil {
		t.Errorf("an address that nobody has proved is taken: %v", err)
	}
	b.Submit("code", "000000")
	if b.Page() != "confirm" || b.Status != 422 {
		t.Errorf("a wrong code: got page %q, status %d", b.Page(), b.Status)
	}
	b = w.Browser()
	b.Get("/.sparekey/join").Submit("code", token).Want("confirm").Submit("mail", alice.Mail).Want("confirm")
	if strings.Contains(b.Text(), "account already") {
		t.Error("told whose address it is, before a code has come back")
	}
	b.Submit("code", w.Outbox.Take(t, alice.Mail, "contact-code").Vars["code"]).Want("confirm")
	if b.Submit("name", "alter-ego"); b.Page() != "confirm" || b.Status != 422 {
		t.Errorf("alice’s address: got page %q, status %d: %s", b.Page(), b.Status, b.Text())
	}
}

// TestAPlaceIsGivenBack after an hour, if nothing came of it, and is never given twice
// when something did.
func TestAPlaceIsGivenBack(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	token, id := groupLink(t, w, 1)
	slow := joinTo(w, w.Browser(), token, "eva@example.org")
	other := w.Browser()
	if got := other.Get("/.sparekey/join").Submit("code", token).Text(); !strings.Contains(got, "Try again in an hour") {
		t.Errorf("held: got %q", got)
	}
	if slow.Get("/.sparekey/join").Submit("code", token).Page() != "confirm" {
		t.Errorf("the same browser again: got page %q", slow.Page())
	}
	w.Clock.Move(61 * time.Minute)
	eva := newcomer("eva")
	join(w, other, token, eva)
	if l, err := w.Engine.Link(t.Context(), id); err != nil || l.Used() != 1 {
		t.Errorf("got %+v, %v", l, err)
	}
	if slow.Submit("mail", "noa@example.org"); slow.Page() == "new-password" {
		t.Error("who came too late goes on")
	}
	people, err := w.Engine.People(t.Context())
	if err != nil || len(people) != 2 {
		t.Errorf("got %d people, %v, want two", len(people), err)
	}
}

// TestARevokedLink opens nothing any more, ends what was begun with it, and takes those
// along who came by it if that is asked for.
func TestARevokedLink(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	token, id := groupLink(t, w, 3)
	eva, noa := newcomer("eva"), newcomer("noa")
	join(w, w.Browser(), token, eva)
	late := joinTo(w, w.Browser(), token, noa.Mail).Submit("name", "noa").Want("new-password").Submit("new_password", noa.Password)
	admin := signIn(w, w.Browser(), alice)
	if got := admin.Get("/.sparekey/invites?do=" + id).Want("invites").Text(); !strings.Contains(got, "eva") || strings.Contains(got, "noa") {
		t.Errorf("got %q, want who came by it", got)
	}
	if admin.Post("/.sparekey/invites", recoverytest.Fields("choice", "revoke:"+id, "others", "1")); admin.Status != 422 {
		t.Errorf("without a reason: got status %d", admin.Status)
	}
	got := admin.Post("/.sparekey/invites", recoverytest.Fields("choice", "revoke:"+id, "reason", "it got around", "others", "1")).Want("invites").Text()
	if !strings.Contains(got, "is disabled") || !strings.Contains(got, "There is none.") {
		t.Errorf("got %q", got)
	}
	if a := account(t, w, "eva"); a.State != recovery.StateDisabled {
		t.Errorf("eva is %s, want disabled", a.State)
	}
	if m := w.Outbox.Last(t, eva.Mail, "notice"); m.Vars["event"] != string(recovery.EventDisabled) || m.Vars["reason"] != "it got around" {
		t.Errorf("eva was told %v", m.Vars)
	}
	late.TakeApp()
	noa.Key = strings.ReplaceAll(strings.Join(late.All("secret"), ""), "-", "")
	late.Submit("code", recoverytest.TOTP(w, noa.Key)).Want("codes").Submit("choice", "saved")
	if _, err := w.Engine.Find(t.Context(), "noa"); err == nil || w.SignedIn(late) {
		t.Error("what was begun with the link went on")
	}
	b := w.Browser()
	if text := b.Get("/.sparekey/join").Submit("code", token).Want("invite-over").Text(); !strings.Contains(text, "was withdrawn") {
		t.Errorf("got %q", text)
	}
	if admin.Post("/.sparekey/invites", recoverytest.Fields("choice", "revoke:"+id, "reason", "it got around")); admin.Status != 404 {
		t.Errorf("once more: got status %d", admin.Status)
	}
}

// TestNoLinkWithoutMail since nobody could prove an address.
func TestNoLinkWithoutMail(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithChannels())
	alice := recoverytest.Alice()
	w.Setup(alice)
	admin := signIn(w, w.Browser(), alice)
	if got := admin.Get("/.sparekey/invites").Want("invites").Text(); !strings.Contains(got, "one by one") || admin.Has("uses") {
		t.Errorf("got %q, want no form", got)
	}
	if admin.Post("/.sparekey/invites", recoverytest.Fields("uses", "5", "reason", "the choir", "choice", "make_link")); admin.Status != 403 {
		t.Errorf("got status %d, want 403", admin.Status)
	}
}

package web_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// atNewPassword walks alice's lost password up to the last page.
func atNewPassword(t *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
	t.Helper()
	b := w.Browser()
	w.Ask(b, p)
	w.Clock.Move(time.Minute)
	return b.Want("choice").Submit("choice", "password").Want("factor").Submit("code", recoverytest.TOTP(w, p.Key)).Want("new-password")
}

func TestA05_OneLinkOnePassword(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	node := w.Node()
	b := atNewPassword(t, w, alice)
	flow := b.Hidden("new_password").Get("flow")
	c := recovery.Client{Network: "192.0.2.1", Flows: strings.Split(b.Cookie("sparekey-flow").Value, ".")}
	var mu sync.Mutex
	var won []string
	var wg sync.WaitGroup
	for i := range 200 {
		e := w.Engine
		if i%2 == 1 {
			e = node.Engine
		}
		wg.Go(func() {
			password := fmt.Sprintf("battery number %d horse", i)
			o, err := e.Submit(t.Context(), c, recovery.Input{Flow: flow, NewPassword: secret.Text(password)})
			if err != nil {
				t.Error(err)
			}
			if o.Finished == recovery.KindRecover {
				mu.Lock()
				won = append(won, password)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("got %d successes, want exactly 1", len(won))
	}
	other := w.Browser()
	other.Get("/").Submit("name", "alice", "password", alice.Password).Want("sign-in")
	other.Get("/").Submit("name", "alice", "password", won[0]).Want("factor")
}

func TestA06_ScannersSpendNothing(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent")
	link := w.Outbox.Last(t, alice.Mail, "recover-code").Vars["link"]
	for i := range 50 {
		req, err := http.NewRequestWithContext(t.Context(), []string{"GET", "HEAD"}[i%2], link, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", "SafeLinks scanner")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 || len(res.Header["Set-Cookie"]) > 0 {
			t.Fatalf("scanner: got %d and cookies %v", res.StatusCode, res.Header["Set-Cookie"])
		}
	}
	b.Get("/.sparekey/link").Want("confirm").Submit("code", recoverytest.Link(t, w.Outbox.Last(t, alice.Mail, "recover-code"))).Want("choice")
}

func TestA08_LinkAndSMSCodeLiveFiveMinutes(t *testing.T) {
	for _, tc := range []struct {
		name string
		wait time.Duration
		page string
	}{
		{"4:59", 4*time.Minute + 59*time.Second, "choice"},
		{"5:01", 5*time.Minute + time.Second, "sent"},
	} {
		t.Run("link at "+tc.name, func(t *testing.T) {
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			w.Setup(alice)
			b := w.Browser()
			b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent")
			w.Clock.Move(tc.wait)
			b.Get("/.sparekey/link").Submit("code", recoverytest.Link(t, w.Outbox.Last(t, alice.Mail, "recover-code"))).Want(tc.page)
		})
	}
	for _, tc := range []struct {
		name string
		wait time.Duration
		page string
	}{
		{"4:59", 4*time.Minute + 59*time.Second, "enroll"},
		{"5:01", 5*time.Minute + time.Second, "factor"},
	} {
		t.Run("SMS at "+tc.name, func(t *testing.T) {
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			w.Setup(alice)
			b := atSMS(t, w, alice)
			w.Clock.Move(tc.wait)
			b.Submit("code", w.SMSCode(alice)).Want(tc.page)
		})
	}
}

// atSMS walks alice's lost phone up to the SMS code.
func atSMS(t *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
	t.Helper()
	b := w.Browser()
	w.Ask(b, p)
	b.Want("choice").Submit("choice", "second_factor").Want("factor")
	return b.Submit("password", p.Password).Want("factor")
}

// memkv ignores the ttl it is given, so expiry is a comparison with the clock
// or nothing.
func TestA09_ExpiryDoesNotHangOnTheStore(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent")
	hidden := b.Hidden("code")
	w.Clock.Move(20 * time.Minute)
	hidden.Set("code", w.MailCode(alice))
	b.Post("/.sparekey/", hidden).Want("refused")
	b.Get("/.sparekey/?f=" + hidden.Get("flow")).Want("refused")
}

func TestA11_SomebodyElsesNameChangesNothing(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	b := w.Browser()
	b.Header.Set("Remote-User", "alice")
	b.Get("/.sparekey/recover?name=alice&user=alice").Submit("name", robin.Name).Want("sent")
	b.Submit("code", w.MailCode(robin), "name", "alice").Want("choice")
	b.Submit("choice", "second_factor", "name", "alice", "mail", alice.Mail).Want("factor")
	b.Submit("password", robin.Password, "name", "alice").Want("factor")
	b.Submit("code", w.SMSCode(robin), "name", "alice", "phone", "+41790000000").Want("enroll")
	w.Enrol(b, robin)
	w.SignIn(w.Browser(), robin, "/")
	w.SignIn(w.Browser(), alice, "/")
	for _, field := range []string{"user", "uid", "email", "id"} {
		hidden := w.Browser().Get("/.sparekey/recover").Hidden("name")
		hidden.Set("name", robin.Name)
		hidden.Set(field, "alice")
		if b := w.Browser().Post("/.sparekey/", hidden); b.Status != 400 {
			t.Errorf("unknown field %s: got status %d, want 400", field, b.Status)
		}
	}
}

func TestA12_LinksUseTheConfiguredOrigin(t *testing.T) {
	for _, header := range []string{"Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Original-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Host", "X-Forwarded-Server"} {
		t.Run(header, func(t *testing.T) {
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			w.Setup(alice)
			req, err := http.NewRequestWithContext(t.Context(), "POST", w.Server.URL+"/.sparekey/", strings.NewReader("start=recover&name=alice"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Sec-Fetch-Site", "same-origin")
			req.Header.Set(header, "evil.example")
			if header == "Host" {
				req.Host = "localhost.evil.example"
			}
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			wantLinks(t, w, alice)
		})
	}
}

// wantLinks fails when any message links elsewhere than to our origin.
func wantLinks(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
	t.Helper()
	for _, m := range w.Outbox.To(p.Mail, "recover-code") {
		if !strings.HasPrefix(m.Vars["link"], w.Server.URL+"/.sparekey/link#") || strings.Contains(fmt.Sprint(m.Vars), "evil") {
			t.Errorf("got link %q, want our own origin %s", m.Vars["link"], w.Server.URL)
		}
	}
}

func TestA13_AbsoluteRequestLineAndOddHosts(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	body := "start=recover&name=alice"
	host := strings.TrimPrefix(w.Server.URL, "http://")
	for _, tc := range []struct{ line, host string }{
		{"POST http://evil.example/.sparekey/ HTTP/1.1", host},
		{"POST /.sparekey/ HTTP/1.1", "good:443@evil.example"},
		{"POST /.sparekey/ HTTP/1.1", "localhost.evil.example"},
		{"POST /.sparekey/ HTTP/1.1", ""},
	} {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "%s\r\nHost: %s\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", tc.line, tc.host, len(body), body)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode >= 500 {
			t.Errorf("%s, Host %q: got %d", tc.line, tc.host, res.StatusCode)
		}
		conn.Close()
	}
	wantLinks(t, w, alice)
}

func TestA14_OneAddressAndOnlyTheStoredOne(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	for _, body := range []string{
		"start=recover&name[]=alice%40example.org&name[]=evil%40example.net",
		"start=recover&name=alice%40example.org&name=evil%40example.net",
		"start=recover&name=alice%40example.org%2Cevil%40example.net",
		"start=recover&name=alice%40example.org%3Bevil%40example.net",
		"start=recover&name=alice%40example.org%0d%0aBcc%3A+evil%40example.net",
		"start=recover&name=alice%40example.org%00",
		"start=recover&name=%5B%22alice%40example.org%22%2C%22evil%40example.net%22%5D",
	} {
		b := w.Browser()
		fields, err := url.ParseQuery(body)
		if err != nil {
			t.Fatal(err)
		}
		b.Post("/.sparekey/", fields)
		if b.Status >= 500 {
			t.Errorf("%s: got status %d", body, b.Status)
		}
	}
	for _, m := range w.Outbox.To("", "") {
		if m.To != alice.Mail {
			t.Errorf("a message went to %q", m.To)
		}
	}
}

func TestA15_LookAlikeAddressesReachTheStoredOneOrNobody(t *testing.T) {
	w := recoverytest.New(t)
	kim := &recoverytest.Person{Name: "kim", Mail: "kim@mikes.example", Password: "staple battery horse"}
	w.Setup(recoverytest.Alice())
	w.Invite(kim)
	for _, typed := range []string{"\u212Aim@mikes.example", "kim@m\u0131kes.example", "KIM@MIKES.EXAMPLE", "kim@mi\u212Aes.example", "\uff4bim@mikes.example"} {
		w.Browser().Get("/.sparekey/recover").Submit("name", typed)
	}
	for _, m := range w.Outbox.To("", "") {
		if m.To != kim.Mail {
			t.Errorf("a message went to %q, want only the stored address", m.To)
		}
	}
}

func TestA16_MutatedTokensAreRefused(t *testing.T) {
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Limits.CodeTries = 1000 }))
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent")
	m := w.Outbox.Last(t, alice.Mail, "recover-code")
	link, code := recoverytest.Link(t, m), m.Vars["code"]
	var mutants []string
	for n := 1; n <= 20; n++ {
		mutants = append(mutants, link[:len(link)-n])
	}
	mutants = append(mutants, link+"=", link+"A", strings.ToLower(link), strings.ToUpper(link), link+" ", " "+link, link+"%00", url.QueryEscape(link)+"%", link+".")
	for n := 1; n < len(code); n++ {
		mutants = append(mutants, code[:n])
	}
	mutants = append(mutants, code+"0", "0"+code, code+"=", code+code)
	hidden := b.Hidden("code")
	for _, token := range mutants {
		if strings.EqualFold(secret.Plain(token), secret.Plain(code)) {
			continue
		}
		hidden.Set("code", token)
		if b.Post("/.sparekey/", hidden); b.Page() == "choice" {
			t.Fatalf("%q was accepted, right is %q or %q", token, link, code)
		}
	}
	hidden.Set("code", link)
	b.Post("/.sparekey/", hidden).Want("choice")
}

func TestA17_SendingAgainDoesNotResetTheTries(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := atSMS(t, w, alice)
	old := w.SMSCode(alice)
	for _, code := range wrongCodes(4, old) {
		b.Submit("code", code).Want("factor")
	}
	b.Submit("method", "sms_code").Want("factor")
	fresh := w.SMSCode(alice)
	b.Submit("code", wrongCodes(1, fresh)[0])
	b.Get("/.sparekey/?f="+flowOf(b)).Want("factor").Submit("code", fresh)
	if b.Page() == "enroll" {
		t.Error("the sixth try passed")
	}
	if b.Status != http.StatusTooManyRequests {
		t.Errorf("got status %d, want 429", b.Status)
	}
}

func TestTK10_ANewCodeVoidsTheOldOne(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := atSMS(t, w, alice)
	old := w.SMSCode(alice)
	b.Submit("method", "sms_code").Want("factor")
	if fresh := w.SMSCode(alice); fresh != old {
		b.Submit("code", old).Want("factor")
		b.Submit("code", fresh).Want("enroll")
	}
}

// flowOf is the id of the flow a page belongs to.
func flowOf(b *recoverytest.Browser) string {
	if f := b.URL.Query().Get("f"); f != "" {
		return f
	}
	return b.Hidden("code").Get("flow")
}

func TestA18_LinkInAnotherBrowserOpensNothing(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent")
	link := recoverytest.Link(t, w.Outbox.Last(t, alice.Mail, "recover-code"))
	other := w.Browser()
	other.Get("/.sparekey/link").Submit("code", link).Want("confirm")
	if other.Status != 422 || !strings.Contains(other.Text(), "browser you asked in") {
		t.Errorf("got status %d and %q, want to be sent to the asking browser", other.Status, other.Text())
	}
	id, _, _ := strings.Cut(link, ".")
	other.Post("/.sparekey/", recoverytest.Fields("flow", id, "new_password", "another horse battery"))
	if other.Status != 422 {
		t.Errorf("foreign browser: got status %d, want 422", other.Status)
	}
	b.Submit("code", link).Want("choice")
}

func TestA20_OneRecoveryCodeTwoNodes(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	node := w.Node()
	for round := range 10 {
		before := codesLeft(t, w, "alice")
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for _, e := range []*engine.Engine{w.Engine, node.Engine} {
			wg.Go(func() {
				c := recovery.Client{Network: "192.0.2.7"}
				o, err := e.Submit(t.Context(), c, recovery.Input{Start: recovery.KindLogin, Name: "alice", Password: secret.Text(alice.Password)})
				if err != nil || o.Problem != nil {
					t.Errorf("password step: %v %+v", err, o.Problem)
					return
				}
				c.Flows = []string{o.FlowToken}
				if _, err := e.Submit(t.Context(), c, recovery.Input{Flow: o.Flow.ID, Method: recovery.RecoveryCode}); err != nil {
					t.Error(err)
				}
				o, err = e.Submit(t.Context(), c, recovery.Input{Flow: o.Flow.ID, Code: secret.Text(alice.Codes[round])})
				if err != nil {
					t.Error(err)
				}
				if o.Session != "" {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Fatalf("round %d: got %d successes, want 1", round, won)
		}
		if got := codesLeft(t, w, "alice"); got != before-1 {
			t.Fatalf("round %d: got %d codes left, want %d", round, got, before-1)
		}
	}
}

func codesLeft(t *testing.T, w *recoverytest.World, name string) int {
	t.Helper()
	a, err := w.Engine.Find(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return method.CodesLeft(a)
}

func TestA37_ANewPasswordDoesNotReplaceTheSecondFactor(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := atNewPassword(t, w, alice)
	b.Submit("new_password", "another horse battery").Want("sign-in")
	if w.SignedIn(b) {
		t.Fatal("recovering the password signed in")
	}
	b.Get("/").Submit("name", "alice", "password", "another horse battery").Want("factor")
	w.Clock.Move(time.Minute)
	b.Submit("code", recoverytest.TOTP(w, alice.Key))
	if b.Status != 200 || !strings.Contains(b.Body, `"Remote-User":["alice"]`) {
		t.Errorf("old authenticator with new password: got status %d", b.Status)
	}
}

func TestA38_ARecoveredPasswordProvesNothingForTheSecondFactor(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	atNewPassword(t, w, alice).Submit("new_password", "another horse battery").Want("sign-in")
	alice.Password = "another horse battery"
	w.Clock.Move(time.Hour)
	b := w.Browser()
	w.Ask(b, alice)
	b.Want("choice").Submit("choice", "second_factor").Want("factor")
	if b.Has("password") || !strings.Contains(b.Text(), "recovery code") {
		t.Errorf("with codes left: got %q, want to be asked for a recovery code", b.Text())
	}
	w.Clock.Move(time.Hour) // mails are counted
	change(t, w, "alice", func(a *recovery.Account) { a.Drop(recovery.RecoveryCode) })
	w.Ask(b, alice)
	b.Want("choice")
	if b.Offers("choice", "second_factor") {
		t.Error("the page offers what cannot be walked")
	}
	told := len(w.Outbox.To(alice.Mail, "notice"))
	hidden := b.Hidden("choice")
	hidden.Set("choice", "second_factor")
	b.Post("/.sparekey/", hidden)
	if b.Status != 422 {
		t.Errorf("got status %d, want 422", b.Status)
	}
	if got := len(w.Outbox.To(alice.Mail, "notice")); got != told+1 {
		t.Errorf("got %d notices, want one more than %d", got, told)
	}
	for _, tc := range []struct {
		name string
		wait time.Duration
		want bool
	}{{"just before 72 h", 69 * time.Hour, false}, {"after 72 h", 3 * time.Hour, true}} {
		w.Clock.Move(tc.wait)
		b := w.Browser()
		w.Ask(b, alice)
		if got := b.Offers("choice", "second_factor"); got != tc.want {
			t.Errorf("%s: offered %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestMF03_AFullSignInEndsTheBan(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	atNewPassword(t, w, alice).Submit("new_password", "another horse battery").Want("sign-in")
	alice.Password = "another horse battery"
	w.SignIn(w.Browser(), alice, "/")
	w.Clock.Move(time.Hour)
	w.LostPhone(w.Browser(), alice)
}

func TestA39_StepsCannotBeReorderedOrSkipped(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	b := w.Browser()
	w.Ask(b, alice)
	b.Submit("choice", "second_factor").Want("factor")
	flow := b.Hidden("password").Get("flow")
	at := func(page string) {
		t.Helper()
		b.Get("/.sparekey/?f=" + flow).Want(page)
	}
	for _, fields := range []url.Values{
		recoverytest.Fields("flow", flow, "code", "123456"),
		recoverytest.Fields("flow", flow, "method", "sms_code"),
		recoverytest.Fields("flow", flow, "method", "sms_code", "code", "123456"),
		recoverytest.Fields("flow", flow, "method", "totp"),
		recoverytest.Fields("flow", flow, "choice", "saved"),
		recoverytest.Fields("flow", flow, "choice", "both"),
		recoverytest.Fields("flow", flow, "new_password", "another horse battery"),
	} {
		b.Post("/.sparekey/", fields)
		at("factor")
		if !b.Has("password") {
			t.Fatalf("%v moved the flow on", fields)
		}
	}
	if n := len(w.Outbox.To(alice.Phone, "sms-code")); n != 0 {
		t.Errorf("got %d SMS before the password, want none", n)
	}
	other := w.Browser()
	w.Ask(other, robin)
	other.Post("/.sparekey/", recoverytest.Fields("flow", flow, "password", alice.Password))
	if other.Status != 422 {
		t.Errorf("another flow's cookie: got status %d, want 422", other.Status)
	}
	at("factor")
	b.Submit("password", alice.Password).Want("factor")
	b.Post("/.sparekey/", recoverytest.Fields("flow", flow, "password", alice.Password))
	at("factor")
	b.Post("/.sparekey/", recoverytest.Fields("flow", flow, "choice", "saved"))
	at("factor")
	if b.Has("password") {
		t.Error("the password proof was lost by sending it twice")
	}
}

func TestA40_EmptyFormsGetNowhere(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	stays := func(page, field string) {
		t.Helper()
		hidden := b.Want(page).Hidden(field)
		empty := url.Values{}
		for k, v := range hidden {
			empty[k] = v
		}
		for _, name := range []string{"name", "password", "code", "new_password", "choice", "method", "mail", "phone"} {
			empty.Set(name, "")
		}
		for _, fields := range []url.Values{{}, hidden, empty} {
			probe := w.Browser()
			probe.Client.Jar = b.Client.Jar
			probe.Post("/.sparekey/", fields)
			if probe.Status < 400 || probe.Status > 499 {
				t.Errorf("%s, empty form %v: got status %d, want 4xx", page, fields, probe.Status)
			}
			if id := hidden.Get("flow"); id != "" {
				probe.Get("/.sparekey/?f=" + id).Want(page)
			}
		}
	}
	b.Get("/")
	stays("sign-in", "name")
	b.Get("/.sparekey/recover")
	stays("recover", "name")
	b.Submit("name", "alice")
	stays("sent", "code")
	b.Submit("code", w.MailCode(alice))
	stays("choice", "choice")
	b.Submit("choice", "second_factor")
	stays("factor", "password")
	b.Submit("password", alice.Password)
	stays("factor", "code")
	b.Submit("code", w.SMSCode(alice))
	stays("enroll", "code")
}

func TestA42_EverythingOldIsGoneAfterwards(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	session := w.Browser()
	w.SignIn(session, alice, "/")
	change(t, w, "alice", func(a *recovery.Account) { a.Devices[0].Remembered = w.Clock.Now().Add(30 * 24 * time.Hour) })
	old := *alice
	b := w.Browser()
	w.LostPhone(b, alice)
	if w.SignedIn(session) {
		t.Error("an old session still works")
	}
	session.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor") // the browser was remembered
	w.Clock.Move(time.Minute)
	session.Submit("code", recoverytest.TOTP(w, old.Key)).Want("factor")
	session.Submit("method", "recovery_code").Want("factor").Submit("code", old.Codes[3]).Want("factor")
	if old.Codes[0] == alice.Codes[0] {
		t.Error("the recovery codes are the old ones")
	}
	session.Submit("code", alice.Codes[0])
	if session.Status != 200 || session.Page() != "" {
		t.Errorf("a new recovery code: got status %d, page %q", session.Status, session.Page())
	}
	if n := len(w.Outbox.To(alice.Mail, "notice")); n == 0 {
		t.Error("nobody was told")
	}
}

func TestA44_TheEnrolmentCodeCountsAsUsed(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	code, err := w.Engine.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := w.Browser()
	b.Get("/.sparekey/setup").Submit("code", code).Submit("name", "alice", "new_password", alice.Password).Want("enroll")
	key := strings.Join(b.All("secret"), "")
	used := recoverytest.TOTP(w, key)
	b.Submit("code", used).Want("codes").Submit("choice", "saved").Want("sign-in")
	b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor").Submit("code", used).Want("factor")
	w.Clock.Move(30 * time.Second)
	b.Submit("code", used).Want("factor")
	b.Submit("code", recoverytest.TOTP(w, key))
	if b.Status != 200 || b.Page() != "" {
		t.Errorf("the next code: got status %d, page %q", b.Status, b.Page())
	}
}

func TestA43_OneCodeOneSuccess(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	node := w.Node()
	for range 20 {
		w.Clock.Move(time.Minute)
		code := recoverytest.TOTP(w, alice.Key)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for _, n := range []*recoverytest.World{w, node} {
			wg.Go(func() {
				got := totpTries(t, n, alice, []string{code})
				mu.Lock()
				won += got
				mu.Unlock()
			})
		}
		wg.Wait()
		if won != 1 {
			t.Fatalf("got %d successes with one code, want 1", won)
		}
		if again := totpTries(t, w, alice, []string{code}); again != 0 {
			t.Fatal("the code passed a second time")
		}
	}
}

func TestMF09_OneStepEachWay(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	for _, tc := range []struct {
		name  string
		steps int
		want  string
	}{{"two early", -2, "factor"}, {"one early", -1, ""}, {"now", 0, ""}, {"one late", 1, ""}, {"two late", 2, "factor"}} {
		t.Run(tc.name, func(t *testing.T) {
			w.Clock.Move(10 * time.Minute)
			w.Clock.Move(time.Duration(tc.steps) * 30 * time.Second)
			code := recoverytest.TOTP(w, alice.Key)
			w.Clock.Move(time.Duration(-tc.steps) * 30 * time.Second)
			b := w.Browser()
			b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor").Submit("code", code).Want(tc.want)
		})
	}
}

func TestA45_HalfSignedInOpensNothing(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor")
	flow := b.Hidden("code").Get("flow")
	for _, path := range append(guessed(), "/", "/.sparekey/", "/.sparekey/account", "/.sparekey/account/factors", "/.sparekey/people", "/.sparekey/setup", "/.sparekey/enter") {
		b.Get(path)
		if b.Status == 200 && b.Page() != "sign-in" && b.Page() != "recover" && b.Page() != "confirm" {
			t.Errorf("%s: got page %q with status 200", path, b.Page())
		}
	}
	for _, start := range []string{"change_password", "add_factor", "new_codes", "setup", "activate", "export", "make_key"} {
		b.Post("/.sparekey/", recoverytest.Fields("start", start))
		if b.Status < 400 {
			t.Errorf("start=%s: got status %d, page %q", start, b.Status, b.Page())
		}
		b.Post("/.sparekey/", recoverytest.Fields("start", start, "flow", flow))
		if p := b.Page(); p == "enroll" || p == "codes" || p == "account" {
			t.Errorf("start=%s in the flow: got page %q", start, p)
		}
	}
	if w.Hits() != 0 {
		t.Errorf("got %d requests at the app, want none", w.Hits())
	}
}

func guessed() []string {
	var out []string
	for i, word := range strings.Fields("admin api user users me profile enroll enrol codes factor totp mfa 2fa skip bypass debug metrics session token reset new-password choice choose activate invite") {
		out = append(out, "/.sparekey/"+word, fmt.Sprintf("/.sparekey/%s/%d", word, i), "/.sparekey//"+word, "/"+word, "/.sparekey/login/../"+word)
	}
	return out
}

func TestA46_MissingFactorsDenyAndAlarm(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	change(t, w, "alice", func(a *recovery.Account) { a.Drop(recovery.TOTP, recovery.RecoveryCode) })
	b := w.Browser()
	b.Get("/").Submit("name", "alice", "password", alice.Password)
	if w.SignedIn(b) {
		t.Fatal("signed in without the second factor")
	}
	if p := b.Page(); p == "enroll" || p == "codes" {
		t.Errorf("got page %q: free enrolment", p)
	}
	if w.Events.Count(recovery.EventAlarm) == 0 {
		t.Error("no alarm")
	}
}

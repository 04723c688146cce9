package web_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/templates"
)

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
	mutants = append(mutants, link+"=", link+"A", strings.ToLower(link), strings.ToUpper(link), link+"%00", url.QueryEscape(link)+"%", link+".")
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
	hidden.Set("code", "\u00a0"+link+" ") // as it is pasted
	b.Post("/.sparekey/", hidden).Want("choice")
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

func TestLinkExpiredIsAClearPage(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	for _, code := range []string{"K7QF-29MX-TTRA", strings.Repeat("A", 43), "flow.token", "x"} {
		b := w.Browser()
		b.Get("/.sparekey/link").Want("confirm").Submit("code", code)
		if b.Status != 422 || b.Page() == "" {
			t.Errorf("%q: got status %d, page %q, want 422 and a page", code, b.Status, b.Page())
		}
	}
}

// The page of a mailed link fills the code in and waits: mail scanners run
// scripts too. The whole of our script is searched for anything that sends.
func TestA07_TheScriptSendsNothingByItself(t *testing.T) {
	pages, err := templates.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	script, ok := pages.Asset("sparekey.js")
	if !ok {
		t.Fatal("no script")
	}
	for _, word := range []string{"submit()", "requestSubmit", "fetch(", "XMLHttpRequest", "sendBeacon", "WebSocket", "EventSource"} {
		if strings.Contains(string(script.Body), word) {
			t.Errorf("the script has %s", word)
		}
	}
}

func TestA19_NoTokenInAnyAddress(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent")
	token := recoverytest.Link(t, w.Outbox.Last(t, alice.Mail, "recover-code"))
	_, secretPart, _ := strings.Cut(token, ".")
	b.Get("/.sparekey/link").Want("confirm").Submit("code", token).Want("choice")
	for _, where := range []string{b.URL.String(), b.Body, b.Answer.Get("Location"), b.Answer.Get("Set-Cookie")} {
		if strings.Contains(where, secretPart) {
			t.Errorf("the token shows in %.200q", where)
		}
	}
}

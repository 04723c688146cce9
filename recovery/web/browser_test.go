package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// Everybody may ask for a mail to somebody else and send any User-Agent with
// it: no word of it is read in our mails and pages.
func TestAStrangerWritesNothingIntoMails(t *testing.T) {
	agents := map[string]string{
		"a sentence":                  "Sam, who asks you to call 555 0199",
		"a link":                      "https://evil.example/login/1.0",
		"a name with a version":       "Your-account-was-hacked/1.0 (X11; Linux x86_64)",
		"a name beside Chrome's":      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Call-555-0199/1.0 Chrome/120.0 Safari/537.36",
		"a system":                    "Firefox/128.0 (call 555 0199)",
		"a program":                   "curl/8.5.0",
		"none":                        "",
		"signs that turn the writing": "\u202eevil\u2066/1.0",
		"very long":                   strings.Repeat("call 555 0199 ", 100),
	}
	for name, agent := range agents {
		t.Run(name, func(t *testing.T) {
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			w.Setup(alice)
			stranger := w.Browser()
			stranger.Agent = agent
			stranger.Get("/.sparekey/recover").Submit("name", alice.Name).Want("sent")
			got := w.Outbox.Last(t, alice.Mail, "recover-code").Vars["browser"]
			if want := recovery.UnknownBrowser; got != want && (name != "a system" || got != "Firefox") && (name != "a name beside Chrome's" || got != "Chrome on Linux") {
				t.Errorf("the mail names the browser %q, want %q", got, want)
			}
		})
	}
}

func TestBrowsersAreNamedFromAList(t *testing.T) {
	agents := map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                                                                   "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                                          "Chrome on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.68":                        "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15":                                       "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1":                  "Safari on iOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1":           "Chrome on iOS",
		"Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36":               "Samsung Browser on Android",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36":                                          "Chrome on Android",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                                           "Chrome on ChromeOS",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 OPR/111.0.0.0":                            "Opera on Windows",
		"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.0.0 Mobile DuckDuckGo/5 Safari/537.36":                    "DuckDuckGo on Android",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 YaBrowser/24.6.0.0 Safari/537.36":                       "YaBrowser on Windows",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36":                                            "Headless Chrome on Linux",
		"Mozilla/5.0 (PlayStation; PlayStation 5/9.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.5 Safari/605.1.15":                                      "Safari",
		"Dalvik/2.1.0 (Linux; U; Android 14; SM-S918B Build/UP1A)":                                                                                                 recovery.UnknownBrowser,
		"Mozilla/5.0 (Linux; Android 14; Call 555 0199) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36 Evil.Example/1.0": "Chrome on Android",
	}
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	for agent, want := range agents {
		w.Clock.Move(25 * time.Hour) // the share of mails begins again
		b := w.Browser()
		b.Agent = agent
		b.Get("/.sparekey/recover").Submit("name", alice.Name).Want("sent")
		if got := w.Outbox.Last(t, alice.Mail, "recover-code").Vars["browser"]; got != want {
			t.Errorf("%s: got %q, want %q", agent, got, want)
		}
	}
}

// What is stored is one word for every reader, and read in their language.
func TestABrowserWithoutANameIsSaidInTheReadersLanguage(t *testing.T) {
	w := recoverytest.New(t)
	alice, b := recoverytest.Alice(), w.Browser()
	b.Agent = "Your-account-was-hacked/1.0"
	w.Setup(alice)
	w.SignIn(b, alice, "/")
	for lang, want := range map[string]string{"en": "a browser we don’t know", "fr": "un navigateur que nous ne connaissons pas"} {
		if got := b.Get("/.sparekey/account/devices?lang=" + lang).Want("account-devices").Text(); !strings.Contains(got, want) || strings.Contains(got, "hacked") {
			t.Errorf("%s: got %q, want %q in it", lang, got, want)
		}
	}
}

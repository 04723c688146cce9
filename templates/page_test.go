package templates_test

import (
	"bytes"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/templates"
)

// everyPage renders every sample in every language.
func everyPage(t *testing.T, check func(t *testing.T, c sample, page string)) {
	t.Helper()
	s := newSet(t)
	for _, lang := range s.Languages() {
		for _, c := range samples() {
			t.Run(lang+"/"+c.name, func(t *testing.T) {
				c.frame.Lang = lang
				check(t, c, render(t, s, c))
			})
		}
	}
}

func TestSamplesCoverAllPages(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range samples() {
		seen[c.content.Page()] = true
	}
	if got, want := slices.Sorted(maps.Keys(seen)), slices.Sorted(slices.Values(templates.Pages())); !slices.Equal(got, want) {
		t.Errorf("pages with a sample: got %v, want %v", got, want)
	}
}

// TestEveryFileIsAPage: a file that no value is for is shown by nobody.
func TestEveryFileIsAPage(t *testing.T) {
	files, err := filepath.Glob("pages/*.html")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".html")
		if !slices.Contains([]string{"layout", "mark", "parts"}, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names) // by name, not by file: "-" sorts before "."
	if got := slices.Sorted(slices.Values(templates.Pages())); !slices.Equal(got, names) {
		t.Errorf("pages with a value: got %v, want the files %v", got, names)
	}
}

func TestPageFrame(t *testing.T) {
	everyPage(t, func(t *testing.T, c sample, page string) {
		d := parsePage(t, page)
		if h1 := d.all("h1"); len(h1) != 1 || text(h1[0]) == "" {
			t.Errorf("h1: got %d, want one with text", len(h1))
		}
		if got := attr(d.all("body")[0], "data-page"); got != c.content.Page() {
			t.Errorf("data-page: got %q, want %q", got, c.content.Page())
		}
		if got := attr(d.all("html")[0], "lang"); got != c.frame.Lang {
			t.Errorf("lang: got %q, want %q", got, c.frame.Lang)
		}
		if got := text(d.all("title")[0]); !strings.HasSuffix(got, " – "+c.frame.Site) || strings.HasPrefix(got, " –") {
			t.Errorf("title: got %q, want a step and %q", got, c.frame.Site)
		}
		if got := text(d.all("header")[0]); !strings.Contains(got, c.frame.Host) {
			t.Errorf("header: got %q, want the host %q in it", got, c.frame.Host)
		}
		if got := text(d.all("footer")[0]); !strings.Contains(got, c.frame.Help) {
			t.Errorf("footer: got %q, want the help %q in it", got, c.frame.Help)
		}
		navs := 1 // of languages, and that of the account
		if strings.HasPrefix(c.content.Page(), "account") {
			navs = 2
		}
		if len(d.all("main")) != 1 || len(d.all("nav")) != navs {
			t.Errorf("landmarks: got %d main and %d nav, want 1 and %d", len(d.all("main")), len(d.all("nav")), navs)
		}
		if got := strings.Contains(page, `class="banner"`); got != c.frame.Insecure {
			t.Errorf("banner: got %v, want %v", got, c.frame.Insecure)
		}
	})
}

// TestContentSecurityPolicy: nothing a strict policy would block, and no request
// to another host.
func TestContentSecurityPolicy(t *testing.T) {
	everyPage(t, func(t *testing.T, c sample, page string) {
		for _, n := range parsePage(t, page).all() {
			if n.Data == "style" || n.Data == "script" && (n.FirstChild != nil || !slices.Contains([]string{"/.sparekey/static/sparekey.js", "/.sparekey/static/device.js", "/.sparekey/static/passkey.js", "/.sparekey/static/sign-in.js"}, attr(n, "src"))) {
				t.Errorf("inline <%s>", n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
				}
				ours := strings.HasPrefix(a.Val, "/.sparekey/")
				enroll, _ := c.content.(templates.EnrollPage)
				leaves := a.Val == c.frame.Return || a.Val == enroll.URI
				if slices.Contains([]string{"src", "action", "formaction"}, a.Key) && !ours {
					t.Errorf("<%s %s=%q>, want an address of ours", n.Data, a.Key, a.Val)
				}
				if a.Key == "href" && !ours && !leaves {
					t.Errorf("<%s href=%q>, want an address of ours", n.Data, a.Val)
				}
			}
		}
	})
}

// TestHeadingsAndTimes: a page says each heading once, and each time in an element that
// the script puts into the visitor's zone and form.
func TestHeadingsAndTimes(t *testing.T) {
	everyPage(t, func(t *testing.T, c sample, page string) {
		d := parsePage(t, page)
		seen := map[string]bool{}
		for _, h := range d.all("h1", "h2", "h3") {
			if seen[text(h)] {
				t.Errorf("heading %q, twice", text(h))
			}
			seen[text(h)] = true
		}
		if len(d.all("h1")) != 1 {
			t.Errorf("<h1>: got %d, want 1", len(d.all("h1")))
		}
		for _, clock := range d.all("time") {
			if !has(clock, "data-local") {
				t.Errorf("<time> %q without data-local", text(clock))
			}
			clock.FirstChild = nil
		}
		// A complaint is plain text: its time says its zone.
		if words := text(d.all("main")[0]); c.frame.Problem == nil && (strings.Contains(words, " 2026") || strings.Contains(words, " 2027")) {
			t.Errorf("a date outside of <time>: %q", words)
		}
	})
}

func TestFormsAreUsable(t *testing.T) {
	everyPage(t, func(t *testing.T, _ sample, page string) {
		d := parsePage(t, page)
		ids, labelled := map[string]bool{}, map[string]bool{}
		for _, n := range d.all() {
			if id := attr(n, "id"); id != "" {
				if ids[id] {
					t.Errorf("id %q is given twice", id)
				}
				ids[id] = true
			}
			if n.Data == "label" {
				labelled[attr(n, "for")] = true
			}
		}
		for _, n := range d.all() {
			for _, ref := range strings.Fields(attr(n, "aria-describedby") + " " + attr(n, "aria-labelledby")) {
				if !ids[ref] {
					t.Errorf("<%s> refers to the missing id %q", n.Data, ref)
				}
			}
			if (n.Data == "input" && attr(n, "type") != "hidden" || n.Data == "select") && !labelled[attr(n, "id")] {
				t.Errorf("field %q has no label", attr(n, "name"))
			}
			if n.Data == "input" && has(n, "placeholder") {
				t.Errorf("field %q has a placeholder", attr(n, "name"))
			}
			if n.Data == "button" && text(n) == "" {
				t.Errorf("button %q has no text", attr(n, "value"))
			}
			// Without script such a button would do nothing.
			if n.Data == "button" && attr(n, "type") == "button" && !has(n, "hidden") {
				t.Errorf("button %q needs script and is shown without", text(n))
			}
		}
		if n := strings.Count(page, " autofocus"); n > 1 {
			t.Errorf("autofocus: got %d fields, want at most one", n)
		}
	})
}

func TestFormsCarryTheFlow(t *testing.T) {
	s := newSet(t)
	for _, c := range samples() {
		t.Run(c.name, func(t *testing.T) {
			c.frame.Keep = "fr"
			for _, form := range parsePage(t, render(t, s, c)).all("form") {
				if got := attr(form, "method"); got != "post" {
					t.Errorf("method: got %q, want post", got)
				}
				fields := hidden(form)
				want := map[string]string{"flow": c.frame.Flow, "return": c.frame.Return, "lang": "fr"}
				if c.frame.Start != "" {
					want["start"] = c.frame.Start
				}
				for name, value := range want {
					if fields[name] != value {
						t.Errorf("hidden %s: got %q, want %q", name, fields[name], value)
					}
				}
			}
		})
	}
}

func TestLinks(t *testing.T) {
	const back = "return=%2Falbums%2F2026%3Fsort%3Ddate"
	signedIn := sampleOf(t, "factor-password")
	kept := sampleOf(t, "recover")
	kept.frame.Keep = "fr"
	tests := []struct {
		name string
		page sample
		want []string
	}{
		{"sign-in", sampleOf(t, "sign-in"), []string{"/.sparekey/recover?" + back, "/.sparekey/login?lang=fr&" + back}},
		{"step", sampleOf(t, "factor-totp"), []string{"/.sparekey/login?" + back, "/.sparekey/?f=f7hq2mz4k9&lang=fr"}},
		{"step of somebody signed in", signedIn, []string{"/.sparekey/account?" + back}},
		{"recover", kept, []string{"/.sparekey/login?lang=fr&" + back, "/.sparekey/recover?lang=fr&" + back}},
		{"stop", sampleOf(t, "stop"), []string{"/.sparekey/stop?lang=fr#k3v9-stop-ticket"}},
		{"link", sampleOf(t, "confirm"), []string{"/.sparekey/link?lang=fr"}},
		{"set-up", sampleOf(t, "setup-code"), []string{"/.sparekey/setup?lang=fr"}},
		{"slowed down", sampleOf(t, "slow-down"), []string{"/.sparekey/recover?choice=unlock", "/.sparekey/recover"}},
		{"unlock", sampleOf(t, "recover-unlock"), []string{"/.sparekey/recover?choice=unlock&lang=fr"}},
		{"nothing here, signed in", sampleOf(t, "refused-signed-in"), []string{"/", "/.sparekey/account?return=%2F", "/.sparekey/account?lang=fr&return=%2F"}},
		{"nothing here", sampleOf(t, "refused-link"), []string{"/.sparekey/login", "/.sparekey/login?lang=fr"}},
		{"two other ways", sampleOf(t, "factor-totp"), []string{"/.sparekey/choose?f=f7hq2mz4k9"}},
		{"no other way", sampleOf(t, "factor-password"), []string{"/.sparekey/choose?f=f7hq2mz4k9"}},
		{"choose", sampleOf(t, "choose"), []string{"/.sparekey/?f=f7hq2mz4k9", "/.sparekey/recover?" + back, "/.sparekey/choose?f=f7hq2mz4k9&lang=fr"}},
		{"choose, signed in", sampleOf(t, "choose-none"), []string{"/.sparekey/?f=f7hq2mz4k9&lang=fr", "/.sparekey/account?lang=fr&" + back}},
		{"undo", sampleOf(t, "undo"), []string{"/.sparekey/stop?lang=fr#k3v9-undo-ticket"}},
		{"waiting", sampleOf(t, "wait-begun"), []string{"/.sparekey/login?" + back}},
		{"vouch", sampleOf(t, "confirm-approve"), []string{"/.sparekey/account/approve?lang=fr", "/.sparekey/account"}},
		{"account", sampleOf(t, "account-admin"), []string{"/.sparekey/people", "/.sparekey/account/sign-in", "/.sparekey/account/devices", "/.sparekey/account/recovery", "/.sparekey/account/contact"}},
		{"account, ways back", sampleOf(t, "account-recovery-full"), []string{"/.sparekey/account/approve?choice=vouch", "/.sparekey/account/recovery?lang=fr"}},
		{"account, devices", sampleOf(t, "account-devices"), []string{"/.sparekey/account/approve?choice=let_in"}},
		{"people", sampleOf(t, "people"), []string{"/.sparekey/people/p-ben", "/.sparekey/people?lang=fr", "/.sparekey/people?show=locked", "/.sparekey/account"}},
		{"person", sampleOf(t, "person"), []string{"/.sparekey/people", "/.sparekey/people/p-ben?lang=fr"}},
		{"person with an odd id", oddPerson(), []string{"/.sparekey/people/..%2Fa%3Fb%23c?lang=fr"}},
		{"invited", sampleOf(t, "invite-link"), []string{"/.sparekey/people", "/.sparekey/people?lang=fr"}},
	}
	s := newSet(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, a := range parsePage(t, render(t, s, test.page)).all("a") {
				got = append(got, attr(a, "href"))
			}
			for _, want := range test.want {
				if !slices.Contains(got, want) {
					t.Errorf("links: got %q, want %q among them", got, want)
				}
			}
		})
	}
}

// oddPerson has an id that must not leave its place in an address.
func oddPerson() sample {
	return sample{"person-odd", mine(), person(templates.Person{ID: "../a?b#c", Name: "odd", State: "active"})}
}

func TestEveryProblemAndNoticeHasWords(t *testing.T) {
	keys := map[string][]string{
		"problem": {
			"wrong_name_or_password", "wrong_code", "wrong_authenticator", "code_clock_off", "code_used", "code_expired", "code_unknown", "link_expired",
			"link_other_browser", "too_many", "password_short", "password_long", "password_unreadable", "password_common", "password_breached", "password_same", "password_sent", "password_like_name",
			"password_recovered", "probation", "name_taken", "name_bad", "name_group", "group_person", "group_bad", "mail_bad", "phone_bad", "missing_field", "form_repeated",
			"flow_expired", "not_available", "busy", "cookies_off", "setup_done", "setup_wrong", "send_limit", "wrong_password",
			"not_found", "cross_site", "insecure_http", "forwarded_proto", "wrong_pin", "wrong_answer", "pin_bad", "answer_bad", "contact_waiting",
			"contact_unknown", "contact_self", "same_address", "address_taken", "drill_wrong", "reason_missing", "not_yourself",
			"groups_many", "display_name_bad", "last_admin", "key_name", "key_named", "keys_full", "key_host", "key_path", "key_long",
		},
		"notice": {
			"second_factor_done", "password_done", "both_done", "frozen", "resent", "signed_out_everywhere", "session_ended",
			"codes_done", "link_ok", "drill_ok", "case_sent", "case_shown", "contact_ok", "unlocked", "wait_started", "wait_stopped",
			"contact_changed", "contact_confirmed", "contact_undone", "contact_added", "contact_removed", "pin_done", "question_done", "vouched",
			"vouch_refused", "person_changed", "person_leaving", "name_shown", "key_revoked", "key_resumed",
		},
	}
	s := newSet(t)
	for group, list := range keys {
		for _, key := range list {
			c := sample{key, templates.Frame{Host: "a.example"}, templates.SignInPage{}}
			if group == "problem" {
				c.frame.Problem = problem(key)
			} else {
				c.frame.Notice = problem(key)
			}
			for _, lang := range s.Languages() {
				c.frame.Lang = lang
				render(t, s, c)
			}
		}
	}
}

// TestPageSize: what one page needs is under 30 KB, fonts and pictures included.
func TestPageSize(t *testing.T) {
	s := newSet(t)
	shared := 0
	for _, name := range []string{"sparekey.css", "sparekey.js", "icon.svg"} {
		asset, ok := s.Asset(name)
		if !ok {
			t.Fatalf("no asset %s", name)
		}
		shared += len(asset.Gzip)
	}
	// A QR code drawn as one path needs up to 8 KB.
	const limit, code = 30_000, 8_000
	everyPage(t, func(t *testing.T, c sample, page string) {
		if got := len(page) + shared + code; got > limit {
			t.Errorf("got %d bytes, want at most %d", got, limit)
		}
	})
}

func TestPageErrors(t *testing.T) {
	tests := []struct {
		name    string
		frame   templates.Frame
		content templates.Content
		want    error
	}{
		{"no page", templates.Frame{}, nil, templates.ErrUnknownPage},
		{"problem", templates.Frame{Problem: problem("nonsense")}, templates.SignInPage{}, templates.ErrUnknownText},
		{"method", templates.Frame{}, templates.FactorPage{Ways: templates.Ways{Method: "nonsense"}}, templates.ErrUnknownText},
	}
	s := newSet(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var body bytes.Buffer
			if err := s.Page(&body, test.frame, test.content); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if body.Len() != 0 {
				t.Errorf("got %d bytes, want nothing written", body.Len())
			}
		})
	}
}

func TestPageFallsBackToEnglish(t *testing.T) {
	c := sampleOf(t, "sign-in")
	c.frame.Lang = "tlh"
	d := parsePage(t, render(t, newSet(t), c))
	if got := attr(d.all("html")[0], "lang"); got != "en" {
		t.Errorf("lang: got %q, want en", got)
	}
}

func TestWaitInWords(t *testing.T) {
	tests := []struct {
		name, lang string
		wait       time.Duration
		want       string
	}{
		{"under a second", "en", time.Millisecond, "Wait 1 second, then"},
		{"seconds", "en", 40 * time.Second, "Wait 40 seconds, then"},
		{"rounded up", "en", 119*time.Second + 1, "Wait 2 minutes, then"},
		{"minutes rounded up", "en", 121 * time.Second, "Wait 3 minutes, then"},
		{"a minute", "en", time.Minute, "Wait 1 minute, then"},
		{"an hour", "fr", time.Hour, "Attendez 1 heure, puis"},
		{"a day", "fr", 24 * time.Hour, "Attendez 24 heures, puis"},
		{"days", "en", 7 * 24 * time.Hour, "Wait 7 days, then"},
	}
	s := newSet(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := sample{"slow-down", templates.Frame{Lang: test.lang}, templates.SlowDownPage{Wait: test.wait}}
			if got := text(parsePage(t, render(t, s, c)).root); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}

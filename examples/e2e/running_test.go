package e2e_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// labEnv is the environment in which [recoverytest.New] starts a Caddy for each
// of its worlds: the one this package built with the tag lab.
func labEnv(t *testing.T, store string) map[string]string {
	t.Helper()
	e2e.Slow(t)
	path, err := labCaddy()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{recoverytest.CaddyVariable: path, recoverytest.StoreVariable: store}
}

// lab has a world of this process do the same.
func lab(t *testing.T, store string) recoverytest.Option {
	t.Helper()
	e2e.Slow(t)
	path, err := labCaddy()
	if err != nil {
		t.Fatal(err)
	}
	return recoverytest.InCaddy(path, store)
}

// tabsEnv makes the worlds of a test open their browsers in Chromium.
func tabsEnv(t *testing.T, lang string) map[string]string {
	t.Helper()
	how := map[string]any{"chromium": browserTools(t, "chromium-headless-shell"), "lang": lang, "script": true, "width": 360}
	if dir := screenshots(t, true); dir != "" {
		how["screenshots"] = dir
	}
	text, err := json.Marshal(how)
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("tabs.mjs")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"TABS": string(text), recoverytest.TabsVariable: script}
}

// Patterns of tests of recovery/web.
const (
	attacks = `^Test(A(0[1-9]|1[0-9]|20|3[6-9]|4[02-6])_|SE(05|10)_|TK04_Expired|TH01_ASignIn|TH06_(APlace|ASpray)|TH05_AFloodOver|EN02_OverHTTP|OnePersonOrTwo|` +
		`AWrongAuthenticator|TheRowOfCodes|RecoveryCodesAre|TicketsAre|ARememberedBrowser|AnAdministratorWithout|ANewAdministrator|` +
		`TrustEnds|AWait|AnotherWait|AStoppedWay|StopThisOnly|ClosingLinks|` +
		`Rule_(AThiefWith|AnActOf|ARescue|ARecoveryVoids|Closing|AClosedAccountSays|APaused|NoPause|WhatWasMade))`
	// What hangs on the account's record alone, or on Caddy, and not on the store.
	once = `|^Test(SE04_|WB07_|Trust|AnUnconfirmedAddress|ClosingSecretsStand|SessionsThatAreRenewed|ASignInGivenUpWithout)`

	// Looks into the queue of its own process; has further hosts, and the Caddy of
	// a test serves one.
	inProcess = `^Test(A36_PagesDoNot|SE05_StreamsOfEveryHostEnd)`
	// Answers with a secret take as long as others: hundreds of them, in one process.
	alike = `|^Test(A02_TimeDoes|EN02_OverHTTP)`
)

// What recovery/web tests in one process goes to real Caddys here: the attacks
// of RULES.md that need no store of their own, and every story. The attacks are
// made on Redis; on the file store, where the same Caddy does the same, "make soak"
// makes them. A41 is TestA41_KilledCaddy; A04 and A47 stay in one process, where a
// test puts a passkey into an account.
func TestAttacksAndStoriesOnARunningCaddy(t *testing.T) {
	t.Parallel()
	program, shown := webTests(t), inChromium(t)
	half := len(shown) / 2
	for _, tt := range []struct {
		name, store, run, skip, lang string
		least                        int  // tests that must have run
		soak                         bool // in "make soak" only
	}{
		{name: "stories in Chromium", store: "file", run: flows(shown[:half]), least: half + 1, lang: "en"},
		{name: "further stories in Chromium", store: "file", run: flows(shown[half:]), least: len(shown) - half + 1, lang: "en"},
		{name: "other stories in Chromium", store: "file", run: "^TestFlows$", skip: flows(shown), least: 40 - len(shown), lang: "en", soak: true},
		{name: "other stories on the file store", store: "file", run: "^TestFlows$", skip: flows(shown), least: 40 - len(shown)},
		{name: "stories in Chromium on Redis", store: "redis", run: "^TestFlows$", least: 40, lang: "en", soak: true},
		{name: "stories on Redis", store: "redis", run: "^TestFlows$", least: 40},
		{name: "attacks on the file store", store: "file", run: attacks, skip: inProcess, least: 60, soak: true},
		{name: "attacks on Redis", store: "redis", run: attacks + once, skip: inProcess + soakOnly(alike), least: 76},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.soak && os.Getenv("SPAREKEY_SOAK") == "" {
				t.Skip("long: make soak runs it")
			}
			cmd := exec.CommandContext(t.Context(), program, "-test.v", "-test.run", tt.run, "-test.skip", tt.skip, "-test.timeout", "18m")
			cmd.Dir, cmd.Env = "../../recovery/web", os.Environ()
			env := labEnv(t, tt.store)
			if tt.lang != "" {
				maps.Copy(env, tabsEnv(t, tt.lang))
			}
			for name, value := range env {
				cmd.Env = append(cmd.Env, name+"="+value)
			}
			begin := time.Now()
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, relevant(string(out)))
			}
			passed := regexp.MustCompile(`(?m)^ {0,4}--- PASS: `).FindAll(out, -1)
			if len(passed) < tt.least {
				t.Errorf("got %d tests, want at least %d\n%s", len(passed), tt.least, out)
			}
			t.Logf("%d tests in %.0f s", len(passed), time.Since(begin).Seconds())
		})
	}
}

// inChromium are the stories that go through Chromium in "make test".
func inChromium(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("../../recovery/testdata/flows/chromium.txt")
	if err != nil {
		t.Fatal(err)
	}
	list := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(b)), "\n"), func(line string) bool { return strings.HasPrefix(line, "#") })
	if len(list) < 2 {
		t.Fatalf("got the stories %q", list)
	}
	return list
}

// flows is a pattern of these stories.
func flows(stories []string) string { return "^TestFlows$/^(" + strings.Join(stories, "|") + ")$" }

// soakOnly is a pattern of tests to leave out, but not in "make soak".
func soakOnly(pattern string) string {
	if os.Getenv("SPAREKEY_SOAK") != "" {
		return ""
	}
	return pattern
}

// relevant leaves out what Caddy logs about itself, and which tests pass.
func relevant(out string) string {
	var lines []string
	for line := range strings.SplitSeq(out, "\n") {
		switch said := strings.TrimSpace(line); {
		case strings.HasPrefix(said, "{"), strings.HasPrefix(said, "--- PASS"), strings.HasPrefix(line, "=== "):
		default:
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// webTests is the test binary of recovery/web, without the race detector:
// Caddy is another process.
func webTests(t *testing.T) string {
	t.Helper()
	e2e.Slow(t)
	path := filepath.Join(builds, "web.test")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if out, err := e2e.ReleaseGo(t.Context(), "", "test", "-c", "-o", path, "../../recovery/web").CombinedOutput(); err != nil {
		t.Fatalf("build the tests of recovery/web: %v\n%s", err, out)
	}
	return path
}

// A link that is open in a browser with scripts for ten seconds is not used up.
func TestA07_ALinkThatIsOnlyOpenedIsUnused(t *testing.T) {
	w, alice := recoverytest.New(t, lab(t, "file")), recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", alice.Name).Want("sent")
	link := w.Outbox.Last(t, alice.Mail, "recover-code").Vars["link"]
	for name, value := range tabsEnv(t, "en") {
		t.Setenv(name, value)
	}
	preview := w.Browser()
	preview.Get(link).Want("confirm")
	time.Sleep(10 * time.Second)
	if _, token, _ := strings.Cut(link, "#"); preview.Typed("code") != token {
		t.Errorf("got %q in the field, want the code: this browser ran no script", preview.Typed("code"))
	}
	b.Get("/.sparekey/link").Submit("code", recoverytest.Link(t, w.Outbox.Last(t, alice.Mail, "recover-code"))).Want("choice")
}

// The code that lets a test move the clock of a Caddy must be in no release.
func TestNoReleaseHasTheLab(t *testing.T) {
	e2e.Slow(t)
	path, err := labCaddy()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path string
		want bool
	}{{caddy, false}, {path, true}} {
		program, err := os.ReadFile(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(program, []byte(recoverytest.LabVariable)); got != tt.want {
			t.Errorf("%s: got %s in it: %v, want %v", filepath.Base(tt.path), recoverytest.LabVariable, got, tt.want)
		}
	}
}

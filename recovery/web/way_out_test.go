package web_test

import (
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestRule_EveryStepHasAWayOut looks at the pages no story comes to; TestFlows
// looks at those of the stories.
func TestRule_EveryStepHasAWayOut(t *testing.T) {
	w, _ := withFactor(t)
	b := w.Browser()
	for _, path := range []string{"/.sparekey/stop?t=gone", "/.sparekey/setup", "/.sparekey/?f=gone", "/.sparekey/nothing"} {
		wayOut(t, b.Get(path).Want("refused"))
	}
	b.Get("/.sparekey/link").Submit("code", "gone")
	wayOut(t, b)
}

// wantEveryStep wants the stories to have come to every page of a flow.
func wantEveryStep(t *testing.T, seen map[string]bool) {
	t.Helper()
	for _, page := range []string{
		"recover", "sent", "choice", "factor", "new-password", "enroll", "codes", "wait", "confirm", "stop", "undo", "person", "sign-in", "account",
	} {
		if !seen[page] {
			t.Errorf("no story shows %s, so it was not looked at", page)
		}
	}
}

// wayOut wants the operator's help text on each of our pages, and a link to
// sign-in or, signed in, to the account on all but those two.
func wayOut(t *testing.T, b *recoverytest.Browser) {
	t.Helper()
	page := b.Page()
	if page == "" {
		return // the app
	}
	if !strings.Contains(b.Text(), "Stuck? Ask Sam, 555 0100.") {
		t.Errorf("%s has no help text", page)
	}
	leads := strings.Contains(b.Body, `href="/.sparekey/login`) || strings.Contains(b.Body, `href="/.sparekey/account`)
	if !leads && page != "sign-in" && page != "account" {
		t.Errorf("nothing on %s leads back to sign-in", page)
	}
}

// asksUs wants scripts to be allowed to ask the server on those pages that have one which
// does, and nowhere else.
func asksUs(t *testing.T, b *recoverytest.Browser) {
	t.Helper()
	policy := b.Answer.Get("Content-Security-Policy")
	if policy == "" || b.Page() == "" {
		return // the app, or a Chromium, which obeys
	}
	asks := strings.Contains(b.Body, "data-watch=") || strings.Contains(b.Body, "data-ceremony=") || strings.Contains(b.Body, "data-ask=")
	if got := strings.Contains(policy, "connect-src"); got != asks {
		t.Errorf("%s: scripts may ask the server: %v, want %v; policy %q", b.Page(), got, asks, policy)
	}
	if rights := b.Answer.Get("Permissions-Policy"); !strings.Contains(rights, "publickey-credentials-create=(self), publickey-credentials-get=(self)") {
		t.Errorf("%s: got Permissions-Policy %q", b.Page(), rights)
	}
}

package web_test

import (
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestOwnPagesLeadBackToThemselves: each page of one's own account comes back to
// itself after a sign-in, marks itself in the menu, and says of a post with nothing
// in it what is missing.
func TestOwnPagesLeadBackToThemselves(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	for path, page := range ownPages() {
		b := w.Browser()
		b.Get("/.sparekey/account" + path).Want("sign-in")
		b.Submit("name", alice.Name, "password", alice.Password).Want("factor")
		strongly(w, b, alice).Want(page)
		if mark := `href="/.sparekey/account` + path + `" aria-current="page"`; !strings.Contains(b.Body, mark) {
			t.Errorf("%s: got no %s in the menu", path, mark)
		}
		if b.Post("/.sparekey/account"+path, recoverytest.Fields("choice", "")); b.Page() != page || b.Status != 422 {
			t.Errorf("%s, posted empty: got page %q, status %d, want %q and 422", path, b.Page(), b.Status, page)
		}
	}
}

// ownPages are the pages of one's own account, by what their address ends with.
func ownPages() map[string]string {
	return map[string]string{
		"": "account", "/sign-in": "account-sign-in", "/devices": "account-devices", "/recovery": "account-recovery", "/contact": "account-contact",
	}
}

package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// TestAStolenPasswordIsRefusedAtItsField: with one sentence, as often as one is
// tried, and the same for the password of the account, which was stolen too.
func TestAStolenPasswordIsRefusedAtItsField(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	if w.Running() {
		t.Skip("the methods are those of this process")
	}
	alice := recoverytest.Alice()
	w.Setup(alice)
	stolen := func(_ context.Context, typed string) bool {
		return typed == alice.Password || strings.HasPrefix(typed, "stolen")
	}
	w.Engine.Methods = method.All(method.Set{Keys: w.Keys, Hasher: secret.NewHasher(w.Policy.Hash, 0), Has: w.Outbox.Has, Breached: stolen})
	b := atNewPassword(t, w, alice)
	for _, typed := range []string{"stolen tea service", alice.Password, "stolen tea service", "stolen hedgehogs"} {
		b.Submit("new_password", typed).Want("new-password")
		if got := b.Find("problem"); b.Status != 422 || got != "That password is on lists of stolen ones, which thieves try first: choose another one." {
			t.Fatalf("%q: got status %d, %q", typed, b.Status, got)
		}
		if !strings.Contains(b.Body, `aria-invalid="true"`) {
			t.Error("the field is not marked")
		}
	}
	if b.Submit("new_password", "a whole new sentence"); b.Page() == "new-password" {
		t.Errorf("another password: got %q", b.Find("problem"))
	}
}

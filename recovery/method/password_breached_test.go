package method

import (
	"context"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// TestStolenPasswordsAreAskedForLast: not before the checks that need nobody, and
// with the answer for the password of the account that another stolen one gets.
func TestStolenPasswordsAreAskedForLast(t *testing.T) {
	t.Parallel()
	const stolen, current = "battery horse staple", "hedgehogs and cards"
	hasher := secret.NewHasher(secret.HashParams{Time: 1, Memory: 64, Threads: 1}, 0)
	hash, err := hasher.Hash(t.Context(), current)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	m := Password{Hasher: hasher, Breached: func(_ context.Context, typed string) bool {
		asked++
		return typed == stolen || typed == current
	}}
	a := &recovery.Account{Name: "alice", SecondFactor: true, Credentials: []recovery.Credential{
		{ID: "1", Method: recovery.Password, Data: pack(passwordData{Hash: hash})},
	}}
	for _, tc := range []struct {
		typed, want string
		asked       int
	}{
		{"short", recovery.ProblemShort, 0},
		{"tab\tin between them", recovery.ProblemUnreadable, 0},
		{"alice1234", recovery.ProblemLikeName, 0},
		{"password1", recovery.ProblemCommon, 0},
		{stolen, recovery.ProblemBreached, 1},
		{current, recovery.ProblemBreached, 1},
		{"four flamingos and a hedgehog", "", 1},
	} {
		asked = 0
		_, p, err := m.Confirm(t.Context(), recovery.Try{Account: a, Policy: recovery.Default(), Input: recovery.Input{NewPassword: secret.Text(tc.typed)}}, nil)
		got := ""
		if p != nil {
			got = p.Key
		}
		if err != nil || got != tc.want || asked != tc.asked {
			t.Errorf("%q: got %q, %v, asked %d times; want %q, %d", tc.typed, got, err, asked, tc.want, tc.asked)
		}
	}
}

package recovery_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// TestABareWordOfARuleIsAGroup, and user: in front of it is a person.
func TestABareWordOfARuleIsAGroup(t *testing.T) {
	for _, tt := range []struct {
		word, want string
	}{
		{"family", "family"},
		{"Family", "Family"},
		{"user:alice", "user:alice"},
		{"user:Alice", "user:alice"},
		{"user:", ""},
		{"user:a b", ""},
		{"user:@", ""},
		{"usr:alice", ""},
		{"group:family", ""},
		{"alice,bruno", ""},
		{"", ""},
	} {
		got, err := recovery.Rule(tt.word)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%q: got %q, %v, want %q", tt.word, got, err, tt.want)
		}
	}
}

// TestRulesOfAnAccount: a group that reads like a person lets nobody pass as that
// person.
func TestRulesOfAnAccount(t *testing.T) {
	a := recovery.Account{Name: "Alice", Groups: []string{"family", "user:bruno", "Alice"}}
	if got, want := a.Rules(), []string{"user:alice", "family", "Alice"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAGroupIsCalledAsPeopleAre.
func TestAGroupIsCalledAsPeopleAre(t *testing.T) {
	for _, group := range []string{"", "a,b", "user:alice", "two words", "2024"} {
		if _, err := (recovery.NewAccount{Name: "carol", Groups: []string{group}}).Make(noon); !errors.Is(err, recovery.ErrBadGroup) {
			t.Errorf("%q: got %v, want it refused", group, err)
		}
	}
}

package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// What a recovery can begin with depends on policy and channels alone. People
// are asked first only where nothing else of a way could be, and a way that
// cannot be walked here offers nothing. The lint says the same.
func TestBeginnings(t *testing.T) {
	for _, tc := range []struct {
		name  string
		ways  string // for both, one after the other; empty: the default policy
		lacks string // a channel that nothing can be sent on
		want  string
	}{
		{"default", "", "", "mail_link recovery_code device"},
		{"default, no mail", "", "mail", "recovery_code device"},
		{"default, no text messages", "", "sms", "mail_link recovery_code device"},
		{"people alone", "contact*2", "", "contact*2"},
		{"people and the password", "contact*2 password", "", "contact*2"},
		{"people and the mailbox", "contact*2 mail_link", "", "mail_link"},
		{"people and the mailbox, no mail", "contact*2 mail_link", "mail", ""},
		{"people and the number, no text messages", "contact*2 sms_code", "sms", ""},
		{"two ways", "contact*2 mail_link | contact*3 sms_code", "", "mail_link contact*3"},
		{"nothing that may come first", "password sms_code", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := recovery.Default()
			if tc.ways != "" {
				p.Ways = map[recovery.Goal][]recovery.Way{recovery.GoalBoth: nil}
				for _, w := range strings.Split(tc.ways, " | ") {
					p.Ways[recovery.GoalBoth] = append(p.Ways[recovery.GoalBoth], recovery.Way{Proofs: strings.Fields(w)})
				}
			}
			methods := method.All(method.Set{Has: func(c string) bool { return c != tc.lacks }})
			for _, a := range []*recovery.Account{{}, recoverytest.Account(recovery.Password, recovery.TOTP), {State: recovery.StateFrozen}} {
				got := recoverytest.Next(recovery.Facts{Flow: &recovery.Flow{Kind: recovery.KindRecover}, Account: a, Policy: p, Methods: methods, Now: time.Now()})
				list := append([]string{got.Method}, got.Methods...)
				if s := strings.Join(list, " "); s != tc.want {
					t.Errorf("%s: got %q, want %q", a.State, s, tc.want)
				}
				if (got.Dead != "") != (tc.want == "") {
					t.Errorf("got dead end %q, want one only when nothing is offered", got.Dead)
				}
			}
			table := inPersonTable(p, tc.lacks == recovery.ChannelMail)
			table.Channels = slices.DeleteFunc([]string{"mail", "sms"}, func(c string) bool { return c == tc.lacks })
			stuck := slices.ContainsFunc(lint.Check(table), func(f lint.Finding) bool {
				return f.Key == lint.KeyCannotBegin || f.Key == lint.KeyNotSetUp
			})
			if tc.ways != "" && stuck != (tc.want == "") {
				t.Errorf("lint: got a way that cannot be walked %v, want %v", stuck, tc.want == "")
			}
		})
	}
}

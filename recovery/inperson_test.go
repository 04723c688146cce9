package recovery_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Where no mail can be sent, admin and admin + mail_link are admin_in_person
// in every way, and nothing else changes.
func TestPolicyRead(t *testing.T) {
	const day = 24 * time.Hour
	for _, tc := range []struct {
		name string
		ways []recovery.Way
		mail bool
		want string
	}{
		{"mail can be sent", []recovery.Way{{Proofs: []string{"admin", "mail_link"}}}, true, "admin mail_link"},
		{"no admin in it", []recovery.Way{{Proofs: []string{"mail_link", "password"}, Wait: day}}, false, "mail_link password 24h0m0s"},
		{"admin", []recovery.Way{{Proofs: []string{"password", "admin"}}}, false, "password admin_in_person"},
		{"admin and mailbox", []recovery.Way{{Proofs: []string{"admin", "mail_link"}, Wait: day}}, false, "admin_in_person 24h0m0s"},
		{"a mailed code is not the link", []recovery.Way{{Proofs: []string{"admin", "mail_code"}}}, false, "admin_in_person mail_code"},
		{"written so", []recovery.Way{{Proofs: []string{"admin_in_person", "factor"}}}, false, "admin_in_person factor"},
		{"both words", []recovery.Way{{Proofs: []string{"admin_in_person", "admin"}}}, false, "admin_in_person"},
		{"two that become one", []recovery.Way{{Proofs: []string{"admin", "mail_link"}, Wait: day}, {Proofs: []string{"admin"}}}, false, "admin_in_person"},
		{"two that become one, the longer second", []recovery.Way{{Proofs: []string{"admin"}}, {Proofs: []string{"admin", "mail_link"}, Wait: day}}, false, "admin_in_person"},
		{"for different accounts", []recovery.Way{{Proofs: []string{"admin"}}, {Proofs: []string{"admin"}, WithoutFactor: true}}, false, "admin_in_person | admin_in_person"},
		{"written twice stays twice", []recovery.Way{{Proofs: []string{"password"}}, {Proofs: []string{"password"}}}, false, "password | password"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := &recovery.Policy{Ways: map[recovery.Goal][]recovery.Way{recovery.GoalPassword: tc.ways}}
			before := strings.Join(tc.ways[0].Proofs, " ")
			var got []string
			for _, w := range p.Read(recovery.GoalPassword, tc.mail) {
				s := strings.Join(w.Proofs, " ")
				if w.Wait > 0 {
					s += " " + w.Wait.String()
				}
				got = append(got, s)
			}
			if s := strings.Join(got, " | "); s != tc.want {
				t.Errorf("got %q, want %q", s, tc.want)
			}
			if after := strings.Join(tc.ways[0].Proofs, " "); after != before {
				t.Errorf("the policy itself became %q, want %q", after, before)
			}
		})
	}
}

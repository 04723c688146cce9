//go:build unix

package caddymodule_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// explained runs "caddy sparekey explain" with the options; the first one is in
// the third line of its Caddyfile.
func explained(t *testing.T, options string) result {
	t.Helper()
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	path := filepath.Join(t.TempDir(), "Caddyfile")
	if err := os.WriteFile(path, []byte("{\n\tsparekey {\n"+options+"\n\t}\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := sparekey(t, "explain", "--config", path, "--adapter", "caddyfile")
	r.out = strings.Join(strings.Fields(r.out), " ") // it wraps its lines
	return r
}

const byMail = "\t\tnotify smtp mail.example.org:587 {\n\t\t\tfrom a@example.org\n\t\t}\n"

// A case in person is what "admin" means where nothing sends mail. The operator
// who wrote "admin" there is told so, with the line, and it works.
func TestAdminWithoutMailIsInPerson(t *testing.T) {
	recoverytest.Alone(t)
	for _, tc := range []struct {
		name, options string
		says, never   string
	}{
		{"default, mail", byMail, "admin + factor", "in_person"},
		{"default, no mail", "", "admin_in_person + factor", "warning"},
		{"default, no mail, both", "", "both admin_in_person (24h)", "mail_link"},
		{"written, no mail", "recover second_factor {\n\t\t\tway password admin\n\t\t}", "Caddyfile:4: recover second_factor: the way \"password admin_in_person\" stands for \"password admin\"", "error"},
		{"written so, no mail", "recover second_factor {\n\t\t\tway password admin_in_person\n\t\t}", "second factor password + admin_in_person", "stands for"},
		{"written so, mail", byMail + "recover second_factor {\n\t\t\tway password admin_in_person\n\t\t}", "second factor password + admin_in_person", "warning"},
		{"written, mail", byMail + "recover second_factor {\n\t\t\tway password admin\n\t\t}", "password + admin |", "admin in person |"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := explained(t, tc.options).want(t, 0, "").out
			if !strings.Contains(got, tc.says) || strings.Contains(got, tc.never) {
				t.Errorf("got %q, want %q in it and not %q", got, tc.says, tc.never)
			}
			if err := validate(t, tc.options); err != nil {
				t.Errorf("caddy validate: got %v, want no error", err)
			}
		})
	}
}

// A device is a proof of a way, and no goal; it is counted once.
func TestADeviceIsAProofOfAWay(t *testing.T) {
	recoverytest.Alone(t)
	for _, tc := range []struct{ name, options, want string }{
		{"device alone", byMail + "recover second_factor {\n\t\t\tway device\n\t\t}", `lets whoever holds password + device take over`},
		{"the goal device", "recover device off", "recover device: it is a proof and no goal"},
		{"no word of ours", byMail + "recover password {\n\t\t\tway mail_link fax\n\t\t}", `"fax" is none of`},
		{"counted", "recover both {\n\t\t\tway device*2\n\t\t}", `"device*2" is none of`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := validate(t, tc.options)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
	if err := validate(t, byMail+"recover password {\n\t\t\tway mail_link factor\n\t\t\tway device factor\n\t\t}"); err != nil {
		t.Errorf("device factor: got %v, want it to load", err)
	}
}

// A way that people alone begin loads where it is no weaker than the login, and
// is refused with its line where it is.
func TestWaysThatPeopleBegin(t *testing.T) {
	for _, tc := range []struct{ name, options, want string }{
		{"two people", "recover both {\n\t\t\tway contact*2\n\t\t}", ""},
		{"two people and the password", "recover both {\n\t\t\tway contact*2 password\n\t\t}", ""},
		{"one person", "recover both {\n\t\t\tway contact\n\t\t}", "Caddyfile:5"},
		{"people cannot vouch by mail that nothing sends", "recover both {\n\t\t\tway contact*2 mail_link\n\t\t}", "nothing sends mail"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := validate(t, tc.options)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

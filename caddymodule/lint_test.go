package caddymodule_test

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// validate is what "caddy validate" does.
func validate(t *testing.T, options string) error {
	t.Helper()
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	text := "{\n\tadmin off\n\tsparekey {\n" + options + "\n\t}\n}\nhttp://localhost:1 {\n\tsparekey\n\trespond hi\n}\n"
	body, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return err
	}
	config := new(caddy.Config)
	if err := caddy.StrictUnmarshalJSON(body, config); err != nil {
		return err
	}
	return caddy.Validate(config)
}

// A lifetime that makes the words of pages and notices untrue stops the load
// with its line and what to write.
func TestLifetimesHaveBounds(t *testing.T) {
	for _, tc := range []struct{ options, want string }{
		{"lifetime notice 1s", "lifetime notice: 1s is too short, use at least 72h: nobody could act within it, at Caddyfile:4"},
		{"lifetime ripe 87600h", "lifetime ripe: 87600h is too long, use at most 336h: a longer one would weaken what it protects, at Caddyfile:4"},
		{"lifetime case 1m", "lifetime case: 1m is too short, use at least 1h"},
		{"lifetime case 25h", "use at most 24h"},
		{"lifetime probation 1h", "use at least 24h"},
		{"lifetime recovered_ban 1h", "use at least 24h"},
		{"lifetime new_contact 1h", "use at least 72h"},
		{"lifetime rescue 1s", "use at least 5m"},
		{"lifetime session_idle 1s", "use at least 1m"},
		{"lifetime remembered 9000h", "use at most 8784h"},
		{"lifetime remembered 1s", "use at least 1m"},
		{"lifetime remembered off", ""},
		{"lifetime fresh off", "lifetime fresh: it cannot be off: write a duration"},
		{"lifetime fresh 0s", "use at least 1m"},
		{"lifetime new_contact 192h", "lifetime notice: 168h is less than new_contact (192h)"},
		{"lifetime new_contact 192h\n\t\tlifetime notice 192h", ""},
		{"lifetime ripe 336h\n\t\tlifetime case 24h", ""},
	} {
		t.Run(tc.options, func(t *testing.T) {
			err := validate(t, "\t\t"+tc.options)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

// A way back that is weaker than the login stops the load and names its line.
func TestWeakWaysAreRefused(t *testing.T) {
	recoverytest.Alone(t)
	both := "\t\tnotify file out\n"
	mail := "\t\tnotify smtp mail.example.org:587 {\n\t\t\tfrom a@example.org\n\t\t}\n"
	for _, tc := range []struct{ name, options, want string }{
		{"defaults", "", ""},
		{"defaults, everything can be sent", both, ""},
		{"defaults, only mail", mail, ""},
		{"everything off", both + "recover password off\nrecover second_factor off\nrecover both off", ""},
		{"question and pin", both + "ask question for recover\nask pin for change_password\nlock after 10 for 1h", ""},
		{"mailbox alone", both + "recover second_factor {\n\t\t\tway mail_link\n\t\t}", "Caddyfile:6"},
		{"mailbox alone, accepted", both + "recover second_factor {\n\t\t\tway mail_link weak_ok\n\t\t}", ""},
		{"mailbox and number", both + "recover second_factor {\n\t\t\tway mail_link sms_code\n\t\t}", "Caddyfile:6"},
		{"mailbox twice", both + "recover password {\n\t\t\tway mail_link mail_code\n\t\t}", "Caddyfile:6"},
		{"number without a gateway", mail + "recover second_factor {\n\t\t\tway mail_link password sms_code\n\t\t}", "Caddyfile:8"},
		{"two mail servers", mail + mail, "two ways to send mail"},
		{"unknown proof", both + "recover password {\n\t\t\tway telepathy\n\t\t}", "telepathy"},
		{"the same way twice", both + "recover password {\n\t\t\tway mail_link totp\n\t\t\tway totp mail_link\n\t\t}", "twice"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := validate(t, tc.options)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

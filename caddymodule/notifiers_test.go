package caddymodule_test

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"

	_ "github.com/caddy-sparekey/sparekey/caddymodule"
)

func TestPushSMSAndWebhookAdapt(t *testing.T) {
	for _, tt := range []struct{ name, options, want string }{
		{"push", "notify push ntfy://ntfy.sh/topic", `{"line":"Caddyfile:3","notifier":"push","url":"ntfy://ntfy.sh/topic"}`},
		{"shared push", "notify push {env.PUSH_URL} {\n\t\t\tshared\n\t\t}", `{"line":"Caddyfile:3","lines":{"shared":"Caddyfile:4"},"notifier":"push","shared":true,"url":"{env.PUSH_URL}"}`},
		{
			"sms", "notify sms https://sms.example/out {\n\t\t\tcountries 33 41\n\t\t\tbudget 50 per day\n\t\t}",
			`{"budget":50,"countries":["33","41"],"line":"Caddyfile:3","lines":{"budget":"Caddyfile:5","countries":"Caddyfile:4"},"notifier":"sms","url":"https://sms.example/out"}`,
		},
		{
			"webhook", "notify webhook https://hook.example/in {\n\t\t\tsecret {env.HOOK_SECRET}\n\t\t}",
			`{"line":"Caddyfile:3","lines":{"secret":"Caddyfile:4"},"notifier":"webhook","secret":"{env.HOOK_SECRET}","url":"https://hook.example/in"}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte("{\n\tsparekey {\n\t\t"+tt.options+"\n\t}\n}\n"), map[string]any{"filename": "Caddyfile"})
			if err != nil {
				t.Fatal(err)
			}
			if want := `"notify":[` + tt.want + `]`; !strings.Contains(string(body), want) {
				t.Errorf("got %s, want %s in it", body, want)
			}
		})
	}
}

func TestPushAndWebhookOptions(t *testing.T) {
	t.Setenv("SPAREKEY_TEST_PUSH", "gotify://push.example/AbCdEfGhIjKlMn1")
	t.Setenv("SPAREKEY_TEST_SECRET", "whsec-2f0b1c9a8d7e")
	block := func(words ...string) string { return " {\n\t\t\t" + strings.Join(words, "\n\t\t\t") + "\n\t\t}" }
	const hook = "notify webhook https://hook.example/in"
	for _, tt := range []struct{ name, options, want string }{
		{"push", "notify push ntfy://ntfy.sh/topic", ""},
		{"push to Matrix asks nobody", "notify push matrix://bot:pass@matrix.invalid/?rooms=a", ""},
		{"shared push from the environment", "notify push {env.SPAREKEY_TEST_PUSH}" + block("shared"), ""},
		{"webhook", hook + block("secret {env.SPAREKEY_TEST_SECRET}"), ""},
		{"both", "notify push ntfy://ntfy.sh/topic\n\t\t" + hook + block("secret abcdefghijklmnop"), ""},
		{"push without an address", "notify push", "reads:"},
		{"push to two", "notify push ntfy://ntfy.sh/a ntfy://ntfy.sh/b", "only the word insecure does"},
		{"push to no service", "notify push https://ntfy.sh/topic", "does not begin with a service"},
		{"push to the log", "notify push logger://", "tells nobody"},
		{"push without a topic", "notify push ntfy://ntfy.sh", "not of the form that ntfy wants"},
		{"push from nowhere", "notify push {env.SPAREKEY_TEST_NOTHING}", "SPAREKEY_TEST_NOTHING"},
		{"shared twice", "notify push ntfy://ntfy.sh/topic" + block("shared", "shared"), "shared is there twice"},
		{"shared with an argument", "notify push ntfy://ntfy.sh/topic" + block("shared yes"), "reads:"},
		{"unknown word of push", "notify push ntfy://ntfy.sh/topic" + block("title hello"), `unknown option "title"`},
		{"webhook without an address", "notify webhook", "reads:"},
		{"webhook without a secret", hook, "no secret to sign with"},
		{"webhook to a file", "notify webhook file:///x" + block("secret abcdefghijklmnop"), "not an http or https address"},
		{"webhook with a secret from nowhere", hook + block("secret {env.SPAREKEY_TEST_NOTHING}"), "SPAREKEY_TEST_NOTHING"},
		{"secret twice", hook + block("secret abcdefghijklmnop", "secret abcdefghijklmnop"), "secret is there twice"},
		{"secret of two words", hook + block("secret a b"), "reads:"},
		{"unknown word of webhook", hook + block("shared"), `unknown option "shared"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := validate(t, "\t\t"+tt.options)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

package caddymodule_test

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// What is refused in the clear, each with its line, and passes with the word
// insecure in that line (ASVS 5.0 12.3, 13.2).
func inClear() []struct{ name, before, line, after, want string } {
	const secret = "secret abcdefghijklmnop"
	return []struct{ name, before, line, after, want string }{
		{"text messages", "", "notify sms http://sms.example/out", "", "use https"},
		{"text messages to another machine here", "", "notify sms http://10.0.0.7:8080/?to={to}&text={text}", "{\nmethod GET\n}", "use https"},
		{"webhook", "", "notify webhook http://hook.example/in", "{\n" + secret + "\n}", "use https"},
		{"webhook of the environment", "", "notify webhook {env.SPAREKEY_TEST_URL}", "{\n" + secret + "\n}", "use https"},
		{"mail", "notify smtp mail.example:25 {\nfrom a@b.example", "tls off", "\n}", "use starttls or implicit"},
		{"push", "", "notify push ntfy://ntfy.example/topic?scheme=http", "", "take that out"},
		{"push that trusts anybody", "", "notify push gotify://push.example/AbCdEfGhIjKlMn1?insecureskipverify=yes", "", "take that out"},
		{"redis", "", "store redis redis://redis:6379", "", "use rediss://"},
		{"redis with a password", "", "store redis redis://sam:hunter2@10.0.0.7:6379/1", "", "use rediss://"},
		{"redis without a password", "", "store redis rediss://redis.example", "", "without a password"},
		{"stolen passwords", "", "passwords breached http://breach.example/range/", "", "use https"},
		{"stolen passwords of the environment", "", "passwords breached {env.SPAREKEY_TEST_BREACHED}", "", "use https"},
		{"redis of the environment", "", "store redis {env.SPAREKEY_TEST_REDIS}", "", "use rediss://"},
	}
}

func TestWhatOthersCanReadIsRefused(t *testing.T) {
	t.Setenv("SPAREKEY_TEST_URL", "http://hook.example/in")
	t.Setenv("SPAREKEY_TEST_BREACHED", "http://breach.example/?key=hunter2&range=")
	t.Setenv("SPAREKEY_TEST_REDIS", "redis://sam:hunter2@redis.example")
	for _, tt := range inClear() {
		t.Run(tt.name, func(t *testing.T) {
			before, number := tt.before, "Caddyfile:4"
			if before != "" {
				before, number = before+"\n", "Caddyfile:6"
			}
			err := validate(t, before+tt.line+" "+tt.after)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "insecure") || !strings.Contains(err.Error(), number) {
				t.Errorf("got %v, want %q, the word insecure and %s", err, tt.want, number)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the password: %v", err)
			}
			if err := validate(t, before+tt.line+" insecure "+tt.after); err != nil {
				t.Errorf("with the word insecure: got %v", err)
			}
			if err := validate(t, before+tt.line+" unsafe "+tt.after); err == nil {
				t.Error("with another word: got no error")
			}
		})
	}
}

// TestThisMachineNeedsNoEncryption, and who has it needs no further word.
func TestThisMachineNeedsNoEncryption(t *testing.T) {
	recoverytest.Alone(t)
	for _, options := range []string{
		"notify sms http://127.0.0.1:8080/out",
		"notify sms http://localhost/out",
		"notify sms https://sms.example/out",
		"notify webhook http://[::1]:8080/in {\nsecret abcdefghijklmnop\n}",
		"notify webhook https://hook.example/in {\nsecret abcdefghijklmnop\n}",
		"notify smtp localhost:25 {\nfrom a@b.example\ntls off\n}",
		"notify smtp mail.example:587 {\nfrom a@b.example\n}",
		"notify push ntfy://localhost/topic?scheme=http",
		"passwords breached http://localhost:8080/range/",
		"passwords breached https://breach.example/range/",
		"store redis redis://localhost:6379",
		"store redis redis://127.0.0.1:6379/1",
		"store redis rediss://sam:hunter2@redis.example",
	} {
		if err := validate(t, options); err != nil {
			t.Errorf("%s: got %v", options, err)
		}
	}
}

// TestAPasswordIsNeverSentInTheClear, whatever the line says.
func TestAPasswordIsNeverSentInTheClear(t *testing.T) {
	err := validate(t, "notify smtp mail.example:25 {\nfrom a@b.example\nuser a\npassword b\ntls off insecure\n}")
	if err == nil || !strings.Contains(err.Error(), "would send the password") {
		t.Errorf("got %v, want it refused", err)
	}
}

// TestAShortSecretOfAWebhookIsRefused, also one of the environment.
func TestAShortSecretOfAWebhookIsRefused(t *testing.T) {
	t.Setenv("SPAREKEY_TEST_SECRET", "15 characters..")
	for value, line := range map[string]string{"abc": "Caddyfile:5", "{env.SPAREKEY_TEST_SECRET}": "Caddyfile:5"} {
		err := validate(t, "notify webhook https://hook.example/in {\nsecret "+value+"\n}")
		if err == nil || !strings.Contains(err.Error(), "openssl rand -hex 32") || !strings.Contains(err.Error(), line) || strings.Contains(err.Error(), "abc") {
			t.Errorf("%s: got %v, want it refused with the command and the line", value, err)
		}
	}
}

// TestJSONIsRefusedAlike.
func TestJSONIsRefusedAlike(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	for app, want := range map[string]string{
		`{"notify":[{"notifier":"sms","url":"http://sms.example"}]}`:                                                 "use https",
		`{"notify":[{"notifier":"sms","url":"http://sms.example","insecure":true}]}`:                                 "",
		`{"notify":[{"notifier":"smtp","host":"mail.example:25","from":"a@b.example","tls":"off"}]}`:                 "use starttls",
		`{"notify":[{"notifier":"smtp","host":"mail.example:25","from":"a@b.example","tls":"off","insecure":true}]}`: "",
		`{"store":{"store":"redis","url":"redis://redis:6379"}}`:                                                     "use rediss://",
		`{"store":{"store":"redis","url":"redis://redis:6379","insecure":true}}`:                                     "",
	} {
		config := new(caddy.Config)
		if err := caddy.StrictUnmarshalJSON([]byte(`{"admin":{"disabled":true},"apps":{"sparekey":`+app+`}}`), config); err != nil {
			t.Fatal(err)
		}
		err := caddy.Validate(config)
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", app, err, want)
		}
	}
}

package caddymodule

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/breached"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// TestStolenPasswordsAreRefused by the password method of a configuration that
// names a file, a service, or nothing, and not while the service is away.
func TestStolenPasswordsAreRefused(t *testing.T) {
	recoverytest.Alone(t)
	const typed = "a stolen tea service"
	hash := breached.Hash(typed)
	t.Setenv("SPAREKEY_TEST_HASHES", filepath.Join(t.TempDir(), "hashes.txt"))
	if err := os.WriteFile(os.Getenv("SPAREKEY_TEST_HASHES"), []byte(hash+":7\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/range/"+hash[:5] {
			_, _ = io.WriteString(w, hash[5:]+":7\r\n")
			return
		}
		_, _ = io.WriteString(w, hash[5:]+":0\r\n")
	}))
	defer service.Close()
	for where, want := range map[string]string{
		"": "", "{env.SPAREKEY_TEST_HASHES}": recovery.ProblemBreached, service.URL + "/range/": recovery.ProblemBreached, service.URL + "/gone/": "",
	} {
		var log strings.Builder
		a := &App{Passwords: Passwords{Breached: where}, policy: recovery.Default(), logger: slog.New(slog.NewTextHandler(&log, nil))}
		if err := a.Passwords.judge(); err != nil {
			t.Fatal(err)
		}
		rt, err := a.parts(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		password := rt.engine.Methods.Get(recovery.Password).(recovery.Enroller)
		for typed, want := range map[string]string{typed: want, "two hedgehogs and a queen": ""} {
			try := recovery.Try{Account: &recovery.Account{Name: "alice", SecondFactor: true}, Policy: a.policy, Input: recovery.Input{NewPassword: secret.Text(typed)}}
			_, p, err := password.Confirm(t.Context(), try, nil)
			if got := problemOf(p); err != nil || got != want {
				t.Errorf("%s, %q: got %q, %v, want %q", where, typed, got, err, want)
			}
		}
		if text := log.String(); strings.Contains(text, typed) || strings.Contains(text, hash[:5]) {
			t.Errorf("the log has %s", text)
		}
	}
}

func problemOf(p *recovery.Problem) string {
	if p == nil {
		return ""
	}
	return p.Key
}

// TestDoctorLooksUpAPassword that every collection has.
func TestDoctorLooksUpAPassword(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hashes.txt")
	o := &operations{app: &App{Passwords: Passwords{Breached: path}}}
	for text, want := range map[string]level{
		breached.Hash("password") + ":9\n": levelOK, breached.Hash("passwore") + ":9\n": levelWarning, "": levelFault, "hunter2": levelFault,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := o.passwordChecks(t.Context()); len(got) != 1 || got[0].Level != want || strings.Contains(got[0].Text, "hunter2") {
			t.Errorf("%q: got %+v, want %s", text, got, want)
		}
	}
	if got := (&operations{app: new(App)}).passwordChecks(t.Context()); got != nil {
		t.Errorf("without the option: got %+v", got)
	}
}

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// walker lets a test's browser report to a program that is no test.
type walker struct {
	testing.TB
	ctx context.Context
}

// lost is what a walker panics with.
type lost struct{ error }

func (walker) Helper()                           {}
func (w walker) Context() context.Context        { return w.ctx }
func (walker) Fatal(args ...any)                 { panic(lost{errors.New(fmt.Sprint(args...))}) }
func (walker) Fatalf(format string, args ...any) { panic(lost{fmt.Errorf(format, args...)}) }

// signedIn makes the first account of a Caddy the way its owner does, by the
// link in the log of the one that has accounts, and returns the Cookie header of
// the session.
func signedIn(ctx context.Context, p, accounts *process, portal bool) (cookie string, err error) {
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case lost:
			err = fmt.Errorf("%s: %w", p.name, fault.error)
		default:
			panic(fault)
		}
	}()
	code, err := setupCode(ctx, accounts)
	if err != nil {
		return "", err
	}
	b := recoverytest.NewBrowser(walker{ctx: ctx}, p.base())
	if portal {
		b.Base = strings.Replace(p.base(), "127.0.0.1", "localhost", 1)
	}
	alice := recoverytest.Alice()
	b.Get("/.sparekey/setup").Want("setup").Submit("code", code).Want("setup")
	b.Submit("name", alice.Name, "mail", alice.Mail, "phone", alice.Phone, "new_password", alice.Password).Want("enroll")
	key := strings.ReplaceAll(strings.Join(b.All("secret"), ""), "-", "")
	b.Submit("code", authenticator(b.TB, key, time.Now())).Want("codes").Submit("choice", "saved") // which ends signed in
	if portal {
		b.Base = p.base()
		b.Get("/")
	}
	session := b.Cookie("sparekey")
	if b.Body != answer || session == nil {
		return "", fmt.Errorf("%s: signed in, but got status %d: %s", p.name, b.Status, b.Text())
	}
	return "Cookie: " + session.Name + "=" + session.Value, nil
}

func authenticator(tb testing.TB, key string, at time.Time) string {
	code, err := totp.GenerateCode(key, at)
	if err != nil {
		tb.Fatal(err)
	}
	return code
}

// setupCode finds the set-up link in the log.
func setupCode(ctx context.Context, p *process) (string, error) {
	link := regexp.MustCompile(`"link":\s*"[^"#]*#([^"]+)"`)
	for begin := time.Now(); time.Since(begin) < 10*time.Second; {
		text, err := os.ReadFile(p.log)
		if err != nil {
			return "", err
		}
		if m := link.FindSubmatch(text); m != nil {
			return string(m[1]), nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return "", fmt.Errorf("%s printed no set-up link:\n%s", p.name, p.tail())
}

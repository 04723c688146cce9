//go:build linux

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// rootKey is that of the Caddys on Redis.
const rootKey = "3f0a9d5e7b1c4286f0e1d2c3b4a5968778695a4b3c2d1e0f8264c1b7e5d9a0f3"

// sessionsAtOnce are made together; an account keeps twenty, of which one is the
// person's own.
const sessionsAtOnce = 16

// revoked is how long a session that was ended at one Caddy goes on at another one
// of the same Redis: from the click to the answer that no longer lets it in.
type revoked struct {
	Sessions int           `json:"sessions"`
	P50      time.Duration `json:"p50_ns"`
	P99      time.Duration `json:"p99_ns"`
	Most     time.Duration `json:"most_ns"`
}

// revoke signs out at the first Caddy and asks the second one until it refuses.
func (b *bench) revoke(ctx context.Context, sessions int) (*revoked, error) {
	if sessions == 0 {
		return new(revoked), nil
	}
	say("%d sessions ended at another Caddy …", sessions)
	one := b.find(onRedis)
	store, closeStore, err := b.openRedis(ctx)
	if err != nil {
		return nil, err
	}
	defer closeStore()
	_, own, _ := strings.Cut(one.header[0], "=")
	account := own[:recovery.IDSize]
	var took []time.Duration
	for len(took) < sessions {
		cookies, err := addSessions(ctx, store, account)
		if err != nil {
			return nil, err
		}
		for _, cookie := range cookies {
			d, err := revokeOne(ctx, one.front, one.beside, cookie)
			if err != nil {
				return nil, err
			}
			took = append(took, d)
		}
	}
	slices.Sort(took)
	return &revoked{Sessions: len(took), P50: took[len(took)/2], P99: took[len(took)*99/100], Most: took[len(took)-1]}, nil
}

// openRedis opens the store of the Caddys on Redis from here.
func (b *bench) openRedis(ctx context.Context) (*kv.Store, func(), error) {
	root, err := hex.DecodeString(rootKey)
	if err != nil {
		return nil, nil, err
	}
	keys, err := secret.NewKeys(root)
	if err != nil {
		return nil, nil, err
	}
	driver, err := rediskv.Open(ctx, rediskv.Options{URL: b.redis.URL()})
	if err != nil {
		return nil, nil, err
	}
	return &kv.Store{Driver: driver, Sealer: keys, Now: time.Now}, func() { _ = driver.Close() }, nil
}

// addSessions writes sessions as sign-ins do, which would take a password hash for
// each, and returns their cookies.
func addSessions(ctx context.Context, store *kv.Store, account string) ([]string, error) {
	var cookies []string
	now := time.Now()
	_, err := kv.Update(ctx, store, recovery.AccountKey(account), time.Time{}, func(a *recovery.Account, found bool) error {
		if !found {
			return fmt.Errorf("no account %s", account)
		}
		cookies = nil
		for range sessionsAtOnce {
			s := a.Sessions[0]
			token := secret.Token(32)
			s.ID, s.TokenHash, s.Host = secret.Token(9), secret.Sum(token), recovery.HostSum(token)
			s.Created, s.Seen = now, now
			a.Sessions = append(a.Sessions, s)
			cookies = append(cookies, recovery.JoinSession(account, token))
		}
		return nil
	})
	return cookies, err
}

// revokeOne ends one session.
func revokeOne(ctx context.Context, at, other *process, cookie string) (time.Duration, error) {
	for _, p := range []*process{at, other} {
		if status, err := ask(ctx, http.MethodGet, p, "/", cookie); err != nil || status != http.StatusOK {
			return 0, errors.Join(err, fmt.Errorf("%s does not know the session: status %d", p.name, status))
		}
	}
	begin := time.Now()
	if status, err := ask(ctx, http.MethodPost, at, "/.sparekey/logout", cookie); err != nil || status >= http.StatusBadRequest {
		return 0, errors.Join(err, fmt.Errorf("sign out: status %d", status))
	}
	for time.Since(begin) < 30*time.Second {
		status, err := ask(ctx, http.MethodGet, other, "/", cookie)
		if err != nil {
			return 0, err
		}
		if status != http.StatusOK {
			return time.Since(begin), nil
		}
	}
	return 0, fmt.Errorf("a session that was ended still goes on at %s", other.name)
}

// ask is a request of a signed-in program, whose answer shows whether it is let in.
func ask(ctx context.Context, method string, p *process, path, cookie string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.base()+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Cookie", web.CookieName("sparekey", false, req.URL.Host)+"="+cookie)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultTransport.RoundTrip(req) // what it redirects to is no answer of the app
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

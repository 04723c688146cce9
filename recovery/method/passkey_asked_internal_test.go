package method

import (
	"bytes"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func TestWhatTheSignInPageAsked(t *testing.T) {
	t.Parallel()
	root := func(b byte) []byte { return bytes.Repeat([]byte{b}, secret.KeySize) }
	keys, err := secret.NewKeys(root('a'))
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := secret.NewKeys(root('b'), root('a'))
	if err != nil {
		t.Fatal(err)
	}
	const origin = "https://photos.example.com"
	at := func(origin string) recovery.RelyingParty {
		return recovery.RelyingParty{ID: "photos.example.com", Origin: origin}
	}
	now := time.Date(2026, 3, 1, 12, 0, 7, 0, time.UTC)
	here := recovery.Client{Passkeys: at(origin), Flows: []string{"newest", "token"}}
	c := newAsked(keys, origin, "token", now)
	for _, tt := range []struct {
		name  string
		keys  *secret.Keys
		c     recovery.Client
		after time.Duration
		want  bool
	}{
		{"at once", keys, here, 0, true},
		{"shortly before the end", keys, here, 4*time.Minute + 50*time.Second, true},
		{"after five minutes", keys, here, 5 * time.Minute, false},
		{"a day later", keys, here, 24 * time.Hour, false},
		{"by a Caddy whose clock is behind", keys, here, -time.Minute, true},
		{"by one that is far behind", keys, here, -10 * time.Minute, false},
		{"by a newer root key", rotated, here, time.Minute, true},
		{"at another port", keys, recovery.Client{Passkeys: at(origin + ":8443"), Flows: here.Flows}, 0, false},
		{"in the clear", keys, recovery.Client{Passkeys: at("http://photos.example.com"), Flows: here.Flows}, 0, false},
		{"in another browser", keys, recovery.Client{Passkeys: at(origin), Flows: []string{"other"}}, 0, false},
		{"without the cookie", keys, recovery.Client{Passkeys: at(origin)}, 0, false},
	} {
		ends := askedUntil(tt.keys, c, tt.c, now.Add(tt.after))
		if got := !ends.IsZero(); got != tt.want || got && !now.Add(tt.after).Before(ends) {
			t.Errorf("%s: got good until %v, want it good: %v", tt.name, ends, tt.want)
		}
	}
}

package e2e_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
)

// wantRefusal wants that Caddy ends by itself and says all of the words.
func wantRefusal(t *testing.T, c *e2e.Caddy, words ...string) {
	t.Helper()
	err := c.TryStart()
	if !errors.Is(err, e2e.ErrEnded) {
		t.Fatalf("got error %v, want that Caddy refuses to start", err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("want %q in what Caddy says, got:\n%v", word, err)
		}
	}
}

// TestStoreInUse starts a second Caddy on the file of a running one.
func TestStoreInUse(t *testing.T) {
	t.Parallel()
	w := e2e.New(t, caddy)
	first := w.Run(e2e.Config{})
	file := filepath.Join(first.Data(), "sparekey.db")
	second := w.Caddy(e2e.Config{Store: "file " + file})
	wantRefusal(t, second, file, "another process")
	first.Browser().Get("/").Want("setup")
	first.Stop()
	second.Start()
}

// TestStoreDamaged wants that a damaged file is refused, by name, and never
// replaced.
func TestStoreDamaged(t *testing.T) {
	tests := []struct {
		name   string
		damage func(text []byte) []byte
	}{
		{"truncated", func(text []byte) []byte { return text[:len(text)/2] }},
		{"empty", func([]byte) []byte { return nil }},
		{"overwritten", func(text []byte) []byte {
			copy(text[len(text)/4:], strings.Repeat("\xde\xad", len(text)/4))
			return text
		}},
		{"something else", func([]byte) []byte { return []byte(strings.Repeat("SQLite format 3\x00", 4096)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := e2e.New(t, caddy)
			c := w.Run(e2e.Config{})
			w.SetUp(c, e2e.Alice())
			c.Stop()
			file := filepath.Join(c.Data(), "sparekey.db")
			text := tt.damage(read(t, file))
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			wantRefusal(t, c, file, "damaged")
			if got := read(t, file); string(got) != string(text) {
				t.Error("the damaged file was changed")
			}
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestWrongKey starts Caddy with a key that is not that of its store.
func TestWrongKey(t *testing.T) {
	t.Parallel()
	w, redis := e2e.New(t, caddy), durable(t)
	stores := map[string]string{"file": "file", "redis": "redis " + redis.URL()}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			c := w.Run(e2e.Config{Store: store, Secret: secret})
			w.SetUp(c, e2e.Alice())
			c.Stop()
			other := c.Config
			other.Secret = strings.Repeat("0123456789abcdef", 4)
			c.Write(other)
			wantRefusal(t, c, "key")
			// The old key after a new one still opens it.
			other.Secret += " " + secret
			c.Write(other)
			c.Start()
			c.Browser().Get("/").Want("sign-in")
		})
	}
}

// TestRedisRefused wants a Redis that may lose accounts to be refused. One that is
// away is waited for: see TestAStoreThatComesLater.
func TestRedisRefused(t *testing.T) {
	t.Parallel()
	w, redis := e2e.New(t, caddy), durable(t)
	c := w.Caddy(e2e.Config{Store: "redis " + redis.URL()})
	if _, err := redis.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, c, "noeviction")
}

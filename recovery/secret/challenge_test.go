package secret_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func TestChallenges(t *testing.T) {
	t.Parallel()
	const origin, token = "https://photos.example.com", "token"
	k, ends := keys(t, "a"), time.Unix(1_700_000_000, 0)
	c := k.Challenge(ends, origin, token)
	if len(c) != 32 || bytes.Equal(c, k.Challenge(ends, origin, token)) {
		t.Fatalf("got %d bytes, want 32 that are others each time", len(c))
	}
	for _, tt := range []struct {
		name  string
		keys  *secret.Keys
		c     []byte
		ends  time.Time
		parts []string
		want  bool
	}{
		{"as it was made", k, c, ends, []string{origin, token}, true},
		{"after another key came to the front", keys(t, "b", "a"), c, ends, []string{origin, token}, true},
		{"the key is gone", keys(t, "b"), c, ends, []string{origin, token}, false},
		{"another end", k, c, ends.Add(time.Second), []string{origin, token}, false},
		{"another origin", k, c, ends, []string{"https://evil.example.com", token}, false},
		{"another browser", k, c, ends, []string{origin, "other"}, false},
		{"parts moved", k, c, ends, []string{origin + "t", "oken"}, false},
		{"fewer parts", k, c, ends, []string{origin}, false},
		{"cut", k, c[:31], ends, []string{origin, token}, false},
		{"longer", k, append(bytes.Clone(c), 0), ends, []string{origin, token}, false},
		{"random alone", k, c[:16], ends, []string{origin, token}, false},
		{"none", k, nil, ends, []string{origin, token}, false},
	} {
		if got := tt.keys.CheckChallenge(tt.c, tt.ends, tt.parts...); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	for i := range c {
		x := bytes.Clone(c)
		x[i] ^= 1
		if k.CheckChallenge(x, ends, origin, token) {
			t.Errorf("a bit of byte %d is another: got it accepted", i)
		}
	}
}

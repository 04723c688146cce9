package secret_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func keys(t *testing.T, roots ...string) *secret.Keys {
	t.Helper()
	var all [][]byte
	for _, r := range roots {
		all = append(all, bytes.Repeat([]byte(r), secret.KeySize))
	}
	k, err := secret.NewKeys(all...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealedValuesOpenOnlyUnderTheirName(t *testing.T) {
	k := keys(t, "a")
	sealed := k.Seal("account/alice", []byte("hello"))
	if got, err := k.Open("account/alice", sealed); err != nil || string(got) != "hello" {
		t.Fatalf("got %q, %v, want hello", got, err)
	}
	if bytes.Equal(sealed, k.Seal("account/alice", []byte("hello"))) {
		t.Error("the same value sealed twice looks the same")
	}
	bad := map[string][]byte{"empty": nil, "short": sealed[:4], "cut": sealed[:len(sealed)-1], "longer": append(bytes.Clone(sealed), 0)}
	for i := range sealed {
		x := bytes.Clone(sealed)
		x[i] ^= 1
		bad[fmt.Sprintf("bit in byte %d", i)] = x
	}
	for name, x := range bad {
		if _, err := k.Open("account/alice", x); !errors.Is(err, secret.ErrOpen) {
			t.Errorf("%s: got %v, want ErrOpen", name, err)
		}
	}
	if _, err := k.Open("account/bob", sealed); !errors.Is(err, secret.ErrOpen) {
		t.Errorf("moved to another name: got %v, want ErrOpen", err)
	}
	if _, err := keys(t, "b").Open("account/alice", sealed); !errors.Is(err, secret.ErrOpen) {
		t.Errorf("another key: got %v, want ErrOpen", err)
	}
}

func TestKY01_NewestKeySignsOlderOnesStillOpen(t *testing.T) {
	before, during, after := keys(t, "a"), keys(t, "b", "a"), keys(t, "b")
	old := before.Seal("x", []byte("v"))
	if _, err := during.Open("x", old); err != nil {
		t.Errorf("during the change: %v", err)
	}
	if _, err := after.Open("x", old); err == nil {
		t.Error("a removed key still opens")
	}
	if _, err := after.Open("x", during.Seal("x", nil)); err != nil {
		t.Errorf("the newest key does not seal: %v", err)
	}
	mac := before.MAC("code", "1")
	if !during.CheckMAC(mac, "code", "1") || after.CheckMAC(mac, "code", "1") {
		t.Error("a MAC of the older key: want accepted during the change, refused after")
	}
	if len(during.MACs("code", "1")) != 2 || !bytes.Equal(during.MACs("code", "1")[1], mac) {
		t.Error("look-ups do not try the older key")
	}
}

func TestKY01_CookiesOfTheOlderKeyStillOpen(t *testing.T) {
	signed := keys(t, "a").SignCookie("flow", []byte("hello"))
	for _, tc := range []struct {
		name, roots, cookie, value string
		opens                      bool
	}{
		{"the same key", "a", "flow", signed, true},
		{"the older of two keys", "ba", "flow", signed, true},
		{"the newest signs", "b", "flow", keys(t, "b", "a").SignCookie("flow", []byte("hello")), true},
		{"a removed key", "b", "flow", signed, false},
		{"another name", "a", "session", signed, false},
		{"cut", "a", "flow", signed[:len(signed)-4], false},
		{"longer", "a", "flow", signed + "AAAA", false},
		{"nothing", "a", "flow", "", false},
	} {
		got, ok := keys(t, strings.Split(tc.roots, "")...).OpenCookie(tc.cookie, tc.value)
		if ok != tc.opens || ok && string(got) != "hello" {
			t.Errorf("%s: got %q, %v, want it to open: %v", tc.name, got, ok, tc.opens)
		}
	}
	for i := range signed {
		x := []byte(signed)
		x[i] = "AB"[strings.Count("A", signed[i:i+1])]
		if got, ok := keys(t, "a").OpenCookie("flow", string(x)); ok && string(got) != "hello" {
			t.Errorf("letter %d: got %q", i, got)
		}
	}
}

func TestMACsOfDifferentPartsDiffer(t *testing.T) {
	k := keys(t, "a")
	seen := map[string]string{}
	for name, parts := range map[string][]string{
		"ab c": {"p", "ab", "c"}, "a bc": {"p", "a", "bc"}, "abc": {"p", "abc"}, "pa bc": {"pa", "bc"}, "with empty": {"p", "abc", ""},
	} {
		m := string(k.MAC(parts[0], parts[1:]...))
		if other, taken := seen[m]; taken {
			t.Errorf("%s and %s have one MAC", name, other)
		}
		seen[m] = name
	}
	if k.CheckMAC(nil, "p") || k.CheckMAC([]byte{}, "p", "abc") {
		t.Error("no MAC at all is accepted")
	}
}

func TestBadRootKeys(t *testing.T) {
	for _, root := range [][]byte{nil, make([]byte, 31), make([]byte, 33)} {
		if _, err := secret.NewKeys(root); !errors.Is(err, secret.ErrKey) {
			t.Errorf("%d bytes: got %v, want ErrKey", len(root), err)
		}
	}
}

func cheap() secret.HashParams { return secret.HashParams{Time: 1, Memory: 64, Threads: 1} }

func TestPasswordHash(t *testing.T) {
	h := secret.NewHasher(cheap(), 0)
	phc, err := h.Hash(t.Context(), "correct horse")
	if err != nil || !strings.HasPrefix(phc, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("got %q, %v", phc, err)
	}
	for typed, want := range map[string]bool{"correct horse": true, "correct horse ": false, "Correct horse": false, "": false} {
		if ok, stale, err := h.Verify(t.Context(), phc, typed); ok != want || stale || err != nil {
			t.Errorf("%q: got %v, %v, %v, want %v", typed, ok, stale, err, want)
		}
	}
	dearer := secret.NewHasher(secret.HashParams{Time: 2, Memory: 64, Threads: 1}, 0)
	if ok, stale, err := dearer.Verify(t.Context(), phc, "correct horse"); !ok || !stale || err != nil {
		t.Errorf("KY-03: after the costs were raised: got %v, %v, %v, want right and stale", ok, stale, err)
	}
	for _, bad := range []string{"", "x", "$2y$10$abc", "$argon2id$v=19$m=99999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA", strings.Replace(phc, "m=64", "m=0", 1), strings.Replace(phc, "v=19", "v=16", 1), phc[:len(phc)-4]} {
		if _, _, err := h.Verify(t.Context(), bad, "x"); !errors.Is(err, secret.ErrHash) {
			t.Errorf("%q: got %v, want ErrHash", bad, err)
		}
	}
}

func TestTH10_HashesBeyondTheQueueAreBusy(t *testing.T) {
	h := secret.NewHasher(secret.HashParams{Time: 1, Memory: 8 << 10, Threads: 1}, 4)
	var wg sync.WaitGroup
	var mu sync.Mutex
	busy, done := 0, 0
	for range 50 {
		wg.Go(func() {
			_, err := h.Hash(context.Background(), "x")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done++
			case errors.Is(err, secret.ErrBusy):
				busy++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if done == 0 || done+busy != 50 {
		t.Errorf("got %d done, %d busy of 50", done, busy)
	}
	if _, err := h.Hash(t.Context(), "x"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestCodes(t *testing.T) {
	for _, c := range []string{"I", "L", "O", "U"} {
		if strings.Contains(secret.Alphabet, c) {
			t.Errorf("the alphabet has %s", c)
		}
	}
	for typed, want := range map[string]string{
		"abcd-efgh": "ABCDEFGH", " k7qf 29mx ": "K7QF29MX", "oil0": "0110", "ABCD\u2011EFGH": "ABCDEFGH",
		"ABCD=": "", "ABCD%00": "", "ABCDU": "", "ABCD\x00": "", strings.Repeat("A", 200): "",
	} {
		if got := secret.Plain(typed); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
	if got := secret.Group("ABCDEFGHJK", 4); got != "ABCD-EFGH-JK" {
		t.Errorf("got %q", got)
	}
	seen := map[string]bool{}
	for range 1000 {
		code, token := secret.Code(8), secret.Token(32)
		if len(code) != 8 || len(token) != 43 || len(secret.Digits(6)) != 6 || seen[code] || seen[token] {
			t.Fatalf("got %q, %q", code, token)
		}
		seen[code], seen[token] = true, true
	}
}

func TestTextIsNeverShown(t *testing.T) {
	const canary = "hunter2"
	x := struct{ Password secret.Text }{canary}
	b, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{fmt.Sprint(x), fmt.Sprintf("%v %+v %#v %s %q", x, x, x, x.Password, x.Password), string(b), x.Password.LogValue().String()} {
		if strings.Contains(got, canary) {
			t.Errorf("shown: %s", got)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k, err := secret.NewKeys(bytes.Repeat([]byte("a"), secret.KeySize))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("x", k.Seal("x", []byte("v")))
	f.Add("", []byte{1, 2, 3, 4, 5})
	f.Fuzz(func(t *testing.T, name string, sealed []byte) {
		if plain, err := k.Open(name, sealed); err == nil && !bytes.Equal(plain, []byte("v")) {
			t.Errorf("opened to %q", plain)
		}
	})
}

func FuzzPlain(f *testing.F) {
	f.Add("ABCD-efgh")
	f.Fuzz(func(t *testing.T, typed string) {
		got := secret.Plain(typed)
		if strings.Trim(got, secret.Alphabet) != "" {
			t.Errorf("%q gives %q", typed, got)
		}
		if again := secret.Plain(got); again != got {
			t.Errorf("%q gives %q, and that %q", typed, got, again)
		}
	})
}

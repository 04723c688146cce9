package recovery_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// made is an account with one access key, and the sum of its secret.
func made(t *testing.T, id string) (*recovery.Account, string) {
	t.Helper()
	a := recoverytest.Account(recovery.Password, recovery.TOTP)
	_, sum := recovery.SplitKey(recovery.JoinKey(strings.Repeat("a", recovery.IDSize), recovery.NewKeySecret()))
	if _, err := a.AddKey(recovery.AccessKey{ID: id, TokenHash: sum, Name: "backup", Created: noon}, noon); err != nil {
		t.Fatal(err)
	}
	return a, sum
}

func TestAnAccessKeyIsItsAccountAndASecret(t *testing.T) {
	id := strings.Repeat("b", recovery.IDSize)
	token := recovery.NewKeySecret()
	key := recovery.JoinKey(id, token)
	if len(key) != recovery.KeySize || !strings.HasPrefix(key, "sk_") {
		t.Fatalf("got a key of %d letters, %.3s…; want %d and sk_", len(key), key, recovery.KeySize)
	}
	got, sum := recovery.SplitKey(key)
	if got != id || sum == "" || strings.Contains(sum, token) {
		t.Errorf("got id %q and sum %q, want %q and a hash", got, sum, id)
	}
	for _, wrong := range []string{
		"", "sk_", key[:len(key)-1], key + "a", "SK_" + key[3:], " " + key[1:], strings.Replace(key, "b", "\x00", 1), strings.Replace(key, "bb", "é", 1), key[3:] + "sk_",
	} {
		if id, sum := recovery.SplitKey(wrong); id != "" || sum != "" {
			t.Errorf("%q: got id %q, want none", wrong, id)
		}
	}
}

func FuzzSplitKey(f *testing.F) {
	f.Add("sk_" + strings.Repeat("a", 49))
	f.Fuzz(func(t *testing.T, key string) {
		if id, _ := recovery.SplitKey(key); id != "" && recovery.JoinKey(id, key[3+len(id):]) != key {
			t.Errorf("%q is not what it was split into", key)
		}
	})
}

// A full set of the longest keys leaves the record small.
func TestAccessKeysAreSmall(t *testing.T) {
	a := recoverytest.Account(recovery.Password)
	long := recovery.AccessKey{
		ID: "7k3v9m2q", TokenHash: strings.Repeat("h", 43), Maker: strings.Repeat("m", recovery.IDSize), Created: noon, End: noon.Add(recovery.KeyLife),
		Hosts: []string{"photos.example.com"}, Paths: []string{"/api/*", "/dav/*"},
	}
	for i := range recovery.MaxKeys {
		long.Name = fmt.Sprintf("the phone in the kitchen %d", i)
		if _, err := a.AddKey(long, noon); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := json.Marshal(a.AccessKeys); err != nil || len(text) > 3<<10 {
		t.Errorf("got %d bytes (%v), want at most 3 KiB", len(text), err)
	}
	long.Name = "one more"
	if _, err := a.AddKey(long, noon); !errors.Is(err, recovery.ErrTooManyKeys) {
		t.Errorf("the 11th key: got %v, want it refused", err)
	}
	if _, err := a.RevokeKey("THE PHONE IN THE KITCHEN 3"); err != nil {
		t.Fatal(err)
	}
	for range 9 {
		long.Paths = append(long.Paths, "/more/*")
	}
	if _, err := a.AddKey(long, noon); !errors.Is(err, recovery.ErrKeyTooLong) {
		t.Errorf("a long row: got %v, want it refused", err)
	}
}

func TestAccessKeysAreRefused(t *testing.T) {
	for name, k := range map[string]recovery.AccessKey{
		"no name":          {},
		"blanks":           {Name: "  "},
		"long name":        {Name: strings.Repeat("x", 41)},
		"control in name":  {Name: "a\nb"},
		"hidden in name":   {Name: "a\u202eb"},
		"name twice":       {Name: "BACKUP"},
		"host with scheme": {Name: "x", Hosts: []string{"https://photos.example.com"}},
		"host with path":   {Name: "x", Hosts: []string{"photos.example.com/api"}},
		"empty host":       {Name: "x", Hosts: []string{""}},
		"wildcard host":    {Name: "x", Hosts: []string{"*.example.com"}},
		"host with dot":    {Name: "x", Hosts: []string{"photos.example.com."}},
		"port of none":     {Name: "x", Hosts: []string{"photos.example.com:0"}},
		"relative path":    {Name: "x", Paths: []string{"api/*"}},
		"empty path":       {Name: "x", Paths: []string{""}},
		"path up":          {Name: "x", Paths: []string{"/a/../b"}},
		"star inside":      {Name: "x", Paths: []string{"/a*b"}},
		"star alone":       {Name: "x", Paths: []string{"/a*"}},
		"query":            {Name: "x", Paths: []string{"/a?b"}},
		"encoded":          {Name: "x", Paths: []string{"/%61"}},
		"two slashes":      {Name: "x", Paths: []string{"//a"}},
	} {
		a, _ := made(t, "one")
		if _, err := a.AddKey(k, noon); err == nil || len(a.AccessKeys) != 1 {
			t.Errorf("%s: got %v and %d keys, want it refused", name, err, len(a.AccessKeys))
		}
	}
	for name, change := range map[string]func(*recovery.Account){
		"invited":   func(a *recovery.Account) { a.State = recovery.StateInvited },
		"frozen":    func(a *recovery.Account) { a.State = recovery.StateFrozen },
		"disabled":  func(a *recovery.Account) { a.State = recovery.StateDisabled },
		"probation": func(a *recovery.Account) { a.Probation = noon.Add(time.Hour) },
	} {
		a := recoverytest.Account(recovery.Password)
		change(a)
		if _, err := a.AddKey(recovery.AccessKey{Name: "x"}, noon); !errors.Is(err, recovery.ErrNotAllowed) {
			t.Errorf("%s: got %v, want it refused", name, err)
		}
	}
}

func TestHostsOfAccessKeysAreCanonical(t *testing.T) {
	a := recoverytest.Account(recovery.Password)
	k, err := a.AddKey(recovery.AccessKey{
		Name: " phone ", Hosts: []string{"Photos.Example.COM:443", "bücher.example", "[::1]:8443", "10.0.0.7", "localhost:8080"}, Paths: []string{"/", "/*", "/feed.xml", "/dav/*", "/büro/*"},
	}, noon)
	if want := "photos.example.com xn--bcher-kva.example [::1]:8443 10.0.0.7 localhost:8080"; err != nil || k.Name != "phone" || strings.Join(k.Hosts, " ") != want {
		t.Errorf("got %q and %q (%v), want phone and %s", k.Name, k.Hosts, err, want)
	}
}

// TestAccessKeysEndWithTheirAccount: what closes an account, or gives it to
// somebody anew, leaves no key that opens; an owner's new password does.
func TestAccessKeysEndWithTheirAccount(t *testing.T) {
	l := recovery.Default().Lifetimes
	for name, tt := range map[string]struct {
		change func(*recovery.Account)
		opens  bool
	}{
		"nothing":          {func(*recovery.Account) {}, true},
		"unlocked":         {func(a *recovery.Account) { do(t, a, recovery.ActionUnlock) }, true},
		"signed out":       {func(a *recovery.Account) { do(t, a, recovery.ActionSignOut) }, true},
		"disabled":         {func(a *recovery.Account) { do(t, a, recovery.ActionDisable) }, false},
		"disabled, opened": {func(a *recovery.Account) { do(t, a, recovery.ActionDisable); do(t, a, recovery.ActionEnable) }, false},
		"frozen":           {func(a *recovery.Account) { a.Freeze(noon.Add(time.Hour), noon.Add(time.Hour), l) }, false},
		"frozen, opened": {func(a *recovery.Account) {
			a.Freeze(noon.Add(time.Hour), noon.Add(time.Hour), l)
			a.State = recovery.StateActive
		}, false},
		"interrupted": {func(a *recovery.Account) { a.Interrupt(noon, l) }, false},
	} {
		a, sum := made(t, "one")
		tt.change(a)
		byHash, byID := a.Key(sum, noon), a.KeyByID("one", noon)
		if (byHash != nil) != tt.opens || (byID != nil) != tt.opens {
			t.Errorf("%s: by its secret %v, by its id %v, want it to open: %v", name, byHash, byID, tt.opens)
		}
	}
}

func do(t *testing.T, a *recovery.Account, action recovery.Action) {
	t.Helper()
	if err := (recovery.Edit{Do: action}).Apply(a, noon, recovery.Default().Lifetimes); err != nil {
		t.Fatal(err)
	}
}

// A key made by what a notice told of is gone, those of before wait for their
// owner.
func TestFreezingDropsTheKeysMadeSince(t *testing.T) {
	a, _ := made(t, "before")
	at := noon.Add(time.Hour)
	if _, err := a.AddKey(recovery.AccessKey{ID: "since", Name: "thief", Created: at}, at); err != nil {
		t.Fatal(err)
	}
	a.Freeze(at, at.Add(time.Hour), recovery.Default().Lifetimes)
	if len(a.AccessKeys) != 1 || a.AccessKeys[0].ID != "before" || !a.AccessKeys[0].Suspended {
		t.Errorf("got %+v, want the one of before, suspended", a.AccessKeys)
	}
}

func TestAccessKeysEndByTime(t *testing.T) {
	a, sum := made(t, "one")
	a.AccessKeys[0].End = noon.Add(time.Hour)
	if a.Key(sum, noon.Add(time.Hour-1)) == nil || a.Key(sum, noon.Add(time.Hour)) != nil {
		t.Error("want it to open until its end, and not at it")
	}
	if a.Key("", noon) != nil || a.Key(sum[1:], noon) != nil {
		t.Error("want no key to fit another sum")
	}
}

// The last use is known by its day, and written once a day.
func TestLastUseIsADay(t *testing.T) {
	a, _ := made(t, "one")
	for i, tt := range []struct {
		at   time.Time
		want bool
	}{{noon, true}, {noon.Add(time.Hour), false}, {noon.Add(24 * time.Hour), true}, {noon, false}} {
		if got := a.UseKey("one", tt.at); got != tt.want {
			t.Errorf("use %d: got %v, want %v", i, got, tt.want)
		}
	}
	if want := time.Date(noon.Year(), noon.Month(), noon.Day()+1, 0, 0, 0, 0, time.UTC); !a.AccessKeys[0].Used.Equal(want) || a.UseKey("two", noon) {
		t.Errorf("got %v, want %v, and none of another key", a.AccessKeys[0].Used, want)
	}
}

// A store from yesterday in which a revoked key opens again is noticed.
func TestRevokingIsNotable(t *testing.T) {
	before, _ := made(t, "one")
	after := before.Clone()
	if _, err := after.RevokeKey("one"); err != nil || !recovery.Notable(before, after) {
		t.Errorf("got %v, want it notable", err)
	}
	if _, err := after.RevokeKey("one"); !errors.Is(err, recovery.ErrNoKey) {
		t.Errorf("got %v, want that there is none", err)
	}
}

package secret_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func light() *secret.Hasher {
	return secret.NewHasher(secret.HashParams{Time: 1, Memory: 64, Threads: 1}, 0)
}

// foreign are hashes that other programs have made: OpenSSL, Python's hashlib in
// passlib's writing, and two libraries.
func foreign(t *testing.T) map[string][2]string {
	t.Helper()
	out := map[string][2]string{
		"sha256-crypt":        {`$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5`, ""},
		"sha256-crypt rounds": {`$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA`, "Hello world!"},
		"sha512-crypt rounds": {`$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.`, "Hello world!"},
		"sha512-crypt braces": {`{CRYPT}$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.`, "Hello world!"},
		"scrypt":              {`$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$A9lBa6RTbfBovWqamVIqXKovIl4Vk6OZyVojLJmYmSI`, "correct horse"},
		"pbkdf2-sha256":       {`$pbkdf2-sha256$2000$c2FsdP/...8$LnMsdUXNmjAG1v5ngV50/d2l4uC7WLscG/rbyyb5fRE`, "pässword"},
		"pbkdf2-sha512":       {`$pbkdf2-sha512$2000$c2FsdP/...8$VlB0Yh616HBYY.Hx3FKf4exk.kwGwCXSQQofYt7/./eWCjNIshyFhdr.WEXYzAoNOjFM/f/SPzZvjouE5pvhgw`, "pässword"},
	}
	out["sha256-crypt"] = [2]string{out["sha256-crypt"][0], "Hello world!"}
	hash, err := bcrypt.GenerateFromPassword([]byte("U*U"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	out["bcrypt"] = [2]string{string(hash), "U*U"}
	out["bcrypt of PHP"] = [2]string{"$2y$" + string(hash[4:]), "U*U"}
	b64 := base64.RawStdEncoding.EncodeToString
	salt := []byte("saltsaltsaltsalt")
	out["argon2id"] = [2]string{fmt.Sprintf("$argon2id$v=19$m=128,t=2,p=4$%s$%s", b64(salt), b64(argon2.IDKey([]byte("horse"), salt, 2, 128, 4, 32))), "horse"}
	return out
}

func TestForeignHashes(t *testing.T) {
	t.Parallel()
	h := light()
	for name, tc := range foreign(t) {
		f, sum, err := secret.ReadForeign(tc[0])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kept, err := h.Wrap(t.Context(), f, sum)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(kept, tc[0][len(tc[0])-20:]) {
			t.Errorf("%s: got %q, want nothing of what the other program kept", name, kept)
		}
		if ok, stale, err := h.Look(t.Context(), kept, "another form", tc[1]); !ok || !stale || err != nil {
			t.Errorf("%s: got %v, %v, %v, want the password to be right, and to be hashed anew", name, ok, stale, err)
		}
		if ok, _, err := h.Look(t.Context(), kept, tc[1], tc[1]+"!"); ok || err != nil {
			t.Errorf("%s: got %v, %v, want another password to be wrong", name, ok, err)
		}
		if _, _, err := secret.ReadForeign(tc[0][:len(tc[0])-3]); !errors.Is(err, secret.ErrForeignDamaged) {
			t.Errorf("%s, cut off: got %v, want that it is damaged", name, err)
		}
	}
}

func TestForeignHashesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	salt, sum := "c2FsdHNhbHRzYWx0c2FsdA", "A9lBa6RTbfBovWqamVIqXKovIl4Vk6OZyVojLJmYmSI"
	for text, want := range map[string]error{
		"hunter2":                                                              secret.ErrForeignWeak,
		"$apr1$salt$abcdefghijklmnopqrstuv":                                    secret.ErrForeignWeak,
		"$1$salt$abcdefghijklmnopqrstuv":                                       secret.ErrForeignWeak,
		"{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=":                                    secret.ErrForeignWeak,
		"$pbkdf2$29000$" + salt + "$" + sum:                                    secret.ErrForeignWeak,
		"$y$j9T$abc$def":                                                       secret.ErrForeignUnknown,
		"$argon2i$v=19$m=8,t=1,p=1$" + salt:                                    secret.ErrForeignUnknown,
		"$2b$15$" + strings.Repeat("a", 53):                                    secret.ErrForeignCost,
		"$6$rounds=1000001$s$" + strings.Repeat("a", 86):                       secret.ErrForeignCost,
		"$6$rounds=99999999999999999999$s$" + strings.Repeat("a", 86):          secret.ErrForeignCost,
		"$pbkdf2-sha256$1000001$" + salt + "$" + sum:                           secret.ErrForeignCost,
		"$argon2id$v=19$m=262145,t=1,p=1$" + salt + "$" + sum:                  secret.ErrForeignCost,
		"$argon2id$v=19$m=262144,t=9,p=1$" + salt + "$" + sum:                  secret.ErrForeignCost,
		"$scrypt$ln=19,r=8,p=1$" + salt + "$" + sum:                            secret.ErrForeignCost,
		"$scrypt$ln=4294967295,r=4294967295,p=1$" + salt + "$" + sum:           secret.ErrForeignCost,
		"$argon2id$v=19$m=64,m=64,t=1$" + salt + "$" + sum:                     secret.ErrForeignDamaged,
		"$argon2id$v=19$m=64,t=1,p=-1$" + salt + "$" + sum:                     secret.ErrForeignDamaged,
		"$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + sum[:len(sum)-4]:         secret.ErrForeignDamaged,
		"$2b$10$" + strings.Repeat("a", 52):                                    secret.ErrForeignDamaged,
		"$6$" + strings.Repeat("s", 17) + "$" + strings.Repeat("a", 86):        secret.ErrForeignDamaged,
		"$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("A", 2000) + "$" + sum: secret.ErrForeignDamaged,
	} {
		if _, _, err := secret.ReadForeign(text); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", text, err, want)
		}
	}
}

// What another program would refuse, or would cut, is right nowhere here.
func TestForeignPasswordsThatAreTooLong(t *testing.T) {
	t.Parallel()
	h, long := light(), strings.Repeat("x", 72)
	hash, err := bcrypt.GenerateFromPassword([]byte(long), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	f, sum, err := secret.ReadForeign(string(hash))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := h.Wrap(t.Context(), f, sum)
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]bool{long: true, long + "x": false, long[1:]: false} {
		if ok, _, err := h.Look(t.Context(), kept, typed, typed); ok != want || err != nil {
			t.Errorf("%d bytes: got %v, %v, want %v", len(typed), ok, err, want)
		}
	}
}

// A password with an accent may have been given to the other program in either form.
func TestForeignPasswordsInBothForms(t *testing.T) {
	t.Parallel()
	h := light()
	composed, apart := "caf\u00e9 au lait", "cafe\u0301 au lait"
	for _, was := range []string{composed, apart} {
		hash, err := bcrypt.GenerateFromPassword([]byte(was), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		f, sum, _ := secret.ReadForeign(string(hash))
		kept, err := h.Wrap(t.Context(), f, sum)
		if err != nil {
			t.Fatal(err)
		}
		for _, typed := range []string{composed, apart} {
			want := typed == was || was == composed
			if ok, _, err := h.Look(t.Context(), kept, composed, typed); ok != want || err != nil {
				t.Errorf("%+q, typed %+q: got %v, %v, want %v", was, typed, ok, err, want)
			}
		}
	}
}

// EN-02: costs are told from one process to the next, and nothing that is no cost
// is believed.
func TestCostsOfForeignHashes(t *testing.T) {
	t.Parallel()
	h := light()
	for name, tc := range foreign(t) {
		f, sum, err := secret.ReadForeign(tc[0])
		if err != nil {
			t.Fatal(err)
		}
		kept, err := h.Wrap(t.Context(), f, sum)
		if err != nil {
			t.Fatal(err)
		}
		cost, err := secret.CostOf(kept)
		if err != nil || !secret.Brought(cost) || strings.Contains(cost, "salt") {
			t.Errorf("%s: got %q, %v, want its costs and nothing else", name, cost, err)
		}
		h.Match([]string{cost, "m=64,t=1,p=1", "what:1,2,3:4;m=64,t=1,p=1", "bcrypt:31,0,0:23;m=64,t=1,p=1", cost})
		if ok, _, err := h.Look(t.Context(), kept, tc[1], tc[1]); !ok || err != nil {
			t.Errorf("%s, among others: got %v, %v, want it to be right", name, ok, err)
		}
		own, err := h.Hash(t.Context(), "pässword")
		if err != nil {
			t.Fatal(err)
		}
		if ok, stale, err := h.Look(t.Context(), own, "pässword", "pa\u0308ssword"); !ok || stale || err != nil {
			t.Errorf("ours beside %s: got %v, %v, %v, want it to be right as before", name, ok, stale, err)
		}
	}
}

func FuzzReadForeign(f *testing.F) {
	f.Add("$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA")
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$A9lBa6RTbfBovWqamVIqXKovIl4Vk6OZyVojLJmYmSI")
	f.Add("$2b$04$" + strings.Repeat("a", 53))
	h := light()
	f.Fuzz(func(t *testing.T, text string) {
		read, sum, err := secret.ReadForeign(text)
		if err != nil {
			if strings.Contains(err.Error(), text) && len(text) > 8 {
				t.Errorf("got %q, want nothing of the hash in it", err)
			}
			return
		}
		kept, err := h.Wrap(t.Context(), read, sum)
		if err != nil {
			t.Fatal(err)
		}
		if cost, err := secret.CostOf(kept); err != nil || cost != read.Cost()+";m=64,t=1,p=1" {
			t.Errorf("%q: got %q, %v, want it to be read again", kept, cost, err)
		}
	})
}

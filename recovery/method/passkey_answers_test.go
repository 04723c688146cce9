package method_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
)

// answer is what somebody sends for options that they were given.
type answer func(k *keyholder, f *recovery.Flow, options string) string

func answers() map[string]answer {
	return map[string]answer{
		"as it should be": nil,
		"challenge of another flow": func(k *keyholder, _ *recovery.Flow, _ string) string {
			_, other := k.asked()
			return k.Get(other)
		},
		"another origin": func(k *keyholder, _ *recovery.Flow, options string) string {
			k.Origin = "https://photos.example.com.evil.example"
			return k.Get(options)
		},
		"another port": func(k *keyholder, _ *recovery.Flow, options string) string {
			k.Origin = "https://photos.example.com:8443"
			return k.Get(options)
		},
		"by http": func(k *keyholder, _ *recovery.Flow, options string) string {
			k.Origin = "http://photos.example.com"
			return k.Get(options)
		},
		"origin with a path": func(k *keyholder, _ *recovery.Flow, options string) string {
			k.Origin = "https://photos.example.com/app"
			return k.Get(options)
		},
		"another domain": func(k *keyholder, _ *recovery.Flow, options string) string {
			k.Keys[0].RP = "example.com"
			return k.Get(strings.ReplaceAll(options, `"photos.example.com"`, `"example.com"`))
		},
		"a passkey that the account has at another host": func(k *keyholder, _ *recovery.Flow, options string) string {
			k.at.ID = "family.example.com"
			return k.Get(options)
		},
		"bob's": func(k *keyholder, _ *recovery.Flow, options string) string {
			k.account = &recovery.Account{ID: bobID, Credentials: k.account.Credentials}
			return k.Get(options)
		},
		"one that is not enrolled": func(k *keyholder, _ *recovery.Flow, options string) string {
			k.account.Credentials = nil
			return k.Get(options)
		},
		"another key": func(k *keyholder, _ *recovery.Flow, options string) string {
			id := k.Keys[0].ID
			k.enrols()
			k.Keys[1].ID, k.Keys = id, k.Keys[1:]
			return k.Get(options)
		},
		"an enrolment": func(k *keyholder, f *recovery.Flow, _ string) string {
			return k.Create(string(method.PasskeyCreation(k.at, f.Challenges[recovery.Passkey].Code, k.account, nil)))
		},
		"no answer": func(*keyholder, *recovery.Flow, string) string { return "" },
		"a large answer": func(k *keyholder, _ *recovery.Flow, options string) string {
			return k.Get(options) + strings.Repeat(" ", 17<<10)
		},
		"in a frame": func(k *keyholder, _ *recovery.Flow, options string) string {
			k.Framed = "https://evil.example"
			return k.Get(options)
		},
	}
}

// TestMF10_PasskeyAnswersOneChallengeOfOnePlace pins what of an answer counts. The
// library does most of it, and an update of it shows here.
func TestMF10_PasskeyAnswersOneChallengeOfOnePlace(t *testing.T) {
	t.Parallel()
	for name, change := range answers() {
		t.Run(name, func(t *testing.T) {
			k := holder(t)
			if p := k.enrols(); p != nil {
				t.Fatal(p.Key)
			}
			f, options := k.asked()
			answer := k.Get(options)
			if change != nil {
				answer = change(k, f, options)
			}
			if v := k.shows(f, answer); v.OK != (change == nil) || v.Note != nil {
				t.Errorf("got %+v", v)
			}
		})
	}
}

type enrolment struct {
	name, want string
	change     answer
}

func enrolments(t *testing.T) []enrolment {
	t.Helper()
	return []enrolment{
		{"as it should be", "", func(k *keyholder, _ *recovery.Flow, options string) string { return k.Create(options) }},
		{"too late", recovery.ProblemPasskeyLate, func(k *keyholder, _ *recovery.Flow, options string) string {
			k.now = k.now.Add(2 * time.Minute)
			return k.Create(options)
		}},
		{"no script", recovery.ProblemPasskeyScript, func(*keyholder, *recovery.Flow, string) string { return "" }},
		{"another challenge", recovery.ProblemPasskeyMade, func(k *keyholder, _ *recovery.Flow, options string) string {
			return k.Create(string(method.PasskeyCreation(k.at, bytes.Repeat([]byte{1}, 32), k.account, nil)))
		}},
		{"another origin", recovery.ProblemPasskeyMade, func(k *keyholder, _ *recovery.Flow, options string) string {
			k.Origin = "https://evil.example"
			return k.Create(options)
		}},
		{"another domain", recovery.ProblemPasskeyMade, func(k *keyholder, _ *recovery.Flow, options string) string {
			return k.Create(strings.ReplaceAll(options, `"photos.example.com"`, `"example.com"`))
		}},
		{"in a frame", recovery.ProblemPasskeyMade, func(k *keyholder, _ *recovery.Flow, options string) string {
			k.Framed = "https://evil.example"
			return k.Create(options)
		}},
		{"an assertion", recovery.ProblemPasskeyMade, func(k *keyholder, f *recovery.Flow, options string) string {
			k.Create(options)
			var o struct{ Challenge string }
			_ = json.Unmarshal([]byte(options), &o)
			return k.Get(`{"rpId":"photos.example.com","challenge":"` + o.Challenge + `"}`)
		}},
		{"a long id", recovery.ProblemPasskeyLarge, func(k *keyholder, _ *recovery.Flow, options string) string {
			k.IDSize = 257
			return k.Create(options)
		}},
		{"an id that is there", recovery.ProblemPasskeyHeld, func(k *keyholder, f *recovery.Flow, options string) string {
			answer := k.Create(options)
			var o struct{ Challenge string }
			_ = json.Unmarshal([]byte(options), &o)
			k.account.Credentials = []recovery.Credential{{ID: "x", Method: recovery.Passkey, Data: rowOf(t, k.Keys[0].ID)}}
			return answer
		}},
	}
}

func TestPasskeyEnrolment(t *testing.T) {
	t.Parallel()
	for _, tt := range enrolments(t) {
		t.Run(tt.name, func(t *testing.T) {
			k := holder(t)
			f := &recovery.Flow{Name: "alice", Session: "signed in"}
			offered, err := method.Passkey{}.Offer(k.try(f, ""))
			if err != nil {
				t.Fatal(err)
			}
			options, _ := method.PasskeyOffered(offered)
			got := ""
			if p := k.confirms(f, offered, tt.change(k, f, options)); p != nil {
				got = p.Key
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

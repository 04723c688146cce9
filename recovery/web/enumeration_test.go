package web_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// normal is what of an answer must not tell people apart.
func normal(b *recoverytest.Browser, name string) string {
	var headers []string
	for k := range b.Answer {
		if k != "Date" && k != "Content-Length" {
			headers = append(headers, k)
		}
	}
	slices.Sort(headers)
	body := strings.NewReplacer(name, "NAME", strings.ReplaceAll(name, "+", "&#43;"), "NAME").Replace(b.Body)
	body = regexp.MustCompile(`value="[A-Za-z0-9_-]{22}"|f=[A-Za-z0-9_-]{22}`).ReplaceAllString(body, "TOKEN")
	return fmt.Sprint(b.Status, headers, len(b.Answer["Set-Cookie"]), body)
}

func TestA01_LoginLooksTheSameForEverybody(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	for _, name := range []string{"robin", "frozn", "leavr"} {
		w.Invite(&recoverytest.Person{Name: name, Mail: name + "@example.org", Password: "staple battery horse"})
	}
	disable(t, w, "robin", recovery.StateDisabled)
	disable(t, w, "frozn", recovery.StateFrozen)
	disable(t, w, "leavr", recovery.StateLeaving)
	if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "newby"}); err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, who := range []string{"alice", "robin", "frozn", "leavr", "newby", "ghost"} {
		for _, password := range []string{"wrong horse staple", "staple battery horse"} {
			if (who == "frozn" || who == "leavr") && password == "staple battery horse" {
				continue // its owner is told that it is closed, or keeps it
			}
			b := w.Browser()
			b.Get("/").Submit("name", who, "password", password)
			got := normal(b, who)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%s: got\n%s\nwant what everybody gets\n%s", who, got, want)
			}
		}
	}
}

// auc is the chance that a sample of a is greater than one of b: 0.5 means
// that nobody can tell them apart.
func auc(a, b []time.Duration) float64 {
	wins := 0.0
	for _, x := range a {
		for _, y := range b {
			switch {
			case x > y:
				wins++
			case x == y:
				wins += 0.5
			}
		}
	}
	return wins / float64(len(a)*len(b))
}

func TestA02_TimeDoesNotTellWhoExists(t *testing.T) {
	recoverytest.Slow(t)
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) {
		p.Hash = secret.HashParams{Time: 1, Memory: 4 << 10, Threads: 1}
		p.Limits.Failures.Count, p.Limits.Consecutive, p.Limits.Names.Count = 1e6, 1e6, 1e6
	}))
	w.Setup(recoverytest.Alice())
	samples := 600
	if recoverytest.UnderRace(t) {
		samples = 60 // the paths, not the time
	}
	got := 0.0
	for range 3 { // a busy machine may spoil one run; the paths themselves do not change
		var known, unknown []time.Duration
		for i := range samples + 25 {
			// In random order: every other hash pays for collecting the
			// garbage of the one before.
			name, list := "alice", &known
			if rand.IntN(2) == 0 {
				name, list = fmt.Sprintf("u%04d", i), &unknown
			}
			if took := timed(t, w, name); i >= 25 {
				*list = append(*list, took)
			}
		}
		if got = auc(known, unknown); recoverytest.UnderRace(t) || got > 0.45 && got < 0.55 {
			t.Logf("AUC %.3f over %d + %d samples", got, len(known), len(unknown))
			return
		}
	}
	t.Errorf("got AUC %.3f, want 0.45 to 0.55: time tells who exists", got)
}

func timed(t *testing.T, w *recoverytest.World, name string) time.Duration {
	t.Helper()
	if w.Running() {
		b := w.Browser()
		begin := time.Now()
		b.Post("/.sparekey/", recoverytest.Fields("start", "login", "name", name, "password", "wrong horse staple"))
		return time.Since(begin)
	}
	begin := time.Now()
	_, err := w.Engine.Submit(t.Context(), recovery.Client{Network: "192.0.2.1"}, recovery.Input{
		Start: recovery.KindLogin, Name: name, Password: "wrong horse staple",
	})
	if err != nil {
		t.Fatal(err)
	}
	return time.Since(begin)
}

func TestA03_AskingTakesNoLongerWhenMailHangs(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	want := ""
	for _, name := range []string{"alice", "ghost"} {
		b := w.Browser().NoFollow()
		begin := time.Now()
		b.Get("/.sparekey/recover").Submit("name", name)
		if took := time.Since(begin); took > 500*time.Millisecond {
			t.Errorf("%s: answered in %s, want under 500ms", name, took)
		}
		got := fmt.Sprint(b.Status, len(b.Answer["Set-Cookie"]), len(b.Answer.Get("Location")))
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	all := w.Outbox.All()
	if n := len(all); n != 2 {
		t.Fatalf("got %d messages queued, want one for alice and one to nobody", n)
	}
	if a, b := all[0], all[1]; len(a.Vars["link"]) != len(b.Vars["link"]) || len(a.Vars["code"]) != len(b.Vars["code"]) || b.To != "" {
		t.Errorf("the message to nobody differs in size or has an address: %+v, %+v", a, b)
	}
}

func TestA03_PagesAfterAskingLookTheSame(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	want := ""
	for _, name := range []string{"alice", "ghost"} {
		b := w.Browser()
		b.Get("/.sparekey/recover").Submit("name", name).Want("sent")
		b.Submit("code", "ABCD-EFGH").Want("sent")
		first := normal(b, name)
		b.Submit("method", "recovery_code").Want("factor")
		b.Submit("code", "ABCD-EFGH-JKMN-PQRS").Want("factor")
		if got := first + normal(b, name); want == "" {
			want = got
		} else if got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if strings.Contains(b.Body, "•") {
			t.Error("EN-07: a masked contact shows before anything was proved")
		}
	}
}

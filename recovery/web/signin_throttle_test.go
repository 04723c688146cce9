package web_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func bob() *recoverytest.Person {
	return &recoverytest.Person{Name: "robin", Mail: "robin@example.org", Phone: "+41797654321", Password: "staple battery horse"}
}

// normal is what of an answer must not tell people apart.
func normal(b *recoverytest.Browser, name string) string {
	var headers []string
	for k := range b.Answer {
		if k != "Date" && k != "Content-Length" {
			headers = append(headers, k)
		}
	}
	slices.Sort(headers)
	body := strings.ReplaceAll(b.Body, name, "NAME")
	body = regexp.MustCompile(`value="[A-Za-z0-9_-]{22}"|f=[A-Za-z0-9_-]{22}`).ReplaceAllString(body, "TOKEN")
	return fmt.Sprint(b.Status, headers, len(b.Answer["Set-Cookie"]), body)
}

func TestA01_LoginLooksTheSameForEverybody(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	for _, name := range []string{"robin", "frozn"} {
		w.Invite(&recoverytest.Person{Name: name, Mail: name + "@example.org", Password: "staple battery horse"})
	}
	disable(t, w, "robin", recovery.StateDisabled)
	disable(t, w, "frozn", recovery.StateFrozen)
	if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "newby"}); err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, who := range []string{"alice", "robin", "frozn", "newby", "ghost"} {
		for _, password := range []string{"wrong horse staple", "staple battery horse"} {
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

func disable(t *testing.T, w *recoverytest.World, name string, s recovery.State) {
	t.Helper()
	change(t, w, name, func(a *recovery.Account) { a.State = s })
}

// change edits an account record behind the engine's back.
func change(t *testing.T, w *recoverytest.World, name string, edit func(*recovery.Account)) {
	t.Helper()
	a, err := w.Engine.Find(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = kv.Update(t.Context(), w.Engine.Store, "account/"+a.ID, time.Time{}, func(a *recovery.Account, _ bool) error {
		edit(a)
		return nil
	})
	if err != nil {
		t.Fatal(err)
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
		p.Limits.Failures.Count, p.Limits.Consecutive = 1e6, 1e6
	}))
	w.Setup(recoverytest.Alice())
	samples := 600
	if recoverytest.UnderRace {
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
		if got = auc(known, unknown); recoverytest.UnderRace || got > 0.45 && got < 0.55 {
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

func TestA21_PlantedCookiesAreReplaced(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	u, _ := url.Parse(w.Server.URL)
	planted := map[string]string{}
	for _, name := range []string{"sparekey", "sparekey-device", "sparekey-flow"} {
		planted[name] = strings.Repeat("A", 65)
		b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: name + "-" + u.Port(), Value: planted[name], Path: "/"}})
	}
	if w.SignedIn(b) {
		t.Fatal("a planted session cookie opened the app")
	}
	w.SignIn(b, alice, "/")
	for name, value := range planted {
		if c := b.Cookie(name); c != nil && c.Value == value {
			t.Errorf("%s still has the planted value", name)
		}
	}
	other := w.Browser()
	w.SignIn(other, alice, "/")
	if a, b := b.Cookie("sparekey").Value, other.Cookie("sparekey").Value; a == b || a == "" {
		t.Error("two sign-ins got the same session cookie")
	}
}

func TestA22_SignedOutCookieIsDeadEverywhere(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	node := w.Node()
	b := w.Browser()
	w.SignIn(b, alice, "/")
	old := b.Cookie("sparekey").Value
	ask := func(w *recoverytest.World) bool {
		return w.Guard.Check(t.Context(), guard.Question{Cookie: old}).OK()
	}
	if !ask(w) || !ask(node) {
		t.Fatal("not signed in on both nodes before the test")
	}
	b.Post("/.sparekey/logout", url.Values{}).Want("signed-out")
	if ask(w) || ask(node) {
		t.Error("the old cookie works after signing out")
	}
	if _, s, err := w.Engine.Account(t.Context(), old); s != nil || err != nil {
		t.Errorf("account page: got session %v, %v, want none", s, err)
	}
}

func TestA24_EveryCookieIsHostOnlySecureAndHidden(t *testing.T) {
	w := recoverytest.New(t, recoverytest.WithTLS())
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser().NoFollow()
	seen := map[string]bool{}
	check := func() {
		t.Helper()
		for _, c := range (&http.Response{Header: b.Answer}).Cookies() {
			seen[c.Name] = true
			if !strings.HasPrefix(c.Name, "__Host-sparekey") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("cookie %q: got %q", c.Name, c.Raw)
			}
			if len(c.Raw) > 4096 {
				t.Errorf("cookie %q has %d bytes", c.Name, len(c.Raw))
			}
		}
	}
	b.Get("/").Want("sign-in")
	check()
	b.Submit("name", alice.Name, "password", alice.Password)
	check()
	b.Get(b.Answer.Get("Location")).Want("factor")
	w.Clock.Move(30 * time.Second)
	b.Submit("code", recoverytest.TOTP(w, alice.Key))
	check()
	b.Post("/.sparekey/logout", url.Values{})
	check()
	b.Get("/.sparekey/recover").Submit("name", alice.Name)
	check()
	if len(seen) != 3 {
		t.Errorf("got cookies %v, want session, device and flow", seen)
	}
}

func TestA25_TheAppNeverSeesOurCookies(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	u, _ := url.Parse(w.Server.URL)
	b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: "theme", Value: "dark", Path: "/"}, {Name: "Sparekey-Device-1", Value: "x", Path: "/"}})
	w.SignIn(b, alice, "/")
	b.Get("/echo")
	if strings.Contains(strings.ToLower(b.Body), "sparekey") {
		t.Errorf("the app was told: %s", b.Body)
	}
	if !strings.Contains(b.Body, "theme=dark") {
		t.Errorf("the app lost its own cookie: %s", b.Body)
	}
}

func TestA29_SixthTryWaits(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	for range 5 {
		b.Get("/").Submit("name", "alice", "password", "wrong horse staple").Want("sign-in")
	}
	b.Get("/").Submit("name", "alice", "password", alice.Password).Want("slow-down")
	if b.Status != http.StatusTooManyRequests || b.Answer.Get("Retry-After") != "30" {
		t.Errorf("got status %d, Retry-After %q, want 429 and 30", b.Status, b.Answer.Get("Retry-After"))
	}
	w.Clock.Move(31 * time.Second)
	b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor")
}

func TestTH01_WaitsDoubleUpToAnHour(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	b := w.Browser()
	wait := 30
	for n := range 13 {
		b.Get("/").Submit("name", "alice", "password", "wrong horse staple")
		if n < 5 {
			continue
		}
		if want := fmt.Sprint(wait); b.Answer.Get("Retry-After") != want {
			t.Errorf("try %d: got Retry-After %q, want %s", n+1, b.Answer.Get("Retry-After"), want)
		}
		w.Clock.Move(time.Duration(wait) * time.Second)
		b.Get("/").Submit("name", "alice", "password", "wrong horse staple").Want("sign-in")
		wait = min(wait*2, 3600)
	}
}

// totpTries signs in up to the factor page and sends codes at once.
func totpTries(t *testing.T, w *recoverytest.World, p *recoverytest.Person, codes []string) (right int) {
	t.Helper()
	c := recovery.Client{Network: "192.0.2.9"}
	o, err := w.Engine.Submit(t.Context(), c, recovery.Input{Start: recovery.KindLogin, Name: p.Name, Password: secret.Text(p.Password)})
	if err != nil || o.Problem != nil {
		t.Fatalf("password step: %v %+v", err, o.Problem)
	}
	c.Flows = []string{o.FlowToken}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, code := range codes {
		wg.Go(func() {
			o, err := w.Engine.Submit(context.WithoutCancel(t.Context()), c, recovery.Input{Flow: o.Flow.ID, Code: secret.Text(code)})
			if err != nil {
				t.Error(err)
			}
			if o.Session != "" {
				mu.Lock()
				right++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return right
}

func wrongCodes(n int, right string) []string {
	var out []string
	for i := 0; len(out) < n; i++ {
		if c := fmt.Sprintf("%06d", i*7); c != right {
			out = append(out, c)
		}
	}
	return out
}

func TestA30_ParallelGuessesAreCountedExactly(t *testing.T) {
	recoverytest.Slow(t)
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	got, rounds := 0, 100 // 199 wrong and 1 right each; about 2.5 % of them may be let through
	if recoverytest.UnderRace {
		rounds = 8
	}
	for i := range rounds {
		w.Clock.Move(2 * time.Hour) // the hourly count of codes begins again
		right := recoverytest.TOTP(w, alice.Key)
		codes := wrongCodes(199, right)
		codes = slices.Insert(codes, (i*37)%200, right)
		got += totpTries(t, w, alice, codes)
	}
	if got > 7 {
		t.Errorf("got %d successes in %d rounds, want at most 7", got, rounds)
	}
}

func TestA31_RestartingDoesNotResetTheCount(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	evaluated := 0
	for range 10 {
		right := recoverytest.TOTP(w, alice.Key)
		before := w.Events.Count(recovery.EventLoginFailed)
		c := recovery.Client{Network: "192.0.2.9"}
		o, err := w.Engine.Submit(t.Context(), c, recovery.Input{Start: recovery.KindLogin, Name: alice.Name, Password: secret.Text(alice.Password)})
		if err != nil || o.Problem != nil {
			t.Fatalf("password step: %v %+v", err, o.Problem)
		}
		c.Flows = []string{o.FlowToken}
		for _, code := range wrongCodes(4, right) {
			o, err := w.Engine.Submit(t.Context(), c, recovery.Input{Flow: o.Flow.ID, Code: secret.Text(code)})
			if err != nil {
				t.Fatal(err)
			}
			if o.Problem.Wait == 0 {
				evaluated++
			}
		}
		_ = before
	}
	if evaluated != 10 {
		t.Errorf("got %d codes looked at in the hour, want 10", evaluated)
	}
	if got := totpTries(t, w, alice, []string{recoverytest.TOTP(w, alice.Key)}); got != 0 {
		t.Error("the right code passed although the account had its ten tries")
	}
}

func TestA32_AllSpellingsAreOneAccount(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	for _, name := range []string{"alice", "Alice", "ALICE", "alice@example.org", "\uff41\uff4c\uff49\uff43\uff45"} {
		b.Get("/").Submit("name", name, "password", "wrong horse staple").Want("sign-in")
	}
	b.Get("/").Submit("name", "alice", "password", alice.Password).Want("slow-down")
}

func TestA33_ForwardingHeadersOfStrangersCountForNothing(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	for i := range 6 {
		b.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
		b.Header.Set("X-Real-Ip", fmt.Sprintf("203.0.113.%d", i))
		b.Header.Set("Forwarded", fmt.Sprintf("for=203.0.113.%d", i))
		b.Get("/").Submit("name", "alice", "password", "wrong horse staple")
	}
	b.Want("slow-down")
}

func TestA66_EveryByteOfAPasswordCounts(t *testing.T) {
	long := strings.Repeat("correct horse ", 6)
	for _, tc := range []struct{ name, set, try string }{
		{"differs after byte 72", long + "a", long + "b"},
		{"without the trailing space", "correct horse staple ", "correct horse staple"},
		{"1024 bytes, last one differs", strings.Repeat("ab c", 255) + "abcd", strings.Repeat("ab c", 255) + "abce"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			alice.Password = tc.set
			w.Setup(alice)
			b := w.Browser()
			b.Get("/").Submit("name", "alice", "password", tc.try).Want("sign-in")
			b.Get("/").Submit("name", "alice", "password", tc.set).Want("factor")
		})
	}
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	b := w.Browser()
	b.Get("/").Submit("name", "alice", "password", "correct horse staple\x00").Want("sign-in")
	begin := time.Now()
	b.Get("/").Submit("name", "alice", "password", strings.Repeat("x", 1<<20))
	if b.Status < 400 || b.Status > 413 || time.Since(begin) > time.Second {
		t.Errorf("1 MiB password: got status %d after %s, want a quick 4xx", b.Status, time.Since(begin))
	}
}

func TestTH01_AHundredFailuresInARowSuspend(t *testing.T) {
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Limits.Failures.Count = 1e6 }))
	alice := recoverytest.Alice()
	w.Setup(alice)
	known := w.Browser()
	w.SignIn(known, alice, "/")
	stranger := w.Browser()
	for range 100 {
		stranger.Get("/").Submit("name", "alice", "password", "wrong horse staple").Want("sign-in")
	}
	stranger.Get("/").Submit("name", "alice", "password", alice.Password).Want("slow-down")
	if n := len(w.Outbox.To(alice.Mail, "notice")); n != 1 {
		t.Errorf("got %d notices, want the owner told once", n)
	}
	known.Post("/.sparekey/logout", url.Values{}).Want("signed-out")
	known.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor") // TH-04: her own browser counts for itself

	old := alice.Password
	alice.Password = "another horse battery"
	atNewPassword(t, w, alice).Submit("new_password", alice.Password).Want("sign-in")
	stranger.Get("/").Submit("name", "alice", "password", old).Want("sign-in")
	stranger.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor")
}

func TestMF07_RightPasswordWrongFactorIsToldOnceAnHour(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	for range 3 {
		b := w.Browser()
		b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor").Submit("code", wrongCodes(1, recoverytest.TOTP(w, alice.Key))[0])
	}
	if n := len(w.Outbox.To(alice.Mail, "notice")); n != 1 {
		t.Errorf("got %d notices within the hour, want 1", n)
	}
	w.Clock.Move(61 * time.Minute)
	w.Browser().Get("/").Submit("name", "alice", "password", alice.Password).Want("factor").Submit("code", "000000")
	if n := len(w.Outbox.To(alice.Mail, "notice")); n != 2 {
		t.Errorf("got %d notices after an hour, want 2", n)
	}
}

func TestHD10_TwoTabsTwoTargets(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	one := w.Browser()
	two := w.Browser()
	two.Client.Jar = one.Client.Jar
	one.Get("/one").Submit("name", "alice", "password", alice.Password).Want("factor")
	two.Get("/two").Submit("name", "alice", "password", alice.Password).Want("factor")
	w.Clock.Move(time.Minute)
	one.Submit("code", recoverytest.TOTP(w, alice.Key))
	w.Clock.Move(time.Minute)
	two.Submit("code", recoverytest.TOTP(w, alice.Key))
	if one.URL.Path != "/one" || two.URL.Path != "/two" {
		t.Errorf("got %s and %s, want /one and /two", one.URL.Path, two.URL.Path)
	}
}

func TestTH07_RecoveryMailsAreCountedSilently(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	for i := range 50 {
		b := w.Browser()
		b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent")
		if i == 20 {
			w.Clock.Move(10 * time.Minute)
		}
	}
	if n := len(w.Outbox.To(alice.Mail, "recover-code")); n != 3 {
		t.Errorf("got %d mails in the hour, want 3", n)
	}
}

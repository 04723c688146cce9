package e2e_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

const parallel = 200

// rounds is how often each secret is tried: each way to a winner is met in a few,
// and "make soak" looks for the rare ones.
func rounds() int {
	if os.Getenv("SPAREKEY_SOAK") == "" {
		return 10
	}
	return 50
}

// TestTK03_TwoCaddysOneWinner sends each single-use secret 200 times at once to
// two Caddys on one Redis. It runs alone: beside others a slow machine answers
// that the store takes too long, to all of them.
func TestTK03_TwoCaddysOneWinner(t *testing.T) {
	one := recoverytest.New(t, lab(t, "redis"), recoverytest.WithPolicy(func(p *recovery.Policy) {
		many := recovery.Rate{Count: 1e6, Per: time.Hour}
		p.Limits.SendsHourly, p.Limits.SendsDaily = many, many
	}))
	alice := recoverytest.Alice()
	one.Setup(alice)
	posts := &parallelPosts{t: t, clients: [2]*http.Client{one.Client(), one.SecondNode().Client()}, url: one.Server.URL + "/.sparekey/"}

	t.Run("link that anybody may open first", func(t *testing.T) {
		for round := range rounds() {
			one.Clock.Move(2 * time.Hour) // the losers are counted
			_, token, err := one.Engine.AddUser(t.Context(), recovery.NewAccount{Name: fmt.Sprintf("robin%d", round)})
			if err != nil {
				t.Fatal(err)
			}
			won := posts.send("", func(int) url.Values { return recoverytest.Fields("code", token) }, opened)
			if len(won) != 1 {
				t.Fatalf("round %d: %d browsers opened one invitation, want 1", round, len(won))
			}
		}
	})
	t.Run("link of a recovery, 200 passwords", func(t *testing.T) { onePasswordPerLink(t, one, posts, alice) })
	t.Run("authenticator code", func(t *testing.T) { oneSignInPerCode(t, one, posts) })
	t.Run("recovery code", func(t *testing.T) { oneSignInPerRecoveryCode(t, one, posts) })
}

// onePasswordPerLink sends a different password with each form.
func onePasswordPerLink(t *testing.T, one *recoverytest.World, posts *parallelPosts, alice *recoverytest.Person) {
	t.Helper()
	rounds := rounds()
	if os.Getenv("SPAREKEY_SOAK") == "" {
		rounds = 2 // each makes 200 password hashes
	}
	for round := range rounds {
		one.Clock.Move(25 * time.Hour)
		b := one.Browser()
		one.Ask(b, alice)
		b.Want("choice").Submit("choice", "password").Want("factor").Submit("code", recoverytest.TOTP(one, alice.Key)).Want("new-password")
		hidden := b.Hidden("new_password")
		password := func(i int) string { return fmt.Sprintf("battery number %d of %d horse", i, round) }
		won := posts.send(cookiesOf(b), func(i int) url.Values { return with(hidden, "new_password", password(i)) }, passwordTaken)
		if len(won) != 1 {
			t.Fatalf("round %d: %d passwords were taken with one link, want 1", round, len(won))
		}
		alice.Password = password(won[0])
		passwordShown(one, alice)
	}
}

// oneSignInPerCode takes the next person each ten rounds: the losers stay counted
// in the row of wrong codes of an account, up to a hundred.
func oneSignInPerCode(t *testing.T, one *recoverytest.World, posts *parallelPosts) {
	t.Helper()
	var p *recoverytest.Person
	for round := range rounds() {
		one.Clock.Move(25 * time.Hour)
		if round%10 == 0 {
			p = &recoverytest.Person{Name: fmt.Sprintf("dora%d", round), Password: "staple battery horse"}
			one.Invite(p)
		}
		b := passwordShown(one, p)
		hidden, code := b.Hidden("code"), recoverytest.TOTP(one, p.Key)
		won := posts.send(cookiesOf(b), func(int) url.Values { return with(hidden, "code", code) }, signedIn(b))
		if len(won) != 1 {
			t.Fatalf("round %d: one authenticator code signed in %d times, want once", round, len(won))
		}
	}
}

// oneSignInPerRecoveryCode spends each of the ten codes of a person, then takes
// the next person.
func oneSignInPerRecoveryCode(t *testing.T, one *recoverytest.World, posts *parallelPosts) {
	t.Helper()
	var p *recoverytest.Person
	for round := range rounds() {
		one.Clock.Move(25 * time.Hour)
		n := round % 10 // of the ten codes
		if n == 0 {
			p = &recoverytest.Person{Name: fmt.Sprintf("carol%d", round), Password: "staple battery horse"}
			one.Invite(p)
		}
		b := passwordShown(one, p).Submit("method", "recovery_code").Want("factor")
		hidden, code := b.Hidden("code"), p.Codes[n]
		won := posts.send(cookiesOf(b), func(int) url.Values { return with(hidden, "code", code) }, signedIn(b))
		if len(won) != 1 {
			t.Fatalf("round %d: one recovery code signed in %d times, want once", round, len(won))
		}
		if left := method.CodesLeft(account(t, one, p)); left != 9-n {
			t.Fatalf("round %d: %d codes are left, want %d", round, left, 9-n)
		}
	}
}

// passwordShown is a sign-in that only lacks the second factor.
func passwordShown(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
	w.TB.Helper()
	return w.Browser().Get("/").Submit("name", p.Name, "password", p.Password).Want("factor")
}

func account(t *testing.T, w *recoverytest.World, p *recoverytest.Person) *recovery.Account {
	t.Helper()
	a, err := w.Engine.Find(t.Context(), p.Name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What tells that a form has won.
func opened(res *http.Response) bool {
	for _, c := range res.Cookies() {
		if strings.HasPrefix(c.Name, "sparekey-flow") && c.Value != "" {
			return res.StatusCode == http.StatusSeeOther
		}
	}
	return false
}

func passwordTaken(res *http.Response) bool {
	return strings.Contains(res.Header.Get("Location"), "password_done")
}

func signedIn(b *recoverytest.Browser) func(*http.Response) bool {
	return func(res *http.Response) bool {
		for _, c := range res.Cookies() {
			if c.Name == "sparekey-"+b.URL.Port() && c.Value != "" {
				return true
			}
		}
		return false
	}
}

func cookiesOf(b *recoverytest.Browser) string {
	var pairs []string
	for _, c := range b.Client.Jar.Cookies(b.URL) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// with is hidden and one field more.
func with(hidden url.Values, name, value string) url.Values {
	fields := maps.Clone(hidden)
	fields.Set(name, value)
	return fields
}

// parallelPosts sends forms to two Caddys from behind one barrier.
type parallelPosts struct {
	t       *testing.T
	clients [2]*http.Client
	url     string
}

// send lists the forms that won.
func (p *parallelPosts) send(cookies string, fields func(i int) url.Values, won func(*http.Response) bool) []int {
	p.t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var wins []int
	answers := map[int]int{} // by status
	barrier := make(chan struct{})
	for i := range parallel {
		req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url, strings.NewReader(fields(i).Encode()))
		if err != nil {
			p.t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.Header.Set("Cookie", cookies)
		wg.Go(func() {
			<-barrier
			res, err := p.clients[i%2].Do(req)
			if err != nil {
				p.t.Error(err)
				return
			}
			defer res.Body.Close()
			_, _ = io.Copy(io.Discard, res.Body)
			mu.Lock()
			defer mu.Unlock()
			if answers[res.StatusCode]++; won(res) {
				wins = append(wins, i)
			}
		})
	}
	close(barrier)
	wg.Wait()
	if len(wins) != 1 {
		p.t.Logf("answers by status: %v", answers)
	}
	return wins
}

// TestTwoCaddysOfTwoPolicies: when a change of the policy has reached one of two
// Caddys only, log and doctor of both say so after ten minutes. Each reload says
// at once that the process runs, as every minute does.
func TestTwoCaddysOfTwoPolicies(t *testing.T) {
	t.Parallel()
	one := recoverytest.New(t, lab(t, "redis"))
	two := one.SecondNodeWith(func(p *recovery.Policy) { p.Lifetimes.Notice += 24 * time.Hour })
	const says = "another Caddy on this store has another"
	told := func() bool { return strings.Contains(one.Log(), says) && strings.Contains(two.Log(), says) }
	const step = 100 * time.Second // a process counts as running for two minutes
	for waited := time.Duration(0); waited < 30*time.Minute && !told(); waited += step {
		if waited < 8*time.Minute && (strings.Contains(one.Log(), says) || strings.Contains(two.Log(), says)) {
			t.Fatalf("told after %s, want ten minutes of patience", waited)
		}
		one.Clock.Move(step)
		one.Reload()
		two.Reload()
	}
	for name, w := range map[string]*recoverytest.World{"first": one, "second": two} {
		if !strings.Contains(w.Log(), says) {
			t.Errorf("the log of the %s does not say so", name)
		}
		if got := w.Doctor(); !strings.Contains(got, "another one since") || !strings.Contains(got, "(lifetime)") {
			t.Errorf("doctor of the %s: got %s\nwant it said, and what differs", name, got)
		}
	}
}

//go:build linux

package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// childVariable makes the test binary run the sign-ins themselves: the most
// memory a process ever held is told for a whole process only.
const childVariable = "SPAREKEY_TEST_SIGN_INS"

// signInsResult is what the child prints.
type signInsResult struct {
	Slots         int
	Before, After int // most memory held so far, KiB
	Refused       int // answers that are neither "go on" nor "wrong"
	Took          time.Duration
}

// TestParallelSignInsHoldMemory signs in 40 times at once, in "make soak" 100 times,
// with the real costs of the password hash. Each run needs 64 MiB; without slots 40
// would need 2.5 GiB, fifteen times the limit, and without care about garbage the
// heap doubles with the second of them (TH-10).
func TestParallelSignInsHoldMemory(t *testing.T) {
	recoverytest.Slow(t)
	if n := os.Getenv(childVariable); n != "" {
		childSignIns(t, n)
		return
	}
	tests := []struct {
		name           string
		cores, signIns int
	}{
		{"two cores", 2, 40},
		{"eight cores", 8, 16},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			switch {
			case os.Getenv("SPAREKEY_SOAK") != "":
				tt.signIns = tt.signIns * 5 / 2
			case recoverytest.UnderRace(t):
				tt.signIns = 8 // no memory is compared then: see the run without the race detector
			}
			r := runSignIns(t, tt.cores, tt.signIns)
			limit := r.Slots*64<<10 + 100<<10
			t.Logf("%d sign-ins in %v with %d slots: most memory held %d MiB, before that %d MiB; limit %d MiB",
				tt.signIns, r.Took.Round(time.Millisecond), r.Slots, r.After>>10, r.Before>>10, limit>>10)
			if want := max(1, tt.cores/2); r.Slots != want {
				t.Errorf("got %d slots with %d cores, want %d", r.Slots, tt.cores, want)
			}
			if r.Refused != 0 {
				t.Errorf("got %d sign-ins refused, want 0: they fit into the queue", r.Refused)
			}
			if recoverytest.UnderRace(t) {
				t.Log("memory is not compared: the race detector needs several times as much")
			} else if r.After > limit {
				t.Errorf("got %d KiB held at most, want at most %d", r.After, limit)
			}
		})
	}
}

func runSignIns(t *testing.T, cores, signIns int) (r signInsResult) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestParallelSignInsHoldMemory$", "-test.count=1")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", childVariable, signIns), fmt.Sprintf("GOMAXPROCS=%d", cores))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("child: %v\n%s", err, out)
	}
	_, text, ok := bytes.Cut(out, []byte("result "))
	if !ok {
		t.Fatalf("child printed no result:\n%s", out)
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&r); err != nil {
		t.Fatalf("child printed %q: %v", text, err)
	}
	return r
}

func childSignIns(t *testing.T, count string) {
	var n int
	if _, err := fmt.Sscan(count, &n); err != nil {
		t.Fatal(err)
	}
	world := recoverytest.New(t, recoverytest.WithPolicy(realHash))
	world.Setup(recoverytest.Alice())
	r := signInsResult{Slots: secret.NewHasher(secret.DefaultHash(), 0).Slots(), Before: peakMemory(t)}
	start := time.Now()
	statuses := signInAll(t, world, n)
	r.Took, r.After = time.Since(start), peakMemory(t)
	for status, count := range statuses {
		if status != http.StatusSeeOther && status != http.StatusUnprocessableEntity {
			r.Refused += count
		}
	}
	if statuses[http.StatusSeeOther] != 1 {
		t.Errorf("got %d people with the right password, want 1: %v", statuses[http.StatusSeeOther], statuses)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("result", string(text), runtime.Version())
}

// realHash has the memory of the default and one pass instead of three: what is
// held is the same, for a third of the time.
func realHash(p *recovery.Policy) {
	p.Hash = secret.DefaultHash()
	p.Hash.Time = 1
	p.Limits.Names.Count = 1e6
}

// signInAll posts n passwords at the same time: one right, the others of
// people who do not exist, which costs the same.
func signInAll(t *testing.T, w *recoverytest.World, n int) map[int]int {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	statuses := map[int]int{}
	var mu sync.Mutex
	var people sync.WaitGroup
	for i := range n {
		name := fmt.Sprintf("nobody%d", i)
		if i == n/2 {
			name = "alice"
		}
		people.Go(func() {
			status, err := postPassword(t, client, w.Server.URL, name)
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
			if err != nil {
				t.Error(err)
			}
		})
	}
	people.Wait()
	return statuses
}

func postPassword(t *testing.T, client *http.Client, base, name string) (int, error) {
	form := url.Values{"start": {"login"}, "name": {name}, "password": {recoverytest.Alice().Password}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/.sparekey/", strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// peakMemory is the most this process ever held in memory, in KiB.
func peakMemory(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kib int
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatalf("VmHWM: %v", err)
	}
	return kib
}

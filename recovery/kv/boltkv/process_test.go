//go:build unix

package boltkv_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		child(path)
	}
	goleak.VerifyTestMain(m)
}

func TestSecondOpenerIsRefused(t *testing.T) {
	t.Parallel()
	path := tempPath(t)
	open(t, path, boltkv.Options{})
	start := time.Now()
	_, err := boltkv.Open(path, boltkv.Options{})
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("refused after %v, want 5 s at most", took)
	}
	if !errors.Is(err, boltkv.ErrInUse) {
		t.Fatalf("got %v, want %v", err, boltkv.ErrInUse)
	}
	for _, word := range []string{path, "another process", "stop that one"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("got %q, want it to say %q", err, word)
		}
	}
}

func TestWidePermissionsAreRefused(t *testing.T) {
	path := tempPath(t)
	if err := open(t, path, boltkv.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o602, 0o610} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := boltkv.Open(path, boltkv.Options{})
		if !errors.Is(err, boltkv.ErrPermissions) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %#o: got %v, want %v with the file and the remedy", mode, err, boltkv.ErrPermissions)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, path, boltkv.Options{})
}

// childPath names the store that this test binary writes to until it is
// killed.
const childPath = "SPAREKEY_TEST_BOLTKV"

// child counts up in one record and prints each number once it is stored.
func child(path string) {
	d, err := boltkv.Open(path, boltkv.Options{})
	if err != nil {
		fmt.Println("child:", err)
		os.Exit(1)
	}
	for {
		old, err := d.Get(context.Background(), "n")
		n, _ := strconv.Atoi(string(old)) // "" the first time
		if err == nil {
			_, err = d.Swap(context.Background(), "n", old, []byte(strconv.Itoa(n+1)), 0)
		}
		if err != nil {
			fmt.Println("child:", err)
			os.Exit(1)
		}
		fmt.Println(n + 1)
	}
}

// TestKilled kills a writing process with no warning, many times: in the first
// start and later. What it said was stored must be there.
func TestKilled(t *testing.T) {
	t.Parallel()
	for round := range 12 {
		path := tempPath(t)
		var last int
		for _, numbers := range []int{round % 3, 5 + 7*round} { // none: as early as possible
			last = max(last, killAfter(t, path, numbers, time.Duration(round)*3*time.Millisecond))
			d, err := boltkv.Open(path, boltkv.Options{})
			if err != nil {
				t.Fatalf("round %d: Open after kill: %v", round, err)
			}
			got, err := d.Get(t.Context(), "n")
			if err != nil {
				t.Fatalf("round %d: Get: %v", round, err)
			}
			if n, _ := strconv.Atoi(string(got)); n < last || n > last+1 {
				t.Errorf("round %d: got %d, want %d or one more", round, n, last)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// killAfter runs a child, kills it once it has printed so many numbers (or,
// for 0, after delay) and returns the last it printed, 0 for none.
func killAfter(t *testing.T, path string, numbers int, delay time.Duration) (last int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childPath+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { _ = cmd.Process.Kill() } // it may have ended, which shows in what it printed
	if numbers == 0 {
		time.Sleep(delay)
		kill()
	}
	lines := bufio.NewScanner(out)
	for printed := 1; lines.Scan(); printed++ {
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Errorf("child printed %q", lines.Text())
		}
		if printed == numbers {
			kill()
		}
	}
	_ = cmd.Wait() // killed
	return last
}

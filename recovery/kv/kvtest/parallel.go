package kvtest

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Enough to make a read-then-write driver lose every time it is run.
const (
	parallel = 50
	rounds   = 4
)

// together runs f in n goroutines that start at the same moment.
func together(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			f(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

func testTake(t *testing.T, d kv.Driver) { takeOnce(t, d, d) }

// takeOnce lets many delete the same record, half of them through each driver.
func takeOnce(t *testing.T, a, b kv.Driver) {
	t.Helper()
	for round := range rounds {
		key := fmt.Sprintf("ticket/%d", round)
		mustSwap(t, a, key, nil, []byte("single use"))
		wins := swapTogether(t, a, b, key, []byte("single use"), nil)
		if wins != 1 {
			t.Fatalf("round %d: %d of %d took the record, want 1", round, wins, parallel)
		}
		wantValue(t, b, key, nil)
	}
}

func testCreate(t *testing.T, d kv.Driver) {
	for round := range rounds {
		key := fmt.Sprintf("first/%d", round)
		if wins := swapTogether(t, d, d, key, nil, []byte("mine")); wins != 1 {
			t.Fatalf("round %d: %d of %d created the record, want 1", round, wins, parallel)
		}
		wantValue(t, d, key, []byte("mine"))
	}
}

// swapTogether makes the same swap many times at once and counts successes.
func swapTogether(t *testing.T, a, b kv.Driver, key string, old, new []byte) int {
	t.Helper()
	var wins atomic.Int64
	together(parallel, func(i int) {
		d := a
		if i%2 == 1 {
			d = b
		}
		ok, err := d.Swap(t.Context(), key, old, new, 0)
		if err != nil {
			t.Errorf("Swap(%q): %v", key, err)
		}
		if ok {
			wins.Add(1)
		}
	})
	return int(wins.Load())
}

func testCount(t *testing.T, d kv.Driver) {
	const workers, each = 8, 10
	mustSwap(t, d, "n", nil, []byte("0"))
	together(workers, func(int) {
		for range each {
			if err := increment(t, d, "n"); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wantValue(t, d, "n", []byte(strconv.Itoa(workers*each)))
}

func increment(t *testing.T, d kv.Driver, key string) error {
	for {
		old, err := d.Get(t.Context(), key)
		if err != nil {
			return fmt.Errorf("get %q: %w", key, err)
		}
		n, err := strconv.Atoi(string(old))
		if err != nil {
			return fmt.Errorf("count in %q: %w", key, err)
		}
		ok, err := d.Swap(t.Context(), key, old, []byte(strconv.Itoa(n+1)), 0)
		if err != nil {
			return fmt.Errorf("swap %q: %w", key, err)
		}
		if ok {
			return nil
		}
	}
}

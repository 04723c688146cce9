package web_test

import (
	"io"
	"net/http"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// long is a body of so many bytes, with a trailer where wanted.
type long struct{ size, sent int64 }

func (b *long) Read(p []byte) (int, error) {
	// A client may still send after its answer is there, so the count is atomic.
	n := min(int64(len(p)), b.size-atomic.LoadInt64(&b.sent))
	if n <= 0 {
		return 0, io.EOF
	}
	atomic.AddInt64(&b.sent, n)
	return int(n), nil
}

// TestBodiesPassAsTheyCome: however long one is, the gate keeps nothing of it, in
// either direction; one that is refused is not read.
func TestBodiesPassAsTheyCome(t *testing.T) {
	recoverytest.Slow(t)
	size := int64(256 << 20)
	if os.Getenv("SPAREKEY_SOAK") != "" {
		size = 1 << 30
	}
	var got atomic.Int64
	w, _, key := keyed(t, func(w *recoverytest.World) {
		w.App = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			got.Store(n)
			_, _ = io.Copy(rw, &long{size: size})
		})
	})
	highest := watchHeap(t)
	for _, trailer := range []http.Header{nil, {"X-Sum": nil, "Remote-User": nil}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.Server.URL+"/api/x", io.NopCloser(&long{size: size}))
		if err != nil {
			t.Fatal(err)
		}
		req.Header, req.Trailer, req.ContentLength = bearer(key), trailer, -1
		if trailer == nil {
			req.ContentLength = size
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		back, err := io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if err != nil || got.Load() != size || back != size {
			t.Errorf("got %d bytes there and %d back (%v), want %d", got.Load(), back, err, size)
		}
	}
	if n := highest(); n > 32<<20 {
		t.Errorf("got %d MiB on the heap, want it flat", n>>20)
	}
	refused := &long{size: size}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.Server.URL+"/api/x", io.NopCloser(refused))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = size
	if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
		_ = res.Body.Close()
	}
	if read := atomic.LoadInt64(&refused.sent); read > 16<<20 {
		t.Errorf("got %d MiB sent of a body that is refused", read>>20)
	}
}

// watchHeap returns what was most on the heap until it is asked, beyond now.
func watchHeap(t *testing.T) func() int64 {
	t.Helper()
	heap := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	runtime.GC()
	before, most := heap(), int64(0)
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for tick := time.NewTicker(10 * time.Millisecond); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				most = max(most, heap()-before)
			}
		}
	}()
	return func() int64 {
		close(done)
		<-over
		return most
	}
}

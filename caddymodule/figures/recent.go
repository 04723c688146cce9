package figures

import (
	"hash/maphash"
	"sync"
	"time"
)

// recent are the sessions that were used lately, by a hash that says nothing of
// them.
type recent struct {
	now  func() time.Time
	seed maphash.Seed

	mu    sync.Mutex
	used  map[uint64]time.Time
	swept time.Time
}

const (
	within   = time.Hour
	sessions = 100_000 // some 5 MB
)

func (r *recent) saw(account, session string) {
	key := maphash.String(r.seed, account) ^ maphash.String(r.seed, session)<<1
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.used[key]; !known && len(r.used) >= sessions {
		if now.Sub(r.swept).Abs() >= time.Minute { // a look at all is not for each request
			r.sweep(now)
		}
		if len(r.used) >= sessions {
			return
		}
	}
	r.used[key] = now
}

func (r *recent) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(r.now())
	return len(r.used)
}

// sweep forgets what is older. It needs the lock.
func (r *recent) sweep(now time.Time) {
	r.swept = now
	for key, at := range r.used {
		if now.Sub(at).Abs() >= within {
			delete(r.used, key)
		}
	}
}

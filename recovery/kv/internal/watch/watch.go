// Package watch is the list of callbacks behind a driver's kv.Watcher.
package watch

import "sync"

// List calls every registered function. The zero value is ready to use and
// safe for many goroutines.
type List struct {
	mu    sync.RWMutex
	next  int
	calls map[int]func(sum uint64)
}

// Add registers changed until stop is called. Once stop has returned changed
// is not called any more; stop must not be called from within changed.
func (l *List) Add(changed func(sum uint64)) (stop func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == nil {
		l.calls = make(map[int]func(uint64))
	}
	id := l.next
	l.next++
	l.calls[id] = changed
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.calls, id)
	}
}

// Report calls every registered function with sum, in this goroutine.
func (l *List) Report(sum uint64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, changed := range l.calls {
		changed(sum)
	}
}

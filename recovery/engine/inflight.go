package engine

import (
	"slices"
	"sync"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// inFlight is what this process has queued and not heard of yet.
type inFlight struct {
	mu   sync.Mutex
	jobs map[string]bool
}

// begin reports whether the job was not there.
func (f *inFlight) begin(job string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.jobs == nil {
		f.jobs = map[string]bool{}
	}
	if f.jobs[job] {
		return false
	}
	f.jobs[job] = true
	return true
}

func (f *inFlight) end(job string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.jobs, job)
}

func (f *inFlight) has(id string, to []recovery.Recipient) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(to, func(r recovery.Recipient) bool { return f.jobs[job(id, r)] })
}

func job(id string, to recovery.Recipient) string { return id + " " + to.Channel + " " + to.Value }

package e2e

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"
)

// Log takes what a process writes to its standard error.
type Log struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

// String is all of it.
func (l *Log) String() string { return l.After(0) }

// Len is how long it is by now, for [Log.After].
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.text)
}

// After is what was written after the first n bytes.
func (l *Log) After(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text[n:])
}

// Field returns the values of a field, oldest first. Caddy writes a JSON object
// a line when nobody sits at a terminal.
func (l *Log) Field(name string) []string {
	var values []string
	for line := range strings.Lines(l.String()) {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) != nil {
			continue
		}
		if v, ok := fields[name].(string); ok {
			values = append(values, v)
		}
	}
	return values
}

// Wait waits for a line with a field and returns its value.
func (l *Log) Wait(tb testing.TB, field string) string {
	tb.Helper()
	for start := time.Now(); time.Since(start) < patience; time.Sleep(20 * time.Millisecond) {
		if values := l.Field(field); len(values) > 0 {
			return values[len(values)-1]
		}
	}
	tb.Fatalf("no field %q in the log:\n%s", field, l)
	return ""
}

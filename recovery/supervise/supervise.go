// Package supervise keeps a panic in a goroutine of ours from ending the web
// server around it. Every goroutine begins here (TestGoroutinesAreSupervised), and
// what goes on for long calls Run for each round, so that the next one comes.
package supervise

import (
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
)

// Run calls f. A panic in it is logged and returned from as if f had ended; what f
// has deferred has run by then.
func Run(log *slog.Logger, what string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			Report(log, what, p)
		}
	}()
	f()
}

// Func is [Run] to be called later, by a timer or a group.
func Func(log *slog.Logger, what string, f func()) func() {
	return func() { Run(log, what, f) }
}

// Report logs a recovered panic with its stack. Its value is logged only when the
// Go runtime made it: any other could hold a secret. A nil log is slog.Default().
func Report(log *slog.Logger, what string, p any) {
	if log == nil {
		log = slog.Default()
	}
	value := fmt.Sprintf("%T", p)
	if err, ok := p.(runtime.Error); ok {
		value = err.Error()
	}
	log.Error("panic", "in", what, "error", value, "stack", string(debug.Stack()))
}

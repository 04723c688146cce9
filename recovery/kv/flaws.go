package kv

import (
	"context"
	"time"
)

// Flaw is something wrong with a store that answers all the same.
type Flaw struct {
	About  string // one word: disk, clock, redis
	Text   string // what is wrong, without secrets
	Remedy string // what to do about it
	Bad    bool   // it does not work, or will not for long; else somebody should look at it
}

// Examined is offered by drivers that can look at what they stand on.
type Examined interface {
	// Flaws lists what is wrong, as far as that can be seen; now is the time here. It
	// changes nothing.
	Flaws(ctx context.Context, now time.Time) []Flaw
}

package caddymodule

import (
	"fmt"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// duration reads one that is more than nothing. Placeholders are none: what is
// written there decides how long things are good for, and the file shows it.
func duration(text string) (time.Duration, error) {
	t, err := caddy.ParseDuration(text)
	switch {
	case !literal(text):
		return 0, fmt.Errorf("%s: placeholders are not replaced here: write the duration, or {$NAME}, which is replaced when the file is read", text)
	case err != nil || t < 0:
		return 0, fmt.Errorf("%q is no duration: write it like 90s, 5m, 8h or 3d", text)
	}
	return t, nil
}

// positive reads a count of one and more.
func positive(text string) (int, error) {
	n, err := strconv.Atoi(text)
	switch {
	case !literal(text):
		return 0, fmt.Errorf("%s: placeholders are not replaced here: write the count, or {$NAME}, which is replaced when the file is read", text)
	case err != nil || n < 1:
		return 0, fmt.Errorf("%q is no count: write one like 5", text)
	}
	return n, nil
}

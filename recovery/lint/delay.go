package lint

import (
	"strconv"
	"time"
)

// Delay is a duration that is written as people say it: "24h", "0s".
type Delay time.Duration

// String writes whole hours as hours.
func (d Delay) String() string {
	if t := time.Duration(d); t >= time.Hour && t%time.Hour == 0 {
		return strconv.Itoa(int(t/time.Hour)) + "h"
	}
	return time.Duration(d).String()
}

// MarshalText implements encoding.TextMarshaler with [Delay.String].
func (d Delay) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

package caddymodule

import (
	"fmt"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// untilChecks tells of keys that have an end: whether it has come, and whether it
// comes before they are needed no more.
func (o *operations) untilChecks(s engine.KeyState) []check {
	all, err := o.app.configuredRoots()
	if err != nil {
		return nil // said by whoever opens the store
	}
	now := o.engine.Now()
	var out []check
	for i, k := range all {
		text := fmt.Sprintf("secret %d opens until %s", i+1, lastDay(k.ends))
		switch {
		case k.ends.IsZero():
		case !now.Before(k.ends):
			out = append(out, check{"secret", levelWarning, fmt.Sprintf("secret %d ended with %s, and opens nothing", i+1, lastDay(k.ends)), "take it away", nil})
		case s.Older:
			out = append(out, check{
				"secret", levelWarning, text + ", and records may still be sealed with it: from then on they would not open",
				"before that day, once the new key is in front on every Caddy: caddy sparekey rekey", nil,
			})
		case k.ends.Before(s.Free):
			out = append(out, check{
				"secret", levelWarning, text + "; links and codes that were sent need it until " + s.Free.Local().Format(time.DateTime),
				"write until " + s.Free.UTC().Format(time.DateOnly) + ", or later", nil,
			})
		default:
			out = append(out, fine("secret", "%s; no record, link or code needs it longer", text))
		}
	}
	return out
}

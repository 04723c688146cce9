package caddymodule

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

func TestDoctorJudgesTheClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		state engine.ClockState
		left  bool
		level level
		want  string
		built time.Time
	}{
		{"right", engine.ClockState{Latest: now.Add(-time.Minute)}, false, levelOK, "has not jumped", now.AddDate(0, -1, 0)},
		{"another one's is a minute ahead", engine.ClockState{Latest: now.Add(time.Minute)}, false, levelOK, "has not jumped", time.Time{}},
		{"behind", engine.ClockState{Latest: now.Add(time.Hour)}, true, levelWarning, "behind what was seen before, by 1h0m0s", time.Time{}},
		{"jumped yesterday", engine.ClockState{Jumped: now.AddDate(0, 0, -1), By: -time.Hour}, false, levelWarning, "jumped by -1h0m0s", time.Time{}},
		{"jumped last month", engine.ClockState{Jumped: now.AddDate(0, -1, 0), By: -time.Hour}, false, levelOK, "has not jumped", time.Time{}},
		{"nothing sets it", engine.ClockState{}, true, levelOK, "does not say that anything keeps it right", time.Time{}},
		{"wrong from the start", engine.ClockState{Latest: now}, false, levelWarning, "behind the day on which this program was written", now.AddDate(0, 0, 1)},
	} {
		c := judgeClock(tt.state, now, tt.left, tt.built)
		if c.Level != tt.level || !strings.Contains(c.Text, tt.want) || (c.Level != levelOK) != (c.Remedy != "") {
			t.Errorf("%s: got %+v, want %s %q", tt.name, c, tt.level, tt.want)
		}
	}
}

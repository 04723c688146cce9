package caddymodule

import (
	"strings"
	"testing"
	"time"
)

// doctor says until which day an old secret is needed, and by what.
func TestDoctorTellsUntilWhenAnOldSecretIsNeeded(t *testing.T) {
	t.Parallel()
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	trail := map[string]time.Time{"old": day("2031-02-03"), "older": day("2030-05-06")}
	for name, tc := range map[string]struct {
		free  time.Time
		trail map[string]time.Time
		have  []string
		level level
		want  string
	}{
		"nothing needs it":        {have: []string{"new", "old"}, level: levelWarning, want: "with the first key"},
		"codes that were sent do": {free: day("2030-01-02"), have: []string{"new", "old"}, level: levelOK, want: "may go after 2030-01-02"},
		"the audit trail does":    {trail: trail, have: []string{"new", "old", "older"}, level: levelOK, want: "until 2031-02-03, and go by themselves with: until 2031-02-03"},
		"both":                    {free: day("2030-01-02"), trail: trail, have: []string{"new", "older"}, level: levelOK, want: "until 2030-05-06: they go by themselves with: until 2030-05-06"},
	} {
		if got := spareKeys(tc.free, tc.trail, tc.have); got.Level != tc.level || !strings.Contains(got.Text, tc.want) {
			t.Errorf("%s: got %+v, want %q", name, got, tc.want)
		}
	}
	if got := trailKeys(trail, []string{"new", "older"}); len(got) != 1 || !strings.Contains(got[0].Text, "nothing of it is left after 2031-02-03") {
		t.Errorf("got %+v, want that one key is not here, and until when it would be of use", got)
	}
}

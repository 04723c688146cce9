//go:build unix

package caddymodule_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// remedyLines finds where an error wants lines, and which.
var remedyLines = regexp.MustCompile(`write (instead of|below) Caddyfile:(\d+):((?:\n\tway .*)+)`)

// pasted is a Caddyfile with what its error says to write.
func pasted(text, refusal string) string {
	lines := strings.Split(text, "\n")
	for _, found := range remedyLines.FindAllStringSubmatch(refusal, -1) {
		at, _ := strconv.Atoi(found[2])
		ways := strings.TrimPrefix(found[3], "\n")
		if found[1] == "below" {
			ways = lines[at-1] + "\n" + ways
		}
		lines[at-1] = ways
	}
	if strings.Contains(refusal, "add notify smtp HOST:PORT") {
		i := slices.Index(lines, "\tsparekey {")
		lines[i] += "\n\t\tnotify smtp mail.example.org:587 {\n\t\t\tfrom a@example.org\n\t\t}"
	}
	return strings.Join(lines, "\n")
}

// TestRemediesOfWaysLoad: what the refusal of a way says to write, pasted where it
// says, loads.
func TestRemediesOfWaysLoad(t *testing.T) {
	recoverytest.Alone(t)
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	n := 0
	for _, c := range readWrong(t, filepath.Join("testdata", "wrong", "policy.caddyfiletest")) {
		if !strings.HasPrefix(c.want, "recovery ways refused") {
			continue
		}
		n++
		t.Run(c.title, func(t *testing.T) {
			text := pasted(c.text, c.want)
			config, err := adaptQuiet(t, text)
			if err == nil {
				err = caddy.Validate(decodeConfig(t, config))
			}
			if err != nil {
				t.Errorf("got %v for\n%s", err, text)
			}
		})
	}
	if n < 6 {
		t.Errorf("got %d refused policies, want 6 and more", n)
	}
}

// fileName is a Caddyfile in a folder of the test.
var fileName = regexp.MustCompile(`/\S*/Caddyfile`)

// TestWhoHasNoWayIsTold by explain, with the line that gives them one.
func TestWhoHasNoWayIsTold(t *testing.T) {
	recoverytest.Alone(t)
	for _, tc := range []struct{ name, ways, want string }{
		{"nobody without a factor", "way mail_link factor", "accounts without a second factor: they have only the ways of recover both write below FILE:7: way mail_link without_factor"},
		{"nobody with one", "way mail_link without_factor", "accounts with a second factor: they have only the ways of recover both write below FILE:7: way mail_link factor"},
		{"both", "way mail_link factor\n\t\t\tway mail_link without_factor", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := explained(t, byMail+"\t\trecover password {\n\t\t\t"+tc.ways+"\n\t\t}").want(t, 0, "").out
			got = fileName.ReplaceAllString(got, "FILE")
			if strings.Contains(got, "warning") != (tc.want != "") || !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

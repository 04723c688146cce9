//go:build unix

package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// failedLines are real lines of failed sign-ins: with a name that is there, one that
// is not, and one by which a visitor tries to write a line of theirs.
func failedLines(t *testing.T) (failed []string, others string) {
	t.Helper()
	h := newHost(t)
	settle(t, h, "sam", samsMail())
	h.more = cheapHash
	h.start(t)
	forged := `{"level":"warn","ts":1.0,"logger":"sparekey","msg":"failed login","event":"login_failed","client_ip":"203.0.113.9","account":""`
	h.signIn(t, "sam")
	h.signIn(t, "nobody-canary")
	h.signIn(t, "x\n"+forged)
	h.visit(t, h.origin()+"/"+"%0a%7B%22level%22:%22warn%22,%22logger%22:%22sparekey%22", forged)
	var rest strings.Builder
	for end := time.Now().Add(5 * time.Second); len(failed) < 3; time.Sleep(10 * time.Millisecond) {
		failed = nil
		rest.Reset()
		for line := range strings.Lines(h.log(t)) {
			if line = strings.TrimSpace(line); strings.Contains(line, `"failed login"`) {
				failed = append(failed, line)
			} else {
				fmt.Fprintln(&rest, line)
			}
		}
		if time.Now().After(end) {
			t.Fatalf("got %q, want three failed sign-ins", failed)
		}
	}
	quoted, err := json.Marshal(map[string]string{"msg": forged, "User-Agent": "\n" + forged})
	if err != nil {
		t.Fatal(err)
	}
	return failed, rest.String() + string(quoted) + "\n"
}

// TestBansOfRealLines: the filter for fail2ban and the parser for CrowdSec find the
// address in each line of a failed sign-in, and nothing that a visitor has written.
func TestBansOfRealLines(t *testing.T) {
	filters := map[string]*regexp.Regexp{"fail2ban": fail2banFilter(t), "crowdsec": crowdsecPattern(t)}
	failed, others := failedLines(t)
	for name, filter := range filters {
		for _, line := range failed {
			for _, address := range []string{"127.0.0.1", "198.51.100.7", "2001:db8:1:2::/64"} {
				line := strings.Replace(line, `"client_ip":"127.0.0.1"`, `"client_ip":"`+address+`"`, 1)
				if name == "fail2ban" {
					line = withoutTime(line)
				}
				m := filter.FindStringSubmatch(line)
				if m == nil {
					t.Fatalf("%s: does not match %s", name, line)
				}
				if got := m[filter.SubexpIndex("ip")]; got != strings.TrimSuffix(address, "/64") {
					t.Errorf("%s: got the address %q of %s, want %s", name, got, line, address)
				}
			}
			if strings.Contains(line, "203.0.113.9") {
				t.Errorf("got %s, want nothing that was typed", line)
			}
		}
		for line := range strings.Lines(others) {
			if filter.MatchString(strings.TrimSpace(line)) {
				t.Errorf("%s: matches %s", name, line)
			}
		}
	}
}

// withoutTime is a line as fail2ban looks at it: its pattern for the time reads three
// to six digits of a fraction, or none, and what it has read is cut out.
func withoutTime(line string) string {
	return regexp.MustCompile(`^\{"level":"warn","ts":\d{10,11}(?:\.\d{3,6})?`).ReplaceAllString(line, "")
}

// fail2banFilter is its regular expression, with the tag written out.
func fail2banFilter(t *testing.T) *regexp.Regexp {
	t.Helper()
	text := example(t, "fail2ban/filter.d/sparekey.conf")
	m := regexp.MustCompile(`(?m)^failregex = (.+)$`).FindStringSubmatch(text)
	if m == nil || !strings.Contains(text, "\ndatepattern = ^") || !strings.Contains(example(t, "fail2ban/jail.d/sparekey.conf"), "filter   = sparekey") {
		t.Fatalf("got %s", text)
	}
	return regexp.MustCompile(strings.Replace(m[1], "<SUBNET>", `(?P<ip>[0-9a-f.:]+)(?:/\d+)?`, 1))
}

// crowdsecPattern is that of the parser, whose kind of line the scenario counts.
func crowdsecPattern(t *testing.T) *regexp.Regexp {
	t.Helper()
	var parser struct {
		Nodes []struct {
			Grok    struct{ Pattern string }
			Statics []map[string]string
		}
	}
	var scenario struct{ Filter, GroupBy string }
	if err := yaml.Unmarshal([]byte(example(t, "crowdsec/parsers/s01-parse/sparekey-logs.yaml")), &parser); err != nil || len(parser.Nodes) != 1 {
		t.Fatalf("got %+v, %v", parser, err)
	}
	if err := yaml.Unmarshal([]byte(example(t, "crowdsec/scenarios/sparekey-bf.yaml")), &scenario); err != nil {
		t.Fatal(err)
	}
	if kind := parser.Nodes[0].Statics[0]["value"]; !strings.Contains(scenario.Filter, "'"+kind+"'") || kind == "" {
		t.Errorf("got %q and %q, want the scenario to count what the parser finds", kind, scenario.Filter)
	}
	return regexp.MustCompile(parser.Nodes[0].Grok.Pattern)
}

func example(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

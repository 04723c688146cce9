package caddymodule

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

var updateNumbers = flag.Bool("update-numbers", false, "write recovery/NUMBERS.md")

// numbers is the page of every lifetime and limit.
func numbers() string {
	var b strings.Builder
	b.WriteString("# Numbers\n\nEvery lifetime and every limit that `lifetime NAME DURATION` and `limit NAME COUNT per DURATION` set, from the code.\n" +
		"A value out of bounds is refused with its line. The ways and their waits are in FLOWS.md.\n\n" +
		"| `lifetime` | default | at least | at most | what for |\n| --- | --- | --- | --- | --- |\n")
	p := recovery.Default()
	for _, r := range lifetimeRows() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r.name, spoken(*r.of(&p.Lifetimes)), spoken(r.least), spoken(r.most), r.why)
	}
	b.WriteString("\n| `limit` | default | bounds | what for |\n| --- | --- | --- | --- |\n")
	for _, r := range limitRows() {
		rate := r.of(&p.Limits)
		fmt.Fprintf(&b, "| `%s` | %d per %s | %d to %d per %s to %s | %s |\n", r.name, rate.Count, spoken(rate.Per), r.fewest, r.most, spoken(r.shortest), spoken(r.whole), r.why)
	}
	l := p.Limits
	fmt.Fprintf(&b, "\nNot to be set:\n\n"+
		"- Each code: %d tries in a flow.\n"+
		"- PIN and question: %d wrong answers a day.\n"+
		"- An authenticator is suspended after %d wrong codes in a row.\n"+
		"- After the free failures the first wait is %s; it doubles up to %s.\n"+
		"- Counters of names that nobody has: at most %d MiB of the store.\n"+
		"- A wait counts as an obstacle from %s on.\n"+
		"- A hash below argon2id t=2 m=19MiB p=1 is refused (OWASP).\n"+
		"- A root key has 32 bytes, a secret of a webhook at least 16 characters.\n",
		l.CodeTries, l.Memory, l.Consecutive, spoken(l.FirstWait), spoken(l.LastWait), l.Strangers>>20, spoken(recovery.MinWait))
	return b.String()
}

// TestNumbersAreWrittenDown holds the page against the code, which a person reads
// before changing a number (ASVS 6.1.1).
func TestNumbersAreWrittenDown(t *testing.T) {
	t.Parallel()
	const path = "../recovery/NUMBERS.md"
	want := numbers()
	if *updateNumbers {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil { //nolint:gosec // a page to be read
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s differs from the code (%v): run go test ./caddymodule -run TestNumbersAreWrittenDown -update-numbers", path, err)
	}
}

// TestDefaultsAreWithinTheirBounds, and a limit that is none is refused.
func TestDefaultsAreWithinTheirBounds(t *testing.T) {
	t.Parallel()
	p := recovery.Default()
	for _, r := range lifetimeRows() {
		if err := r.check(*r.of(&p.Lifetimes)); err != nil {
			t.Error(err)
		}
	}
	for _, r := range limitRows() {
		if err := r.check(*r.of(&p.Limits)); err != nil {
			t.Error(err)
		}
	}
	if err := limitOf("failures").check(recovery.Rate{Count: 1_000_000, Per: time.Second}); err == nil || !strings.Contains(err.Error(), "use 1 to 20 per 1m to 24h") {
		t.Errorf("a million failures: got %v, want the bounds", err)
	}
}

package method

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"sort"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
)

//go:embed testdata/foreign.txt.gz
var foreign []byte

func newPassword(typed string) *recovery.Problem {
	a := &recovery.Account{Name: "alice", SecondFactor: true}
	a.AddAddresses("alice.liddell@wonderland.example", "+41791234567")
	t := recovery.Try{Account: a, Policy: &recovery.Policy{Site: "Croquet ground"}, Client: recovery.Client{Host: "hedgehogs.example.org:8443"}}
	s, ok := opaque(typed)
	return check(t, s, ok)
}

// None of the first 3,000 of a list that ours was not made of is accepted (ASVS
// 5.0, 6.2.4).
func TestCommonPasswordsAreRefused(t *testing.T) {
	r, err := gzip.NewReader(bytes.NewReader(foreign))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Fields(string(text))
	if len(list) < 2900 {
		t.Fatalf("got %d, want about 3,000", len(list))
	}
	for _, typed := range list {
		for _, typed := range []string{typed, strings.ToUpper(typed)} {
			if p := newPassword(typed); p == nil {
				t.Errorf("%q is accepted", typed)
			}
		}
	}
}

func TestTheListIsSorted(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(listed(), "\n"), "\n")
	if !sort.StringsAreSorted(lines) || len(lines) < 10_000 {
		t.Fatalf("%d lines, sorted %v; want at least 10,000, sorted", len(lines), sort.StringsAreSorted(lines))
	}
	for _, typed := range []string{lines[0], lines[1], lines[len(lines)/2], lines[len(lines)-1], "AzertyUiop", "motdepasse", "PASSWORD1"} {
		if !common(typed) {
			t.Errorf("%q is in the list and not found", typed)
		}
	}
	for _, typed := range []string{"", "\x00", "correct horse staple", "\U0010ffff", lines[0] + "x y z"} {
		if common(typed) {
			t.Errorf("%q is found and not in the list", typed)
		}
	}
}

func TestWordsOfThePlaceAreNoPassword(t *testing.T) {
	for typed, want := range map[string]string{
		"alice.liddell@wonderland.example":   recovery.ProblemLikeName,
		"Wonderland1!":                       recovery.ProblemLikeName,
		"wonderland":                         recovery.ProblemLikeName,
		"liddell#9":                          recovery.ProblemLikeName,
		"croquet ground":                     recovery.ProblemLikeName,
		"Croquet Ground99":                   recovery.ProblemLikeName,
		"hedgehogs":                          recovery.ProblemLikeName,
		"hedgehogs.example.org":              recovery.ProblemLikeName,
		"+41791234567":                       recovery.ProblemLikeName,
		"41791234567":                        recovery.ProblemLikeName,
		"Sparekey":                           recovery.ProblemLikeName,
		"sparekey123":                        recovery.ProblemLikeName,
		"alice in w":                         recovery.ProblemLikeName, // the name, and too little beside it
		"croquet with four flamingos":        "",
		"two hedgehogs and a queen of cards": "",
		"battery horse staple":               "",
	} {
		got := ""
		if p := newPassword(typed); p != nil {
			got = p.Key
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

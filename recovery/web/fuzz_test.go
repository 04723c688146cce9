package web_test

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

func FuzzSafeReturn(f *testing.F) {
	for _, s := range []string{"/", "/a?b=c#d", "//x", "/\\x", "/%2f/x", "https://x", "/\t/x", "/a/..//x", "/.sparekey/logout", "/%5c%5cx"} {
		f.Add(s)
	}
	base, err := url.Parse("https://good.example/here")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, target string) {
		got := web.SafeReturn(target)
		if got != "/" && got != target {
			t.Fatalf("%q became %q", target, got)
		}
		u, err := base.Parse(got)
		if err != nil || u.Host != "good.example" || u.Scheme != "https" {
			t.Fatalf("%q leads to %v, %v", target, u, err)
		}
		if strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t\x00") {
			t.Fatalf("%q gives %q", target, got)
		}
	})
}

func FuzzScrub(f *testing.F) {
	f.Add("Remote-User", "admin", "close, Remote-User", "a=b; sparekey-8080=x; __Host-sparekey=y")
	f.Add("remote.user", "x", "upgrade", "sparekey=")
	f.Fuzz(func(t *testing.T, name, value, connection, cookie string) {
		r := &http.Request{Header: http.Header{name: {value}, "Connection": {connection}, "Cookie": {cookie}}}
		web.Front{}.Scrub(r)
		web.Introduce(r, &guard.Identity{User: "alice"})
		for k, v := range r.Header {
			rest, ours := strings.CutPrefix(strings.ToLower(k), "remote")
			ours = ours && rest != "" && !strings.ContainsAny(rest[:1], "abcdefghijklmnopqrstuvwxyz0123456789")
			if ours && (len(v) != 1 || v[0] != "alice" && v[0] != "") {
				t.Fatalf("%q: %q is left", k, v)
			}
		}
		for _, line := range r.Header["Connection"] {
			if strings.Contains(strings.ToLower(line), "remote") {
				t.Fatalf("connection %q is left as %q", connection, line)
			}
		}
		for _, line := range r.Header["Cookie"] {
			for part := range strings.SplitSeq(line, ";") {
				n, _, _ := strings.Cut(strings.TrimSpace(part), "=")
				n = strings.TrimPrefix(strings.ToLower(n), "__host-")
				if n == "sparekey" || strings.HasPrefix(n, "sparekey-") {
					t.Fatalf("cookie %q is left in %q", part, line)
				}
			}
		}
	})
}

// FuzzCanonical: what has a canonical path has one only, and no reader that undoes
// encodings, takes backslashes for slashes or resolves dots gets out of its folder.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"/a/b", "/a/%2e%2e/b", "/a%252fb", `/a\\b`, "/a;x/..", "/%ef%bc%8f", "/a%00", "/%", "/.well-known/x", "//a", "/a./b ", "/a:b/c", "/%c0%af", "/%ef%bc%852e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, escaped string) {
		got, ok := web.Canonical(escaped)
		if !ok {
			if got != "" {
				t.Fatalf("%q gives %q and no answer", escaped, got)
			}
			return
		}
		if again, ok := web.Canonical(got); !ok || again != got {
			t.Fatalf("%q gives %q, and that %q (%v)", escaped, got, again, ok)
		}
		if !strings.HasPrefix(got, "/") || strings.Contains(got, "//") || strings.ContainsAny(got, "\\;:\x00\r\n") || path.Clean(got) != strings.TrimSuffix(got, "/") && got != "/" {
			t.Fatalf("%q gives %q", escaped, got)
		}
		plain := strings.ReplaceAll(escaped, `\`, "/")
		for range 4 {
			if slices.Contains(strings.Split(plain, "/"), "..") {
				t.Fatalf("%q gives %q, and can be read as %q", escaped, got, plain)
			}
			if next, err := url.PathUnescape(plain); err == nil {
				plain = strings.ReplaceAll(next, `\`, "/")
			}
		}
	})
}

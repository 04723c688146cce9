//go:build unix

package caddymodule_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

const kept = "what only people with an account may read"

// TestHD07_NoReaderServesWhatIsOpen sends some hundred spellings of a protected
// file, as they are, to servers and frameworks that read an address each in its own
// way. What one of them takes for the protected file must not be open here, whether
// by a rule or by the matcher of the directive.
func TestHD07_NoReaderServesWhatIsOpen(t *testing.T) {
	recoverytest.Slow(t)
	folder := protectedFolder(t)
	h := newHost(t)
	session := h.seed(t)
	gate := fmt.Sprintf("localhost:%d", h.port)
	served := servedBy(t, otherReaders(t, folder))
	for name, directive := range map[string]string{
		"a rule": "{\n\t\topen /public/*\n\t}", "a matcher": "/admin/*", "a matcher of all but what is open": "@private",
	} {
		t.Run(name, func(t *testing.T) {
			h.gate = directive
			h.site = "@private not path /public/*\n\t@kept path /admin/*\n\theader @kept Kept yes\n\troot * " + folder + "\n\tfile_server"
			h.start(t)
			none := servedBy(t, []reader{{"Caddy", gate, h.cookie(session)}})
			maps.Copy(none, served)
			noneIsOpen(t, gate, none)
			for _, target := range []string{"/public/style.css", "/public/a%20b", "/public/sub/", "/public/x?y=/../z"} {
				if status, _ := send(t, gate, target, ""); status == http.StatusUnauthorized {
					t.Errorf("%s: got 401, want it open", target)
				}
			}
		})
	}
}

// servedBy lists the spellings for which each of them serves the protected file.
func servedBy(t *testing.T, readers []reader) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, r := range readers {
		for _, target := range spellings() {
			if _, body := send(t, r.address, target, r.cookie); strings.Contains(body, kept) || strings.Contains(body, "\nKept: yes") {
				out[r.name] = append(out[r.name], target)
			}
		}
		if n := len(out[r.name]); n < 5 {
			t.Errorf("%s served the protected file for %d spellings, so this proves nothing", r.name, n)
		}
	}
	return out
}

func noneIsOpen(t *testing.T, gate string, served map[string][]string) {
	t.Helper()
	asked := map[string]int{}
	for name, targets := range served {
		for _, target := range targets {
			if asked[target] == 0 {
				asked[target], _ = send(t, gate, target, "")
			}
			if status := asked[target]; status != http.StatusUnauthorized && status != http.StatusBadRequest {
				t.Errorf("%s: %s serves the protected file, and it is open here (%d)", target, name, status)
			}
		}
		t.Logf("%s: %d of %d spellings are the protected file", name, len(targets), len(spellings()))
	}
}

// spellings are ways to write the protected file, most by way of the open folder.
func spellings() []string {
	list := []string{
		"/admin/secret", "//admin/secret", "/./admin/secret", "/%61dmin/secret", "/%2561dmin/secret", "/ADMIN/secret", "/Admin/secret", "/admin//secret",
		`\admin\secret`, `/\admin/secret`, `/admin\secret`, "/admin/./secret", "/admin/x/../secret", "/admin/secret/", "/admin/secret/.", "/admin%2fsecret",
		"/admin%5csecret", "/admin;x/secret", "/admin/secret;x", "/;x/admin/secret", "/admin./secret", "/admin%20/secret", "/admin/secret%00", "/admin/secret%20",
		"/admin/secret?/public/", "/admin/secret?x=/public/x", "/admin/secret#/public/", "/%2e/admin/secret", "/%2fadmin/secret", "/x/../admin/secret", "/../admin/secret",
		"http://HOST/admin/secret", "http://HOST/public/../admin/secret", "/admin/%73ecret", "/admin/secret%3f/public/", "/admin/secret%23", "/public%2f../admin/secret",
	}
	dots := []string{
		"..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "..;", "..;x=1", "..%00", "..%20", "%ef%bc%8e%ef%bc%8e", "%c0%ae%c0%ae", "..%09", "...", "..%3f", "..%23", "%25%32%65.",
	}
	slashes := []string{"/", "%2f", "%5c", `\`, "//", "/./", "%252f", "%c0%af", "%ef%bc%8f", "/;/", "/x/../"}
	for _, d := range dots {
		for _, s := range slashes {
			list = append(list, "/public"+s+d+s+"admin/secret", "/public/"+d+s+"admin"+s+"secret")
		}
	}
	return list
}

func protectedFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{"public/style.css": "open", "public/x/y": "open", "public/a b": "open", "public/sub/index.html": "open", "admin/secret": kept} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// send writes a request line as it is, the address in place of HOST, and returns the status, and header and body
// as text.
func send(t *testing.T, address, target, cookie string) (int, string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	target = strings.Replace(target, "HOST", address, 1)
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nConnection: close\r\n\r\n", target, address, cookie)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return http.StatusBadRequest, "" // refused without an answer
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	_ = res.Header.Write(&b)
	return res.StatusCode, "\n" + strings.ReplaceAll(b.String(), "\r", "") + string(body)
}

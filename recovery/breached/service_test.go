package breached

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

const typed = "correct horse battery" // the password asked about

// padding is what a service fills its answers up with.
func padding(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s:0\r\n", Hash(fmt.Sprint("padding", i))[prefix:])
	}
	return b.String()
}

// answers are those of a service, and what is made of them; fault is what the error
// says.
func answers() map[string]struct {
	status int
	body   string
	found  bool
	fault  string
} {
	rest, other := Hash(typed)[prefix:], Hash("another")[prefix:]
	return map[string]struct {
		status int
		body   string
		found  bool
		fault  string
	}{
		"hit":               {200, other + ":3\r\n" + rest + ":2\r\n", true, ""},
		"hit at the end":    {200, padding(800) + rest + ":12", true, ""},
		"hit in lower case": {200, strings.ToLower(rest) + ":2\n", true, ""},
		"miss":              {200, other + ":3\r\n", false, ""},
		"padding":           {200, padding(1000), false, ""},
		"padded with it":    {200, other + ":3\r\n" + rest + ":0\r\n" + padding(10), false, ""},
		"a page":            {200, "<html>\n" + rest + ":2\n", false, "did not answer with lines"},
		"a page behind":     {200, other + ":3\r\n<html>", false, "did not answer with lines"},
		"whole hashes":      {200, Hash(typed) + ":2\r\n", false, "did not answer with lines"},
		"one long line":     {200, strings.Repeat("A", 1<<17), false, "broke off"},
		"too long":          {200, padding(8000), false, "longer than 256 KiB"},
		"empty":             {200, "", false, "is empty"},
		"nothing there":     {404, "", false, "answered 404"},
		"hit in a fault":    {500, rest + ":2\r\n", false, "answered 500"},
		"elsewhere":         {302, rest + ":2\r\n", false, "answered 302"},
		"not this time":     {429, "", false, "answered 429"},
	}
}

// TestAnswersOfAService: what it is sent is five digits of the hash and the wish for
// padding, and no error repeats them.
func TestAnswersOfAService(t *testing.T) {
	t.Parallel()
	digits := Hash(typed)[:prefix]
	for name, tc := range answers() {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			sent, _ := io.ReadAll(r.Body)
			if r.Method != "GET" || r.RequestURI != "/range/"+digits || len(sent) > 0 || r.Header.Get("Add-Padding") != "true" {
				t.Errorf("got %s %s %q %v", r.Method, r.RequestURI, sent, r.Header)
			}
			w.Header().Set("Location", "/range/"+digits+"?again")
			w.WriteHeader(tc.status)
			_, _ = io.WriteString(w, tc.body)
		}))
		found, err := Service{secret.Text(server.URL + "/range/")}.Has(t.Context(), Hash(typed))
		if found != tc.found || (err != nil) != (tc.fault != "") || err != nil && !strings.Contains(err.Error(), tc.fault) || asked != 1 {
			t.Errorf("%s: got %v, %v, asked %d times; want %v, %q, once", name, found, err, asked, tc.found, tc.fault)
		}
		if err != nil && strings.Contains(err.Error(), digits) {
			t.Errorf("%s: the error has a part of the hash: %v", name, err)
		}
		server.Close()
	}
}

// TestAServiceThatIsAway: down, slow, or no web server at all.
func TestAServiceThatIsAway(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	defer slow.Close()
	defer close(end)
	down := httptest.NewServer(nil)
	down.Close()
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		conn, err := echo.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		line := make([]byte, 64)
		_, _ = conn.Read(line)
		_, _ = conn.Write(append(line, "\r\n\r\n"...))
	}()
	for name, url := range map[string]string{"slow": slow.URL, "down": down.URL, "echo": "http://" + echo.Addr().String()} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		found, err := Service{secret.Text(url + "/key-hunter2/")}.Has(ctx, Hash(typed))
		if found || err == nil || strings.Contains(err.Error(), Hash(typed)[:prefix]) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, %v", name, found, err)
		}
		cancel()
	}
}

// TestAddressesOfAService that are refused say what to write, and do not show the
// address.
func TestAddressesOfAService(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://breach.example/range/":           "",
		"https://breach.example/?key=hunter2&q=":  "",
		"http://127.0.0.1:8080/range/":            "",
		"https://breach.example/hunter2":          "end it with / or =",
		"https://sam:hunter2@breach.example/":     "take them out",
		"https://breach.example/#hunter2/":        "take them out",
		"file:///srv/hunter2":                     "name a file without file://",
		"https:///hunter2/":                       "write it like https://",
		"https://hunter2.example/%zz/":            "write it like https://",
		"ftp://hunter2@breach.example/range/a/b/": "write it like https://",
	} {
		err := Service{secret.Text(url)}.Check()
		if (err != nil) != (want != "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: got %v, want %q", url, err, want)
		}
	}
}

package recoverytest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Browser is a person's browser without scripts: a cookie jar, the page it
// shows, and the forms on it.
type Browser struct {
	TB     testing.TB
	Base   string
	Client *http.Client
	Agent  string
	Header http.Header    // sent with every request
	Device *Authenticator // of the passkeys of a plain client; nil: it has none

	Status int
	URL    *url.URL
	Body   string
	Answer http.Header
	doc    *html.Node
	tab    *tab   // in Chromium; nil: a plain client
	file   string // that the tab has kept last
}

// NewBrowser opens a browser on an origin.
func NewBrowser(tb testing.TB, base string) *Browser {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &Browser{
		TB: tb, Base: base, Client: &http.Client{Jar: jar}, Header: http.Header{},
		Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
	}
}

// Browser opens a browser on this installation.
func (w *World) Browser() *Browser {
	w.TB.Helper()
	if w.portal != "" {
		return w.browserAtPortal()
	}
	b := NewBrowser(w.TB, w.Server.URL)
	if os.Getenv(TabsVariable) != "" {
		b.tab = newTab(w.TB)
	}
	if w.caddy != nil {
		b.Client.Transport = w.caddy.transport()
		return b
	}
	if b.Client.Transport = w.Server.Client().Transport; w.direct {
		b.Client.Transport = direct{http.HandlerFunc(w.serve)}
	}
	return b
}

// Get navigates.
func (b *Browser) Get(path string) *Browser {
	b.TB.Helper()
	return b.do(http.MethodGet, path, nil)
}

// Follow opens a closing link of a message, and hands over the secret behind its
// '#', as a script does and then a person.
func (b *Browser) Follow(link string) *Browser {
	b.TB.Helper()
	page, secret, ok := strings.Cut(link, "#")
	if b.Get(page); ok && b.Offers("choice", "look") {
		b.Submit("code", secret, "choice", "look")
	}
	return b
}

// Post sends fields as they are, with the marks of a same-origin form.
func (b *Browser) Post(path string, fields url.Values) *Browser {
	b.TB.Helper()
	return b.do(http.MethodPost, path, fields)
}

func (b *Browser) do(method, path string, fields url.Values) *Browser {
	b.TB.Helper()
	target := path
	if !strings.HasPrefix(path, "http") {
		target = b.Base + path
	}
	if b.tab != nil && fields != nil {
		return b.ask("post", target, pairsOf(fields))
	} else if b.tab != nil {
		return b.ask("get", target, nil)
	}
	var body io.Reader
	if fields != nil {
		body = strings.NewReader(fields.Encode())
	}
	req, err := http.NewRequestWithContext(b.TB.Context(), method, target, body)
	if err != nil {
		b.TB.Fatal(err)
	}
	req.Header.Set("User-Agent", b.Agent)
	req.Header.Set("Accept", "text/html,application/xhtml+xml")
	req.Header.Set("Accept-Language", "en")
	req.Header.Set("Sec-Fetch-Mode", "navigate")
	req.Header.Set("Sec-Fetch-Dest", "document")
	req.Header.Set("Sec-Fetch-Site", "none")
	if fields != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.Header.Set("Origin", b.Base)
	}
	for k, v := range b.Header {
		req.Header[k] = v
	}
	return b.send(req)
}

func (b *Browser) send(req *http.Request) *Browser {
	b.TB.Helper()
	res, err := b.Client.Do(req)
	if err != nil {
		b.TB.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.TB.Fatal(err)
	}
	b.Status, b.URL, b.Body, b.Answer = res.StatusCode, res.Request.URL, string(raw), res.Header
	if b.doc, err = html.Parse(strings.NewReader(b.Body)); err != nil {
		b.TB.Fatal(err)
	}
	return b
}

// Document is the page as a tree, for tests that read more of it than the
// rest of the methods do.
func (b *Browser) Document() *html.Node { return b.doc }

// Page is data-page of what is shown, empty for anything that is not ours.
func (b *Browser) Page() string {
	body := find(b.doc, func(n *html.Node) bool { return n.Data == "body" })
	return attr(body, "data-page")
}

// Want fails the test unless the page is the one named.
func (b *Browser) Want(page string) *Browser {
	b.TB.Helper()
	if page == "enroll" && b.Page() == "choice" && b.Offers("method", recovery.TOTP) {
		b.Submit("method", recovery.TOTP) // where passkeys can be made, people are asked which
	}
	if got := b.Page(); got != page {
		b.TB.Fatalf("got page %q (status %d, %s), want %q\n%s", got, b.Status, b.URL, page, b.Text())
	}
	return b
}

// Submit fills in the form that has the first of the fields (name, value, …)
// and sends it, hidden fields included.
func (b *Browser) Submit(pairs ...string) *Browser {
	b.TB.Helper()
	form := b.form(pairs[0])
	if form == nil {
		b.TB.Fatalf("no form with field %q on page %q\n%s", pairs[0], b.Page(), b.Text())
	}
	if b.tab != nil {
		return b.ask("fill", "", typed(pairs))
	}
	fields := hidden(form)
	for i := 0; i+1 < len(pairs); i += 2 {
		fields.Set(pairs[i], pairs[i+1])
	}
	return b.Post(attr(form, "action"), fields)
}

// Hidden lists the hidden fields of the form with a field, for requests a
// test wants to send in another way.
func (b *Browser) Hidden(field string) url.Values {
	b.TB.Helper()
	form := b.form(field)
	if form == nil {
		b.TB.Fatalf("no form with field %q on page %q", field, b.Page())
	}
	return hidden(form)
}

// Has tells whether the page has a field or button of that name.
func (b *Browser) Has(field string) bool { return b.form(field) != nil }

// Offers tells whether the page has a button name=value.
func (b *Browser) Offers(name, value string) bool {
	return find(b.doc, func(n *html.Node) bool { return attr(n, "name") == name && attr(n, "value") == value }) != nil
}

func (b *Browser) form(field string) *html.Node {
	return find(b.doc, func(n *html.Node) bool {
		return n.Data == "form" && find(n, func(m *html.Node) bool {
			return attr(m, "name") == field && attr(m, "type") != "hidden"
		}) != nil
	})
}

func hidden(form *html.Node) url.Values {
	fields := url.Values{}
	each(form, func(n *html.Node) {
		if n.Data == "input" && attr(n, "type") == "hidden" {
			fields.Set(attr(n, "name"), attr(n, "value"))
		}
	})
	return fields
}

// Find returns the text of the first element with an id.
func (b *Browser) Find(id string) string {
	n := find(b.doc, func(n *html.Node) bool { return attr(n, "id") == id })
	if n == nil {
		return ""
	}
	return strings.TrimSpace(words(n))
}

// All returns the texts of all elements with a class.
func (b *Browser) All(class string) []string {
	var out []string
	each(b.doc, func(n *html.Node) {
		for _, c := range strings.Fields(attr(n, "class")) {
			if c == class {
				out = append(out, strings.TrimSpace(words(n)))
			}
		}
	})
	return out
}

// Text is what a person reads on the page.
func (b *Browser) Text() string { return strings.Join(strings.Fields(words(b.doc)), " ") }

// Cookie returns a cookie's value by the end of its name.
func (b *Browser) Cookie(contains string) *http.Cookie {
	u, err := url.Parse(b.Base)
	if err != nil {
		b.TB.Fatal(err)
	}
	for _, c := range b.Client.Jar.Cookies(u) {
		if name := strings.TrimPrefix(c.Name, "__Host-"); name == contains || strings.HasPrefix(name, contains+"-"+u.Port()) {
			return c
		}
	}
	return nil
}

// NoFollow makes the browser stop at redirects.
func (b *Browser) NoFollow() *Browser {
	b.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b
}

func find(n *html.Node, ok func(*html.Node) bool) *html.Node {
	if n == nil {
		return nil
	}
	if n.Type == html.ElementNode && ok(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if m := find(c, ok); m != nil {
			return m
		}
	}
	return nil
}

func each(n *html.Node, do func(*html.Node)) {
	if n.Type == html.ElementNode {
		do(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, do)
	}
}

func attr(n *html.Node, name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func words(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data + " "
	}
	if n.Data == "script" || n.Data == "style" {
		return ""
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(words(c))
	}
	return b.String()
}

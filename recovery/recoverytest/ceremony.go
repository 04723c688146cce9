package recoverytest

import (
	"net/http"
	"net/url"

	"golang.org/x/net/html"
)

func (b *Browser) ceremony() *html.Node {
	return find(b.doc, func(n *html.Node) bool { return attr(n, "data-ceremony") != "" })
}

// Ceremony is what the page gives to the browser for making or showing a passkey;
// empty: it does neither.
func (b *Browser) Ceremony() string {
	if n := b.ceremony(); n != nil {
		return attr(n, "data-options")
	}
	return ""
}

// Passkey sends an answer to that, and more fields (name, value, …).
func (b *Browser) Passkey(answer string, pairs ...string) *Browser {
	b.TB.Helper()
	form := b.ceremony()
	if form == nil {
		b.TB.Fatalf("page %q asks for no passkey\n%s", b.Page(), b.Text())
	}
	fields := hidden(form)
	for i := 0; i+1 < len(pairs); i += 2 {
		fields.Set(pairs[i], pairs[i+1])
	}
	fields.Set("code", answer)
	return b.Post(attr(form, "action"), fields)
}

// Again asks for a new challenge, as the script of the page does, and stays on it.
func (b *Browser) Again() string {
	b.TB.Helper()
	form := b.ceremony()
	if form == nil {
		b.TB.Fatalf("page %q asks for no passkey\n%s", b.Page(), b.Text())
	}
	page := *b
	b.Post("/.sparekey/passkey", url.Values{"flow": {hidden(form).Get("flow")}})
	status, options := b.Status, b.Body
	if *b = page; status != http.StatusOK {
		b.TB.Fatalf("a new challenge: got status %d, %s", status, options)
	}
	return options
}

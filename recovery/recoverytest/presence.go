package recoverytest

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// HoldPasskeys gives the device that the browser is on a place for passkeys, which
// asks its owner for a finger: the virtual authenticator of Chromium, or one that
// signs in the test.
func (b *Browser) HoldPasskeys() *Browser {
	b.TB.Helper()
	if b.tab != nil {
		return b.ask("hold", "", nil)
	}
	b.Device = &Authenticator{TB: b.TB, Origin: b.Base}
	return b
}

// LosePasskeys takes the passkeys of the device away.
func (b *Browser) LosePasskeys() *Browser {
	b.TB.Helper()
	if b.tab != nil {
		return b.ask("lose", "", nil)
	}
	b.Device = nil
	return b
}

// Touch presses the button of the page by which a passkey is made or shown, after
// filling in fields (name, value, …), and lays a finger on the device. Without a
// passkey that fits the page stays as it is.
func (b *Browser) Touch(pairs ...string) *Browser {
	b.TB.Helper()
	if b.tab != nil {
		return b.ask("touch", "", typed(pairs))
	}
	if form := b.formWith("data-ask"); form != nil {
		return b.touchAsked(form)
	}
	form := b.formWith("data-ceremony")
	if form == nil || b.Device == nil {
		b.TB.Fatalf("page %q asks for no passkey, or the device has none\n%s", b.Page(), b.Text())
	}
	answer := ""
	if attr(form, "data-ceremony") == "create" {
		if b.Device.has(attr(form, "data-options")) {
			return b // browsers make no second one where they are told not to
		}
		answer = b.Device.Create(attr(form, "data-options"))
	} else if answer = b.Device.Get(attr(form, "data-options")); answer == "" {
		return b
	}
	return b.Passkey(answer, pairs...)
}

// Forgets wants the device to hold no passkey any more, because the page has told it that
// its one is not known.
func (b *Browser) Forgets() *Browser {
	b.TB.Helper()
	if b.tab != nil {
		return b.ask("forgets", "", nil)
	}
	said := find(b.doc, func(n *html.Node) bool { return attr(n, "data-unknown") != "" })
	if len(b.Device.Keys) != 1 || said == nil || !strings.Contains(attr(said, "data-unknown"), b.Device.Keys[0].ID) {
		b.TB.Errorf("page %q does not tell the device that its passkey is not known", b.Page())
	}
	b.Device.Keys = nil
	return b
}

// Told is what the script of the page says about a passkey. Without scripts it is all
// that it could say.
func (b *Browser) Told() string {
	var said []string
	each(b.doc, func(n *html.Node) {
		hidden := slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "hidden" })
		if attr(n, "data-when") != "" && (b.tab == nil || !hidden) {
			said = append(said, strings.Join(strings.Fields(words(n)), " "))
		}
	})
	return strings.Join(said, " ")
}

// Suggested opens an address whose sign-in page suggests passkeys among the names, and
// picks one.
func (b *Browser) Suggested(path string) *Browser {
	b.TB.Helper()
	if b.tab != nil {
		return b.ask("suggested", b.Base+path, nil)
	}
	return b.Get(path).Want("sign-in").Touch()
}

// formWith is the form with an attribute.
func (b *Browser) formWith(attribute string) *html.Node {
	return find(b.doc, func(n *html.Node) bool { return n.Data == "form" && attr(n, attribute) != "" })
}

// touchAsked does what the script of the sign-in page does.
func (b *Browser) touchAsked(form *html.Node) *Browser {
	b.TB.Helper()
	req, err := http.NewRequestWithContext(b.TB.Context(), http.MethodPost, b.Base+attr(form, "data-ask"), http.NoBody)
	if err != nil {
		b.TB.Fatal(err)
	}
	for name, value := range map[string]string{
		"User-Agent": b.Agent, "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty",
		"Sec-Fetch-Site": "same-origin", "Origin": b.Base,
	} {
		req.Header.Set(name, value)
	}
	res, err := b.Client.Do(req)
	if err != nil {
		b.TB.Fatal(err)
	}
	defer res.Body.Close()
	question, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.TB.Fatalf("the sign-in page got %v, status %d: %s", err, res.StatusCode, question)
	}
	if b.Device == nil {
		return b
	}
	answer := b.Device.Get(string(question))
	if answer == "" {
		return b
	}
	fields := hidden(form)
	fields.Set("code", answer)
	return b.Post(attr(form, "action"), fields)
}

func typed(pairs []string) [][2]string {
	out := [][2]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, [2]string{pairs[i], pairs[i+1]})
	}
	return out
}

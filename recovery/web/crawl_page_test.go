package web_test

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// parsedPage is a page as a stranger's program meets it: what it says, where it
// leads and what can be sent from it.
type parsedPage struct {
	name    string // data-page; empty: not ours
	words   string // heading and lead, without digits
	problem string
	links   []string
	forms   []parsedForm
	flow    string
	secret  string   // key of an authenticator
	codes   []string // recovery codes
	spoken  string   // a code to be read out
	find    string   // a code to be typed in a browser of one's own
}

// parsedForm is one form of a page.
type parsedForm struct {
	action  string
	hidden  url.Values
	fields  []parsedField
	buttons []parsedField // name and value; both empty: a plain button
}

type parsedField struct {
	name, value string
	options     []string // of a list
}

// parsePage takes the page a browser shows apart.
func parsePage(b *recoverytest.Browser) parsedPage {
	s := parsedPage{name: b.Page(), problem: bareText(b.Find("problem")), flow: b.URL.Query().Get("f")}
	eachNode(b.Document(), func(n *html.Node) {
		switch {
		case n.Data == "h1", nodeHas(n, "lead"):
			s.words += bareText(nodeText(n)) + "\n"
		case n.Data == "a" && (strings.HasPrefix(nodeAttr(n, "href"), "/") || strings.HasPrefix(nodeAttr(n, "href"), "https://")):
			s.links = append(s.links, seenFrom(b, nodeAttr(n, "href")))
		case n.Data == "form":
			f := parseForm(n)
			f.action = seenFrom(b, f.action)
			s.forms = append(s.forms, f)
		}
	})
	for _, f := range s.forms {
		if id := f.hidden.Get("flow"); id != "" {
			s.flow = id
		}
	}
	s.secret = strings.ReplaceAll(strings.Join(b.All("secret"), ""), "-", "")
	s.codes = strings.Fields(strings.Join(b.All("codes"), " "))
	if s.find = b.Find("find"); s.find == "" {
		s.spoken = strings.Join(b.All("spoken"), "")
	}
	return s
}

// seenFrom is an address on the page as it is, or with the host of the page, where
// that is another one than the browser's own.
func seenFrom(b *recoverytest.Browser, address string) string {
	if own := b.URL.Scheme + "://" + b.URL.Host; strings.HasPrefix(address, "/") && own != b.Base {
		return own + address
	}
	return address
}

func parseForm(n *html.Node) parsedForm {
	f := parsedForm{action: nodeAttr(n, "action"), hidden: url.Values{}}
	eachNode(n, func(m *html.Node) {
		name := nodeAttr(m, "name")
		switch {
		case m.Data == "button" && nodeAttr(m, "type") != "button":
			f.buttons = append(f.buttons, parsedField{name: name, value: nodeAttr(m, "value")})
		case m.Data == "input" && nodeAttr(m, "type") == "hidden":
			f.hidden.Set(name, nodeAttr(m, "value"))
		case m.Data == "input":
			f.fields = append(f.fields, parsedField{name: name, value: nodeAttr(m, "value")})
		case m.Data == "select":
			f.fields = append(f.fields, parsedField{name: name})
		case m.Data == "option":
			list := &f.fields[len(f.fields)-1]
			list.options = append(list.options, nodeAttr(m, "value"))
		}
	})
	return f
}

// fingerprint is what makes two pages the same to the crawl: what they say and ask,
// not the ids in them.
func (s parsedPage) fingerprint() string {
	parts := []string{s.name, s.words}
	for _, f := range s.forms {
		var names []string
		for name := range f.hidden {
			switch name {
			case "start":
				names = append(names, name+"="+f.hidden.Get(name))
			case "return", "lang": // where from, not where
			default:
				names = append(names, name)
			}
		}
		for _, x := range f.fields {
			names = append(names, x.name)
		}
		for _, x := range f.buttons {
			if len(x.value) < 20 { // longer ones are ids
				names = append(names, x.name+"="+x.value)
			}
		}
		slices.Sort(names)
		parts = append(parts, f.action+" "+strings.Join(names, " "))
	}
	return strings.Join(parts, "\n")
}

func eachNode(n *html.Node, do func(*html.Node)) {
	if n.Type == html.ElementNode {
		do(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		eachNode(c, do)
	}
}

func nodeAttr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func nodeHas(n *html.Node, class string) bool {
	return slices.Contains(strings.Fields(nodeAttr(n, "class")), class)
}

func nodeText(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data + " "
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(nodeText(c))
	}
	return b.String()
}

// bareText is a text without its numbers and blanks.
func bareText(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, text)), " ")
}

package templates_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/templates"
)

func folder(files map[string]string) fstest.MapFS {
	f := fstest.MapFS{}
	for name, body := range files {
		f[name] = &fstest.MapFile{Data: []byte(body)}
	}
	return f
}

func TestOverlay(t *testing.T) {
	recoverytest.Alone(t)
	german := readTexts(t, "en")
	german["sign-in.button"], german["language"] = "Anmelden", "Deutsch"
	complete, err := json.Marshal(german)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		files map[string]string
		lang  string
		want  string // in the sign-in page
	}{
		{"empty folder", nil, "en", ">Sign in</button>"},
		{"one sentence", map[string]string{"locales/en.json": `{"sign-in.button": "Come in"}`}, "en", ">Come in</button>"},
		{"other sentences stay", map[string]string{"locales/en.json": `{"sign-in.button": "Come in"}`}, "en", ">User name</label>"},
		{"new language", map[string]string{"locales/de.json": string(complete)}, "de", ">Anmelden</button>"},
		{"new language in the switch", map[string]string{"locales/de.json": string(complete)}, "fr", ">Deutsch</a>"},
		{"a page", map[string]string{"pages/sign-in.html": `{{define "title"}}x{{end}}{{define "main"}}<p>Own {{.Host}}</p>{{end}}`}, "en", "<p>Own photos.example.com</p>"},
		{"a page with names of all kinds", map[string]string{"pages/sign-in.html": `{{define "title"}}x{{end}}{{define "main"}}` +
			`{{with $p := .Problem}}{{$p.Key}}{{else}}{{.Host}}{{range $i, $l := .Languages}}{{if $i}}, {{$.Name}}{{end}}{{$l.Name}}{{end}}{{end}}` +
			`{{$t := (print .Site .Page) | len}}{{$t}}{{template "told" .Notice}}{{end}}{{define "told"}}{{if .}}{{.Key}}{{end}}{{end}}`}, "en", "photos.example.comEnglish, Français"},
		{"a logo", map[string]string{"static/logo.svg": `<svg xmlns="http://www.w3.org/2000/svg"/>`}, "en", `src="/.sparekey/static/logo.svg"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := templates.New(folder(test.files))
			if err != nil {
				t.Fatalf("New: %v", err)
			}
			c := sampleOf(t, "sign-in")
			c.frame.Lang = test.lang
			if got := render(t, s, c); !strings.Contains(got, test.want) {
				t.Errorf("got %s\nwant %q in it", got, test.want)
			}
		})
	}
}

func TestOverlayFaults(t *testing.T) {
	recoverytest.Alone(t)
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"incomplete language", map[string]string{"locales/de.json": `{"language": "Deutsch"}`}, []string{"de.json lacks sign-in.button", "de.json lacks mail.hello"}},
		{"empty text", map[string]string{"locales/en.json": `{"sign-in.button": ""}`}, []string{"en.json lacks sign-in.button"}},
		{"unknown key", map[string]string{"locales/fr.json": `{"sign-in.buton": "Entrer"}`}, []string{"sign-in.buton is no key of ours"}},
		{"unknown placeholder", map[string]string{"locales/fr.json": `{"sign-in.heading": "Bienvenue {nom}"}`}, []string{"unknown placeholder {nom}"}},
		{"nested", map[string]string{"locales/en.json": `{"sign-in": {"button": "x"}}`}, []string{"locales/en.json"}},
		{"twice", map[string]string{"locales/en.json": `{"language": "a", "language": "b"}`}, []string{"language is given twice"}},
		{"not a language", map[string]string{"locales/klingonish-x.json": `{}`}, []string{"not named like a language"}},
		{"page does not parse", map[string]string{"pages/sent.html": `{{define "title"}}`}, []string{"pages/sent.html"}},
		{"page uses an unknown key", map[string]string{"pages/sent.html": `{{define "title"}}{{.T "no.such"}}{{end}}{{define "main"}}{{if .Help}}{{range .Codes}}{{$.T "nor.this"}}{{end}}{{end}}{{end}}`}, []string{"no.such", "nor.this"}},
		{"page uses an unknown field", map[string]string{"pages/sent.html": `{{define "title"}}{{.Secret}}{{end}}{{define "main"}}{{end}}`}, []string{"pages/sent.html:1:20: this page has no .Secret (no page has)"}},
		{"page uses a name of another page, where no example gets", map[string]string{"pages/wait.html": "{{define \"title\"}}x{{end}}\n{{define \"main\"}}{{if .Flow}}\n{{.Hint}}{{end}}{{end}}"}, []string{
			"page wait: pages/wait.html:3:2: this page has no .Hint (these have: confirm, factor, invite)",
		}},
		{"part uses a name of another page", map[string]string{"pages/mark.html": `{{define "mark"}}{{with .Problem}}{{$.Codes}}{{end}}{{end}}`}, []string{
			"page sign-in: pages/mark.html:1:37: this page has no .Codes (these have: codes)",
		}},
		{"page uses a name nobody has, behind a variable", map[string]string{"pages/people.html": `{{define "title"}}x{{end}}{{define "main"}}{{range $i, $who := .People}}{{if $i}}{{$who.Secret}}{{end}}{{end}}{{end}}`}, []string{
			"pages/people.html:1:87: a person has no .Secret",
		}},
		{"page uses the value of another page", map[string]string{"pages/sent.html": `{{define "title"}}x{{end}}{{define "main"}}{{.FactorPage.Hint}}{{.page}}{{end}}`}, []string{"this page has no .FactorPage", "no .page"}},
		{"page breaks out of a tag", map[string]string{"pages/sent.html": `{{define "title"}}x{{end}}{{define "main"}}<a href="{{.Return}}{{end}}`}, []string{"page sent"}},
		{"misspelt file", map[string]string{"pages/signin.html": "", "mails/welcome.txt": ""}, []string{"pages/signin.html replaces no file of ours", "mails/welcome.txt replaces"}},
		{"mail uses an unknown key", map[string]string{"mails/invite.txt": `{{define "main"}}{{.T "no.such"}}{{end}}`}, []string{"mail invite", "no.such"}},
		{"mail does not parse", map[string]string{"mails/invite.html": `{{`}, []string{"mails/invite.html"}},
		{"pale text", map[string]string{"static/theme.css": `:root { --muted: #bbbbbb; }`}, []string{"light: --muted on --card has a contrast of 1.9"}},
		{"pale text at night", map[string]string{"static/theme.css": `@media (prefers-color-scheme: dark) { :root { --text: #444444; } }`}, []string{"dark: --text on --card"}},
		{"colour by name", map[string]string{"static/theme.css": `:root { --accent: teal; }`}, []string{`--accent: got "teal"`}},
		{"all at once", map[string]string{"pages/sent.html": `{{`, "locales/de.json": `{}`, "static/theme.css": `:root { --muted: #bbbbbb; }`}, []string{"pages/sent.html", "de.json lacks", "--muted"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := templates.New(folder(test.files))
			if err == nil || s != nil {
				t.Fatalf("got %v and no error, want faults", s)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %.600v\nwant %q in it", err, want)
				}
			}
		})
	}
}

func TestThemeChangesOneColour(t *testing.T) {
	s, err := templates.New(folder(map[string]string{"static/theme.css": ":root { --accent: #7a1f5c; }"}))
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	css, _ := s.Asset("sparekey.css")
	own, ours := strings.LastIndex(string(css.Body), "--accent: #7a1f5c"), strings.LastIndex(string(css.Body), "--card:")
	if own < 0 || own < ours {
		t.Errorf("own colour at %d, ours at %d; want it after ours", own, ours)
	}
}

func TestAssets(t *testing.T) {
	s := newSet(t)
	tests := []struct{ name, media string }{
		{"sparekey.css", "text/css; charset=utf-8"},
		{"sparekey.js", "text/javascript; charset=utf-8"},
		{"passkey.js", "text/javascript; charset=utf-8"},
		{"sign-in.js", "text/javascript; charset=utf-8"},
		{"icon.svg", "image/svg+xml"},
	}
	tags := map[string]bool{}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, ok := s.Asset(test.name)
			if !ok || a.Type != test.media || len(a.Body) == 0 {
				t.Errorf("got %v %q with %d bytes, want %q", ok, a.Type, len(a.Body), test.media)
			}
			if len(a.Gzip) == 0 || len(a.Gzip) >= len(a.Body) {
				t.Errorf("compressed: got %d of %d bytes, want fewer", len(a.Gzip), len(a.Body))
			}
			if len(a.ETag) < 10 || a.ETag[0] != '"' || tags[a.ETag] {
				t.Errorf("tag: got %q, want a quoted one of its own", a.ETag)
			}
			tags[a.ETag] = true
		})
	}
	for _, name := range []string{"", "theme.css", "../view.go", "none.js"} {
		if _, ok := s.Asset(name); ok {
			t.Errorf("%q: got a file, want none", name)
		}
	}
}

// TestStaticFilesStayHere: no fetch to another host from the style sheet or the script.
func TestStaticFilesStayHere(t *testing.T) {
	s := newSet(t)
	for _, name := range []string{"sparekey.css", "sparekey.js"} {
		a, _ := s.Asset(name)
		for _, word := range []string{"http:", "https:", "url(", "@import", "fetch(", "eval(", "innerHTML", "localStorage"} {
			if strings.Contains(string(a.Body), word) {
				t.Errorf("%s holds %q", name, word)
			}
		}
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	s := newSet(t)
	var group sync.WaitGroup
	for _, c := range samples() {
		group.Go(func() {
			var page strings.Builder
			if err := s.Page(&page, c.frame, c.content); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if _, _, _, err := s.Mail("notice", "fr", map[string]string{"event": "new_device"}); err != nil {
				t.Errorf("mail: %v", err)
			}
		})
	}
	group.Wait()
}

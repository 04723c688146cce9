package templates_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/templates"
)

func TestEscaping(t *testing.T) {
	recoverytest.Alone(t)
	corpus := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' autofocus onfocus='x`, "a\r\nSet-Cookie: b=c", `{{.}}`, `{{.Token}}`,
		`{site}`, `</title><script>`, `javascript:alert(1)`, "\u202eevil", `&lt;b&gt;`, "\x00",
	}
	s := newSet(t)
	for _, c := range samples() {
		for _, evil := range corpus {
			f := &c.frame
			f.Site, f.Host, f.Help, f.Return, f.Flow, f.ID = evil, evil, evil, evil, evil, evil
			c.content = poisoned(c.content, evil)
			for _, n := range parsePage(t, render(t, s, c)).all() {
				checkHarmless(t, c.name, evil, n)
			}
		}
	}
}

// poisoned is a copy of a content whose texts that somebody typed or was sent
// are all evil. Its keys stay: they are no texts.
func poisoned(c templates.Content, evil string) templates.Content {
	v := reflect.New(reflect.TypeOf(c)).Elem()
	v.Set(reflect.ValueOf(c))
	poison(v, evil)
	return v.Interface().(templates.Content)
}

func poison(v reflect.Value, evil string) {
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case !v.Type().Field(i).IsExported():
		case slices.Contains([]string{"Method", "Methods", "Choice", "Choices", "Question", "Questions", "Case", "State", "Then", "QR", "What", "Thing", "Mend", "Goal", "Worth", "Doubt", "Show", "Filters", "Acts", "Do", "Event", "Events", "ByWay"}, name):
		case field.Kind() == reflect.String:
			field.SetString(evil)
		case field.Type() == reflect.TypeFor[[]string]():
			field.Set(reflect.ValueOf([]string{evil}))
		case field.Type() == reflect.TypeFor[time.Time]():
		case field.Kind() == reflect.Struct:
			poison(field, evil)
		case field.Kind() == reflect.Pointer && !field.IsNil():
			fresh := reflect.New(field.Type().Elem())
			fresh.Elem().Set(field.Elem())
			field.Set(fresh)
			poison(fresh.Elem(), evil)
		case field.Kind() == reflect.Slice:
			fresh := reflect.AppendSlice(reflect.MakeSlice(field.Type(), 0, field.Len()), field)
			field.Set(fresh)
			for k := range fresh.Len() {
				poison(fresh.Index(k), evil)
			}
		}
	}
}

func checkHarmless(t *testing.T, name, evil string, n *html.Node) {
	t.Helper()
	if n.Data == "script" && n.FirstChild != nil || n.Data == "img" {
		t.Errorf("%s: %q became <%s>", name, evil, n.Data)
	}
	for _, a := range n.Attr {
		if strings.HasPrefix(a.Key, "on") || a.Key == "href" && strings.HasPrefix(a.Val, "javascript:") {
			t.Errorf("%s: %q became %s=%q", name, evil, a.Key, a.Val)
		}
	}
	if n.Data == "h1" && evil == "{site}" && strings.Contains(text(n), "Photos") {
		t.Errorf("%s: a value was taken for a placeholder: %q", name, text(n))
	}
}

func TestValuesAreShownAsTheyAre(t *testing.T) {
	c := sample{"forbidden", plain(), templates.ForbiddenPage{Name: "{{.ID}} {site} <b>"}}
	got := text(parsePage(t, render(t, newSet(t), c)).root)
	if !strings.Contains(got, "You’re signed in as {{.ID}} {site} <b>, but") {
		t.Errorf("got %q, want the name unchanged", got)
	}
}

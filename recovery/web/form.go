package web

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Limits of a form (IN-01).
const (
	maxBody   = 64 << 10
	maxFields = 100
	bodyTime  = 10 * time.Second
)

// known tells whether a form of ours may hold a field of this name.
func known(name string) bool {
	switch name {
	case "flow", "start", "return", "lang",
		"name", "password", "code", "method", "new_password", "pin", "answer", "mail", "phone", "extension",
		"label", "choice", "remember", "others", "void", "groups", "reason", "search", "hosts", "paths", "expires",
		"event", "since", "until", "uses", "again", "seen":
		return true
	}
	return false
}

// parse reads the form strictly: one media type, bounded, known fields, each
// once, readable text. It returns the status and text of a refusal, or zero.
func (x *exchange) parse() (int, string) {
	if t, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return http.StatusUnsupportedMediaType, "form_repeated"
	}
	if x.r.ContentLength > maxBody {
		return http.StatusRequestEntityTooLarge, "form_repeated"
	}
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(bodyTime)) // not every writer can; the body stays bounded
	x.r.Body = http.MaxBytesReader(x.w, x.r.Body, maxBody)
	if err := x.r.ParseForm(); err != nil {
		return http.StatusBadRequest, "form_repeated"
	}
	if !wellFormed(x.r.PostForm) {
		return http.StatusBadRequest, "form_repeated"
	}
	if lang := x.language(x.r.PostForm.Get("lang")); lang != "" {
		x.keep, x.client.Lang = lang, lang
	}
	return 0, ""
}

func wellFormed(form url.Values) bool {
	if len(form) > maxFields {
		return false
	}
	for name, values := range form {
		if !known(name) || len(values) != 1 {
			return false
		}
		if !utf8.ValidString(values[0]) || name != "password" && name != "new_password" && strings.ContainsFunc(values[0], control) {
			return false
		}
	}
	return true
}

// control finds what no field of ours holds; a pasted list of codes has line
// ends.
func control(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f }

// input copies the fields of the form.
func (x *exchange) input() recovery.Input {
	f := x.r.PostForm.Get
	return recovery.Input{
		Flow: f("flow"), Start: recovery.Kind(f("start")), Return: x.Return(f("return")),
		Name: f("name"), Mail: f("mail"), Phone: f("phone"), Extension: f("extension"), Method: f("method"), Choice: f("choice"),
		PIN: secret.Text(f("pin")), Answer: secret.Text(f("answer")), Reason: f("reason"), Label: f("label"),
		Password: secret.Text(f("password")), NewPassword: secret.Text(f("new_password")), Code: secret.Text(f("code")),
		Remember: f("remember") != "", EndOthers: f("others") != "", VoidCodes: f("void") != "",
	}
}

// typedWords reads a list as people type it, with blanks or commas between.
func typedWords(typed string) []string {
	return strings.Fields(strings.ReplaceAll(typed, ",", " "))
}

package templates

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode"
)

// messages lists the mails; each has a .txt and a .html.
func messages() []string {
	return []string{"admin-case", "contact-ask", "contact-code", "contact-drill", "drill-due", "invite", "mail-code", "notice", "recover-code", "temporary-password", "test", "wait-ready"}
}

// textMessages lists the messages for phones.
func textMessages() []string {
	return []string{"contact-code", "notice", "sms-code", "test", "wait-ready"}
}

// Lengths that values are cut to, in characters. A link is made by us and
// useless when cut.
const (
	longestValue  = 80
	longestReason = 200
	longestLink   = 2000
)

// message is what the templates of mails and text messages see.
type message struct {
	Lang    string
	Subject string
	vars    map[string]string
	texts   *locale
}

// V is the cleaned value of a variable, empty when it was not given.
func (m message) V(name string) string { return m.vars[name] }

// T is the sentence of a key with the variables filled in.
func (m message) T(key string) (string, error) {
	text, err := m.texts.text(key)
	if err != nil {
		return "", err
	}
	return fill(text, func(name string) (string, error) { return m.texts.words(name, m.vars[name]) })
}

// Mail renders a mail in a language, or in English when we do not have it. The
// templates and their variables:
//
//	recover-code  site host name code link minutes browser stop
//	mail-code     site host code minutes browser
//	contact-code  site host code minutes browser
//	contact-ask   site host name
//	contact-drill site host name
//	drill-due     site host name
//	admin-case    site host name admin reason link hours stop
//	temporary-password site host name reason code link hours
//	wait-ready    site host name stop
//	invite        site host name admin link hours
//	notice        site host name event variant also browser time stop again trusted by_admin link
//	              old new method person key named goal until reason help undo
//	test          site host name
//
// Name is who gets the mail, but in contact-ask and
// contact-drill who asks to be vouched for. All
// may be absent but that name, code, event, hours, and the link of invite and
// admin-case. A time in
// RFC 3339 is put into words, in its own zone; any other is shown as it is.
// Minutes and hours are whole numbers. Values are untrusted: control and
// formatting characters are dropped, all but links are cut to 80 characters (a
// reason to 200), addresses in them are written so that no mail program makes
// links of them, and the HTML part is escaped. The subject is one line.
// Errors are ErrUnknownMessage and, for an unknown event, ErrUnknownText.
func (s *Set) Mail(name, lang string, vars map[string]string) (subject, text, html string, err error) {
	plain, ok := s.mailText[name]
	if !ok {
		return "", "", "", fmt.Errorf("%w: mail %q", ErrUnknownMessage, name)
	}
	m := s.message(lang, vars)
	if m.Subject, err = m.T(m.subjectKey(name)); err != nil {
		return "", "", "", err
	}
	var textPart, htmlPart bytes.Buffer
	if err = plain.ExecuteTemplate(&textPart, "main", m); err == nil {
		err = s.mailHTML[name].ExecuteTemplate(&htmlPart, "layout", m)
	}
	if err != nil {
		return "", "", "", fmt.Errorf("templates: mail %s: %w", name, err)
	}
	return m.Subject, textPart.String(), htmlPart.String(), nil
}

// SMS renders a text message: "sms-code" and "contact-code" with site, host, code
// and minutes, whose last line binds the code to the host for autofill
// (https://wicg.github.io/sms-one-time-codes/), "notice" with site, event,
// variant, also, method, goal and stop, "wait-ready" with site, host and stop, or "test" with site. Values and errors are as for
// Mail. Typographic characters that would halve the room in a message are
// written plainly.
func (s *Set) SMS(name, lang string, vars map[string]string) (text string, err error) {
	t, ok := s.sms[name]
	if !ok {
		return "", fmt.Errorf("%w: text message %q", ErrUnknownMessage, name)
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "main", s.message(lang, vars)); err != nil {
		return "", fmt.Errorf("templates: text message %s: %w", name, err)
	}
	plain := strings.NewReplacer("’", "'", "→", "->", "•", "*", "“", `"`, "”", `"`, "«\u00a0", `"`, "\u00a0»", `"`, "\u00a0", " ", "\u202f", " ", "–", "-", "…", "...")
	return strings.TrimSpace(plain.Replace(body.String())), nil
}

func (s *Set) message(lang string, vars map[string]string) message {
	texts := s.locale(lang)
	clean := make(map[string]string, len(vars))
	for name, value := range vars {
		clean[name] = harmless(name, value)
	}
	clean["site"] = cmp.Or(clean["site"], clean["host"], texts.texts["mail.place"])
	clean["host"] = cmp.Or(clean["host"], clean["site"])
	clean["admin"] = cmp.Or(clean["admin"], texts.texts["mail.admin"])
	// The keys exist in every language, so there is nothing to report.
	for _, name := range []string{"time", "until"} {
		if at, err := time.Parse(time.RFC3339, clean[name]); err == nil {
			clean[name], _ = texts.moment(at)
		}
	}
	for _, name := range []string{"browser", "named"} {
		if in, err := texts.browser(clean[name]); err == nil {
			clean[name] = in
		}
	}
	return message{Lang: texts.code, vars: clean, texts: texts}
}

// harmless is the one place that every value of a message passes: what others
// than the operator can put there must not look like words of ours.
func harmless(name, value string) string {
	value = oneLine(value)
	switch name {
	case "link", "stop", "undo":
		// ours
	case "reason", "browser", "named":
		value = dots.ReplaceAllString(unlinked(value), "$1 $2")
	default:
		value = unlinked(value)
	}
	return shortened(value, longest(name))
}

// dots are those that mail programs take for the dots of a host. Names keep
// theirs: anna.meier.
var dots = regexp.MustCompile(`([.\x{3002}\x{ff0e}\x{ff61}])(\pL)`) //nolint:gochecknoglobals // a compiled constant

// unlinked takes apart what begins a web address.
func unlinked(value string) string { return strings.ReplaceAll(value, "://", ": ") }

// longest is the length a variable is cut to.
func longest(name string) int {
	switch name {
	case "link", "stop", "undo":
		return longestLink
	case "reason", "help":
		return longestReason
	default:
		return longestValue
	}
}

func (m message) subjectKey(name string) string {
	if name == "notice" {
		return m.Event("subject")
	}
	return "mail." + name + ".subject"
}

// Event is the key of a part of a notice: of its event, in the variant that fits
// what it is about.
func (m message) Event(part string) string {
	key := "event." + m.vars["event"] + "."
	if variant := m.vars["variant"]; variant != "" {
		key += variant + "."
	}
	return key + part
}

// Press is the key of what the closing link of a notice does.
func (m message) Press() string {
	switch added := strings.HasPrefix(m.vars["variant"], "new_"); {
	case m.vars["event"] == "wait_started":
		return "mail.notice.stop"
	case m.vars["event"] == "contact_changed" && added:
		return "mail.notice.undo_new"
	case m.vars["event"] == "contact_changed":
		return "mail.notice.undo"
	default:
		return "mail.notice.lock"
	}
}

// Also are the other events of the same act.
func (m message) Also() []string { return strings.Fields(m.vars["also"]) }

// Thing is what a notice is about, in a line; empty when there is nothing to name.
func (m message) Thing() (string, error) {
	switch v := m.vars; {
	case v["old"] != "" && v["new"] != "":
		return v["old"] + " → " + v["new"], nil
	case v["new"] != "":
		return v["new"], nil
	case v["method"] != "" && v["key"] == "":
		name, err := m.T("factor.name." + v["method"])
		return madeIn(name, v["named"]), err
	default:
		return cmp.Or(v["key"], v["named"], v["person"]), nil
	}
}

// madeIn tells things without a name apart by the browser they were made in.
func madeIn(what, browser string) string {
	if browser == "" {
		return what
	}
	return what + " (" + browser + ")"
}

// ByOthers tells that the event of a notice is not the doing of its reader.
func (m message) ByOthers() bool {
	if m.vars["by_admin"] != "" {
		return true
	}
	switch m.vars["event"] {
	case "account_disabled", "account_enabled", "case_opened", "case_shown", "temporary_sent", "invited", "activated", "admin_granted", "admin_taken", "admin_restored", "second_asked",
		"groups_changed", "display_name_changed", "renamed", "extension_changed", "account_leaving":
		return true
	default:
		return false
	}
}

// oneLine makes a value of a stranger harmless in a header and in plain text:
// any run of white space is one blank, and characters that cannot be seen are
// gone.
func oneLine(value string) string {
	value = strings.ToValidUTF8(value, "")
	value = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, value)
	return strings.Join(strings.Fields(value), " ")
}

// shortened ends what is too long in an ellipsis.
func shortened(value string, longest int) string {
	runes := []rune(value)
	if len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return value
}

func (s *Set) loadMessages(files layers) error {
	s.mailHTML = map[string]*template.Template{}
	s.mailText = map[string]*texttemplate.Template{}
	s.sms = map[string]*texttemplate.Template{}
	var faults []error
	for _, name := range messages() {
		html := template.New(name)
		s.mailHTML[name] = html
		faults = append(faults, parseFiles(files, "mails", []string{"layout.html", name + ".html"}, func(file, body string) error {
			_, err := html.New(file).Parse(body)
			return err
		}))
		var err error
		s.mailText[name], err = readText(files, name+".txt")
		faults = append(faults, err)
	}
	for _, name := range textMessages() {
		var err error
		s.sms[name], err = readText(files, name+".sms")
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	return s.checkMessages()
}

// readText reads a message in plain text.
func readText(files layers, name string) (*texttemplate.Template, error) {
	t := texttemplate.New(name)
	err := parseFiles(files, "mails", []string{name}, func(_, body string) error {
		_, err := t.Parse(body)
		return err
	})
	return t, err
}

// checkMessages renders each message once, as checkPage does for pages.
func (s *Set) checkMessages() error {
	if s.locales[fallback] == nil {
		return nil // the missing language is reported already
	}
	var faults []error
	vars := map[string]string{"site": "Photos", "host": "photos.example.com", "link": "https://photos.example.com/", "event": "new_device"}
	for _, name := range messages() {
		_, _, _, err := s.Mail(name, fallback, vars)
		faults = append(faults, err)
	}
	for _, name := range textMessages() {
		_, err := s.SMS(name, fallback, vars)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

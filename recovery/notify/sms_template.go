package notify

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// What Validate fills a template with. The quote and the line break show
// whether they are escaped where they stand.
const (
	sampleNumber = "+33612345678"
	sampleText   = "a \"text\" in\ntwo lines"
)

// bodyTemplate is the body of a request before number and text are filled in.
type bodyTemplate struct {
	method, contentType, body string
}

func (s *SMS) template() bodyTemplate {
	t := bodyTemplate{method: s.Method, body: s.Body, contentType: "application/json"}
	if t.method == "" {
		t.method = http.MethodPost
	}
	if t.body == "" && t.method != http.MethodGet {
		t.body = defaultSMSBody
	}
	for name, value := range s.Header {
		if strings.EqualFold(name, "Content-Type") {
			t.contentType = string(value)
		}
	}
	return t
}

func (t bodyTemplate) expand(to, text string) string {
	escape := t.escaper()
	if escape == nil {
		return ""
	}
	return expand(t.body, escape(to), escape(text))
}

// escaper gives the escaping the body needs, nil when none is known: number and
// text would then be free to write into the request.
func (t bodyTemplate) escaper() func(string) string {
	media, _, err := mime.ParseMediaType(t.contentType)
	if err != nil {
		return nil
	}
	switch {
	case media == "application/x-www-form-urlencoded":
		return url.QueryEscape
	case isJSON(media), t.looksLikeJSON():
		return escapeJSON
	case strings.HasSuffix(media, "/xml"), strings.HasSuffix(media, "+xml"):
		return escapeXML
	case media == "text/plain":
		return func(s string) string { return s }
	}
	return nil
}

func (t bodyTemplate) validate() error {
	if t.body == "" {
		return nil
	}
	if t.escaper() == nil {
		return fmt.Errorf("no escaping is known for a body of type %q: set the header Content-Type to JSON, a form, XML or text/plain", t.contentType)
	}
	media, _, _ := mime.ParseMediaType(t.contentType)
	if isJSON(media) && !json.Valid([]byte(t.expand(sampleNumber, sampleText))) {
		return errors.New("the body is not JSON: put {to} and {text} in quotes, or set the header Content-Type")
	}
	return nil
}

// looksLikeJSON catches a gateway that wants JSON under another name.
func (t bodyTemplate) looksLikeJSON() bool {
	body := strings.TrimSpace(t.body)
	return strings.HasPrefix(body, "{") && !strings.HasPrefix(body, "{to}") && !strings.HasPrefix(body, "{text}")
}

func isJSON(media string) bool {
	return strings.HasSuffix(media, "/json") || strings.HasSuffix(media, "+json")
}

// expand fills both in one pass, so that a text that holds "{to}" stays as it is.
func expand(template, to, text string) string {
	return strings.NewReplacer("{to}", to, "{text}", text).Replace(template)
}

// expandURL escapes for the path before the first question mark and for the
// query after it.
func expandURL(template, to, text string) string {
	path, query, hasQuery := strings.Cut(template, "?")
	filled := expand(path, url.PathEscape(to), url.PathEscape(text))
	if !hasQuery {
		return filled
	}
	return filled + "?" + expand(query, url.QueryEscape(to), url.QueryEscape(text))
}

func hasPlaceholder(s string) bool {
	return strings.Contains(s, "{to}") || strings.Contains(s, "{text}")
}

func escapeJSON(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil { // cannot happen: any string can be marshalled
		return ""
	}
	return string(quoted[1 : len(quoted)-1])
}

func escapeXML(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil { // a Builder does not fail
		return ""
	}
	return b.String()
}

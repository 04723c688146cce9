package main

import (
	"embed"
	"html/template"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

//go:embed app.html outbox.html
var files embed.FS

func page(name string) *template.Template { return template.Must(template.ParseFS(files, name)) }

// sample is the app behind sparekey. It has no login of its own and believes
// the headers.
func sample() http.Handler {
	t := page("app.html")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		type header struct{ Name, Value string }
		view := struct {
			User    string
			Headers []header
		}{User: r.Header.Get("Remote-User")}
		for _, name := range []string{"Remote-User", "Remote-Name", "Remote-Email", "Remote-Groups"} {
			view.Headers = append(view.Headers, header{name, r.Header.Get(name)})
		}
		show(w, t, view)
	})
}

// show writes a page. A failure means that the visitor has gone.
func show(w http.ResponseWriter, t *template.Template, view any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	_ = t.Execute(w, view)
}

// outbox shows the messages in a folder, newest first. It has one address and
// takes no file name from anybody.
func outbox(dir string) http.Handler {
	t := page("outbox.html")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if !local(r.Host) {
			http.Error(w, "only as localhost", http.StatusForbidden)
			return
		}
		messages, err := readOutbox(dir)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		show(w, t, messages)
	})
	return mux
}

// local refuses other names for this machine: a foreign page could have its own
// name point here and read the codes.
func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || host == "127.0.0.1"
}

// message is a file that "notify file" wrote.
type message struct {
	SMS         bool
	To, Subject string
	Codes       []string
	Text        []part
}

// part is a piece of text; Link is empty or its address.
type part struct{ Text, Link string }

const maxShown = 50

// readOutbox reads the newest messages. Their names begin with the time.
func readOutbox(dir string) ([]message, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var out []message
	for _, e := range slices.Backward(entries) {
		if len(out) == maxShown {
			break
		}
		if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), ".txt") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if os.IsNotExist(err) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		m := parse(string(text))
		m.SMS = strings.Contains(e.Name(), "Z-sms-")
		out = append(out, m)
	}
	return out, nil
}

// parse splits a message into its head, codes and links.
func parse(text string) message {
	head, body, _ := strings.Cut(text, "\n\n")
	m := message{}
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "To":
			m.To = value
		case "Subject":
			m.Subject = value
		}
	}
	links := regexp.MustCompile(`https?://[^\s<>"]+`)
	at := 0
	for _, span := range links.FindAllStringIndex(body, -1) {
		link := body[span[0]:span[1]]
		m.Text = append(m.Text, part{Text: body[at:span[0]]}, part{link, link})
		at = span[1]
	}
	m.Text = append(m.Text, part{Text: body[at:]})
	// A code stands alone in its line in a mail, and behind the host in the last
	// line of a text message, where browsers look for it.
	code := regexp.MustCompile(`(?m)^(?: {4}([0-9A-Z]{4}-[0-9A-Z]{4}|[0-9]{6})$|@\S+ #([0-9]{6})$)`)
	for _, found := range code.FindAllStringSubmatch(body, -1) {
		m.Codes = append(m.Codes, found[1]+found[2])
	}
	return m
}

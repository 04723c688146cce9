package recoverytest

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/html"
)

// TabsVariable names the script that drives Chromium for [World.Browser];
// unset: browsers are plain HTTP clients.
const TabsVariable = "SPAREKEY_LAB_TABS"

// tabs is the one Chromium of the process.
type tabs struct {
	mu   sync.Mutex
	in   *json.Encoder
	out  *bufio.Reader
	last atomic.Int64
}

var chromium = sync.OnceValues(func() (*tabs, error) { //nolint:gochecknoglobals // takes seconds to start
	script := os.Getenv(TabsVariable)
	cmd := exec.Command("node", path.Base(script)) //nolint:noctx // ends with the process: its input closes
	cmd.Dir, cmd.Stderr = path.Dir(script), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &tabs{in: json.NewEncoder(in), out: bufio.NewReaderSize(out, 1<<20)}, cmd.Start()
})

// tab is one browser context.
type tab struct {
	tabs *tabs
	id   string
}

func newTab(tb testing.TB) *tab {
	tb.Helper()
	t, err := chromium()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(t.close)
	return &tab{t, strconv.FormatInt(t.last.Add(1), 10)}
}

// close closes all windows; stories run one after the other.
func (t *tabs) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.in.Encode(question{Do: "close"}) == nil {
		lineOf(t.out)
	}
}

type question struct {
	Tab    string      `json:"tab"`
	Story  string      `json:"story"`
	Do     string      `json:"do"`
	URL    string      `json:"url"`
	Fields [][2]string `json:"fields"`
}

// ask has Chromium do something and takes what it shows then.
func (b *Browser) ask(do, target string, fields [][2]string) *Browser {
	b.TB.Helper()
	var answer struct {
		Error, HTML, File string
		Status            int
		URL               string
		Faults            []string
	}
	story := b.TB.Name()[strings.LastIndexByte(b.TB.Name(), '/')+1:]
	b.tab.tabs.mu.Lock()
	err := b.tab.tabs.in.Encode(question{b.tab.id, story, do, target, fields})
	if err == nil {
		err = json.NewDecoder(lineOf(b.tab.tabs.out)).Decode(&answer)
	}
	b.tab.tabs.mu.Unlock()
	if err != nil || answer.Error != "" {
		b.TB.Fatalf("Chromium: %v %s", err, answer.Error)
	}
	for _, fault := range answer.Faults {
		b.TB.Errorf("page %s: %s", answer.URL, fault)
	}
	b.file = answer.File
	b.Status, b.Body, b.Answer = answer.Status, answer.HTML, http.Header{}
	if b.URL, err = url.Parse(answer.URL); err != nil {
		b.TB.Fatal(err)
	}
	if b.doc, err = html.Parse(strings.NewReader(b.Body)); err != nil {
		b.TB.Fatal(err)
	}
	return b
}

// Keep presses a button that hands out a file, and returns what is in it. The browser
// shows the page of before.
func (b *Browser) Keep(name, value string) string {
	b.TB.Helper()
	if b.tab != nil {
		return b.ask("keep", "", [][2]string{{name, value}}).file
	}
	page := *b
	b.Submit(name, value)
	file := b.Body
	if b.Status != http.StatusOK || b.Answer.Get("Content-Disposition") == "" {
		b.TB.Fatalf("got page %q, status %d, want a file", b.Page(), b.Status)
	}
	*b = page
	return file
}

// GoesOn waits until the script of the page in Chromium has gone on to another one.
func (b *Browser) GoesOn() *Browser {
	b.TB.Helper()
	return b.ask("goesOn", b.Page(), nil)
}

// Typed is what stands in a field of the page in Chromium now, also what a
// script has put there.
func (b *Browser) Typed(field string) string {
	b.TB.Helper()
	b.ask("look", "", nil)
	return attr(find(b.doc, func(n *html.Node) bool { return attr(n, "name") == field }), "data-typed")
}

func lineOf(r *bufio.Reader) *strings.Reader {
	line, _ := r.ReadString('\n') // what is missing does not parse
	return strings.NewReader(line)
}

func pairsOf(v url.Values) [][2]string {
	out := [][2]string{}
	for name, values := range v {
		for _, value := range values {
			out = append(out, [2]string{name, value})
		}
	}
	return out
}

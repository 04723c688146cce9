package lint_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
)

var update = flag.Bool("update", false, "rewrite the golden files") //nolint:gochecknoglobals // a flag

// weak is a policy with something of everything: errors, notes, chains.
func weak() lint.Table {
	return policy(`
		password: mail_link @Caddyfile:12
		password: mail_code without_factor @Caddyfile:13
		second_factor: mail_link password sms_code @Caddyfile:15
		second_factor: mail_link password weak_ok @Caddyfile:16
		both: contact*2 mail_link wait 24h @Caddyfile:18
	`)
}

// free is the default policy where only some must have a second factor.
func free() lint.Table {
	t := defaults()
	t.FactorFor = []string{"staff"}
	return t
}

// known is that policy where an unknown browser is let in by a known one.
func known() lint.Table {
	t := free()
	t.KnownDevice = true
	return t
}

func TestGolden(t *testing.T) {
	for _, tc := range []struct {
		file   string
		report lint.Report
		write  func(io.Writer, lint.Report) error
	}{
		{"default.txt", lint.Explain(defaults()), lint.Text},
		{"default.json", lint.Explain(defaults()), lint.JSON},
		{"default.dot", lint.Explain(defaults()), lint.Dot},
		{"default.svg", lint.Explain(defaults()), lint.SVG},
		{"free.txt", lint.Explain(free()), lint.Text},
		{"known.txt", lint.Explain(known()), lint.Text},
		{"weak.txt", lint.Explain(weak(), shape("totp mail phone")), lint.Text},
		{"weak.json", lint.Explain(weak(), shape("totp mail phone")), lint.JSON},
		{"weak.dot", lint.Explain(weak()), lint.Dot},
		{"weak.svg", lint.Explain(weak()), lint.SVG},
	} {
		t.Run(tc.file, func(t *testing.T) {
			var out bytes.Buffer
			if err := tc.write(&out, tc.report); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", tc.file)
			if *update {
				if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out.Bytes(), want) {
				t.Errorf("%s: got\n%s\nwant\n%s", path, &out, want)
			}
		})
	}
}

func TestText_Size(t *testing.T) {
	var out strings.Builder
	if err := lint.Text(&out, lint.Explain(defaults())); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) > 55 {
		t.Errorf("got %d lines, want at most 55", len(lines))
	}
	for i, line := range lines {
		if n := utf8.RuneCountInString(line); n > 100 || strings.TrimRight(line, " ") != line {
			t.Errorf("line %d: got %d columns in %q, want at most 100 and no space at its end", i+1, n, line)
		}
	}
}

func TestJSON_Reads(t *testing.T) {
	var out bytes.Buffer
	if err := lint.JSON(&out, lint.Explain(weak())); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Ways map[string][]struct {
			Proofs []string `json:"proofs"`
			Wait   string   `json:"wait"`
			Line   string   `json:"line"`
		} `json:"ways"`
		Findings []struct {
			Severity string   `json:"severity"`
			Lines    []string `json:"lines"`
		} `json:"findings"`
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if w := got.Ways["both"][0]; w.Wait != "24h" || w.Line != "Caddyfile:18" || len(got.Findings) == 0 {
		t.Errorf("got %+v and %d findings, want a wait of 24h, line 18 and some", w, len(got.Findings))
	}
	if bytes.Contains(out.Bytes(), []byte("null")) {
		t.Error("got null in it, want empty lists")
	}
}

// What a policy calls a proof must not become part of a picture.
func TestSVG_Escapes(t *testing.T) {
	table := policy("password: <script>&\"'")
	var out bytes.Buffer
	if err := lint.SVG(&out, lint.Explain(table)); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(&out)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "script" {
			t.Error("got an element script, want its text")
		}
	}
}

// failing is a file that is full.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriters_ReportErrors(t *testing.T) {
	r := lint.Explain(defaults())
	for _, tc := range []struct {
		name  string
		write func(io.Writer, lint.Report) error
	}{{"text", lint.Text}, {"json", lint.JSON}, {"dot", lint.Dot}, {"svg", lint.SVG}} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.write(failing{}, r); !errors.Is(err, io.ErrShortWrite) {
				t.Errorf("got %v, want %v", err, io.ErrShortWrite)
			}
		})
	}
}

package caddymodule

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

// table lines up columns for people. Names and browsers are other people's
// words: what could move the cursor of a terminal does not get there.
type table struct {
	*tabwriter.Writer
}

func newTable(w io.Writer) table { return table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} }

// row writes the cells that say something, with "-" for an empty second one.
func (t table) row(name string, cells ...string) {
	out := []string{plain(name)}
	for i, c := range cells {
		if c = plain(c); c != "" {
			out = append(out, c)
		} else if i == 0 {
			out = append(out, "-")
		}
	}
	fmt.Fprintln(t, strings.Join(out, "\t")) // Flush returns the error
}

// plain replaces characters that are not seen as themselves.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// oneLine makes one sentence of an error.
func oneLine(s string) string { return plain(strings.ReplaceAll(s, "\n", "; ")) }

// say writes a line for people. Standard output is kept for the result.
func say(cmd *cobra.Command, format string, args ...any) {
	fmt.Fprintf(cmd.ErrOrStderr(), "sparekey: "+format+"\n", args...)
}

// encode writes a result for programs.
func encode(cmd *cobra.Command, v any) error {
	out := json.NewEncoder(cmd.OutOrStdout())
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

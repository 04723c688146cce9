package caddymodule

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

func (c *command) userList() *cobra.Command {
	var list listArguments
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists people, by name",
		Long: `Lists people, by name. With --show only those who are locked, invited or
disabled, who have no second factor (no_factor), or who would need help if they
lost one thing, such as their phone (locked_out).`,
		Example: `  $ caddy sparekey user list
  $ caddy sparekey user list --show no_factor
  $ caddy sparekey user list --search martin --json`,
	}
	flags := cmd.Flags()
	flags.StringVar(&list.Show, "show", engine.ShowAll, "only these: "+strings.Join(engine.Filters(), ", "))
	flags.StringVar(&list.Text, "search", "", "part of a name, or a whole mail address or number")
	return c.leaf(cmd, nil, func(cmd *cobra.Command, _ []string) error {
		if !slices.Contains(engine.Filters(), list.Show) {
			return engine.ErrNoFilter
		}
		if c.json {
			return c.eachPage(cmd, list, (&jsonList{w: cmd.OutOrStdout()}).page)
		}
		return c.eachPage(cmd, list, func(people []engine.Person, _ bool) error { return tabulate(cmd.OutOrStdout(), people) })
	})
}

// eachPage asks for one page after the other, so that no list is too long for the
// memory here or there.
func (c *command) eachPage(cmd *cobra.Command, list listArguments, do func(people []engine.Person, last bool) error) error {
	for {
		var found listed
		if err := c.ask(cmd, opUserList, arguments{List: &list}, &found); err != nil {
			return err
		}
		last := !found.More || len(found.People) == 0
		if err := do(found.People, last); err != nil || last {
			return err
		}
		list.After = found.People[len(found.People)-1].Name
	}
}

// jsonList writes one array of what comes page by page.
type jsonList struct {
	w     io.Writer
	begun bool
}

func (l *jsonList) page(people []engine.Person, last bool) error {
	for _, p := range people {
		text, err := json.MarshalIndent(p, "  ", "  ")
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(l.w, "%s  %s", map[bool]string{true: ",\n", false: "[\n"}[l.begun], text); err != nil {
			return err
		}
		l.begun = true
	}
	if !last {
		return nil
	}
	_, err := io.WriteString(l.w, map[bool]string{true: "\n]\n", false: "[]\n"}[l.begun])
	return err
}

func tabulate(w io.Writer, people []engine.Person) error {
	t := newTable(w)
	t.row("NAME", "STATE", "ADMIN", "SECOND FACTOR", "LAST SIGN-IN", "GROUPS", "SHOWN AS")
	for _, p := range people {
		state := string(p.State)
		if !p.Locked.IsZero() {
			state += ", locked until " + moment(p.Locked)
		}
		signedIn := "-"
		if !p.SignedIn.IsZero() {
			signedIn = p.SignedIn.Format(time.DateOnly)
		}
		t.row(p.Name, state, yes(p.Admin), yes(p.TwoFactors), signedIn, cmp.Or(strings.Join(p.Groups, ", "), "-"), p.DisplayName)
	}
	return t.Flush()
}

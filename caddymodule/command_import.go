package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/foreign"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// importing is one run of an import.
type importing struct {
	*command
	format foreign.Format
	totp   string
	admins bool
	try    bool

	cmd    *cobra.Command
	place  *place
	hasher *secret.Hasher
	report importReport
	told   time.Time // of the progress
}

// importReport is the result of an import. Nothing in it is secret.
type importReport struct {
	Imported  int          `json:"imported"`
	Invited   int          `json:"invited"`
	Renewed   int          `json:"renewed"`
	Unchanged int          `json:"unchanged"`
	Refused   int          `json:"refused"`
	Try       bool         `json:"dry_run"`
	Lines     []importLine `json:"lines"`
	Delete    []string     `json:"delete_afterwards"`
}

type importLine struct {
	Line   int      `json:"line"`
	Name   string   `json:"name"`
	Result string   `json:"result"`
	Why    string   `json:"why,omitempty"`
	Notes  []string `json:"notes,omitempty"`
}

func (c *command) importPeople() *cobra.Command {
	all := &cobra.Command{
		Use:   "import FORMAT",
		Short: "Brings people along from another program, with their passwords",
		Long: `Brings people along from another program. They sign in with the passwords they
have: argon2id, scrypt, pbkdf2 with SHA-256 or SHA-512, sha-crypt and bcrypt are
taken over, hashed once more with what Sparekey uses, and replaced by a hash of
its own at the first sign-in. Where only MD5, SHA-1, DES or a plain password is
kept, the person comes along without one and gets an invitation from you:
caddy sparekey rescue NAME prints its link.

Say --dry-run first. What is wrong with somebody is said with the line, and stops
nobody else. A name or address that is there twice is imported for nobody. Done
again, it changes nobody who has signed in since.`,
	}
	group(all)
	for _, f := range foreign.Formats() {
		all.AddCommand(c.importFormat(f))
	}
	return all
}

func (c *command) importFormat(f foreign.Format) *cobra.Command {
	i := &importing{command: c, format: f}
	cmd := &cobra.Command{
		Use:     f.Name + " FILE",
		Short:   "Brings people along from " + f.Says,
		Example: fmt.Sprintf("  $ caddy sparekey import %[1]s FILE --dry-run\n  $ caddy sparekey import %[1]s FILE --json", f.Name),
	}
	cmd.Flags().BoolVar(&i.try, "dry-run", false, "say what would become of everybody, and write nothing")
	cmd.Flags().BoolVar(&i.admins, "admins", false, `let members of the group "admins" be administrators here; else they come along without that group`)
	if f.Name == "authelia" {
		cmd.Flags().StringVar(&i.totp, "totp", "", `file written by "authelia storage user totp export"`)
	}
	return c.leaf(cmd, []string{"FILE"}, func(cmd *cobra.Command, args []string) error {
		i.cmd = cmd
		return i.run(args[0])
	})
}

// run does all of it. What was refused is no failure of the rest, and still ends in
// an error: a script should not pass over it.
func (i *importing) run(path string) error {
	people, err := i.read(path)
	if err != nil {
		return err
	}
	if i.place, err = i.command.place(); err != nil {
		return err
	}
	i.hasher = secret.NewHasher(i.place.app.policy.Hash, 0)
	i.report = importReport{Try: i.try, Lines: []importLine{}, Delete: []string{}}
	if err := i.bring(people); err != nil {
		return i.stopped(err)
	}
	if !i.try {
		i.report.Delete = slices.DeleteFunc([]string{path, i.totp}, func(p string) bool { return p == "" })
	}
	if err := i.tell(); err != nil {
		return err
	}
	if i.report.Refused > 0 {
		return fmt.Errorf("%d of %d were not imported: see their lines", i.report.Refused, len(people))
	}
	return nil
}

// stopped says how far it has come when the store did not answer any more.
func (i *importing) stopped(err error) error {
	if n := i.report.Imported + i.report.Invited + i.report.Renewed; n > 0 && !i.try {
		return fmt.Errorf("stopped after %d people, and can be run again: %w", n, err)
	}
	return err
}

func (i *importing) read(path string) ([]foreign.Person, error) {
	text, err := i.file(path)
	if err != nil {
		return nil, err
	}
	people, err := i.format.People(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if i.totp == "" {
		return people, nil
	}
	if text, err = i.file(i.totp); err != nil {
		return nil, err
	}
	list, err := foreign.Authenticators(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.totp, err)
	}
	for _, line := range foreign.Give(people, list) {
		say(i.cmd, "%s: line %d: this authenticator belongs to nobody in the file of people", plain(i.totp), line)
	}
	return people, nil
}

// file reads a file, at most as much as a list of people has.
func (i *importing) file(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case info.Size() > foreign.MaxFile:
		return nil, fmt.Errorf("%s: %w", path, foreign.ErrTooBig)
	case info.Mode().Perm()&0o044 != 0:
		say(i.cmd, "%s may be read by others (mode %o), and holds what opens accounts: chmod 600 it, and delete it afterwards", plain(path), info.Mode().Perm())
	}
	return io.ReadAll(io.LimitReader(f, foreign.MaxFile+1))
}

const (
	importBatch  = 25
	importBytes  = controlBody * 3 / 4
	progressStep = 5 * time.Second
)

// bring asks for one part after the other.
func (i *importing) bring(people []foreign.Person) error {
	var batch []recovery.Newcomer
	size := 0
	for n, p := range people {
		if p.Refused != "" {
			i.note(p, engine.Imported{Line: p.Line, Name: p.Name, Result: engine.ImportedNot, Why: p.Refused})
			continue
		}
		one, err := i.newcomer(&people[n])
		if err != nil {
			return err
		}
		text, err := json.Marshal(one)
		if err != nil {
			return err
		}
		if len(batch) == importBatch || size+len(text) > importBytes && len(batch) > 0 {
			if err := i.send(people, batch); err != nil {
				return err
			}
			batch, size = nil, 0
		}
		batch, size = append(batch, one), size+len(text)
		i.progress(n, len(people))
	}
	return i.send(people, batch)
}

// newcomer wraps the password of one, which takes as long as a sign-in does.
func (i *importing) newcomer(p *foreign.Person) (recovery.Newcomer, error) {
	n := recovery.Newcomer{
		NewAccount: recovery.NewAccount{Name: p.Name, Mail: p.Mail, Phone: p.Phone, Groups: p.Groups},
		Line:       p.Line, Display: p.Display, Disabled: p.Disabled, Brought: map[string]json.RawMessage{},
	}
	if at := slices.Index(n.Groups, recovery.GroupAdmins); at >= 0 && !i.admins {
		n.Groups = slices.Delete(slices.Clone(n.Groups), at, at+1)
		p.Notes = append(p.Notes, `is in "admins" there, and comes along without: say --admins to make administrators`)
	}
	if !p.Taken {
		return n, nil
	}
	wrapped, err := i.hasher.Wrap(i.cmd.Context(), p.Foreign, p.Sum)
	if err != nil {
		return n, err
	}
	n.Brought[recovery.Password] = method.BringPassword(wrapped)
	if p.TOTP != nil {
		if n.Brought[recovery.TOTP], err = p.TOTP.Data(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// progress says now and then how far it is.
func (i *importing) progress(n, all int) {
	now := time.Now()
	switch {
	case i.told.IsZero():
		i.told = now
	case now.Sub(i.told) >= progressStep:
		i.told = now
		say(i.cmd, "%d of %d people", n+1, all)
	}
}

func (i *importing) send(people []foreign.Person, batch []recovery.Newcomer) error {
	if len(batch) == 0 {
		return nil
	}
	first := len(i.report.Lines) == 0
	answer, err := i.place.callAndTell(i.cmd.Context(), opImport, arguments{Import: &importArguments{batch, i.try}}, func(how string) {
		if first {
			say(i.cmd, "%s", plain(how))
		}
	})
	if err != nil {
		return err
	}
	var done []engine.Imported
	if err := json.Unmarshal(answer, &done); err != nil {
		return err
	}
	if len(done) != len(batch) {
		return errors.New("the Caddy that is running has not answered for everybody")
	}
	for _, x := range done {
		at := slices.IndexFunc(people, func(p foreign.Person) bool { return p.Line == x.Line && p.Name == x.Name })
		i.note(people[max(at, 0)], x)
	}
	return nil
}

// note counts one, and keeps the line.
func (i *importing) note(p foreign.Person, x engine.Imported) {
	r := &i.report
	counts := map[string]*int{
		engine.ImportedAccount: &r.Imported, engine.ImportedInvited: &r.Invited, engine.ImportedAgain: &r.Renewed,
		engine.ImportedKept: &r.Unchanged, engine.ImportedNot: &r.Refused,
	}
	if n := counts[x.Result]; n != nil {
		*n++
	}
	r.Lines = append(r.Lines, importLine{x.Line, x.Name, x.Result, oneLine(x.Why), p.Notes})
}

// tell writes the report: for people only the lines that say something.
func (i *importing) tell() error {
	slices.SortStableFunc(i.report.Lines, func(a, b importLine) int { return a.Line - b.Line })
	if i.json {
		return encode(i.cmd, i.report)
	}
	t := newTable(i.cmd.OutOrStdout())
	for _, l := range i.report.Lines {
		if why := strings.Join(slices.DeleteFunc(append([]string{l.Why}, l.Notes...), func(s string) bool { return s == "" }), "; "); why != "" {
			t.row(fmt.Sprintf("line %d", l.Line), l.Name, l.Result, why)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	r, would := i.report, ""
	if r.Try {
		would = "this was a trial, and nothing was written: "
	}
	fmt.Fprintf(i.cmd.OutOrStdout(), "%simported %d, to be invited %d, made anew %d, unchanged %d, refused %d\n",
		would, r.Imported, r.Invited, r.Renewed, r.Unchanged, r.Refused)
	if len(r.Delete) > 0 {
		say(i.cmd, "when everybody is here, delete what opens accounts elsewhere: %s", plain(strings.Join(r.Delete, ", ")))
	}
	return nil
}

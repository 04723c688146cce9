package caddymodule

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// auditOptions are those of the command.
type auditOptions struct {
	user, since, until, log string
	events                  []string
	verify                  bool
}

func (c *command) audit() *cobra.Command {
	var o auditOptions
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Shows who did what to whom, and checks that nothing of that was changed",
		Long: `Shows the audit trail, the oldest first: who did what to whom, how, from where
and why. With --json each record is a line, for programs and as an export.

With --verify it looks at all of it, and finds what was edited, dropped, moved or
cut: records, segments and days. What the log has of it, with --from-log FILE, is
compared too. It cannot find a store that was put back as a whole (doctor does,
and the log), nor what somebody did who has the key of the store: for these keep
the log elsewhere. It ends with 1 when something is wrong.`,
		Example: `  $ caddy sparekey audit --user anna --since 7d
  $ caddy sparekey audit --event login_failed --since 2030-01-31 --json
  $ caddy sparekey audit --verify --from-log /var/log/caddy/caddy.log`,
	}
	flags := cmd.Flags()
	flags.StringVar(&o.user, "user", "", "what happened to somebody, or was done by them: a name, mail address, number, or the id of an account that is gone")
	flags.StringArrayVar(&o.events, "event", nil, "name of an event; may be given several times (default all)")
	flags.StringVar(&o.since, "since", "", "from then on: 7d, 2030-01-31, or 2030-01-31T12:00:00Z")
	flags.StringVar(&o.until, "until", "", "before then, written likewise")
	flags.BoolVar(&o.verify, "verify", false, "check all of it")
	flags.StringVar(&o.log, "from-log", "", "with --verify: a log of Caddy, as JSON lines")
	return c.leaf(cmd, nil, func(cmd *cobra.Command, _ []string) error {
		if o.verify {
			return c.auditVerify(cmd, o)
		}
		if o.log != "" {
			return errors.New("--from-log is for --verify")
		}
		return c.auditShow(cmd, o)
	})
}

func (c *command) auditShow(cmd *cobra.Command, o auditOptions) error {
	args := auditArguments{Events: o.events}
	var err error
	if args.Since, err = pastTime(o.since, time.Now()); err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	if args.Until, err = pastTime(o.until, time.Now()); err != nil {
		return fmt.Errorf("--until: %w", err)
	}
	lost := 0
	for more := true; more; {
		var part auditPart
		if err := c.ask(cmd, opAudit, arguments{User: o.user, Audit: &args}, &part); err != nil {
			return err
		}
		if err := c.auditPrint(cmd, part.Records); err != nil {
			return err
		}
		lost += part.Lost
		args.From, more = part.Next, part.Next.ID != ""
	}
	if lost > 0 {
		return fmt.Errorf("%d parts of the audit trail are missing or do not open: see caddy sparekey audit --verify", lost)
	}
	return nil
}

func (c *command) auditPrint(cmd *cobra.Command, records []engine.TrailLine) error {
	if c.json {
		out := json.NewEncoder(cmd.OutOrStdout())
		out.SetEscapeHTML(false)
		for _, r := range records {
			if err := out.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	t := newTable(cmd.OutOrStdout())
	for _, r := range records {
		t.row(r.Time.Local().Format(time.DateTime), auditCells(r)...)
	}
	return t.Flush()
}

// auditCells are what people read of a record.
func auditCells(r engine.TrailLine) []string {
	whom, by, event := r.User, r.By, r.Event
	if whom == "" && r.Account != "" {
		whom = gonePerson(r.Account)
	}
	if by == "" && r.ByID != "" {
		by = gonePerson(r.ByID)
	}
	if by != "" {
		by = "by " + by
	}
	if r.Count > 1 {
		event = fmt.Sprintf("%s (%d)", event, r.Count)
	}
	if r.Hidden {
		r.Detail = "(what was private is gone with the account)"
	}
	return []string{event, whom, by, r.Method, r.IP, r.Browser, r.Detail}
}

func gonePerson(id string) string { return "a removed person, " + id[:min(4, len(id))] }

// pastTime reads a time, or how long ago it was.
func pastTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	ago, err := caddy.ParseDuration(text)
	if err != nil || ago < 0 {
		return time.Time{}, fmt.Errorf("%q is no time: write it like 7d, 2030-01-31, or 2030-01-31T12:00:00Z", text)
	}
	return now.Add(-ago), nil
}

func (c *command) auditVerify(cmd *cobra.Command, o auditOptions) error {
	args := auditArguments{}
	if o.log != "" {
		var err error
		if args.Heads, err = headsOf(o.log); err != nil {
			return err
		}
	}
	var r engine.TrailReport
	if err := c.ask(cmd, opAuditVerify, arguments{Audit: &args}, &r); err != nil {
		return err
	}
	if c.json {
		if err := encode(cmd, r); err != nil {
			return err
		}
	} else {
		printReport(cmd, r, len(args.Heads))
	}
	if len(r.Faults) > 0 {
		return fmt.Errorf("the audit trail is not as it was written, in %d places", len(r.Faults)+r.More)
	}
	return nil
}

func printReport(cmd *cobra.Command, r engine.TrailReport, heads int) {
	out := cmd.OutOrStdout()
	for _, f := range r.Faults {
		fmt.Fprintln(out, plain(faultText(f)))
	}
	if r.More > 0 {
		fmt.Fprintf(out, "and %d more\n", r.More)
	}
	fmt.Fprintf(out, "%d records in %d segments, from %s to %s, and the rows of %d accounts\n", r.Records, r.Segments, dash(r.First), dash(r.Last), r.Accounts)
	switch {
	case heads > 0:
		fmt.Fprintf(out, "%d of %d ends of the log were found, %d are of days that are kept no longer\n", r.Heads, heads, r.Older)
	default:
		fmt.Fprintln(out, "not compared with the log: a store that was put back as a whole, and what somebody did who has its key, does not show")
	}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// faultText says what is wrong in a sentence.
func faultText(f engine.TrailFault) string {
	where := f.Day
	switch {
	case f.Account != "":
		where = fmt.Sprintf("account %s, record %d of its row", f.Account, f.Number)
	case f.Record > 0:
		where = fmt.Sprintf("%s, process %s, segment %d, record %d", f.Day, f.Node, f.Segment, f.Record)
	case f.Segment > 0:
		where = fmt.Sprintf("%s, process %s, segment %d", f.Day, f.Node, f.Segment)
	case f.Node != "":
		where = fmt.Sprintf("%s, %s", f.Day, f.Node)
	}
	return where + ": " + map[recovery.Wrong]string{
		recovery.WrongRecord:  "it was changed",
		recovery.WrongOrder:   "it does not follow on what is before it: something was taken out, put in or moved there",
		recovery.WrongEnd:     "the end is missing: it was cut",
		recovery.WrongMissing: "it is missing",
		recovery.WrongStray:   "nobody wrote it down: it was put in, or written after its day was sealed",
		recovery.WrongSeal:    "the seal of the day is missing, or is not what was written",
		recovery.WrongAccount: "the trail and the account do not agree: records are missing, or one of the two was put back as it was before",
		recovery.WrongNoKey:   "it cannot be checked: the key of then is not in \"secret\" any more",
		recovery.WrongLog:     "the log has an end there that the trail has not",
		recovery.WrongOpen:    "it does not open: it is damaged, or sealed with another key",
	}[f.What]
}

// maxHeads is how many ends are taken from a log: the newest.
const maxHeads = 400

// headsOf finds the ends of the trail in a log of JSON lines.
func headsOf(path string) ([]engine.TrailHead, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	var out []engine.TrailHead
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var line struct {
			Message string `json:"msg"`
			engine.TrailHead
		}
		if !strings.Contains(in.Text(), "audit head") || json.Unmarshal(in.Bytes(), &line) != nil || line.Message != "audit head" {
			continue
		}
		if out = append(out, line.TrailHead); len(out) > 2*maxHeads {
			out = slices.Clone(out[maxHeads:])
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s has no line with \"audit head\": is it a log of Caddy, as JSON lines?", path)
	}
	return out[max(0, len(out)-maxHeads):], nil
}

package caddymodule

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// rekeyed is the result of a rekey.
type rekeyed struct {
	Records int       `json:"records"`
	Sealed  int       `json:"sealed"`                  // of them anew
	Damaged int       `json:"damaged"`                 // that no key opens
	MayGo   time.Time `json:"old_key_may_go,omitzero"` // zero: now
	Links   int       `json:"links_until_then"`
	Codes   []string  `json:"codes_under_an_older_key"` // user names
}

// rekey moves a store to the first of the secrets.
func (c *command) rekey() *cobra.Command {
	return c.leaf(&cobra.Command{
		Use:   "rekey",
		Short: "Seals the store with the new secret alone, so that the old one can go",
		Long: `Seals and names everything in the store with the first key of "secret", and
says when those behind it may go, and whose recovery codes still need one. After
that the store opens with the first key alone. It works beside Caddys that run,
can be stopped at any time, and can be run again.

To change the key: put the new one BEHIND the old one on every Caddy and reload
each; then in FRONT on every Caddy and reload each; then run this, once; then
take the old one away. Who knows the old key and has a copy of the store from
before can read that copy for ever.`,
		Example: `  $ caddy sparekey rekey --config /etc/caddy/Caddyfile
  $ caddy sparekey rekey --config /etc/caddy/Caddyfile --json`,
	}, nil, func(cmd *cobra.Command, _ []string) error {
		p, err := c.place()
		if err != nil {
			return err
		}
		r, err := p.rekey(cmd)
		if err != nil {
			return err
		}
		if c.json {
			return encode(cmd, r)
		}
		r.tell(cmd)
		return nil
	})
}

// rekey asks for one part after the other.
func (p *place) rekey(cmd *cobra.Command) (rekeyed, error) {
	keys, err := p.keys()
	if err != nil {
		return rekeyed{}, err
	}
	out, left, told := rekeyed{Codes: []string{}}, engine.Rekeyed{}, false
	for !left.Done {
		answer, err := p.callAndTell(cmd.Context(), opRekey, arguments{Rekey: &rekeyArguments{keys.ID(), left}}, func(how string) {
			if !told {
				say(cmd, "%s", plain(how))
			}
			told = true
		})
		if err != nil {
			return out, err
		}
		if err := json.Unmarshal(answer, &left); err != nil {
			return out, err
		}
		out.Codes, left.Older = append(out.Codes, left.Older...), nil
		out.Records = max(out.Records, left.All)
		if !left.Done && left.Seen > 0 {
			say(cmd, "step %d of 3: %d of %d records", left.Pass+1, left.Seen, left.All)
		}
	}
	out.Sealed, out.Damaged, out.Links, out.MayGo = left.Sealed, left.Damaged, left.Links, left.Free
	slices.Sort(out.Codes)
	return out, nil
}

// tell writes the result for people.
func (r rekeyed) tell(cmd *cobra.Command) {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%d records are sealed with the first key, %d of them anew\n", r.Records, r.Sealed)
	if r.Damaged > 0 {
		fmt.Fprintf(out, "%d records do not open with any key and were left as they are: see Caddy's log\n", r.Damaged)
	}
	if len(r.Codes) > 0 {
		fmt.Fprintf(out, "recovery codes that need an older key, and open nothing without it: %s: have these people make new ones on their account page\n",
			plain(strings.Join(r.Codes, ", ")))
	}
	if r.MayGo.IsZero() {
		fmt.Fprintln(out, "nothing else needs an older key: it may go")
		return
	}
	fmt.Fprintf(out, "an older key may go after %s: until then links and codes that were sent need it (links: %d); sent anew, they do not. To have it end by itself write behind it: until %s\n",
		r.MayGo.Local().Format(time.DateTime), r.Links, r.MayGo.UTC().Format(time.DateOnly))
}

package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// askTime is how long a server may take to show that it is there.
const askTime = 5 * time.Second

// checker is a notifier's sender that can tell whether it would work, without
// sending anything.
type checker interface {
	// Check is nil when it would, notify.ErrUnchecked when only sending tells,
	// and else what is wrong, without secrets.
	Check(ctx context.Context) error
}

// channelChecks asks all servers at the same time.
func (o *operations) channelChecks(ctx context.Context) []check {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	found := make([]check, len(channels()))
	var asking sync.WaitGroup
	for i, channel := range channels() {
		asking.Go(supervise.Func(o.app.logger, "asking a server", func() {
			found[i] = check{channel, levelFault, "the check has failed", "see the log of this process for \"panic\"", nil}
			found[i] = o.app.channelCheck(ctx, channel)
		}))
	}
	asking.Wait()
	var out []check
	for i, channel := range channels() {
		out = append(out, found[i])
		if o.queue != nil && o.queue.Has(channel) {
			out = append(out, lineCheck(channel, o.queue.Stats()[channel]))
		}
	}
	return out
}

func (a *App) channelCheck(ctx context.Context, channel string) check {
	n := a.notifier(channel)
	if n == nil {
		return a.missing(channel)
	}
	by := channel
	if m, ok := n.(caddy.Module); ok {
		by = "notify " + m.CaddyModule().ID.Name()
	}
	asked, ok := n.Sender().(checker)
	if !ok {
		return fine(channel, "%s: cannot be asked without sending something: use --send-test", by)
	}
	switch err := asked.Check(ctx); {
	case err == nil:
		return fine(channel, "%s: is there, as far as can be seen without sending", by)
	case errors.Is(err, notify.ErrUnchecked):
		return fine(channel, "%s: cannot be asked without sending something: use --send-test", by)
	default:
		return check{channel, levelFault, err.Error(), remedy(channel, notify.FaultOf(err)), nil}
	}
}

// missing says what cannot be done for want of a notifier. Text messages cost
// money and the operator's channels are a comfort: doing without is no fault.
func (a *App) missing(channel string) check {
	c := fine(channel, "nothing sends it")
	if ways := a.idleWays(channel); len(ways) > 0 {
		c.Text += "; ways back that are not offered for it: " + strings.Join(ways, ", ")
	}
	if channel == recovery.ChannelMail {
		c.Level, c.Remedy = levelWarning, "configure notify smtp"
	}
	return c
}

// lineCheck tells what became of the messages of a channel.
func lineCheck(channel string, s notify.ChannelStats) check {
	c := fine(channel, "since the configuration was loaded: %d sent, %d failed, %d waiting", s.Sent, s.Failed, s.Waiting)
	c.Line = &line{Waiting: s.Waiting, Sent: s.Sent, Failed: s.Failed, LastError: s.LastError, LastErrorAt: s.LastErrorAt}
	if s.LastError == "" {
		return c
	}
	c.Text += fmt.Sprintf("; last error %s: %s", s.LastErrorAt.Local().Format(time.DateTime), s.LastError)
	if s.LastErrorAt.After(s.SentAt) {
		c.Level, c.Remedy = levelWarning, remedy(channel, s.LastFault)
	}
	return c
}

// remedy is what an operator can do about a fault; empty when it says enough.
func remedy(channel string, fault notify.Fault) string {
	if channel == recovery.ChannelMail {
		if r := mailRemedies()[fault]; r != "" {
			return r
		}
	}
	return remedies()[fault]
}

func remedies() map[notify.Fault]string {
	return map[notify.Fault]string{
		notify.FaultName:       "the server's name is not known: check its spelling, and the name server of this machine",
		notify.FaultConnection: "nobody listens there: check host and port, that the server runs, and the firewalls between",
		notify.FaultDropped:    "the server hung up: its own log says why",
		notify.FaultTimeout:    "no answer in time: check host and port; a firewall may swallow the connection",
		notify.FaultTLS:        "the server cannot be trusted: check its certificate, its name in the configuration, and the authorities and the clock of this machine",
		notify.FaultSignOn:     "the server refuses the key or the password: put a valid one into the configuration",
		notify.FaultRecipient:  "the number is refused: check its country code and the list of countries",
		notify.FaultBusy:       "the server refuses for now: wait, or ask its operator for a higher limit",
		notify.FaultRefused:    "the server refuses the request: compare address, method, header and body with its manual",
		notify.FaultBroken:     "the server is broken: its operator has to mend it",
		notify.FaultRedirect:   "the server answers with another address, which is not followed since it would get the code: configure the right one",
		notify.FaultBudget:     "the day's budget is used up: wait for tomorrow (UTC), or raise budget",
		notify.FaultFolder:     "the folder cannot be written: check that it exists, belongs to the user of Caddy, and has room",
	}
}

// mailRemedies are those that differ for mail.
func mailRemedies() map[notify.Fault]string {
	return map[notify.Fault]string{
		notify.FaultTimeout:   "no answer in time: check host and port; many networks block port 25, use 587 or 465",
		notify.FaultTLS:       "no trusted encryption: check tls (starttls or implicit), the certificate, the server's name in the configuration, and the clock of this machine",
		notify.FaultSignOn:    "the server refuses user and password: check both; some providers want a password made for the app",
		notify.FaultSender:    "the server does not take mail from this address: set from to one that this user may send as",
		notify.FaultRecipient: "the server does not take mail for this address: check it, and that the server may send to other hosts",
		notify.FaultRefused:   "the server refuses the message: its words say why",
	}
}

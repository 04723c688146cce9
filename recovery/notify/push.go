package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/matrix"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
	"github.com/nicholas-fedor/shoutrrr/pkg/util/jsonclient"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

const (
	// defaultPushTimeout is more than the 10 s that many services of shoutrrr
	// allow themselves: those then end by themselves.
	defaultPushTimeout = 15 * time.Second
	// maxStuck is how many sends may outlive their time limit.
	maxStuck = 8
)

// Push sends letters to a push or chat service through shoutrrr: ntfy, Gotify,
// Telegram, Matrix and some twenty others
// (https://github.com/nicholas-fedor/shoutrrr).
//
// 4xx but 408 and 429 is permanent where the service tells its status, and so
// is a panic of it; everything else is temporary. Its errors never repeat what
// shoutrrr says: that holds tokens, in URLs of its own making too.
//
// Not promised: Telegram, as of shoutrrr 0.13, counts a message as sent when
// its server cannot be reached at all, and services follow redirects.
type Push struct {
	// URL of the service in the form of shoutrrr, such as
	// ntfy://ntfy.sh/TOPIC. It holds tokens and passwords. Required.
	URL secret.Text
	// Shared tells that more people than one read the channel: letters with a
	// secret are then refused with ErrPermanent. Default: false.
	Shared bool
	// Timeout bounds one message. Default 15 s.
	Timeout time.Duration
	// Log takes the stack of a panic in the service. Default: slog.Default().
	Log *slog.Logger

	turn    sync.Mutex    // one message at a time: a service changes itself while it sends
	service types.Service // kept, since Matrix signs in when it is made; nil: make one
	running atomic.Int32  // sends under way, those past their time limit included
}

// Validate checks the URL without a request. Its errors never repeat the URL.
func (p *Push) Validate() (err error) {
	scheme, u, err := p.parse()
	if err != nil {
		return err
	}
	incomplete := wrong("url", "push: the URL is not of the form that %s wants: see the page of %s at https://shoutrrr.nickfedor.com/", scheme, scheme)
	defer func() {
		if recover() != nil { // an empty room of Matrix, for one
			err = incomplete
		}
	}()
	if scheme == matrix.Scheme {
		// To make this service is to sign in.
		c := new(matrix.Config)
		if c.SetURL(u) != nil || c.Host == "" || c.Password == "" {
			return incomplete
		}
		return nil
	}
	if _, err := new(router.ServiceRouter).Locate(string(p.URL)); err != nil {
		return incomplete
	}
	return nil
}

// Open tells that the address asks for no encryption, or for none that is checked,
// on a way that leads off this machine.
func (p *Push) Open() bool {
	u, err := url.Parse(string(p.URL))
	if err != nil || isLoopback(u.Hostname()) {
		return false
	}
	open := strings.HasSuffix(strings.ToLower(u.Scheme), "+http")
	for name, values := range u.Query() {
		for _, value := range values {
			open = open || opens(strings.ToLower(name), strings.ToLower(value))
		}
	}
	return open
}

// opens knows the words of shoutrrr's services.
func opens(name, value string) bool {
	switch name {
	case "scheme":
		return value == "http"
	case "encryption":
		return value == "none"
	case "disabletls", "disabletlsverification", "insecureskipverify", "skiptlsverify":
		return slices.Contains([]string{"1", "true", "yes", "y"}, value)
	}
	return false
}

func (p *Push) parse() (scheme string, u *url.URL, err error) {
	services := new(router.ServiceRouter)
	scheme, u, err = services.ExtractServiceName(string(p.URL))
	if err == nil {
		_, err = services.NewService(scheme)
	}
	switch {
	case err != nil:
		return "", nil, wrong("url", "push: the URL does not begin with a service that shoutrrr knows, such as ntfy:// or gotify://")
	case scheme == "logger":
		return "", nil, wrong("url", "push: logger:// tells nobody; notify file is for trying things out")
	}
	return scheme, u, nil
}

// Send hands the letter to the service. Many services have no time limit and
// none takes a context, so one that hangs is left behind, but only so many of
// them: after that Send fails until one has ended.
func (p *Push) Send(ctx context.Context, l Letter) error {
	if l.Secret && p.Shared {
		return permanentf("push: the message holds a secret and the channel is shared")
	}
	if _, _, err := p.parse(); err != nil {
		return permanentf("%w", err)
	}
	if err := oneLine("subject", l.Subject); err != nil {
		return permanentf("push: %w", err)
	}
	p.turn.Lock() // for no longer than the time limit of whoever holds it
	defer p.turn.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("push: %w", err)
	}
	if p.running.Load() >= maxStuck {
		return errors.New("push: too many earlier messages still wait for an answer")
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout())
	defer cancel()
	return p.start(ctx, l)
}

// outcome is what a send left behind.
type outcome struct {
	service types.Service // for the next letter; nil: make a new one
	err     error
}

func (p *Push) start(ctx context.Context, l Letter) error {
	service := p.service
	p.service = nil // a send that outlives its time limit keeps it
	done := make(chan outcome, 1)
	p.running.Add(1)
	go supervise.Run(p.Log, "a push", func() {
		defer p.running.Add(-1)
		done <- p.deliver(service, l)
	})
	select {
	case o := <-done:
		p.service = o.service
		return o.err
	case <-ctx.Done():
		return marked(FaultTimeout, errors.New("push: no answer in time"))
	}
}

// deliver runs in a goroutine of its own, where a panic would end the server.
func (p *Push) deliver(service types.Service, l Letter) (o outcome) {
	defer func() {
		if v := recover(); v != nil {
			supervise.Report(p.Log, "a push service", v)
			o = outcome{err: permanentf("push: panic of type %T", v)} // its value could hold a token
		}
	}()
	if service == nil {
		var err error
		if service, err = new(router.ServiceRouter).Locate(string(p.URL)); err != nil {
			return outcome{err: marked(FaultSignOn, errors.New("push: the service could not be set up, or refuses the name and password"))}
		}
	}
	text, params := wording(service.GetID(), l)
	if err := service.Send(text, &params); err != nil {
		if service.GetID() == matrix.Scheme {
			return outcome{err: pushError(service, err)} // signs in anew: its token may have run out
		}
		return outcome{service, pushError(service, err)}
	}
	return outcome{service: service}
}

// wording gives the subject to a service as its title if it takes one; others
// would refuse the message for it, and have it as the first line.
func wording(service string, l Letter) (text string, params types.Params) {
	switch service {
	case "bark", "discord", "gotify", "join", "ntfy", "pushbullet", "pushover", "slack", "teams", "telegram":
		return l.Text, types.Params{"title": l.Subject}
	}
	if l.Subject == "" {
		return l.Text, types.Params{}
	}
	return l.Subject + "\n\n" + l.Text, types.Params{}
}

// pushError says in our words what went wrong, so that no token gets through.
func pushError(service types.Service, err error) error {
	name := "push: " + service.GetID()
	var answer jsonclient.Error
	var network net.Error
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &answer):
		if answer.StatusCode/100 == 2 {
			return fmt.Errorf("%s answered what is not its answer", name)
		}
		return answered(name, answer.StatusCode)
	case errors.As(err, &network) && network.Timeout():
		return marked(FaultTimeout, fmt.Errorf("%s gave no answer in time", name))
	case errors.As(err, &dns):
		return marked(FaultName, fmt.Errorf("%s: %s", name, dns.Err))
	case errors.As(err, &op):
		return fmt.Errorf("%s: %w", name, op.Err)
	}
	return marked(FaultRefused, fmt.Errorf("%s did not take the message", name))
}

func (p *Push) timeout() time.Duration {
	if p.Timeout > 0 {
		return p.Timeout
	}
	return defaultPushTimeout
}

var _ Sender = (*Push)(nil)

package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

const (
	defaultSMSTimeout = 10 * time.Second
	defaultSMSBody    = `{"to":"{to}","text":"{text}"}`
	// maxReply is how much of a gateway's answer is read, in bytes. It is read
	// only to end the exchange in order, and never shown: gateways repeat the
	// text they were sent.
	maxReply = 4 << 10
)

// SMS sends text messages through a gateway's HTTP interface.
//
// 2xx is sent; 4xx but 408 and 429 is permanent; everything else, a redirect
// too, is temporary. Redirects are not followed: they would carry the number,
// the text and the key to another place.
type SMS struct {
	// URL of the gateway, http or https. {to} and {text} may stand in path and
	// query and are escaped for it. Required.
	URL secret.Text
	// Method of the request. Default: POST.
	Method string
	// Header of the request, such as Authorization. Content-Type decides how
	// the body is escaped; default: application/json.
	Header map[string]secret.Text
	// Body is the template of the request's body with {to} and {text}. Default:
	// {"to":"{to}","text":"{text}"}; with GET: no body.
	Body string
	// Timeout bounds one request. Default 10 s.
	Timeout time.Duration
	// Countries are the calling codes that may be sent to, without + ("33").
	// Default: all. A short list keeps strangers from spending money by sending
	// to dear numbers.
	Countries []string
	// Budget is how many messages may be sent in a UTC day; 0: no bound. At 80 %
	// of it one warning is logged; over it Send gives ErrBudget. The count lives
	// in memory: it begins again with the process and with every configuration
	// that is loaded, and each of several processes has its own.
	Budget int
	// Logger takes the warning. Default: none.
	Logger *slog.Logger
	// Now decides which day it is. Default: time.Now.
	Now func() time.Time

	budget budget
}

// Validate checks the settings without a request.
func (s *SMS) Validate() error {
	if err := s.validateURL(); err != nil {
		return wrong("url", "sms: %w", err)
	}
	if s.Budget < 0 {
		return wrong("budget", "sms: budget %d is negative: take it out, or write a count", s.Budget)
	}
	for _, code := range s.Countries {
		if code == "" || strings.Trim(code, "0123456789") != "" || code[0] == '0' {
			return wrong("countries", "sms: %q is not a calling code: write it like 33, without + or 00", code)
		}
	}
	if err := s.template().validate(); err != nil {
		return wrong("body", "sms: %w", err)
	}
	return nil
}

// validateURL never repeats the URL: it may hold a key.
func (s *SMS) validateURL() error {
	u, err := url.Parse(expandURL(string(s.URL), sampleNumber, sampleText))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("the gateway's URL is not an http or https address: write it like https://gateway.example.com/send")
	}
	_, rest, _ := strings.Cut(string(s.URL), "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	if hasPlaceholder(rest) {
		return errors.New("the gateway's host name cannot hold {to} or {text}: put them into the path, the query or the body")
	}
	return nil
}

// Check connects to the gateway, and encrypts, without a request: most gateways
// have none that sends nothing. Whether it takes the key is seen by sending.
func (s *SMS) Check(ctx context.Context) error {
	if err := s.Validate(); err != nil {
		return err
	}
	if err := reach(ctx, expandURL(string(s.URL), sampleNumber, sampleText)); err != nil {
		return fmt.Errorf("sms: gateway: %w", err)
	}
	return nil
}

// Send asks the gateway to send the letter's text.
func (s *SMS) Send(ctx context.Context, l Letter) error {
	if err := errors.Join(s.Validate(), s.permitted(l.To)); err != nil {
		return permanentf("%w", err)
	}
	if !s.budget.take(s.now(), s.Budget, s.warn) {
		return permanentf("sms: %w", ErrBudget)
	}
	taken, err := s.request(ctx, l)
	if err != nil && !taken {
		s.budget.giveBack()
	}
	return err
}

// request tells beside the error whether the gateway may have sent the message
// nevertheless: it had the request and did not answer.
func (s *SMS) request(ctx context.Context, l Letter) (taken bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	req, err := s.newRequest(ctx, l)
	if err != nil {
		return false, permanentf("sms: %w", withoutURL(err))
	}
	client := newClient()
	resp, err := client.Do(req)
	if err != nil {
		return wrote.Load(), fmt.Errorf("sms: gateway: %w", withoutURL(err))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxReply)
	return false, answered("sms: gateway", resp.StatusCode)
}

func (s *SMS) newRequest(ctx context.Context, l Letter) (*http.Request, error) {
	t := s.template()
	target := expandURL(string(s.URL), l.To, l.Text)
	req, err := http.NewRequestWithContext(ctx, t.method, target, strings.NewReader(t.expand(l.To, l.Text)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "sparekey")
	if t.body != "" {
		req.Header.Set("Content-Type", t.contentType)
	}
	for name, value := range s.Header {
		req.Header.Set(name, string(value))
	}
	return req, nil
}

// newClient makes a client for one request. Connections are not kept: text
// messages are rare, and nothing is left to close at a reload.
func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// withoutURL drops the URL that net/http puts in front of its errors.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// permitted checks the number's form (E.164: + and 7 to 15 digits, the first
// not 0) and its country. The error does not repeat the number.
func (s *SMS) permitted(to string) error {
	digits, plus := strings.CutPrefix(to, "+")
	if !plus || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return marked(FaultRecipient, errors.New("sms: recipient is not a number in E.164 form"))
	}
	if len(s.Countries) == 0 {
		return nil
	}
	for _, code := range s.Countries {
		if strings.HasPrefix(digits, code) {
			return nil
		}
	}
	return marked(FaultRecipient, errors.New("sms: the number's country is not in the list of countries"))
}

func (s *SMS) warn(used int) {
	if s.Logger != nil {
		s.Logger.Warn("most of the day's text messages are used", "channel", "sms", "used", used, "budget", s.Budget)
	}
}

func (s *SMS) timeout() time.Duration {
	if s.Timeout > 0 {
		return s.Timeout
	}
	return defaultSMSTimeout
}

func (s *SMS) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

var _ Sender = (*SMS)(nil)

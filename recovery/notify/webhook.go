package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

const (
	defaultWebhookTimeout = 10 * time.Second
	signatureHeader       = "X-Sparekey-Signature"
	// minWebhookSecret is the shortest secret, in bytes (ASVS 5.0 13.2).
	minWebhookSecret = 16
)

// Webhook posts letters as JSON to a program of the operator, signed:
//
//	X-Sparekey-Signature: t=UNIX,v1=HEX
//
// HEX is the HMAC-SHA256, with Secret, of UNIX, a dot and the body. UNIX is
// when it was sent, in seconds. A receiver compares the signature in constant
// time, refuses a time that is more than some minutes off, and drops an id it
// has seen: a letter that is tried again has a new time and the same id.
//
// 2xx is sent; 4xx but 408 and 429 is permanent; everything else, a redirect
// too, is temporary. Redirects are not followed. Letters with a secret are
// refused with ErrPermanent: who reads the posts is not known here.
type Webhook struct {
	// URL to post to, http or https. It may hold a key. Required.
	URL secret.Text
	// Secret is the key of the signature, of 16 bytes at least. Required.
	Secret secret.Text
	// Timeout bounds one request. Default 10 s.
	Timeout time.Duration
	// Now gives the time of sending. Default: time.Now.
	Now func() time.Time
}

// post is the body of a request.
type post struct {
	ID      string    `json:"id"`
	Channel string    `json:"channel"`
	To      string    `json:"to"` // masked
	Event   string    `json:"event"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	Time    time.Time `json:"time"` // of sending, in UTC
}

// Validate checks the settings without a request. Its errors repeat neither
// URL nor secret.
func (w *Webhook) Validate() error {
	u, err := url.Parse(string(w.URL))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return wrong("url", "webhook: the URL is not an http or https address: write it like https://hooks.example.com/sparekey")
	}
	return WebhookSecret(w.Secret)
}

// WebhookSecret checks a secret. Its errors do not repeat it.
func WebhookSecret(s secret.Text) error {
	switch {
	case s == "":
		return wrong("secret", "webhook: no secret to sign with is set: make one with: openssl rand -hex 32")
	case len(s) < minWebhookSecret:
		return wrong("secret", "webhook: a secret of less than 16 characters can be guessed from one message: make one with: openssl rand -hex 32")
	}
	return nil
}

// Check connects to the server, and encrypts, without a request.
func (w *Webhook) Check(ctx context.Context) error {
	if err := w.Validate(); err != nil {
		return err
	}
	if err := reach(ctx, string(w.URL)); err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	return nil
}

// Send posts the letter.
func (w *Webhook) Send(ctx context.Context, l Letter) error {
	if l.Secret {
		return permanentf("webhook: the message holds a secret")
	}
	if err := w.Validate(); err != nil {
		return permanentf("%w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, w.timeout())
	defer cancel()
	req, err := w.newRequest(ctx, l)
	if err != nil {
		return permanentf("webhook: %w", withoutURL(err))
	}
	resp, err := newClient().Do(req)
	if err != nil {
		return fmt.Errorf("webhook: %w", withoutURL(err))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxReply)
	return answered("webhook", resp.StatusCode)
}

func (w *Webhook) newRequest(ctx context.Context, l Letter) (*http.Request, error) {
	now := w.now().UTC().Truncate(time.Second)
	body, err := json.Marshal(post{
		ID: l.ID, Channel: l.Channel, To: maskTo(l.To), Event: l.Event, Subject: l.Subject, Text: l.Text, Time: now,
	})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, string(w.URL), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "sparekey")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(signatureHeader, w.signature(now, body))
	return req, nil
}

func (w *Webhook) signature(now time.Time, body []byte) string {
	t := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(w.Secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// answered is what a status means for a letter: nil, permanent or temporary.
func answered(who string, status int) error {
	if status/100 == 2 {
		return nil
	}
	err := fmt.Errorf("%s answered %d", who, status)
	switch {
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
	case status/100 == 4:
		err = permanentf("%w", err)
	case status/100 == 3:
		err = fmt.Errorf("%w: redirects are not followed", err)
	}
	return marked(faultOfStatus(status), err)
}

func (w *Webhook) timeout() time.Duration {
	if w.Timeout > 0 {
		return w.Timeout
	}
	return defaultWebhookTimeout
}

func (w *Webhook) now() time.Time {
	now := time.Now
	if w.Now != nil {
		now = w.Now
	}
	return now()
}

var _ Sender = (*Webhook)(nil)

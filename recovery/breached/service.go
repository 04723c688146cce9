package breached

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

const (
	prefix    = 5         // digits of the hash that the service gets
	maxAnswer = 256 << 10 // bytes; a padded answer has about 40 KiB
)

// Service is one that is asked for all hashes that begin with five digits (k
// anonymity): GET URL + digits, answered with lines REST:COUNT. It is asked to
// fill its answers up, so that their length does not tell which one it was; what
// it fills up with has the count 0. Redirects are not followed.
type Service struct {
	// URL before the digits, http or https. It may hold a key. Required.
	URL secret.Text
}

// Check looks at the address, without a request. Its errors do not repeat it.
func (s Service) Check() error {
	u, err := url.Parse(string(s.URL))
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return errors.New("the address is not one of https: write it like https://api.pwnedpasswords.com/range/, or name a file without file://")
	case u.User != nil, u.Fragment != "":
		return errors.New("the address has a user, a password or a # in it, which are not sent: take them out")
	case !strings.HasSuffix(string(s.URL), "/") && !strings.HasSuffix(string(s.URL), "="):
		return errors.New("five digits are put behind the address: end it with / or =, like https://api.pwnedpasswords.com/range/")
	}
	return nil
}

// Has implements Source.
func (s Service) Has(ctx context.Context, hash string) (bool, error) {
	found, err := s.ask(ctx, hash[:prefix], hash[prefix:])
	if err != nil && strings.Contains(err.Error(), hash[:prefix]) {
		return false, errors.New("the answer is not one of HTTP") // net/http repeats what it does not understand
	}
	return found, err
}

func (s Service) ask(ctx context.Context, digits, rest string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, string(s.URL)+digits, nil)
	if err != nil {
		return false, errors.New("the address is none")
	}
	req.Header.Set("Add-Padding", "true")
	req.Header.Set("User-Agent", "sparekey")
	// A transport follows no redirect, keeps no cookie, and its errors do not
	// begin with the address.
	resp, err := (&http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10}).RoundTrip(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return false, fmt.Errorf("the service answered %d", resp.StatusCode)
	}
	return among(&io.LimitedReader{R: resp.Body, N: maxAnswer}, rest)
}

var errLong = fmt.Errorf("the answer is longer than %d KiB", maxAnswer>>10)

// among looks for the rest of a hash in an answer.
func among(answer *io.LimitedReader, rest string) (bool, error) {
	lines, n := bufio.NewScanner(answer), 0
	for ; lines.Scan(); n++ {
		there, count, err := parse(lines.Text(), hashDigits-prefix)
		switch {
		case err != nil && answer.N <= 0: // cut off within the line
			return false, errLong
		case err != nil:
			return false, fmt.Errorf("the service did not answer with lines of hashes: %w", err)
		case there == rest && count > 0:
			return true, nil
		}
	}
	switch {
	case lines.Err() != nil:
		return false, fmt.Errorf("the answer broke off: %w", lines.Err())
	case answer.N <= 0:
		return false, errLong
	case n == 0:
		return false, errors.New("the answer is empty")
	}
	return false, nil
}

var _ Source = Service{}

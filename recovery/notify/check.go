package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// ErrUnchecked is what a Check answers when the settings are well formed and
// nothing more can be seen without sending something.
var ErrUnchecked = errors.New("cannot be asked without sending something")

// reach connects to the server of an address, and encrypts when its scheme is
// https. It makes no request: even one that looks harmless could send or cost
// something. Behind a proxy it gets as far as the proxy. The error does not
// repeat the address, which may hold a key.
func reach(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return withoutURL(err)
	}
	server := req.URL
	if proxy, err := http.ProxyFromEnvironment(req); err != nil {
		return errors.New("the environment names a proxy that is no address")
	} else if proxy != nil {
		server = proxy
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(server.Hostname(), portOf(server)))
	if err != nil {
		return err
	}
	defer conn.Close()
	if server.Scheme != "https" {
		return nil
	}
	return tls.Client(conn, &tls.Config{ServerName: server.Hostname(), MinVersion: tls.VersionTLS12}).HandshakeContext(ctx)
}

func portOf(u *url.URL) string {
	ports := map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}
	return cmp.Or(u.Port(), ports[u.Scheme], "80")
}

// Check connects to the service's server where the URL or the service says
// which it is; for others it is [ErrUnchecked].
func (p *Push) Check(ctx context.Context) error {
	if err := p.Validate(); err != nil {
		return err
	}
	scheme, u, err := p.parse()
	if err != nil {
		return err
	}
	server := pushServer(scheme, u)
	if server == "" {
		return fmt.Errorf("push: %s %w", scheme, ErrUnchecked)
	}
	if err := reach(ctx, server); err != nil {
		return fmt.Errorf("push: %s: %w", scheme, err)
	}
	return nil
}

// pushServer is where a service's server is; empty when that is not known. In
// the URLs of the others the host is a token, or nothing.
func pushServer(scheme string, u *url.URL) string {
	switch scheme {
	case "ntfy", "gotify", "matrix":
		if plainPush(u.Query()) {
			return "http://" + u.Host
		}
		return "https://" + u.Host
	case "telegram":
		return "https://api.telegram.org"
	case "discord":
		return "https://discord.com"
	}
	return ""
}

// plainPush tells whether a service was told to go without encryption.
// shoutrrr reads names and values in any case.
func plainPush(query url.Values) bool {
	for name, values := range query {
		switch strings.ToLower(name + "=" + strings.Join(values, " ")) {
		case "disabletls=yes", "disabletls=true", "disabletls=1", "scheme=http":
			return true
		}
	}
	return false
}

// Check tries whether a file can be made in the folder, or above it when it is
// not there yet. It leaves nothing behind.
func (f *File) Check(context.Context) error {
	dir, err := filepath.Abs(f.Dir)
	if err != nil || f.Dir == "" {
		return errors.New("file: no folder is set")
	}
	for {
		temp, err := os.CreateTemp(dir, ".check-*")
		switch {
		case err == nil:
			return errors.Join(temp.Close(), os.Remove(temp.Name()))
		case !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir:
			return marked(FaultFolder, fmt.Errorf("file: %w", withoutPath(err)))
		}
		dir = filepath.Dir(dir)
	}
}

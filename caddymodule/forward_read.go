package caddymodule

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

// readForward replaces placeholders, and refuses what nobody could ask about, or
// could not ask.
func (a *App) readForward() error {
	a.peers, a.hosts, a.behind = peers{}, map[string]*guard.Rules{}, nil
	for _, word := range a.From {
		word, err := replaced("from", word)
		if err == nil {
			err = a.peers.add(word)
		}
		if err != nil {
			return a.at(&notify.OptionError{Option: "from", Err: err})
		}
	}
	for _, s := range a.Sites {
		if err := a.readSite(s); err != nil {
			return err
		}
	}
	if len(a.From) > 0 && a.Portal == "" {
		return a.at(&notify.OptionError{Option: "from", Err: errors.New("from: the hosts of another proxy need one place to sign in: write portal HOST, such as portal login.example.com, " +
			"and have the proxy pass that host on to this Caddy, without asking")})
	}
	switch {
	case len(a.From) == 0 && len(a.Sites) > 0:
		return at(a.Sites[0].Line, errors.New("site: nobody may ask about it: write from and the address of the proxy, such as from 127.0.0.1; "+
			"a site of this Caddy has its rules in its own block"))
	case len(a.From) > 0 && len(a.Sites) == 0:
		return a.at(&notify.OptionError{Option: "from", Err: errors.New("from: there is no host to ask about: write site HOST for each host of the other proxy")})
	}
	return nil
}

func (a *App) readSite(s *ForwardedSite) error {
	host, err := replaced("site", s.Host)
	if err != nil {
		return at(s.Line, err)
	}
	origin, err := (&ForwardedSite{Host: host}).origin()
	if portal, wrong := readPortal(a.Portal); a.Portal != "" && err == nil && wrong == nil && strings.HasSuffix(origin, "://"+portal.Host) {
		err = fmt.Errorf("site: %s is the portal, where no app stands: take it out", portal.Host)
	}
	if err == nil && a.hosts[origin] != nil {
		err = fmt.Errorf("site: %s is there twice: write its rules into one block", strings.TrimPrefix(origin, "https://"))
	}
	if err != nil {
		return at(s.Line, err)
	}
	rules, err := s.read(s.Line)
	if err != nil {
		return err
	}
	a.hosts[origin], a.behind = rules, append(a.behind, origin)
	a.meetRules(rules.Allow)
	return nil
}

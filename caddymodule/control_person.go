package caddymodule

import (
	"context"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
)

// person is an account without anything secret: addresses are masked, and
// credentials are only named.
type person struct {
	ID           string         `json:"id"`
	Name         string         `json:"name"`
	DisplayName  string         `json:"display_name,omitempty"`
	State        recovery.State `json:"state"`
	Generation   uint64         `json:"generation"`
	Created      time.Time      `json:"created"`
	Lang         string         `json:"lang,omitempty"`
	Groups       []string       `json:"groups"`
	Contacts     []contact      `json:"contacts"`
	SecondFactor bool           `json:"second_factor"`
	Factors      []factor       `json:"factors"`
	CodesLeft    int            `json:"codes_left"`
	Devices      []device       `json:"devices"`
	Sessions     []session      `json:"sessions"`
	Probation    time.Time      `json:"probation,omitzero"`
	Leaving      time.Time      `json:"removed_on,omitzero"` // zero: it stays
}

type contact struct {
	Channel string    `json:"channel"`
	Address string    `json:"address"` // masked
	Counts  time.Time `json:"counts,omitzero"`
	// Confirmed tells that a code has come back from there.
	Confirmed bool `json:"confirmed"`
}

type factor struct {
	Method  string    `json:"method"`
	Label   string    `json:"label,omitempty"`
	Created time.Time `json:"created"`
	Barred  time.Time `json:"barred,omitzero"`
}

type device struct {
	Browser    string    `json:"browser"`
	First      time.Time `json:"first"`
	Seen       time.Time `json:"seen"`
	Remembered time.Time `json:"remembered,omitzero"`
}

type session struct {
	Browser string    `json:"browser"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`
	End     time.Time `json:"end"`
	Method  string    `json:"method"` // what was shown, in order
}

func (o *operations) userShow(ctx context.Context, user string) (*person, error) {
	a, err := o.find(ctx, user)
	if err != nil {
		return nil, err
	}
	return o.describePerson(a), nil
}

func (o *operations) describePerson(a *recovery.Account) *person {
	p := &person{
		ID: a.ID, Name: a.Name, DisplayName: a.DisplayName, Leaving: a.Leaving, State: a.State, Generation: a.Generation, Created: a.Created, Lang: a.Lang,
		Groups: append([]string{}, a.Groups...), SecondFactor: a.SecondFactor, CodesLeft: method.CodesThatOpen(a, o.engine.Keys),
		Contacts: []contact{}, Factors: []factor{}, Devices: []device{}, Sessions: []session{},
	}
	now := o.engine.Now()
	if now.Before(a.Probation) {
		p.Probation = a.Probation
	}
	for _, c := range a.Addresses {
		p.Contacts = append(p.Contacts, contact{c.Channel, recovery.Mask(c.Value), c.ValidFrom, c.Answered == recovery.AnsweredYes})
	}
	for _, c := range a.Credentials {
		p.Factors = append(p.Factors, factor{c.Method, c.Label, c.Created, c.NoProofUntil})
	}
	for _, d := range a.Devices {
		p.Devices = append(p.Devices, device{d.Browser, d.First, d.Seen, d.TrustedUntil(now, o.engine.Policy)})
	}
	for _, s := range a.Sessions {
		if a.Session(s.TokenHash, now) != nil { // it still lives
			p.Sessions = append(p.Sessions, session{s.Browser, s.Created, s.Seen, s.End, recovery.MethodLine(s.Proofs)})
		}
	}
	return p
}

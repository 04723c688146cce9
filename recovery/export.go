package recovery

import "time"

// Export is what an account holds of a person, for that person. Secrets are left
// out: whoever comes by the file can sign in nowhere with it.
type Export struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Display     string          `json:"shown_as,omitempty"`
	State       State           `json:"state"`
	Created     time.Time       `json:"created"`
	Lang        string          `json:"language,omitempty"`
	Groups      []string        `json:"groups"`
	Addresses   []ExportAddress `json:"addresses"`
	Extensions  []ExportLine    `json:"extensions,omitempty"`
	Credentials []ExportMeans   `json:"ways_to_sign_in"`
	Browsers    []ExportBrowser `json:"known_browsers"`
	Sessions    []ExportSession `json:"sessions"`
	Keys        []ExportKey     `json:"access_keys"`
	Vouchers    []string        `json:"may_vouch"`
	Waits       []ExportWait    `json:"waits,omitempty"`
	Recovered   time.Time       `json:"last_recovered,omitzero"`
	Drilled     time.Time       `json:"last_trial_of_a_way_back,omitzero"`
	Made        time.Time       `json:"made"` // this file
}

// ExportAddress is where the person can be reached.
type ExportAddress struct {
	Channel   string    `json:"channel"`
	Address   string    `json:"address"`
	Confirmed bool      `json:"confirmed"`
	From      time.Time `json:"counts_from,omitzero"`
	Until     time.Time `json:"used_until,omitzero"`
}

// ExportLine is a main number and the extension there.
type ExportLine struct {
	Number    string `json:"number"`
	Extension string `json:"extension,omitempty"`
}

// ExportMeans is a way to sign in, without what it is checked with.
type ExportMeans struct {
	Method  string    `json:"method"`
	Label   string    `json:"label,omitempty"`
	Created time.Time `json:"created"`
}

// ExportBrowser is a browser that the account knows.
type ExportBrowser struct {
	Browser string    `json:"browser"`
	Label   string    `json:"label,omitempty"`
	Network string    `json:"last_network,omitempty"`
	First   time.Time `json:"first"`
	Seen    time.Time `json:"last"`
	Trusted time.Time `json:"trusted_until,omitzero"`
}

// ExportSession is where the person is signed in.
type ExportSession struct {
	Browser string    `json:"browser"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"last"`
	End     time.Time `json:"ends"`
	Shown   string    `json:"shown"` // what was proved, in order
}

// ExportKey is an access key, without the key.
type ExportKey struct {
	Name      string    `json:"name"`
	Hosts     []string  `json:"hosts,omitempty"`
	Paths     []string  `json:"paths,omitempty"`
	Created   time.Time `json:"created"`
	End       time.Time `json:"ends,omitzero"`
	Used      time.Time `json:"last_used,omitzero"`
	Suspended bool      `json:"suspended,omitempty"`
}

// ExportWait is a wait that somebody has begun who wants the account back.
type ExportWait struct {
	For     Goal      `json:"for"`
	Began   time.Time `json:"began,omitzero"`
	Ready   time.Time `json:"over"`
	Until   time.Time `json:"counts_until"`
	Shown   []string  `json:"shown,omitempty"` // what was proved when it began
	Browser string    `json:"browser,omitempty"`
}

// Export lists what the account holds now. Each field is named here: what the account
// gets in the future is left out until somebody has thought about it.
func (a *Account) Export(now time.Time) Export {
	x := Export{
		ID: a.ID, Name: a.Name, Display: a.DisplayName, State: a.State, Created: a.Created, Lang: a.Lang, Groups: append([]string{}, a.Groups...),
		Recovered: a.Recovered, Drilled: a.Drilled, Made: now,
		Addresses: []ExportAddress{}, Credentials: []ExportMeans{}, Browsers: []ExportBrowser{}, Sessions: []ExportSession{}, Keys: []ExportKey{}, Vouchers: []string{},
	}
	for _, c := range a.Addresses {
		x.Addresses = append(x.Addresses, ExportAddress{c.Channel, c.Value, c.Answered == AnsweredYes, c.ValidFrom, c.ValidUntil})
	}
	for _, c := range a.Credentials {
		x.Credentials = append(x.Credentials, ExportMeans{c.Method, c.Label, c.Created})
	}
	for _, d := range a.Devices {
		x.Browsers = append(x.Browsers, ExportBrowser{d.Browser, d.Label, d.Network, d.First, d.Seen, ahead(d.Remembered, now)})
	}
	for _, s := range a.Sessions {
		if a.live(&s, now) {
			x.Sessions = append(x.Sessions, ExportSession{s.Browser, s.Created, s.Seen, s.End, MethodLine(s.Proofs)})
		}
	}
	for _, k := range a.AccessKeys {
		x.Keys = append(x.Keys, ExportKey{k.Name, k.Hosts, k.Paths, k.Created, k.End, k.Used, k.Suspended})
	}
	for _, l := range a.Extensions {
		x.Extensions = append(x.Extensions, ExportLine{l.Number, l.Digits})
	}
	for _, w := range a.Waits {
		x.Waits = append(x.Waits, ExportWait{w.Goal, w.Began, w.Ready, w.Until, w.Proofs, w.Browser})
	}
	for _, v := range a.TrustedContacts {
		x.Vouchers = append(x.Vouchers, v.Name)
	}
	return x
}

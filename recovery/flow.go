package recovery

import (
	"crypto/subtle"
	"encoding/json"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Flow is work in progress: what has been proved, and what is to be done with
// it. It holds facts and no state; [Next] computes the step. The account is not
// changed before the flow finishes.
type Flow struct {
	ID         string    `json:"id"`
	Kind       Kind      `json:"kind"`
	Binding    string    `json:"binding"` // sum of the browser's flow cookie
	Account    string    `json:"account,omitempty"`
	Decoy      string    `json:"nobody,omitempty"` // the name given when no account can be used; the flow then runs alike and proves nothing
	Generation uint64    `json:"generation,omitempty"`
	Acts       uint64    `json:"acts,omitempty"`    // of the account when the first proof was given
	Session    string    `json:"session,omitempty"` // id, for kinds that begin signed in
	Over       bool      `json:"over,omitempty"`    // it has finished, and holds nothing but this and Return
	Since      time.Time `json:"since"`             // when it began or last made progress
	Expires    time.Time `json:"expires"`
	Return     string    `json:"return,omitempty"`
	Lang       string    `json:"lang,omitempty"`

	Name       string   `json:"name,omitempty"`      // as typed
	Groups     []string `json:"groups,omitempty"`    // of an account that is made
	Second     bool     `json:"second,omitempty"`    // another administrator has to agree
	Temporary  bool     `json:"temporary,omitempty"` // a temporary password is mailed in place of a link
	Names      bool     `json:"names,omitempty"`     // Person may vouch for the new account
	Mail       string   `json:"mail,omitempty"`
	Phone      string   `json:"phone,omitempty"`
	Goal       Goal     `json:"goal,omitempty"`
	Credential string   `json:"which,omitempty"`    // id of the second factor this is about
	Lost       bool     `json:"lost,omitempty"`     // that one is not to come back
	Person     string   `json:"person,omitempty"`   // id of somebody else this is about
	Reason     string   `json:"reason,omitempty"`   // why an administrator helps
	PersonName string   `json:"called,omitempty"`   // that person's name
	Request    string   `json:"vouch,omitempty"`    // key of the request to vouch for
	AskCode    string   `json:"ask,omitempty"`      // code this flow's own request is found by
	Trial      bool     `json:"trial,omitempty"`    // what Vouch asks for is only tried out
	Remember   bool     `json:"remember,omitempty"` // keep me signed in
	Trust      bool     `json:"trust,omitempty"`    // no second factor on this browser for a while

	DeviceReplaces bool   `json:"device_replaces,omitempty"` // the flow whose request this one answers makes something new in place of what was lost
	DeviceGoal     Goal   `json:"device_goal,omitempty"`     // and of what, as far as it is known
	DeviceRequest  string `json:"device_request,omitempty"`  // id of the request that this flow made, or that it answers
	DeviceCode     string `json:"device_code,omitempty"`     // that finds the request, where nothing was proved when it was made
	ByCode         bool   `json:"by_code,omitempty"`         // the browser that answers shows a code, which is typed in the new one

	Tried       bool `json:"tried,omitempty"`        // the recovery code tried out was right
	Consented   bool `json:"consented,omitempty"`    // the last click of somebody who vouches
	VoidCodes   bool `json:"void_codes,omitempty"`   // the sheet that is replaced may be in other hands
	EndOthers   bool `json:"end_others,omitempty"`   // all other sign-ins of the account end with it
	Paused      bool `json:"paused,omitempty"`       // there is a pause to lift
	CodesPaused bool `json:"codes_paused,omitempty"` // the pause that is lifted is not the only one: codes wait for a new password

	AskEnds time.Time `json:"ask_ends,omitzero"`  // when the request behind Ask does
	AskTold bool      `json:"ask_told,omitempty"` // people who may vouch were told to expect a call

	Skipped    []string             `json:"skipped,omitempty"` // methods that need not be shown and were not
	Picked     string               `json:"picked,omitempty"`  // method that the person picked
	Chosen     string               `json:"chosen,omitempty"`  // second factor that the person wants made
	Proofs     []Proof              `json:"proofs,omitempty"`
	Reserved   []Spent              `json:"reserved,omitempty"` // spent when the flow finishes
	Challenges map[string]Challenge `json:"sent,omitempty"`     // by method
	Pending    map[string]Pending   `json:"pending,omitempty"`  // what is being enrolled, by method
	Version    uint64               `json:"version"`            // raised by every change
}

// Challenge is a code or link that left the flow. Only MACs are kept.
type Challenge struct {
	Code    []byte    `json:"code,omitempty"`
	Link    []byte    `json:"link,omitempty"`
	To      string    `json:"to,omitempty"`    // masked
	Entry   string    `json:"entry,omitempty"` // of the address it went to, as [Address.Entry]
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
	Origin  string    `json:"origin,omitempty"` // where it is to be answered; empty: wherever the flow goes on
	Over    bool      `json:"over,omitempty"`   // a form has met it as expired
}

// Pending is a credential in the making.
type Pending struct {
	Data      json.RawMessage `json:"data,omitempty"`
	Confirmed bool            `json:"confirmed,omitempty"`
	Label     string          `json:"label,omitempty"`   // as [Credential.Label]
	Browser   string          `json:"browser,omitempty"` // as [Credential.Browser]
}

// Has reports whether a method has been proved.
func (f *Flow) Has(method string) bool {
	return slices.ContainsFunc(f.Proofs, func(p Proof) bool { return p.Method == method })
}

// sure tells whether more than a password was shown.
func (f *Flow) sure() bool {
	return slices.ContainsFunc(f.Proofs, func(p Proof) bool { return p.Method != Password })
}

// short tells whether the password that was shown signs in once more only.
func (f *Flow) short() bool {
	return slices.ContainsFunc(f.Proofs, func(p Proof) bool { return p.Short })
}

// Shown lists the methods that have been proved.
func (f *Flow) Shown() []string {
	var out []string
	for _, p := range f.Proofs {
		out = append(out, p.Method)
	}
	return out
}

// NewAddress is the mail address or number that the flow is to take in.
func (f *Flow) NewAddress() (channel, to string) {
	if f.Phone != "" {
		return ChannelSMS, f.Phone
	}
	return ChannelMail, f.Mail
}

// IsDecoy tells that the flow runs for nobody.
func (f *Flow) IsDecoy() bool { return f.Decoy != "" }

// BoundTo reports whether one of the browser's flow tokens belongs to the flow.
func (f *Flow) BoundTo(tokens []string) bool {
	for _, t := range tokens {
		if subtle.ConstantTimeCompare([]byte(secret.Sum(t)), []byte(f.Binding)) == 1 {
			return true
		}
	}
	return false
}

// AddProof adds a proof, unless the flow has one of its method.
func (f *Flow) AddProof(p Proof) {
	if !f.Has(p.Method) {
		f.Proofs = append(f.Proofs, p)
	}
	f.Picked = ""
}

// Live reports whether what was sent can still be answered.
func (s Challenge) Live(now time.Time) bool { return !s.Over && now.Before(s.Expires) }

// Good is [Challenge.Live] under a policy that may have made lives shorter since
// it was sent.
func (s Challenge) Good(now time.Time, life time.Duration) bool {
	return s.Live(now) && now.Before(s.At.Add(life))
}

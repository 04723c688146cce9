package guard

import (
	"net/netip"
	"time"
)

// Rules say what a gate asks of whoever wants to pass. The zero value, and nil,
// let everybody with an account pass.
type Rules struct {
	Allow     []string      // as [recovery.Rule] reads them, any of which will do; empty: everybody with an account
	Factors   int           // 2: two factors were shown in the session; less: whatever the sign-in asks
	Fresh     time.Duration // a strong proof was given in the session within this time; zero: whenever
	Recovered time.Duration // the account was not recovered within this time; zero: whenever
	Open      []Opening     // what passes without a login; none: nothing
	Keys      []string      // paths, as in [Opening], on which an access key is looked at; none: nowhere
	Networks  Networks      // where one factor is enough; none: nowhere
}

// OfPaths tells whether the rules look at the method and the path of a request.
func (r *Rules) OfPaths() bool { return r != nil && len(r.Open)+len(r.Keys) > 0 }

// OfKeys tells whether access keys are taken anywhere.
func (r *Rules) OfKeys() bool { return r != nil && len(r.Keys) > 0 }

// OfClients tells whether the rules look at the address of the client.
func (r *Rules) OfClients() bool { return r != nil && len(r.Networks.Ranges) > 0 }

// OneFactor tells whether one factor is enough for a client; of one whose address
// cannot be told it is not.
func (r *Rules) OneFactor(client netip.Addr) bool {
	if !r.OfClients() {
		return false
	}
	_, in := r.Networks.Of(client)
	return in
}

// facts are what rules know of a session and its account.
type facts struct {
	rules     []string  // of the account, see [recovery.Account.Rules]
	barred    []string  // those that would count if it had a second factor
	locked    bool      // and without one it passes nowhere
	second    bool      // two factors were shown in the session
	able      bool      // the account has a second factor
	near      bool      // and it was not asked for, because the sign-in came from a network where one factor is enough
	strong    time.Time // last strong proof; zero: none
	recovered time.Time // the account; zero: never
	program   bool      // it has an access key, and has shown no proof
}

// asked is what was asked about a request that somebody signed in has made, and
// when: a request that goes on may do so as long as it could begin as it did.
type asked struct {
	rules  *Rules
	client netip.Addr
	at     time.Time
}

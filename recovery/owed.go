package recovery

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Limits of what an account owes: they bound the record.
const (
	maxOwed     = 16
	maxOwedSize = 8 << 10 // bytes, as JSON
	// owedFor is how long a notice is owed to an address or number.
	owedFor = 7 * 24 * time.Hour
	// owedToChannel is how long one is owed to a channel of the operator's.
	owedToChannel = time.Hour
)

// Owed is a notice that has not been handed over yet. It is written with the
// change it speaks of, so that neither is there without the other.
type Owed struct {
	ID      string      `json:"id"`
	Event   EventName   `json:"event"`
	At      time.Time   `json:"at"` // of the event
	Browser string      `json:"browser,omitempty"`
	Base    string      `json:"base,omitempty"`  // where the pages are; empty: no link can be made
	To      []Recipient `json:"to"`              // who was to hear of it at that moment
	Again   bool        `json:"again,omitempty"` // stands for several events
	Admin   bool        `json:"admin,omitempty"` // an administrator did it
	Also    []EventName `json:"also,omitempty"`  // what else the same act did: one message tells of all
	Thing   Thing       `json:"thing,omitzero"`
	Undo    string      `json:"undo,omitempty"` // id of the demotion that its reader may undo
	// Trusted tells that the browser skips the second factor since the event.
	Trusted bool `json:"trusted,omitempty"`
	// Generation of the account after the event, and the address that it is
	// about: the closing link needs them.
	Generation uint64 `json:"generation"`
	About      string `json:"about,omitempty"`
	// By is the process that sends it, since Since; empty: none does, before
	// Since.
	By    string    `json:"by,omitempty"`
	Since time.Time `json:"since,omitzero"`
}

// Thing is what a notice is about. Addresses are masked.
type Thing struct {
	Channel  string    `json:"channel,omitempty"` // of Old and New
	Old      string    `json:"old,omitempty"`     // empty: there was none
	New      string    `json:"new,omitempty"`
	Method   string    `json:"method,omitempty"`   // a second factor
	Replaced bool      `json:"replaced,omitempty"` // Method took the place of one
	Goal     Goal      `json:"goal,omitempty"`     // what somebody waits to replace
	Ready    time.Time `json:"ready,omitzero"`     // when that opens
	Person   string    `json:"person,omitempty"`   // who may vouch, or did
	Key      string    `json:"key,omitempty"`      // name of an access key, a browser or a passkey
	Browser  string    `json:"browser,omitempty"`  // which one that is or was made in, where Key is empty
	Reason   string    `json:"reason,omitempty"`   // why somebody else did it
}

// With is why something was done together with what was changed, as the audit trail
// has it.
func (t Thing) With(reason string) string {
	switch {
	case t.Old != "" || t.New != "":
		return reason + " (" + t.Old + " → " + t.New + ")"
	case t.Key != "":
		return reason + " (" + t.Key + ")"
	}
	return reason
}

// called is something that its owner may have given a name.
func called(label, browser string) Thing {
	if label != "" {
		return Thing{Key: label}
	}
	return Thing{Browser: browser}
}

// Together is one notice of all that an act did. The others are told beside the
// last of those that may have let somebody in, whose link it carries.
func Together(events []EventName) (main EventName, also []EventName) {
	main = events[len(events)-1]
	if i := slices.IndexFunc(events, EventName.Closes); i >= 0 && !main.Closes() {
		main = events[i]
	}
	return main, slices.DeleteFunc(slices.Clone(events), func(e EventName) bool { return e == main })
}

// Texts tells whether a notice goes to numbers. What is asked in addition only, and
// opens nothing, is not worth a text message.
func (o Owed) Texts() bool {
	return slices.ContainsFunc(append([]EventName{o.Event}, o.Also...), func(e EventName) bool { return e != EventPINChanged && e != EventQuestionChanged })
}

// Recipient is where a notice goes.
type Recipient struct {
	Channel string `json:"channel"`
	Value   string `json:"value"`
	Entry   string `json:"entry,omitempty"` // as [Address.Entry]; the closing link dies with it
	// Unlinked tells that it gets no closing link (see [Address.Closes]).
	Unlinked bool `json:"unlinked,omitempty"`
}

// same reports whether both are one address, whatever links it gets.
func (r Recipient) same(x Recipient) bool {
	return r.Channel == x.Channel && r.Value == x.Value && r.Entry == x.Entry
}

// Until is when the notice is owed to the recipient no more.
func (o Owed) Until(to Recipient) time.Time {
	if to.Channel == ChannelMail || to.Channel == ChannelSMS {
		return o.At.Add(owedFor)
	}
	return o.At.Add(owedToChannel)
}

// Owe adds a notice. A notice of the same event that has not been handed over is
// joined with it. When there are too many, the oldest goes that speaks of no
// recovery, factor or address.
func (a *Account) Owe(o Owed) {
	if i := slices.IndexFunc(a.Owed, func(x Owed) bool { return x.Event == o.Event }); i >= 0 {
		o.Again, o.Admin, o.Trusted = true, o.Admin || a.Owed[i].Admin, o.Trusted || a.Owed[i].Trusted
		for _, e := range a.Owed[i].Also {
			if !slices.Contains(o.Also, e) {
				o.Also = append(o.Also, e)
			}
		}
		for _, to := range a.Owed[i].To {
			if !slices.ContainsFunc(o.To, to.same) {
				o.To = append(o.To, to)
			}
		}
		a.Owed = slices.Delete(a.Owed, i, i+1)
	}
	if len(o.To) == 0 {
		return
	}
	o.Generation = a.Generation
	if o.Event == EventContactChanged && len(a.Addresses) > 0 {
		o.About = a.Addresses[len(a.Addresses)-1].Entry()
	}
	a.Owed = append(a.Owed, o)
	for a.owesTooMuch() {
		i := slices.IndexFunc(a.Owed, func(x Owed) bool { return !x.Event.grave() && !slices.ContainsFunc(x.Also, EventName.grave) })
		if i < 0 {
			return
		}
		a.Owed = slices.Delete(a.Owed, i, i+1)
	}
}

// LetUndo gives the notice of an event that is owed the link by which a demotion is
// undone.
func (a *Account) LetUndo(event EventName, demotion string) {
	for i := range a.Owed {
		if a.Owed[i].Event == event {
			a.Owed[i].Undo = demotion
		}
	}
}

func (a *Account) owesTooMuch() bool {
	text, err := json.Marshal(a.Owed)
	return len(a.Owed) > maxOwed || err == nil && len(text) > maxOwedSize
}

// grave reports whether a notice of the event is never left out for others: it
// speaks of a recovery, a factor or an address.
func (e EventName) grave() bool {
	switch e {
	case EventPasswordReset, EventFactorReset, EventBothReset, EventPasswordChanged, EventPasswordDropped, EventFactorAdded, EventFactorRemoved, EventOneRemoved, EventOneTrusted,
		EventCodesRenewed, EventContactChanged, EventContactConfirmed, EventFrozen, EventThawed, EventWaitStarted, EventCaseOpened, EventCaseShown, EventTemporarySent, EventAdminGranted, EventAdminTaken, EventAdminRestored, EventActivated, EventLeaving, EventAccountGivenUp, EventKept:
		return true
	}
	return false
}

// Paid takes a recipient off a notice that was handed over, or given up.
func (a *Account) Paid(id string, to Recipient) {
	for i := range a.Owed {
		if a.Owed[i].ID == id {
			a.Owed[i].To = slices.DeleteFunc(slices.Clone(a.Owed[i].To), func(x Recipient) bool { return x == to })
		}
	}
	a.Owed = slices.DeleteFunc(a.Owed, func(o Owed) bool { return len(o.To) == 0 })
}

// DropOwed forgets what is owed no more.
func (a *Account) DropOwed(now time.Time) {
	for i := range a.Owed {
		o := &a.Owed[i]
		o.To = slices.DeleteFunc(slices.Clone(o.To), func(to Recipient) bool { return !now.Before(o.Until(to)) })
	}
	a.Owed = slices.DeleteFunc(a.Owed, func(o Owed) bool { return len(o.To) == 0 })
}

// maxBegun bounds the sign-ins noted at a time. Who has the password can begin
// any number; the notice of the first ones says all there is to say.
const maxBegun = 8

// BegunSignIn is a sign-in on a browser that the account does not know, in which
// the password was right and more is asked for. When it does not come to its end
// by Until, somebody has the password and not the rest, and the owner is told.
type BegunSignIn struct {
	Binding string    `json:"binding"` // as [Flow.Binding], which names the browser
	At      time.Time `json:"at"`
	Until   time.Time `json:"until"`
	Browser string    `json:"browser,omitempty"`
	Base    string    `json:"base,omitempty"`
	Network string    `json:"network,omitempty"`
	// Wrong tells that a wrong code was typed in it, and Told that its owner has
	// heard of that: then there is nothing to tell when it is over.
	Wrong bool `json:"wrong,omitempty"`
	Told  bool `json:"told,omitempty"`
}

// slipFor is how long the owner has to sign in on the same browser after one
// wrong code before it is told.
const slipFor = 15 * time.Minute

// Notes tells whether a sign-in of a browser would be noted: not twice, and not
// beyond the bound.
func (a *Account) Notes(binding string) bool {
	return len(a.Begun) < maxBegun && !slices.ContainsFunc(a.Begun, func(x BegunSignIn) bool { return x.Binding == binding })
}

// BeginSignIn notes a sign-in, and reports whether it did.
func (a *Account) BeginSignIn(s BegunSignIn) bool {
	if !a.Notes(s.Binding) {
		return false
	}
	a.Begun = append(a.Begun, s)
	return true
}

// by tells whether a browser began it, by its flow tokens.
func (s BegunSignIn) by(flows []string) bool { return holds(flows, s.Binding) }

// holds tells whether one of a browser's flow tokens belongs to a binding.
func holds(flows []string, binding string) bool {
	return slices.ContainsFunc(flows, func(token string) bool { return secret.Sum(token) == binding })
}

// endSignIns forgets what was begun on a browser, by its flow tokens: its person
// has come to an end, if not of the first try.
func (a *Account) endSignIns(flows []string) {
	a.Begun = slices.DeleteFunc(a.Begun, func(s BegunSignIn) bool { return s.by(flows) })
}

// WrongCode notes a wrong code in a sign-in on a browser that the account does
// not know, and tells whether its owner is to hear of it at once. A first one is
// a slip of a finger: it is told with the sign-in if that is given up, and is
// forgotten when the same browser signs in. The second one of a browser is not,
// nor one that cannot be noted.
func (a *Account) WrongCode(s BegunSignIn, flows []string, now time.Time) (atOnce bool) {
	a.BeginSignIn(s)
	own := func(x BegunSignIn) bool { return x.Binding == s.Binding || x.by(flows) }
	i := slices.IndexFunc(a.Begun, own)
	if i >= 0 && !slices.ContainsFunc(a.Begun, func(x BegunSignIn) bool { return own(x) && (x.Wrong || x.Told) }) {
		a.Begun[i].Wrong, a.Begun[i].At, a.Begun[i].Until = true, now, now.Add(slipFor)
		return false
	}
	a.hear(own)
	return true
}

// HearOf notes that the owner hears at once of what a browser does.
func (a *Account) HearOf(binding string, flows []string) {
	a.hear(func(x BegunSignIn) bool { return x.Binding == binding || x.by(flows) })
}

func (a *Account) hear(of func(BegunSignIn) bool) {
	for i := range a.Begun {
		a.Begun[i].Told = a.Begun[i].Told || of(a.Begun[i])
	}
}

// GivenUp takes the sign-ins that did not come to their end in time, and returns
// those of which the owner has not heard.
func (a *Account) GivenUp(now time.Time) []BegunSignIn {
	var out []BegunSignIn
	a.Begun = slices.DeleteFunc(a.Begun, func(s BegunSignIn) bool {
		if now.Before(s.Until) {
			return false
		}
		if !s.Told {
			out = append(out, s)
		}
		return true
	})
	return out
}

// GivesUp tells whether a sign-in is to be taken by GivenUp now.
func (a *Account) GivesUp(now time.Time) bool {
	return slices.ContainsFunc(a.Begun, func(s BegunSignIn) bool { return !now.Before(s.Until) })
}

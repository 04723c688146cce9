package lint

import (
	"slices"
	"strings"
	"time"
)

// Goal is what a way replaces.
type Goal string

// The goals. What is enough for both is enough for each.
const (
	GoalPassword     Goal = "password"
	GoalSecondFactor Goal = "second_factor"
	GoalBoth         Goal = "both"
)

// Goals lists the goals in the order of the reports.
func Goals() []Goal { return []Goal{GoalPassword, GoalSecondFactor, GoalBoth} }

// Class says what a source is.
type Class string

// The classes.
const (
	ClassHeld      Class = "held"      // a thing only this person has
	ClassIssued    Class = "issued"    // sent to a mailbox or number, or read off another screen
	ClassMemory    Class = "memory"    // memorized; all of it is one source
	ClassAuthority Class = "authority" // another person answers for it: listed, not compared
)

// The sources that rules, objects or reports name. An account has a source when
// its [Shape] says so, and what is memorized always.
const (
	SourceMemory   = "memory"
	SourceTOTP     = "totp"
	SourcePasskey  = "passkey"
	SourceCodes    = "recovery_code"
	SourceMail     = "mail"
	SourceSMS      = "sms"
	SourceDevice   = "device"
	SourceContact  = "contact"
	SourceAdmin    = "admin"
	SourceInPerson = "admin_in_person"
	SourceRescue   = "rescue"
)

// The objects that people lose or leave unlocked.
const (
	ObjectPhone    = "unlocked phone"
	ObjectLaptop   = "unlocked laptop"
	ObjectMailbox  = "mailbox"
	ObjectPassword = "leaked password"
	ObjectSIM      = "SIM card"
	ObjectPaper    = "paper with codes"
	ObjectKey      = "security key"
	// ObjectManager has the password and, as many keep them there, the recovery
	// codes.
	ObjectManager = "password manager"
	// ObjectFullManager is one in which its owner keeps the secret of the authenticator
	// and the passkey, too.
	ObjectFullManager = "password manager with every factor"
	// ObjectCloud is where passkeys that sync are copied to, and from there to
	// every device that signs in to it.
	ObjectCloud = "cloud account that syncs passkeys"
	// ObjectMailedCodes is a mailbox whose owner has sent the codes there.
	ObjectMailedCodes = "mailbox with codes"
	// ObjectSignedIn is a laptop whose browser is signed in here and to the
	// mailbox, and has saved the password.
	ObjectSignedIn = "signed-in laptop"
)

// Words that stand for something else in the lists of a [Table].
const (
	// WordFactor in any list is whatever proof is a second factor.
	WordFactor = "factor"
	// WordStrong in a [Change] or [Approval] is a second factor or a recovery
	// code, and for an account without second factor the password.
	WordStrong = "strong"
	// WordBeside in a [Change] is one thing more than the password, of an account
	// that gets its first second factor, or what could stand in its place: a code from the mailbox or number, a
	// recovery code, or a browser of before. Of one that has a factor it is nothing.
	WordBeside = "beside"
	// GiftNoFactor in [Change.Gives] takes the second factor off the account:
	// from then on the ways and the login of accounts without one hold.
	GiftNoFactor = "no_factor"
)

// Names of proofs the rules refer to.
const (
	proofPassword = "password"
	proofDevice   = "device"
	proofCodes    = "recovery_code"
	proofAdmin    = "admin"
	proofInPerson = "admin_in_person"
)

// Way is one set of proofs that is enough for a goal.
type Way struct {
	// Proofs are names of the table, "factor" for any second factor, or
	// "contact*2" for two different ones.
	Proofs []string `json:"proofs"`
	// Wait before it counts; zero: none.
	Wait time.Duration `json:"-"`
	// WithoutFactor marks the ways of accounts that have no second factor.
	// It is for the goal password only.
	WithoutFactor bool `json:"without_factor,omitempty"`
	// WeakOK says that the operator accepts the way weaker than the login.
	WeakOK bool `json:"weak_ok,omitempty"`
	// Line is where it was written, as messages shall name it; empty for a default.
	Line string `json:"line,omitempty"`
	// Written are the proofs in the configuration when they are read as others
	// here: admin as admin_in_person where no mail can be sent. Empty: the same.
	Written []string `json:"-"`
}

// Proof is a way to prove something, and what it rests on.
type Proof struct {
	Name   string
	Source string // two proofs from one source count once
	Class  Class
	First  bool // may come before any other proof in a recovery
	Factor bool // a second factor that a login asks for
	Short  bool // six digits: never alone
	Extra  bool // pin and question: only in addition
	// Channel whose notifier the proof needs (mail, sms); empty: none.
	Channel string
	// On are the objects on which the proof can be shown, and In those whose
	// loss takes it from its owner (see [Table.Objects]).
	On, In []string
	// Places stand for On and In in an account whose shape names one of them.
	Places []Place
}

// Place is where a proof can be kept.
type Place struct {
	Trait string // of a [Shape]
	On    []string
	// Sure are those of On whose holder passes its check of the owner, too.
	Sure []string
	In   []string
}

// SignIn is one row of what a login asks for.
type SignIn struct {
	Proofs        []string
	WithoutFactor bool // for accounts that have no second factor
	// Verified marks the row of a passkey that asked its owner for a finger or
	// a number. It is first and existing factor at once and counts as two sources.
	Verified bool
}

// Change is something that can be done to an account other than by recovery.
type Change struct {
	Name   string
	Proofs []string // shown in the same flow
	Gives  []string // proofs that the person who made the change has then
	// After is how long the new thing does not count yet.
	After time.Duration
	// Session says that the change needs a session, which a person at a
	// signed-in device has.
	Session bool
	// NoFactorOnly is for changes of accounts that have no second factor.
	NoFactorOnly bool
}

// Approval is what a person at a signed-in device must prove there, besides the
// session, before the device approves something.
type Approval struct {
	For           string // a [Goal], or "login"
	Proofs        []string
	WithoutFactor bool
}

// ForLogin is the value of [Approval.For] for a sign-in.
const ForLogin = "login"

// Table is all the lint reads.
type Table struct {
	Ways map[Goal][]Way
	// Idle are the default ways that are not offered because nothing sends on a
	// channel. They come with it.
	Idle      map[Goal][]Way
	Proofs    []Proof
	Login     []SignIn
	Changes   []Change
	Approvals []Approval
	Thaws     []Thaw
	// Channels that have a notifier: mail, sms, push.
	Channels []string
	// Ask are extra proofs (pin, question) asked in every recovery of an
	// account that has them.
	Ask []string
	// FactorFor are the groups whose members must have a second factor, beside
	// administrators; empty: everybody must.
	FactorFor []string
	// KnownDevice tells that an unknown browser is let in by a known one, in addition
	// to what Login asks. That is not counted, like the check of an unknown browser;
	// a [Forecast] sees it.
	KnownDevice bool
	// Ban is how long a password set by recovery is no proof for the second
	// factor or both.
	Ban time.Duration
}

// Base returns a table with every proof, change and approval, with every
// channel configured and without ways.
func Base() Table {
	return Table{
		Ways:      map[Goal][]Way{},
		Proofs:    baseProofs(),
		Login:     baseLogin(),
		Changes:   baseChanges(),
		Approvals: baseApprovals(),
		Thaws:     baseThaws(),
		Channels:  []string{channelMail, channelSMS, channelPush},
		Ban:       72 * time.Hour,
	}
}

const (
	channelMail = "mail"
	channelSMS  = "sms"
	channelPush = "push"
)

// A mailbox is read on the phone and on the laptop but lost with neither.
func baseProofs() []Proof {
	phone, laptop, mailbox := []string{ObjectPhone}, []string{ObjectLaptop}, []string{ObjectMailbox, ObjectMailedCodes}
	paper, key, number := []string{ObjectPaper, ObjectManager, ObjectMailedCodes}, []string{ObjectKey}, []string{ObjectPhone, ObjectSIM}
	screens := []string{ObjectPhone, ObjectLaptop, ObjectSignedIn}
	read := []string{ObjectPhone, ObjectLaptop, ObjectMailbox, ObjectMailedCodes, ObjectSignedIn}
	known, remembered := []string{ObjectPassword, ObjectManager, ObjectFullManager, ObjectSignedIn}, []string{ObjectPassword, ObjectManager}
	return []Proof{
		{Name: "totp", Source: SourceTOTP, Class: ClassHeld, Factor: true, On: []string{ObjectPhone, ObjectFullManager}, In: phone},
		{Name: "passkey", Source: SourcePasskey, Class: ClassHeld, Factor: true, First: true, On: key, In: key, Places: passkeyPlaces()},
		{Name: proofCodes, Source: SourceCodes, Class: ClassHeld, First: true, On: paper, In: paper},
		{Name: "contact", Source: SourceContact, Class: ClassHeld, First: true},
		{Name: "mail_link", Source: SourceMail, Class: ClassIssued, First: true, Channel: channelMail, On: read, In: mailbox},
		{Name: "mail_code", Source: SourceMail, Class: ClassIssued, Short: true, Channel: channelMail, On: read, In: mailbox},
		{Name: "sms_code", Source: SourceSMS, Class: ClassIssued, Short: true, Channel: channelSMS, On: number, In: phone},
		{Name: proofDevice, Source: SourceDevice, Class: ClassIssued, First: true, On: screens, In: laptop},
		{Name: proofPassword, Source: SourceMemory, Class: ClassMemory, On: known, In: remembered},
		{Name: "pin", Source: SourceMemory, Class: ClassMemory, Short: true, Extra: true},
		{Name: "question", Source: SourceMemory, Class: ClassMemory, Short: true, Extra: true},
		{Name: proofAdmin, Source: SourceAdmin, Class: ClassAuthority, First: true},
		{Name: proofInPerson, Source: SourceInPerson, Class: ClassAuthority, First: true},
		{Name: "rescue", Source: SourceRescue, Class: ClassAuthority, First: true},
	}
}

// passkeyPlaces are where passkeys are. One that syncs is shown from any unlocked
// device of its owner and is lost with none of them; who has the account or the
// manager makes a copy, and gives the check a finger of their own.
func passkeyPlaces() []Place {
	copied := []string{ObjectCloud, ObjectFullManager}
	return []Place{
		{Trait: TraitSynced, On: append([]string{ObjectPhone, ObjectLaptop}, copied...), Sure: copied, In: []string{ObjectCloud}},
		{Trait: TraitOnPhone, On: []string{ObjectPhone}, In: []string{ObjectPhone}},
		{Trait: TraitOnLaptop, On: []string{ObjectLaptop, ObjectSignedIn}, In: []string{ObjectLaptop}},
		{Trait: TraitOnKey, On: []string{ObjectKey}, In: []string{ObjectKey}},
	}
}

// baseLogin leaves out the check of an unknown browser, which is not counted.
func baseLogin() []SignIn {
	return []SignIn{
		{Proofs: []string{proofPassword, WordFactor}},
		{Proofs: []string{proofPassword, proofCodes}},
		{Proofs: []string{proofPassword, proofDevice}},
		{Proofs: []string{"passkey"}, Verified: true},
		{Proofs: []string{proofPassword}, WithoutFactor: true},
	}
}

func baseChanges() []Change {
	return []Change{
		{Name: "change_contact", Session: true, Proofs: []string{WordStrong, WordBeside}, Gives: []string{"mail_link", "mail_code", "sms_code"}, After: 72 * time.Hour},
		{Name: "add_factor", Session: true, Proofs: []string{WordStrong, WordBeside}, Gives: []string{WordFactor}},
		{Name: "new_codes", Session: true, Proofs: []string{WordStrong, WordBeside}, Gives: []string{proofCodes}},
		{Name: "remove_factor", Session: true, Proofs: []string{WordFactor}, Gives: []string{GiftNoFactor}},
		{Name: "enrol at half login", Proofs: []string{proofPassword, WordBeside}, Gives: []string{WordFactor}, NoFactorOnly: true},
		{Name: "add_contact", Session: true, Proofs: []string{WordStrong}, Gives: []string{"contact"}},
		{Name: "set_pin", Session: true, Proofs: []string{WordStrong}, Gives: []string{"pin"}},
		{Name: "set_question", Session: true, Proofs: []string{WordStrong}, Gives: []string{"question"}},
		{Name: "drop_password", Session: true, Proofs: []string{WordStrong}},
	}
}

func baseApprovals() []Approval {
	return []Approval{
		{For: ForLogin, Proofs: []string{WordStrong}},
		{For: string(GoalPassword), Proofs: []string{WordStrong}},
		{For: string(GoalPassword), WithoutFactor: true},
		{For: string(GoalSecondFactor), Proofs: []string{proofPassword}},
		{For: string(GoalBoth), Proofs: []string{WordStrong}},
	}
}

// Thaw is a way that opens a closed account beside the ways for both.
type Thaw struct {
	Proofs []string
	Wait   time.Duration
	// WithoutFactor is for accounts that have no second factor.
	WithoutFactor bool
	// Case says that it needs an administrator. With a second factor it is
	// offered only where no way for both has one.
	Case bool
}

func baseThaws() []Thaw {
	return []Thaw{
		{Proofs: []string{proofAdmin, "mail_link"}, Wait: cooled, Case: true},
		{Proofs: []string{proofAdmin}, WithoutFactor: true, Case: true},
		{Proofs: []string{"rescue"}},
		{Proofs: []string{"rescue"}, WithoutFactor: true},
	}
}

// byCase reports whether the way needs an administrator's case.
func (w Way) byCase() bool {
	return slices.Contains(w.Proofs, proofAdmin) || slices.Contains(w.Proofs, proofInPerson)
}

// verifies reports whether a login takes the proof alone when it asked its owner.
func (t Table) verifies(name string) bool {
	return slices.ContainsFunc(t.Login, func(l SignIn) bool { return l.Verified && l.Proofs[0] == name })
}

// places are where an account keeps a proof.
func (p Proof) places(s Shape) []Place {
	named := slices.DeleteFunc(slices.Clone(p.Places), func(k Place) bool { return !s.Has(k.Trait) })
	if len(named) == 0 {
		return []Place{{On: p.On, In: p.In}}
	}
	return named
}

// proof finds a proof by name.
func (t Table) proof(name string) (Proof, bool) {
	for i := range t.Proofs { // a proof is large, and each would be copied
		if t.Proofs[i].Name == name {
			return t.Proofs[i], true
		}
	}
	return Proof{}, false
}

// configured reports whether this installation can ask for the proof at all.
func (t Table) configured(p Proof) bool {
	return p.Channel == "" || slices.Contains(t.Channels, p.Channel)
}

// String names the way as it is written in a Caddyfile.
func (w Way) String() string {
	s := strings.Join(w.Proofs, " ")
	if w.Wait != 0 {
		s += " wait " + Delay(w.Wait).String()
	}
	return s
}

func (t Table) way(ref wayRef) Way { return t.Ways[ref.goal][ref.i-1] }

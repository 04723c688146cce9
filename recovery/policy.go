package recovery

import (
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Way is one set of proofs that is enough for a goal.
type Way struct {
	Proofs        []string      `json:"proofs"`                   // method names; "factor" is any second factor
	Wait          time.Duration `json:"wait,omitempty"`           // cool-down before it counts; zero: none
	WithoutFactor bool          `json:"without_factor,omitempty"` // for accounts that have no second factor
	WeakOK        bool          `json:"weak_ok,omitempty"`        // the operator accepts that it is weaker than the login
	Line          string        `json:"line,omitempty"`           // where it was written, for messages
	Written       []string      `json:"-"`                        // what [Policy.Read] found in place of Proofs; nil: those
}

// Lifetimes are how long things live. None but Remembered is zero: what a
// configuration leaves out is as in [Default].
type Lifetimes struct {
	MailLink        time.Duration `json:"mail_link,omitempty"`
	MailCode        time.Duration `json:"mail_code,omitempty"`
	SMSCode         time.Duration `json:"sms_code,omitempty"`
	Flow            time.Duration `json:"flow,omitempty"` // after the last proof
	SessionIdle     time.Duration `json:"session_idle,omitempty"`
	SessionAbsolute time.Duration `json:"session_absolute,omitempty"`
	KeepIdle        time.Duration `json:"keep_idle,omitempty"` // with "keep me signed in"
	KeepAbsolute    time.Duration `json:"keep_absolute,omitempty"`
	Remembered      time.Duration `json:"remembered,omitempty"` // of trust in a browser; zero: no browser is trusted
	Fresh           time.Duration `json:"fresh,omitempty"`
	Probation       time.Duration `json:"probation,omitempty"`
	RecoveredBan    time.Duration `json:"recovered_ban,omitempty"` // a recovered password proves nothing for the second factor
	Invite          time.Duration `json:"invite,omitempty"`
	Setup           time.Duration `json:"setup,omitempty"`
	Rescue          time.Duration `json:"rescue,omitempty"`
	Notice          time.Duration `json:"notice,omitempty"` // how long "this wasn't me" works
	Case            time.Duration `json:"case,omitempty"`   // a ticket an administrator had sent
	Ripe            time.Duration `json:"ripe,omitempty"`   // how long a wait that is over stays good
	NewContact      time.Duration `json:"new_contact,omitempty"`
	Delete          time.Duration `json:"delete,omitempty"` // how long a removed account can be brought back
	Name            time.Duration `json:"name,omitempty"`   // how long the name of a removed or renamed account is nobody else's
	Audit           time.Duration `json:"audit,omitempty"`  // how long a day of the audit trail is kept
}

// Rate is a count in a window.
type Rate struct {
	Count int           `json:"count"`
	Per   time.Duration `json:"per"`
}

// Limits are how often something may be tried, sent or begun.
type Limits struct {
	Failures    Rate `json:"failures,omitzero"`     // free wrong passwords per account and network; then FirstWait doubling to LastWait
	CodeTries   int  `json:"code_tries,omitempty"`  // per flow and method
	CodesHourly Rate `json:"codes,omitzero"`        // wrong codes per account and method over all flows
	Memory      int  `json:"memory,omitempty"`      // wrong PINs or answers a day
	Consecutive int  `json:"consecutive,omitempty"` // failures in a row that suspend one authenticator
	SendsHourly Rate `json:"sends,omitzero"`        // recovery messages per account, silent
	SendsDaily  Rate `json:"sends_daily,omitzero"`
	Flows       Rate `json:"flows,omitzero"`      // flows begun per network, in memory
	Posts       Rate `json:"posts,omitzero"`      // form posts per network, in memory
	Names       Rate `json:"names,omitzero"`      // names that failed to sign in from an address, in memory; from its IPv4 /24 or IPv6 /48 three times as many
	Keys        Rate `json:"keys,omitzero"`       // access keys from a network that were none, in memory; then it is told to wait
	Strangers   int  `json:"strangers,omitempty"` // bytes in the store that counters of names that nobody has may take up
	FirstWait   time.Duration
	LastWait    time.Duration
}

// Lock is account lock-out: after a number of wrong passwords none is checked
// for a time. Each account has a counter, and so has each of its known
// browsers.
type Lock struct {
	After int           `json:"after"`
	For   time.Duration `json:"for"`
}

// MinWait is the shortest cool-down that makes a way count for more.
const MinWait = 24 * time.Hour

// Policy is every number, switch and way. It is plain data: the lint and the
// engine read it, nothing changes it after start.
type Policy struct {
	Ways              map[Goal][]Way    `json:"ways,omitempty"` // a goal without ways is switched off
	Lifetimes         Lifetimes         `json:"lifetimes,omitzero"`
	Limits            Limits            `json:"limits,omitzero"`
	Lock              *Lock             `json:"lock,omitempty"`               // nil: growing waits instead
	Ask               map[string][]Kind `json:"ask,omitempty"`                // method → kinds that ask it in addition (pin, question)
	Enrol             []string          `json:"enrol,omitempty"`              // second factors that people may make; empty: all there are
	FactorFor         []string          `json:"factor_for,omitempty"`         // groups whose members must have a second factor, administrators beside them; empty: everybody must
	AdminKeys         bool              `json:"admin_keys,omitempty"`         // administrators may make access keys for others
	SecondAdmin       bool              `json:"second_admin,omitempty"`       // a case, and making somebody an administrator, needs a second one
	TemporaryPassword bool              `json:"temporary_password,omitempty"` // administrators may have a temporary password mailed
	KnownDevice       bool              `json:"known_device,omitempty"`       // an unknown browser is let in by a known one, in addition
	Passkeys          string            `json:"passkeys,omitempty"`           // domain that passkeys belong to where sign-in pages are in it; empty: each host has its own
	Hash              secret.HashParams `json:"hash,omitzero"`
	Site              string            `json:"site,omitempty"` // what people call the place
	Help              string            `json:"help,omitempty"` // the operator's contact help
}

// Default is the policy of an installation that configures nothing.
func Default() *Policy {
	return &Policy{
		Ways: map[Goal][]Way{
			GoalPassword: {
				{Proofs: []string{MailLink, Factor}},
				{Proofs: []string{RecoveryCode, MailLink}},
				{Proofs: []string{MailLink}, WithoutFactor: true},
				{Proofs: []string{RecoveryCode}, WithoutFactor: true},
				{Proofs: []string{OtherDevice, Factor}},
				{Proofs: []string{OtherDevice, MailLink}, WithoutFactor: true},
				{Proofs: []string{Admin, Factor}},
				{Proofs: []string{Admin}, WithoutFactor: true},
			},
			GoalSecondFactor: {
				{Proofs: []string{MailLink, Password, SMSCode}},
				{Proofs: []string{Password, RecoveryCode}},
				{Proofs: []string{Password, OtherDevice}, Wait: MinWait},
				{Proofs: []string{Password, Admin}},
				{Proofs: []string{MailLink, Password}, Wait: MinWait},
			},
			GoalBoth: {
				{Proofs: []string{RecoveryCode, MailLink}},
				{Proofs: []string{VouchedBy + "*2", MailLink}},
				{Proofs: []string{Admin, MailLink}, Wait: MinWait},
				{Proofs: []string{Rescue}},
			},
		},
		Lifetimes: Lifetimes{
			MailLink: 5 * time.Minute, MailCode: 5 * time.Minute, SMSCode: 5 * time.Minute, Flow: 15 * time.Minute,
			SessionIdle: 8 * time.Hour, SessionAbsolute: 24 * time.Hour,
			KeepIdle: 7 * 24 * time.Hour, KeepAbsolute: 30 * 24 * time.Hour,
			Remembered: 30 * 24 * time.Hour, Fresh: 10 * time.Minute,
			Probation: 24 * time.Hour, RecoveredBan: 72 * time.Hour,
			Invite: 72 * time.Hour, Setup: 30 * time.Minute, Rescue: 15 * time.Minute,
			Notice: 7 * 24 * time.Hour, Case: time.Hour, Ripe: 72 * time.Hour, NewContact: 72 * time.Hour,
			Delete: 7 * 24 * time.Hour, Name: 400 * 24 * time.Hour, Audit: 400 * 24 * time.Hour,
		},
		Limits: Limits{
			Failures: Rate{5, 10 * time.Minute}, FirstWait: 30 * time.Second, LastWait: time.Hour,
			CodeTries: 5, CodesHourly: Rate{10, time.Hour}, Consecutive: 100, Memory: 3,
			SendsHourly: Rate{3, time.Hour}, SendsDaily: Rate{10, 24 * time.Hour},
			Flows: Rate{60, time.Minute}, Posts: Rate{600, time.Minute}, Names: Rate{20, 10 * time.Minute}, Keys: Rate{60, time.Minute}, Strangers: 16 << 20,
		},
		Hash: secret.DefaultHash(),
		Site: "",
	}
}

// Errors of [Policy.Validate].
var (
	// ErrUnknownProof names a proof no method stands for.
	ErrUnknownProof = errors.New("unknown proof")
	// ErrPolicy is any other contradiction.
	ErrPolicy = errors.New("policy")
)

func sameSet(a, b []string) bool {
	x, y := slices.Clone(a), slices.Clone(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

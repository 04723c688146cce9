package recovery

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Level is how loud an event is in the log.
type Level string

// The levels.
const (
	LevelInfo  Level = "info"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
)

// EventInfo is what an operator may know of an event beforehand.
type EventInfo struct {
	Name   EventName
	Level  Level
	Fields []string // that may be filled; the others are there and empty
	Says   string   // what has happened, for EVENTS.md
}

// LogField is one value of a log line.
type LogField struct{ Name, Value string }

// Fields are the values of the log line of an event, in the order in which they
// are written: filters for fail2ban and CrowdSec match it.
func (e Event) Fields() []LogField {
	count := ""
	if e.Count > 0 {
		count = strconv.Itoa(e.Count)
	}
	return []LogField{
		{"event", string(e.Name)},
		{"client_ip", e.Network},
		{"account", e.Account},
		{"user", e.Person},
		{"method", e.Method},
		{"flow", e.Flow},
		{"detail", e.Detail},
		{"by", e.Actor},
		{"by_account", e.ActorID},
		{"count", count},
	}
}

// Info is the row of an event in [Events]; false when it has none.
func (e EventName) Info() (EventInfo, bool) {
	info, ok := eventRows()[e]
	return info, ok
}

// eventRows are the rows by their names.
var eventRows = sync.OnceValue(func() map[EventName]EventInfo { //nolint:gochecknoglobals // made once, and never changed
	rows := map[EventName]EventInfo{}
	for _, x := range Events() {
		rows[x.Name] = x
	}
	return rows
})

// Odd lists the fields that an event fills and its row does not name; the event
// itself when it has no row.
func (e Event) Odd() []string {
	info, ok := e.Name.Info()
	if !ok {
		return []string{string(e.Name)}
	}
	var out []string
	for _, f := range e.Fields() {
		if f.Value != "" && f.Name != "event" && !slices.Contains(info.Fields, f.Name) {
			out = append(out, f.Name)
		}
	}
	return out
}

// Groups of fields.
const (
	whoseFields   = "account user detail"                        // detail: also that a notice of it was told late, and when it was
	requestFields = "client_ip by by_account " + whoseFields     // somebody did it
	proofFields   = requestFields + " flow method"               // in a flow, by something that was shown
	refusedFields = "client_ip by by_account account user count" // joined: count is how many this line stands for
)

// Events is every event there is: the only list.
func Events() []EventInfo {
	return slices.Concat(signInEvents(), changeEvents(), othersEvents(), refusalEvents())
}

func info(name EventName, fields, says string) EventInfo {
	return EventInfo{Name: name, Level: LevelInfo, Fields: strings.Fields(fields), Says: says}
}

func warning(name EventName, fields, says string) EventInfo {
	return EventInfo{Name: name, Level: LevelWarn, Fields: strings.Fields(fields), Says: says}
}

func alarm(name EventName, fields, says string) EventInfo {
	return EventInfo{Name: name, Level: LevelError, Fields: strings.Fields(fields), Says: says}
}

func signInEvents() []EventInfo {
	return []EventInfo{
		info(EventLogin, proofFields, "somebody signed in"),
		warning(EventLoginFailed, proofFields, "a proof was wrong, or was not looked at (detail `limited`)"),
		info(EventLogout, requestFields, "somebody signed out in this browser"),
		info(EventNewDevice, proofFields, "a sign-in on a browser that the account did not know"),
		info(EventGivenUp, requestFields+" method", "a sign-in on an unknown browser got no further than the right password; written when the flow is over"),
		info(EventFactorFailed, whoseFields, "the password was right and the second factor wrong; told late"),
		info(EventStepUp, proofFields, "a proof was shown again in a session"),
		info(EventSessionEnded, requestFields, "one session was ended from elsewhere"),
		info(EventSessionsEnded, proofFields, "all sessions were ended, or all others"),
		info(EventBrowserRenamed, requestFields, "a known browser was given a name by its owner"),
		info(EventBrowserForgotten, requestFields, "a known browser was made unknown by its owner, and its sessions have ended"),
		info(EventOldestEnded, proofFields, "one browser or session too many signed in: the one that was unused for the longest has ended"),
		warning(EventBrowserCopied, proofFields, "a copy of a browser that skips the second factor was used, or the browser itself after a copy was; it is asked for there again"),
		info(EventTrustEnded, requestFields, "in one browser the second factor is asked for again: its owner took the trust back"),
		info(EventSetup, proofFields, "the first administrator set the site up, and is signed in"),
		info(EventActivated, proofFields, "an invited person has made the account theirs, and is signed in; of an administrator all others are told"),
		info(EventJoined, proofFields, "somebody has made an account by a group's link, and is signed in; whoever made the link is told"),
		alarm(EventPasskeyCopied, proofFields, "a passkey was refused because its counter went back: somebody may have a copy of it"),
		info(EventPasskeyChanged, proofFields, "a passkey was refused once because it syncs now, or does no more"),
		alarm(EventSuspended, proofFields, "an authenticator is not looked at any more after too many tries"),
		warning(EventLocked, proofFields, "too many wrong tries have begun a lock: of the account, or of one proof; method: what is locked, detail: until when"),
		info(EventUnlocked, proofFields, "a pause after wrong passwords was lifted"),
	}
}

func changeEvents() []EventInfo {
	return []EventInfo{
		info(EventRecoverStarted, proofFields, "a recovery began; without account and user: for a name that nobody has"),
		info(EventAimed, proofFields, "something was shown in a recovery, and what it is to bring back is known; detail: `password`, `second_factor` or `both`"),
		info(EventPasswordReset, proofFields, "a lost password was replaced"),
		info(EventFactorReset, proofFields, "a lost second factor was replaced"),
		info(EventBothReset, proofFields, "both were replaced"),
		info(EventRefused, proofFields, "a recovery was refused: the password was recovered lately"),
		info(EventCodeUsed, proofFields, "a recovery code was used up"),
		info(EventWaitStarted, proofFields, "a recovery waits"),
		info(EventWaitStopped, requestFields, "its owner stopped it"),
		info(EventPasswordChanged, proofFields, "the password was changed in a session"),
		info(EventPasswordDropped, proofFields, "the password was taken off an account that signs in with a passkey"),
		info(EventFactorAdded, proofFields, "a second factor was added or replaced in a session"),
		info(EventFactorRemoved, proofFields, "the last second factor was taken off an account that need not have one"),
		info(EventOneRemoved, proofFields, "a passkey was taken off an account that has another second factor"),
		info(EventOneRenamed, requestFields, "a passkey was given a name by its owner"),
		info(EventOneTrusted, proofFields, "a passkey that was doubted is taken again: its owner said so, with another proof"),
		info(EventCodesRenewed, proofFields, "new recovery codes were made"),
		info(EventContactChanged, proofFields, "a mail address or number was taken in, or given by an administrator"),
		info(EventContactConfirmed, proofFields, "a code came back from an address or number that was not confirmed"),
		info(EventPINChanged, proofFields, "the PIN was set"),
		info(EventQuestionChanged, proofFields, "the security question was set"),
		info(EventTrustedContactAdded, proofFields, "somebody was named who may vouch"),
		info(EventTrustedContactDropped, requestFields, "somebody may vouch no more"),
		info(EventKeyMade, requestFields, "an access key for a program was made; detail: its id"),
		info(EventKeyRevoked, requestFields, "an access key was revoked; detail: its id"),
		info(EventKeyUsed, requestFields, "a program came with an access key that an administrator made for this person: by is that administrator; once a day for each; detail: its id"),
		info(EventKeyResumed, requestFields, "an access key that a recovery had suspended was switched on again by its owner; detail: its id"),
		info(EventKeysSuspended, proofFields, "a recovery has suspended the access keys of the account"),
		info(EventAccountGivenUp, proofFields, "the account was closed by its owner, and is removed in lifetime `delete` unless it is kept"),
		info(EventKept, proofFields, "an account that its owner gave up stays: somebody signed in to it"),
		info(EventExported, requestFields, "somebody was given a file of all that is kept of them"),
		info(EventFrozen, requestFields, "“this wasn’t me” closed the account; detail: the notice that was pressed, or why else"),
		info(EventThawed, proofFields, "a closed account was opened again"),
	}
}

func othersEvents() []EventInfo {
	return []EventInfo{
		info(EventInvited, requestFields, "an invitation was made"),
		info(EventInviteRevoked, requestFields, "an invitation that nobody had taken was withdrawn"),
		info(EventLinkMade, requestFields, "a group's link was made; detail: its id, how many may use it, for which groups, and for whom it is"),
		info(EventLinkRevoked, requestFields, "a group's link was revoked; detail: its id, and why"),
		info(EventAdminGranted, requestFields, "somebody was invited as an administrator, or has become one"),
		info(EventAdminTaken, requestFields, "an administrator is none any more, or can do nothing any more; detail: by whom, and why"),
		info(EventAdminRestored, requestFields, "an administrator has undone what another one did, by the link of the notice"),
		info(EventSecondAsked, requestFields, "an administrator asks another one to agree to a case, or to making somebody an administrator; detail: which, and why"),
		info(EventSecondAgreed, requestFields, "another administrator agreed, and it was done; detail: to what, and who asked"),
		info(EventSecondDeclined, requestFields, "it was declined, or taken back; detail: what, and who asked"),
		info(EventGroupsChanged, requestFields, "an administrator changed the groups of somebody"),
		info(EventDisplayName, requestFields, "the name that somebody is shown by was changed"),
		info(EventRenamed, requestFields, "somebody got another user name; the one before is nobody else’s for a year and a month"),
		warning(EventNameGiven, requestFields, "an administrator gave a name away that somebody else had within 400 days: apps take one for the other"),
		info(EventExtension, requestFields, "the main number or extension of somebody was changed"),
		info(EventLeaving, requestFields, "an account was closed, and is removed after some days unless it is enabled before"),
		info(EventRemoved, whoseFields, "an account was removed, with everything in it; of it the id is left"),
		info(EventDisabled, requestFields, "an administrator disabled an account"),
		info(EventEnabled, requestFields, "an administrator enabled it again"),
		info(EventCaseOpened, proofFields, "an administrator opened a case for somebody; detail says why"),
		info(EventTemporarySent, proofFields, "an administrator had a temporary password mailed, and the sign-ins of its person have ended; detail says why"),
		info(EventCaseShown, proofFields, "the same, with a code to be handed over"),
		info(EventDeviceAsked, proofFields, "a new browser asks known ones of the account to let it in"),
		info(EventDeviceAnswered, proofFields, "a known browser let a new one in, or made a code for it"),
		info(EventDeviceRefused, proofFields, "a known browser refused a new one, or the wrong number was typed there"),
		info(EventDeviceLetIn, proofFields, "a sign-in that a known browser allowed"),
		info(EventVouched, proofFields, "somebody vouched for another person"),
		info(EventImported, requestFields, "the operator brought an account along from another program; detail: its state, or that it was brought along again"),
		info(EventRescue, requestFields, "the operator made a rescue link"),
		info(EventBroughtBack, requestFields, "the operator brought a backup back into an empty store; detail: how many accounts"),
		info(EventStoreAccepted, requestFields, "the operator restored an older store on purpose"),
		info(EventRekeyed, requestFields, "rekey has come to its end: the store opens with the newest root key alone"),
	}
}

func refusalEvents() []EventInfo {
	return []EventInfo{
		warning(EventCrossSite, refusedFields+" detail", "a form or a WebSocket came from another site; detail: what the browser said of it"),
		warning(EventTicketFailed, refusedFields+" detail flow method", "a link or its code was none, or is over"),
		warning(EventKeyRefused, refusedFields, "a program came with an access key that is none, is over, or is not for that place"),
		warning(EventForbidden, refusedFields, "somebody signed in asked for a site that is not for them"),
		warning(EventAdminRefused, refusedFields+" detail flow method", "somebody asked for what only administrators may do, or an administrator for what they may not"),
		alarm(EventAlarm, proofFields, "a record is missing, does not open or is older than it should be"),
	}
}

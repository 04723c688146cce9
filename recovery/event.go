package recovery

import (
	"slices"
	"time"
)

// EventName is a name of the closed list of audit events.
type EventName string

// The events. Log lines carry these names; [Events] says what else is in them.
const (
	EventLogin                 EventName = "login"
	EventLoginFailed           EventName = "login_failed"
	EventLogout                EventName = "logout"
	EventNewDevice             EventName = "new_device"
	EventGivenUp               EventName = "sign_in_given_up" // after the right password; told when the flow is over
	EventSetup                 EventName = "setup"
	EventActivated             EventName = "activated"
	EventInvited               EventName = "invited"
	EventInviteRevoked         EventName = "invitation_revoked"
	EventLinkMade              EventName = "group_link_made"
	EventLinkRevoked           EventName = "group_link_revoked"
	EventJoined                EventName = "joined"          // by a group's link
	EventRecoverStarted        EventName = "recover_started" // also for unknown names, and then without a person
	EventAimed                 EventName = "recovery_goal"   // once for each recovery
	EventPasswordReset         EventName = "password_recovered"
	EventFactorReset           EventName = "second_factor_replaced"
	EventBothReset             EventName = "both_replaced"
	EventRefused               EventName = "recovery_refused"
	EventPasswordChanged       EventName = "password_changed"
	EventPasswordDropped       EventName = "password_dropped"
	EventFactorAdded           EventName = "factor_added"
	EventFactorRemoved         EventName = "factor_removed"  // and none is left
	EventOneRemoved            EventName = "passkey_removed" // one of several, and another second factor is left
	EventOneRenamed            EventName = "passkey_renamed" // its owner has given it a name
	EventOneTrusted            EventName = "passkey_trusted" // its owner has looked at what was doubted
	EventCodesRenewed          EventName = "codes_renewed"
	EventFactorFailed          EventName = "second_factor_failed"
	EventPasskeyCopied         EventName = "passkey_copied"  // its counter went back
	EventPasskeyChanged        EventName = "passkey_changed" // whether it syncs is not what it was
	EventCodeUsed              EventName = "recovery_code_used"
	EventFrozen                EventName = "account_frozen"
	EventThawed                EventName = "account_thawed"
	EventRescue                EventName = "rescue"
	EventWaitStarted           EventName = "wait_started"
	EventWaitStopped           EventName = "wait_stopped"
	EventUnlocked              EventName = "account_unlocked"
	EventDisabled              EventName = "account_disabled"
	EventEnabled               EventName = "account_enabled"
	EventContactChanged        EventName = "contact_changed"
	EventContactConfirmed      EventName = "contact_confirmed"
	EventPINChanged            EventName = "pin_changed"
	EventQuestionChanged       EventName = "question_changed"
	EventTrustedContactAdded   EventName = "contact_person_added"
	EventTrustedContactDropped EventName = "contact_person_removed"
	EventVouched               EventName = "vouched"
	EventDeviceAsked           EventName = "device_asked"    // a new browser asks to be let in
	EventDeviceAnswered        EventName = "device_answered" // a known one let it in, or made a code for it
	EventDeviceRefused         EventName = "device_refused"  // "not me", or the wrong number
	EventDeviceLetIn           EventName = "device_let_in"   // the new one is signed in
	EventTemporarySent         EventName = "temporary_sent"
	EventCaseOpened            EventName = "case_opened"
	EventCaseShown             EventName = "case_shown" // to the administrator, who hands it over
	EventAdminGranted          EventName = "admin_granted"
	EventAdminTaken            EventName = "admin_taken"    // from somebody who was one and could act
	EventAdminRestored         EventName = "admin_restored" // by themselves, with the link of the notice
	EventSecondAsked           EventName = "second_asked"   // of another administrator
	EventSecondAgreed          EventName = "second_agreed"
	EventSecondDeclined        EventName = "second_declined"
	EventGroupsChanged         EventName = "groups_changed"
	EventDisplayName           EventName = "display_name_changed"
	EventRenamed               EventName = "renamed"
	EventNameGiven             EventName = "name_given_away" // that is held for nobody else
	EventExtension             EventName = "extension_changed"
	EventLeaving               EventName = "account_leaving" // closed, to be removed
	EventRemoved               EventName = "account_gone"
	EventKeyMade               EventName = "access_key_made"
	EventKeyRevoked            EventName = "access_key_revoked"
	EventKeyUsed               EventName = "access_key_used"       // which another account has made
	EventKeyResumed            EventName = "access_key_resumed"    // after a recovery
	EventKeysSuspended         EventName = "access_keys_suspended" // by a recovery
	EventStepUp                EventName = "step_up"
	EventSuspended             EventName = "authenticator_suspended"
	EventLocked                EventName = "account_locked" // once for each lock; growing waits are none
	EventSessionEnded          EventName = "session_ended"
	EventSessionsEnded         EventName = "sessions_ended"
	EventBrowserRenamed        EventName = "browser_renamed"
	EventBrowserForgotten      EventName = "browser_forgotten"
	EventOldestEnded           EventName = "oldest_ended"     // a browser or session was one too many
	EventBrowserCopied         EventName = "browser_copied"   // a token of a remembered browser that was replaced is shown
	EventTrustEnded            EventName = "trust_ended"      // in one browser, by its owner: the second factor is asked for there again
	EventStoreAccepted         EventName = "store_accepted"   // an operator has restored it on purpose
	EventRekeyed               EventName = "rekeyed"          // the store opens with the newest root key alone
	EventImported              EventName = "imported"         // brought along from another program
	EventBroughtBack           EventName = "backup_restored"  // into an empty store
	EventExported              EventName = "data_exported"    // to the person it is about
	EventAccountGivenUp        EventName = "account_given_up" // closed by its owner, to be removed
	EventKept                  EventName = "account_kept"     // it was to be removed
	EventAlarm                 EventName = "alarm"            // a record is missing or does not open

	// Of these there is at most one a minute for each network: see Event.Count.
	EventCrossSite    EventName = "refused_cross_site"
	EventTicketFailed EventName = "ticket_failed"
	EventForbidden    EventName = "forbidden"
	EventKeyRefused   EventName = "access_key_refused"
	EventAdminRefused EventName = "admin_refused"
)

// closing are the events whose notices carry a "this wasn't me" link: something
// changed who can get in, or a sign-in, wait or case began. All others are over
// or were refused. Were there a link in those, whoever reads one mailbox could
// close an account by causing them, again and again.
func closing() []EventName {
	return []EventName{
		EventPasswordReset, EventFactorReset, EventBothReset, EventThawed,
		EventPasswordChanged, EventContactChanged, EventContactConfirmed, EventCodesRenewed, EventPINChanged, EventQuestionChanged, EventTrustedContactDropped,
		EventPasswordDropped, EventFactorAdded, EventFactorRemoved, EventOneRemoved, EventOneTrusted, EventTrustedContactAdded, EventKeyMade, EventKeyResumed,
		EventCodeUsed, EventNewDevice, EventDeviceLetIn, EventWaitStarted,
		EventCaseOpened, EventCaseShown, EventTemporarySent, EventVouched, EventAccountGivenUp, EventKept,
	}
}

// Closes tells whether a notice of the event carries a "this wasn't me" link.
func (e EventName) Closes() bool { return slices.Contains(closing(), e) }

// Event is an audit record. It never holds a secret, an address or what
// somebody typed.
type Event struct {
	Name    EventName
	At      time.Time
	Account string // id
	Person  string // account name
	ActorID string // id of the account that did it; empty: it was none, or nobody has proved who it is
	Actor   string // its name, or what else it was: "command line", "closing link", [Visitor]
	Method  string // what was shown so far, in order: "password totp"; of a try that failed, only what was tried
	Network string // address of the actor
	Flow    string // short, public part: joins the lines of one flow
	Detail  string
	Browser string // of the actor; the log has it not
	Count   int    // how many it stands for, where they are joined; zero: they are not
}

// Visitor is who does something in a request before anybody has proved who it is.
const Visitor = "visitor"

package guard

// Reason says why a request was decided as it was. The zero value denies.
type Reason int

// The reasons.
const (
	DeniedUnknown     Reason = iota // nothing was decided: deny
	DeniedAnonymous                 // no session, or one that has ended: ask to sign in
	DeniedForbidden                 // signed in, but not allowed here
	DeniedUnavailable               // unknown: 503, and the cookie is left alone
	DeniedShowing                   // signed in, but something is to be shown before this page
	DeniedRecovered                 // signed in, but the account was recovered too lately
	DeniedFactor                    // signed in, but not with two factors
	DeniedStale                     // signed in, but the last strong proof is too old
	DeniedKey                       // an access key that lets nobody in here
	Allowed
	AllowedOpen // by whoever it is: nobody who may pass is signed in, and nobody is named to the app
)

package recovery

import "errors"

// Errors of what an administrator does to an account.
var (
	// ErrNotAllowed says that the caller may not do that, or not to this account.
	ErrNotAllowed = errors.New("not allowed")
	// ErrReason says that a reason is missing.
	ErrReason = errors.New("a reason of 3 to 500 characters is needed")
	// ErrFull says that an account has no room for more.
	ErrFull = errors.New("the account is full: forget browsers, end sessions or revoke keys first")
	// ErrLastAdmin says that no administrator who can act would be left.
	ErrLastAdmin = errors.New("this is the last active administrator with a second factor: name another one first")
	// ErrSameAddress says that the address given is the one that counts already.
	ErrSameAddress = errors.New("that is the address already")
)

// Errors of the engine. Any other error means that the answer is unknown, and
// is answered with 503.
var (
	// ErrNoAccount says that there is no such account.
	ErrNoAccount = errors.New("no such account")
	// ErrNameTaken says that a name, address or number belongs to another account.
	ErrNameTaken = errors.New("already taken by another account")
	// ErrAddressTaken says beside ErrNameTaken that the address or number is
	// taken, not the name.
	ErrAddressTaken = errors.New("address or number already taken by another account")
	// ErrSetUp says that the first account exists already.
	ErrSetUp = errors.New("there is an account already")
)

// ErrMoved says that a flow or account changed during a request. Nothing was
// done, and the page shows the current step.
var ErrMoved = errors.New("changed meanwhile")

// ErrUsed is returned by [Verdict.Claim] when another request was faster.
var ErrUsed = errors.New("code was used already")

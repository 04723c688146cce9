package recovery_test

import "github.com/caddy-sparekey/sparekey/recovery"

// temporarily are the sign-ins with a temporary password.
func temporarily(full, plain *recovery.Account) []chapter {
	shapes := []shape{{name: "a second factor", account: full, ticket: recovery.Admin}, {name: "none", account: plain, ticket: recovery.Admin}}
	return []chapter{
		{"temporary", recovery.GoalPassword, "Sign in with a temporary password", "With `temporary_password on`. It is an administrator’s case that is mailed and typed where the password is, once, within 24 hours. It is spent when the new password is set; until then the old one works.", "new password, all other sessions ended, signed in", shapes},
	}
}

package recovery_test

import "github.com/caddy-sparekey/sparekey/recovery"

// unmailed are the flows that differ where no mail can be sent.
func unmailed(admin *recovery.Account) []chapter {
	plain := *admin
	plain.Groups = nil
	handed := func(a *recovery.Account) []shape {
		return []shape{{account: a, ticket: recovery.AdminInPerson, mute: true}}
	}
	return []chapter{
		{"open_case", "", "Open a case where no mail can be sent", "The administrator is shown a code once and hands it over in person; it works from then on for an hour, once.", "code works, the person is told", []shape{{account: admin, mute: true}}},
		{"recover", "second_factor", "Recover the second factor with a code handed over in person", "The code stands for `admin`, and for `admin mail_link`, in every way.", "new factor and codes, all sessions ended: sign in", handed(&plain)},
		{"recover", "second_factor", "The same for an administrator", "No way with such a code counts at once: in the day between, who is signed in or told can stop it.", "new factor and codes, all sessions ended: sign in", handed(admin)},
	}
}

func (s shape) has(channel string) bool { return !s.mute || channel != recovery.ChannelMail }

package templates_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/caddy-sparekey/sparekey/recovery/method"
)

// pageField is a field of a page, and the attributes it must have.
type pageField struct {
	name, field string
	want        map[string]string
}

func fields() []pageField {
	manager := map[string]string{"autocapitalize": "none", "spellcheck": "false"}
	with := func(extra map[string]string) map[string]string {
		all := maps.Clone(manager)
		maps.Copy(all, extra)
		return all
	}
	code := with(map[string]string{"type": "text", "autocomplete": "one-time-code", "inputmode": "numeric", "required": ""})
	chars := map[string]string{"type": "text", "autocomplete": "off", "inputmode": "text", "autocapitalize": "characters", "spellcheck": "false"}
	current := with(map[string]string{"type": "password", "autocomplete": "current-password", "required": ""})
	fixed := with(map[string]string{"type": "text", "autocomplete": "username", "readonly": ""})
	return []pageField{
		{"sign-in", "name", with(map[string]string{"type": "text", "autocomplete": "username webauthn", "required": ""})},
		{"sign-in", "password", current},
		{"sign-in", "remember", map[string]string{"type": "checkbox"}},
		{"factor-totp", "code", code},
		{"factor-sms-code", "code", code},
		{"factor-mail-code", "code", code},
		{"factor-recovery-code", "code", chars},
		{"factor-password", "password", current},
		{"factor-password", "name", fixed},
		{"factor-pin", "pin", map[string]string{"type": "password", "autocomplete": "off", "inputmode": "numeric"}},
		{"recover", "name", with(map[string]string{"type": "text", "autocomplete": "username", "required": ""})},
		{"sent", "code", map[string]string{"type": "text", "autocomplete": "one-time-code", "inputmode": "text", "autocapitalize": "characters"}},
		{"new-password", "name", fixed},
		{"new-password", "new_password", with(map[string]string{"type": "password", "autocomplete": "new-password", "minlength": "8", "aria-describedby": "new-password-hint"})},
		{"enroll", "code", code},
		{"setup", "name", with(map[string]string{"type": "text", "autocomplete": "username", "required": ""})},
		{"setup", "mail", with(map[string]string{"type": "email", "autocomplete": "email"})},
		{"setup", "phone", map[string]string{"type": "tel", "autocomplete": "tel"}},
		{"setup", "new_password", map[string]string{"type": "password", "autocomplete": "new-password", "minlength": "8"}},
		{"new-password-first", "new_password", map[string]string{"type": "password", "autocomplete": "new-password", "minlength": "8"}},
		{"activate", "code", with(map[string]string{"type": "text", "autocomplete": "off", "required": "", "data-fragment": ""})},
		{"factor-question", "answer", with(map[string]string{"type": "text", "autocomplete": "off", "required": ""})},
		{"new-password-pin", "pin", map[string]string{"type": "password", "autocomplete": "off", "inputmode": "numeric", "minlength": "6", "required": ""}},
		{"new-password-question", "choice", map[string]string{"required": ""}},
		{"new-password-question", "answer", with(map[string]string{"type": "text", "autocomplete": "off", "required": ""})},
		{"recover-desk", "phone", map[string]string{"type": "tel", "autocomplete": "tel", "required": ""}},
		{"recover-desk", "extension", map[string]string{"type": "text", "autocomplete": "tel-extension", "inputmode": "numeric", "required": ""}},
		{"confirm-change-mail", "mail", with(map[string]string{"type": "email", "autocomplete": "email", "required": ""})},
		{"confirm-change-phone", "phone", map[string]string{"type": "tel", "autocomplete": "tel", "required": ""}},
		{"confirm-new-contact", "code", code},
		{"confirm-approve", "code", chars},
		{"confirm-add-contact", "name", with(map[string]string{"type": "text", "autocomplete": "off", "required": ""})},
		{"confirm-drill", "code", chars},
		{"people", "name", with(map[string]string{"type": "text", "autocomplete": "off", "required": ""})},
		{"people", "mail", with(map[string]string{"type": "email", "autocomplete": "off"})},
		{"people", "phone", map[string]string{"type": "tel", "autocomplete": "off"}},
		{"people", "groups", with(map[string]string{"type": "text", "autocomplete": "off"})},
		{"person-case", "choice", map[string]string{"required": ""}},
		{"person-reason", "reason", map[string]string{"type": "text", "autocomplete": "off", "required": ""}},
		{"confirm", "code", with(map[string]string{"type": "text", "autocomplete": "off", "required": "", "data-fragment": ""})},
	}
}

// TestFieldAttributes holds the fields to the table in the conventions for
// password managers, phones and one-time codes.
func TestFieldAttributes(t *testing.T) {
	s := newSet(t)
	for _, test := range fields() {
		t.Run(test.name+"/"+test.field, func(t *testing.T) {
			field := parsePage(t, render(t, s, sampleOf(t, test.name))).field(test.field)
			if field == nil {
				t.Fatalf("no field %q", test.field)
			}
			for name, want := range test.want {
				if got := attr(field, name); got != want || !has(field, name) {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			if has(field, "maxlength") || has(field, "checked") || has(field, "pattern") {
				t.Errorf("got maxlength, checked or pattern, want none: spaces and dashes are accepted, nothing is ticked")
			}
		})
	}
}

func TestButtons(t *testing.T) {
	tests := []struct {
		name, field string
		want        []string
	}{
		{"factor-sms-code", "method", []string{"sms_code", "totp"}},
		{"sent", "method", []string{"mail_link", "recovery_code"}},
		{"choose", "method", []string{"totp", "recovery_code", "sms_code", "mail_code"}},
		{"choice", "choice", []string{"password", "second_factor", "both"}},
		{"codes", "choice", []string{"saved"}},
		{"account-devices", "choice", []string{"s-2", "elsewhere", "everywhere", "rename:d-1", "distrust:d-2", "forget:d-2", "rename:d-2"}},
		{"account-admin", "choice", []string{"stop_wait", "show_as"}},
		{"account-keys", "choice", []string{"revoke:7k3v9m2q", "resume:2m5t8r4y", "revoke:2m5t8r4y", "revoke:9q7xw2m5", "make_key"}},
		{"account-keys-full", "choice", []string{"revoke:7k3v9m2q", "resume:2m5t8r4y", "revoke:2m5t8r4y", "revoke:9q7xw2m5"}},
		{"account-recovery-full", "choice", []string{"drop:ben", "drop:Zoë"}},
		{"account-recovery-changed", "choice", []string{"elsewhere"}},
		{"factor-contact", "method", []string{"contact*2", "recovery_code"}},
		{"wait", "choice", []string{"wait"}},
		{"wait", "method", []string{"recovery_code", "contact"}},
		{"wait-begun", "choice", nil},
		{"confirm-vouch", "choice", []string{"approve", "refuse"}},
		{"confirm-handed", "choice", []string{"saved"}},
		{"confirm-new-contact", "method", []string{"new_contact"}},
		{"people", "choice", []string{"search", "invite"}},
		{"person", "choice", nil},
		{"person-reason", "choice", []string{"unlock"}},
		{"person-do-remove", "choice", []string{"remove"}},
		{"person-invite-again", "choice", []string{"invite_again"}},
		{"person-self", "choice", nil},
	}
	s := newSet(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, b := range parsePage(t, render(t, s, sampleOf(t, test.name))).all("button") {
				if attr(b, "name") == test.field {
					got = append(got, attr(b, "value"))
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("buttons %q: got %q, want %q", test.field, got, test.want)
			}
		})
	}
}

// TestStarts: what the buttons of a page begin, by hidden fields.
func TestStarts(t *testing.T) {
	tests := []struct {
		name, field string
		want        []string
	}{
		{"account", "start", []string{"new_codes"}},
		{"account-admin", "start", []string{"add_contact", "change_phone"}},
		{"account-unconfirmed", "start", []string{"confirm_mail", "confirm_phone", "confirm_mail"}},
		{"account-sign-in", "start", []string{"change_password", "add_factor"}},
		{"account-sign-in-full", "start", []string{"change_password", "add_factor", "set_pin", "set_question"}},
		{"account-recovery-full", "start", []string{"drill", "new_codes", "drill_contact", "add_contact", "add_contact", "change_phone"}},
		{"account-contact-bare", "start", []string{"change_mail", "change_phone", "delete_account"}},
		{"person-case", "start", []string{"open_case"}},
		{"person-case", "name", []string{"p-ben"}},
		{"person-case-frozen", "start", []string{"open_case"}},
		{"person", "start", nil},
		{"person-self", "start", nil},
		{"recover-unlock", "start", []string{"unlock"}},
		{"recover-desk", "start", []string{"recover", "recover"}},
		{"confirm-approve", "start", []string{"approve_contact"}},
		{"factor-contact", "code", []string{"check"}},
		{"undo", "code", []string{"k3v9-undo-ticket"}},
	}
	s := newSet(t)
	for _, test := range tests {
		t.Run(test.name+"/"+test.field, func(t *testing.T) {
			var got []string
			for _, form := range parsePage(t, render(t, s, sampleOf(t, test.name))).all("form") {
				if value, ok := hidden(form)[test.field]; ok {
					got = append(got, value)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("hidden %s: got %q, want %q", test.field, got, test.want)
			}
		})
	}
}

func TestLists(t *testing.T) {
	tests := []struct {
		name     string
		want     []string
		selected string
	}{
		{"new-password-question", method.Questions(), ""},
		{"new-password-question-bad", method.Questions(), "first_job"},
		{"person-case", []string{"password", "second_factor", "both"}, ""},
		{"person-case-frozen", []string{"both"}, ""},
	}
	s := newSet(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			selected := ""
			for _, option := range parsePage(t, render(t, s, sampleOf(t, test.name))).all("option") {
				got = append(got, attr(option, "value"))
				if has(option, "selected") {
					selected = attr(option, "value")
				}
			}
			if !slices.Equal(got, test.want) || selected != test.selected {
				t.Errorf("got %q with %q selected, want %q with %q", got, selected, test.want, test.selected)
			}
		})
	}
}

func TestSaid(t *testing.T) {
	tests := []struct{ name, want, never string }{
		{"wait", "nothing changes until some time has passed", "hours"},
		{"wait-timed", "we wait 48 hours before", "a day"},
		{"wait-begun", "Come back after 5 March 2026, 14:05 UTC.", "Start waiting"},
		{"factor-contact", "photos.example.com/.sparekey/account/approve", "Nobody has vouched"},
		{"factor-contact", "2 people still have to vouch", "1 person"},
		{"factor-contact-waiting", "1 person still has to vouch", "ben"},
		{"confirm-vouch", "Do you vouch for ana?", "Continue"},
		{"confirm-handed", "photos.example.com/.sparekey/link", "administrator:"},
		{"confirm-handed-admin", "counts only after at least a day", "Continue"},
		{"wait-begun-case", "a new code from an administrator", "a new mail"},
		{"person-case-in_person", "hand it over in person", "send a link"},
		{"recover-case", "I have a code from an administrator", "You opened a link"},
		{"confirm-new-contact", "n••@example.com", "the new address or number"},
		{"account-admin", "Somebody is waiting to replace your second factor.", "Add a mail address"},
		{"account-bare", "You would be locked out.", "Somebody is waiting"},
		{"account", "My account", "vouch"},
		{"invite-link", "/.sparekey/link#k3v9", "on its way"},
		{"invite", "on its way to d••@example.com. It lives for 72 hours", "Copy"},
		{"person-self", "This is your own account", "Reason"},
		{"choose-recover", "They vouch for you from their own accounts. After that it asks for a code we mail you, your second factor.", "no other way"},
		{"choose-recover", "You asked for a new second factor. Pick what", "Stop here"},
		{"choose-recover", "Then nothing changes for 24 hours.", "no other way"},
		{"account-devices", "Firefox on Linux", "Firefox sur"},
		{"refused-signed-in", "Back to Photos", "Return to sign-in"},
		{"choose-none", "There is no other way for this step.", "Pick what"},
		{"people", "5 people.", "frozen"},
		{"people", "Invited", "expired"},
		{"people-expired", "Invitation expired", "Active"},
		{"person-invited", "It lives until 7 March 2026", "no longer works"},
		{"person-invite-again", "A new one goes to the person’s own address. The one before stops working.", "you get a new link"},
		{"person-expired", "is too old, or was withdrawn, and no longer works.", "It lives until"},
	}
	s := newSet(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := text(parsePage(t, render(t, s, sampleOf(t, test.name))).root)
			if !strings.Contains(got, test.want) || strings.Contains(got, test.never) {
				t.Errorf("got %q, want %q in it and not %q", got, test.want, test.never)
			}
		})
	}
}

// pageProblem is what a page says when something was wrong.
type pageProblem struct {
	page, key string
	args      []string
	field     string // the field that is marked, empty: none
	says      string
}

func problems() []pageProblem {
	return []pageProblem{
		{"sign-in", "wrong_name_or_password", nil, "password", "don’t match"},
		{"sign-in", "too_many", []string{"wait", "40s"}, "", "Wait 40 seconds"},
		{"sign-in", "too_many", nil, "", "Wait a moment"},
		{"sign-in", "flow_expired", nil, "", "Start again"},
		{"factor-totp", "wrong_code", nil, "code", "isn’t right"},
		{"factor-totp", "wrong_authenticator", nil, "code", "set its time by itself"},
		{"enroll", "wrong_authenticator", nil, "code", "set its time by itself"},
		{"enroll", "code_clock_off", []string{"minutes", "1"}, "code", "about 1 minute."},
		{"factor-pin", "wrong_code", nil, "pin", "isn’t right"},
		{"sent", "code_unknown", nil, "code", "isn’t right"},
		{"factor-password", "wrong_password", nil, "password", "isn’t right"},
		{"sent", "link_other_browser", nil, "code", "the browser you asked in"},
		{"setup-code", "setup_wrong", nil, "code", "set-up code"},
		{"setup", "phone_bad", nil, "phone", "phone number"},
		{"new-password", "password_short", nil, "new_password", "at least 8 characters"},
		{"setup", "name_taken", nil, "name", "is taken"},
		{"setup", "name_group", nil, "name", "name of a group"},
		{"people", "group_person", nil, "groups", "name of a person"},
		{"people", "group_bad", nil, "groups", "letters and digits"},
		{"setup", "mail_bad", nil, "mail", "mail address"},
		{"setup", "missing_field", []string{"field", "phone"}, "phone", "every field"},
		{"factor-pin", "wrong_pin", nil, "pin", "PIN isn’t right"},
		{"factor-question", "wrong_answer", nil, "answer", "the answer we know"},
		{"factor-contact", "contact_waiting", nil, "", "Nobody has vouched"},
		{"new-password-pin", "pin_bad", nil, "pin", "six to twelve digits"},
		{"new-password-question", "answer_bad", nil, "answer", "too short"},
		{"confirm-change-mail", "same_address", nil, "mail", "already"},
		{"confirm-change-phone", "address_taken", nil, "phone", "can’t be used"},
		{"confirm-add-contact", "contact_unknown", nil, "name", "nobody by that name"},
		{"confirm-add-contact", "contact_self", nil, "name", "yourself"},
		{"confirm-drill", "drill_wrong", nil, "code", "isn’t one of your codes"},
		{"recover-desk", "missing_field", []string{"field", "extension"}, "extension", "every field"},
		{"person-do-enable", "reason_missing", nil, "reason", "Give a reason"},
		{"person-do-groups", "groups_many", nil, "groups", "Fifty"},
		{"person-do-display_name", "display_name_bad", nil, "label", "can’t be shown"},
		{"person-do-groups", "last_admin", nil, "", "Name another one first"},
		{"account-keys-none", "key_name", nil, "label", "at most 40"},
		{"account-keys-none", "key_host", nil, "hosts", "nothing before or after"},
		{"person-do-key", "key_path", nil, "paths", "/dav/*"},
		{"person", "not_yourself", nil, "", "your own account"},
	}
}

// described tells whether a field is described by one of the elements, which is
// there.
func described(d document, field *html.Node, ids ...string) bool {
	return slices.ContainsFunc(strings.Fields(attr(field, "aria-describedby")), func(id string) bool {
		return slices.Contains(ids, id) && d.byID(id) != nil
	})
}

// TestAllFaultsAtOnce: a form with several fields says everything that is wrong at
// its head and beside each field, and the cursor is in the first of these.
func TestAllFaultsAtOnce(t *testing.T) {
	c := sampleOf(t, "setup-wrong")
	d := parsePage(t, render(t, newSet(t), c))
	told := d.byID("problem")
	if got := text(told); strings.Count(got, ".") < 3 || attr(told.Parent, "role") != "alert" {
		t.Errorf("at the head: got %q, want three sentences", got)
	}
	for field, want := range map[string]string{"name": "", "mail": "mail address", "phone": "phone number", "new_password": "at least 8"} {
		input, said := d.field(field), d.byID(field+"-fault")
		if wrong := want != ""; has(input, "aria-invalid") != wrong || (said != nil) != wrong || wrong && !strings.Contains(text(said), want) {
			t.Errorf("%s: got marked %v and %v beside it, want %q", field, has(input, "aria-invalid"), said, want)
		}
		if got := has(input, "autofocus"); got != (field == "mail") {
			t.Errorf("%s: got the cursor %v, want it in the first that is wrong", field, got)
		}
	}
	if got := attr(d.field("name"), "value"); got != "ana" {
		t.Errorf("name: got %q, want it as typed", got)
	}
}

func TestProblems(t *testing.T) {
	s := newSet(t)
	for _, test := range problems() {
		t.Run(test.page+"/"+test.key, func(t *testing.T) {
			c := sampleOf(t, test.page)
			c.frame.Problem = problem(test.key, test.args...)
			page := render(t, s, c)
			d := parsePage(t, page)
			told := d.byID("problem")
			if told == nil || attr(told.Parent, "role") != "alert" || !strings.Contains(text(told), test.says) {
				t.Fatalf("alert: got %v, want one that says %q", told, test.says)
			}
			if test.field == "" {
				if strings.Contains(page, "aria-invalid") {
					t.Error("a field is marked, want none")
				}
				return
			}
			field := d.field(test.field)
			if field == nil || !has(field, "aria-invalid") || !described(d, field, "problem", test.field+"-fault") {
				t.Errorf("field %q: got %v, want it marked and described by the problem", test.field, field)
			}
		})
	}
}

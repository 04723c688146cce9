package templates

import (
	"html/template"
	"slices"
	"strings"
)

// Content is what one page shows inside the frame. The types named …Page are all
// there are. Each knows the page it is for, so that none can be shown on a page
// that was not made for it. The template of that page sees the fields and
// methods of its type and of the frame; New refuses one that asks for more.
//
// A new page is a file in pages, a type that embeds page, and its example in
// contents.
type Content interface {
	// Page is the name of the page: of its file, and the value of data-page.
	Page() string
	// on is the value with its frame.
	on(*page) any
}

// page is what every value of a page embeds: its frame, and the methods that
// templates call. It is nil until Set.Page shows the value.
type page struct {
	Frame
	content Content
	set     *Set
	texts   *locale
}

// Blamed tells whether the problem is about a field.
func (p page) Blamed(field string) bool {
	return p.Problem != nil && slices.Contains(blamed(p.Problem), field)
}

// Describe is the attributes that tie a field to its hint and, when the problem
// is about this field, to the problem. Both are ids written in our templates.
func (p page) Describe(field, hint string) template.HTMLAttr {
	ids := strings.Fields(hint)
	var invalid string
	if p.Blamed(field) {
		ids = append([]string{"problem"}, ids...)
		invalid = `aria-invalid="true" `
	}
	if len(ids) == 0 {
		return ""
	}
	return template.HTMLAttr(invalid + `aria-describedby="` + strings.Join(ids, " ") + `"`) //nolint:gosec // constants of our templates
}

// blamed names the fields a problem is about; none when it is about no field.
func blamed(t *Text) []string {
	switch t.Key {
	case "wrong_name_or_password":
		return []string{"name", "password"}
	case "wrong_password":
		return []string{"password"}
	case "wrong_code", "wrong_authenticator", "code_clock_off", "code_used", "code_expired", "code_unknown", "setup_wrong", "link_expired", "link_other_browser", "drill_wrong":
		return []string{"code", "pin"}
	case "password_short", "password_long", "password_unreadable", "password_common", "password_same", "password_like_name":
		return []string{"new_password"}
	case "name_taken", "name_bad", "name_group", "contact_unknown", "contact_self":
		return []string{"name"}
	case "group_person", "group_bad":
		return []string{"groups"}
	case "mail_bad":
		return []string{"mail"}
	case "phone_bad":
		return []string{"phone"}
	case "same_address", "address_taken":
		return []string{"mail", "phone"}
	case "wrong_pin", "pin_bad":
		return []string{"pin"}
	case "wrong_answer", "answer_bad":
		return []string{"answer"}
	case "reason_missing":
		return []string{"reason"}
	case "missing_field":
		return []string{t.Args["field"]}
	default:
		return nil
	}
}

// Logo tells that the operator's own mark stands in for ours.
func (p page) Logo() bool { return p.set.logo }

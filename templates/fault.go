package templates

import (
	"html/template"
	"slices"
	"strings"
)

// Faults lists what is wrong with the form: Frame.Problem and what came with it,
// each sentence once.
func (p page) Faults() []*Text {
	if p.Problem == nil {
		return nil
	}
	list := []*Text{p.Problem}
	for i := range p.Problem.More {
		same := func(t *Text) bool { return t.Key == p.Problem.More[i].Key }
		if !slices.ContainsFunc(list, same) {
			list = append(list, &p.Problem.More[i])
		}
	}
	return list
}

// fault is the problem about a field; nil: there is none.
func (p page) fault(field string) *Text {
	if p.Problem == nil || slices.Contains(blamed(p.Problem), field) {
		return p.Problem
	}
	for i, t := range p.Problem.More {
		if slices.Contains(blamed(&t), field) {
			return &p.Problem.More[i]
		}
	}
	return nil
}

// Blamed tells whether a problem is about a field.
func (p page) Blamed(field string) bool { return p.fault(field) != nil }

// Describe is the attributes that tie a field to its hint and, when the problem
// is about this field, to the problem at the head of the page. Both are ids written
// in our templates.
func (p page) Describe(field, hint string) template.HTMLAttr {
	return p.describe(field, hint, "problem")
}

// Marked is Describe for a field of a form with several: what is wrong with it
// stands beside it, by Fault.
func (p page) Marked(field, hint string) template.HTMLAttr {
	return p.describe(field, hint, field+"-fault")
}

func (p page) describe(field, hint, problem string) template.HTMLAttr {
	ids := strings.Fields(hint)
	var invalid string
	if p.Blamed(field) {
		ids = append([]string{problem}, ids...)
		invalid = `aria-invalid="true" `
	}
	if len(ids) == 0 {
		return ""
	}
	return template.HTMLAttr(invalid + `aria-describedby="` + strings.Join(ids, " ") + `"`) //nolint:gosec // constants of our templates
}

// Fault is what is wrong with a field, to stand beside it; empty: nothing.
func (p page) Fault(field string) (template.HTML, error) {
	t := p.fault(field)
	if t == nil {
		return "", nil
	}
	if t.Key == "missing_field" {
		t = &Text{Key: "empty_field"}
	}
	words, err := p.Complaint(t)
	return template.HTML(`<p class="fault" id="` + field + `-fault">` + template.HTMLEscapeString(words) + "</p>\n"), err //nolint:gosec // escaped
}

// Focus puts the cursor into a field of a form with several: into the first that a
// problem is about, and without one where otherwise says so.
func (p page) Focus(field string, otherwise bool) template.HTMLAttr {
	if p.Problem != nil && len(blamed(p.Problem)) > 0 {
		otherwise = blamed(p.Problem)[0] == field
	}
	if !otherwise {
		return ""
	}
	return " autofocus"
}

// blamed names the fields a problem is about; none when it is about no field.
func blamed(t *Text) []string {
	if field := t.Args["field"]; field != "" {
		return []string{field}
	}
	switch t.Key {
	case "wrong_name_or_password":
		return []string{"name", "password"}
	case "wrong_password":
		return []string{"password"}
	case "wrong_code", "wrong_authenticator", "code_clock_off", "code_used", "code_expired", "code_unknown", "setup_wrong", "link_expired", "link_other_browser", "drill_wrong":
		return []string{"code", "pin"}
	case "password_short", "password_long", "password_unreadable", "password_common", "password_breached", "password_same", "password_sent", "password_like_name":
		return []string{"new_password"}
	case "name_taken", "name_bad", "name_group", "contact_unknown", "contact_self":
		return []string{"name"}
	case "group_person", "group_bad", "groups_many":
		return []string{"groups"}
	case "display_name_bad", "key_name", "key_named", "keys_full":
		return []string{"label"}
	case "key_host":
		return []string{"hosts"}
	case "key_path", "key_long":
		return []string{"paths"}
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
	default:
		return nil
	}
}

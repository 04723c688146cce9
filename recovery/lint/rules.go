package lint

import (
	"fmt"
	"slices"
	"strings"
)

// Check looks at the ways one by one and at each goal as a whole, without any
// account in mind. Its rules need no computing of minimal sets.
func Check(t Table) []Finding {
	out := []Finding{}
	for goal := range t.Ways {
		if !slices.Contains(Goals(), goal) {
			out = append(out, Finding{
				Key: KeyGoal, Severity: Error, Goal: goal,
				Text: fmt.Sprintf("recover %s: there is no such goal", goal), Remedy: "use password, second_factor or both",
			})
		}
	}
	slices.SortFunc(out, func(a, b Finding) int { return strings.Compare(a.Text, b.Text) })
	for _, goal := range Goals() {
		for i, w := range t.Ways[goal] {
			found := t.checkWay(goal, w)
			if slices.ContainsFunc(t.Ways[goal][:i], w.same) {
				found = append(found, w.finding(goal, KeyDuplicate, Error, "is there twice", "take one out"))
			}
			for j := range found {
				found[j].refs = []wayRef{{goal, i + 1}}
			}
			out = append(out, found...)
		}
		out = append(out, t.checkSMS(goal, false)...)
		out = append(out, t.checkKinds(goal)...)
	}
	return append(out, t.checkSMS(GoalPassword, true)...)
}

// same reports whether two ways ask for the same of the same accounts.
func (w Way) same(v Way) bool {
	a, b := slices.Sorted(slices.Values(w.Proofs)), slices.Sorted(slices.Values(v.Proofs))
	return w.WithoutFactor == v.WithoutFactor && slices.Equal(a, b)
}

// finding is a sentence about one way.
func (w Way) finding(goal Goal, key string, severity Severity, text, remedy string) Finding {
	f := Finding{Key: key, Severity: severity, Goal: goal, Ways: []string{w.String()}, Remedy: remedy}
	f.Text = fmt.Sprintf("recover %s: the way %q %s", goal, w.String(), text)
	if w.Line != "" {
		f.Lines = []string{w.Line}
	}
	return f
}

// written is an error for what the operator wrote and a note for a default,
// which is simply not offered.
func (w Way) written() Severity {
	if w.Line != "" {
		return Error
	}
	return Note
}

// checkWay reports what is wrong with a way by itself. What is not understood
// is not judged further.
func (t Table) checkWay(goal Goal, w Way) []Finding {
	if len(w.Proofs) == 0 {
		return []Finding{w.finding(goal, KeyEmpty, Error, "asks for nothing", "name at least one proof")}
	}
	proofs, out := t.understood(goal, w)
	if len(out) > 0 {
		return out
	}
	if w.WithoutFactor && goal != GoalPassword {
		out = append(out, w.finding(goal, KeyWithout, Error, "is for accounts without second factor, which have none to lose", "take without_factor away"))
	}
	if w.Wait < 0 {
		out = append(out, w.finding(goal, KeyWait, Error, "has a negative wait", "use 24h"))
	}
	return slices.Concat(out, w.checkWritten(goal), t.checkChannels(goal, w, proofs), t.checkBegin(goal, w), t.checkShort(goal, w, proofs), t.checkSources(goal, w, proofs), t.checkNotice(goal, w, proofs))
}

// understood looks up the words of a way. "factor" is left out: it is neither
// short nor sent.
func (t Table) understood(goal Goal, w Way) ([]Proof, []Finding) {
	var proofs []Proof
	var out []Finding
	for _, s := range w.Proofs {
		name, n := word(s)
		p, ok := t.proof(name)
		switch {
		case s == WordFactor && slices.ContainsFunc(t.Proofs, func(p Proof) bool { return p.Factor }):
		case !ok || n == 0 || n > 1 && p.Source != SourceContact:
			out = append(out, w.finding(goal, KeyUnknownProof, Error, fmt.Sprintf("asks for %q, which is none of %s", s, t.words()), ""))
		default:
			proofs = append(proofs, p)
		}
	}
	return proofs, out
}

// words lists what a way may ask for.
func (t Table) words() string {
	var out []string
	for _, p := range t.Proofs {
		out = append(out, p.Name)
	}
	return strings.Join(append(out, WordFactor), ", ")
}

func (t Table) checkChannels(goal Goal, w Way, proofs []Proof) []Finding {
	var out []Finding
	for _, p := range proofs {
		if !t.configured(p) {
			out = append(out, w.finding(goal, KeyNotSetUp, w.written(), fmt.Sprintf("cannot be walked: nothing sends %s", p.Channel), "add "+notifier(p.Channel)))
		}
	}
	return out
}

// notifier is the option that sets a channel up.
func notifier(channel string) string {
	switch channel {
	case channelMail:
		return "notify smtp HOST:PORT"
	case channelSMS:
		return "notify sms URL"
	default:
		return "notify " + channel
	}
}

// checkWritten reports a way that is read as another than the operator wrote.
// It works, but an administrator sees a secret that the words do not mention.
func (w Way) checkWritten(goal Goal) []Finding {
	if len(w.Written) == 0 || w.Line == "" {
		return nil
	}
	text := fmt.Sprintf("stands for %q: nothing sends mail, so the administrator is shown a code once and hands it over", strings.Join(w.Written, " "))
	return []Finding{w.finding(goal, KeyInPerson, Warning, text, "add "+notifier(channelMail)+", or write "+proofInPerson+" if that is meant")}
}

func (t Table) checkBegin(goal Goal, w Way) []Finding {
	if slices.ContainsFunc(w.Proofs, t.first) || len(t.firsts()) > 0 {
		return nil
	}
	return []Finding{w.finding(goal, KeyCannotBegin, w.written(), "cannot be begun: none of its proofs may come first, and no other way has one", "add mail_link or recovery_code")}
}

// checkShort reports ways that rest on six digits alone, or on a PIN or
// question that is more than an addition.
func (t Table) checkShort(goal Goal, w Way, proofs []Proof) []Finding {
	solid := slices.DeleteFunc(slices.Clone(proofs), func(p Proof) bool { return p.Extra })
	others, extras := len(solid)+len(w.Proofs)-len(proofs), len(proofs)-len(solid)
	short := !slices.ContainsFunc(solid, func(p Proof) bool { return !p.Short })
	switch {
	case others == 0:
		return []Finding{w.finding(goal, KeyExtra, Error, "rests on a pin or question, which is only ever an addition", "add a proof it can be added to")}
	case others == len(solid) && short:
		return []Finding{w.finding(goal, KeyShort, Error, "rests on six digits alone", "use mail_link, or add another proof")}
	case extras > 0 && others == 1 && !w.WithoutFactor:
		return []Finding{w.finding(goal, KeyExtra, Error, "adds only a pin or question to a single proof", "add another proof")}
	}
	return nil
}

// checkSources reports two proofs that count once: the second adds effort and
// no safety.
func (t Table) checkSources(goal Goal, w Way, proofs []Proof) []Finding {
	for i, p := range proofs {
		for _, q := range proofs[:i] {
			if p.Source == q.Source && !p.Extra && !q.Extra {
				return []Finding{w.finding(goal, KeySameSource, Warning, fmt.Sprintf("asks for %s and %s, which come from one place and count once", q.Name, p.Name), "use proofs from two places")}
			}
		}
	}
	return nil
}

// checkNotice wants a channel for the notice of a wait that is not used up by
// the way itself. Pages show it on any known browser.
func (t Table) checkNotice(goal Goal, w Way, proofs []Proof) []Finding {
	everybody := &machine{table: t, shape: Having(SourceMail, SourceSMS, TraitPush, SourceDevice)}
	everybody.hears = everybody.hearing()
	told := everybody.told(func(source string) bool {
		return slices.ContainsFunc(proofs, func(p Proof) bool { return p.Source == source })
	})
	if w.Wait <= 0 || told {
		return nil
	}
	return []Finding{w.finding(goal, KeyNoNotice, w.written(), "waits, but every notice would go to what it uses as a proof", "add notify sms or notify push, or take a proof out")}
}

// checkSMS looks at all ways of a goal that can be offered: SMS alone must not
// be all there is (NIST SP 800-63B-4 section 3.1.3.1 wants an alternative).
func (t Table) checkSMS(goal Goal, withoutFactor bool) []Finding {
	only, always, f := true, true, Finding{Goal: goal}
	ways := slices.DeleteFunc(slices.Clone(t.Ways[goal]), func(w Way) bool { return w.WithoutFactor != withoutFactor })
	if len(ways) == 0 {
		return nil
	}
	if goal != GoalBoth {
		ways = append(ways, t.Ways[GoalBoth]...)
	}
	for _, w := range ways {
		proofs, bad := t.understood(goal, w)
		sms := slices.ContainsFunc(proofs, func(p Proof) bool { return p.Channel == channelSMS })
		rest := len(proofs) < len(w.Proofs) || slices.ContainsFunc(proofs, func(p Proof) bool { return p.Channel != channelSMS && !p.Extra })
		only, always = only && sms && !rest, always && sms
		if f.Ways = append(f.Ways, w.String()); w.Line != "" {
			f.Lines = append(f.Lines, w.Line)
		}
		if len(bad) > 0 {
			return nil
		}
	}
	switch {
	case only:
		f.Key, f.Severity, f.Text = KeySMSOnly, Error, fmt.Sprintf("recover %s: SMS is the only method offered", goal)
	case always:
		f.Key, f.Severity, f.Text = KeySMSAlways, Warning, fmt.Sprintf("recover %s: every way needs a number", goal)
	default:
		return nil
	}
	f.Remedy = "add a way that needs no number, such as one with recovery_code"
	return []Finding{f}
}

package lint

import (
	"slices"
	"time"
)

// addThaws adds what opens a closed account, for both kinds of account: the ways
// for both, whatever is switched off for the password, and those of the table.
// A closed account has no sessions, so no device approves and none shows a wait.
func (m *machine) addThaws() {
	for _, withoutFactor := range []bool{false, true} {
		for i, w := range m.table.Ways[GoalBoth] {
			for _, proofs := range m.walks(w) {
				m.addThaw(wayRef{GoalBoth, i + 1}, w.Wait, proofs, withoutFactor)
			}
		}
		for _, x := range m.table.Thaws {
			if x.WithoutFactor != withoutFactor || x.Case && !withoutFactor && slices.ContainsFunc(m.table.Ways[GoalBoth], Way.byCase) {
				continue
			}
			m.addThaw(wayRef{}, x.Wait, append(m.table.handed(x.Proofs), m.asked()...), withoutFactor)
		}
	}
}

// handed are the proofs as they are asked for here: without mail a case is
// handed over, and nothing needs the mailbox besides.
func (t Table) handed(proofs []string) []string {
	if slices.Contains(t.Channels, channelMail) {
		return slices.Clone(proofs)
	}
	var out []string
	for _, p := range proofs {
		switch p {
		case "mail_link":
		case proofAdmin:
			out = append(out, proofInPerson)
		default:
			out = append(out, p)
		}
	}
	return out
}

// addThaw adds one way that opens a closed account of a kind. The account has a
// second factor then.
func (m *machine) addThaw(ref wayRef, wait time.Duration, proofs []string, withoutFactor bool) {
	if m.shape.Has(TraitManages) && slices.Contains(proofs, proofInPerson) {
		wait = max(wait, cooled)
	}
	r := row{
		name: "closed: " + (Way{Proofs: proofs, Wait: wait}).String(), way: ref, wait: wait, thaw: true,
		gives: m.replaced(GoalBoth), from: closed, to: []phase{home},
	}
	if slices.Contains(proofs, proofDevice) || !m.require(&r, proofs, string(GoalBoth), withoutFactor) || wait > 0 && !m.toldClosed(m.usedBy(&r)) {
		return
	}
	if withoutFactor == m.factor { // after a change made it one
		r.needs = append(r.needs, need{alts: []int{0}, n: 1})
	}
	if !m.factor {
		r.gives, r.to = append(r.gives, gift{0, 0}), []phase{other}
	}
	m.rows = append(m.rows, r)
}

package recovery

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// fillers take what a step asks for that is no proof: an address, a person, a
// reason. Keyed by the method the step names.
func (r *run) fillers() map[string]func(context.Context, Input) (*Problem, error) {
	return map[string]func(context.Context, Input) (*Problem, error){
		string(KindChangeMail):  r.newMail,
		string(KindChangePhone): r.newPhone,
		string(KindAddContact):  r.somebody,
		string(KindOpenCase):    r.takeCase,
		string(KindDrill):       r.drill,
		"approve":               r.request,
		"vouch":                 r.consent,
	}
}

func (r *run) newMail(ctx context.Context, in Input) (*Problem, error) {
	mail, err := CanonicalMail(in.Mail)
	if err != nil {
		return problem(ProblemMailBad), nil
	}
	if p, err := r.free(ctx, identifier{"mail", mail}); p != nil || err != nil {
		return p, err
	}
	r.flow.Mail = mail
	return nil, nil
}

func (r *run) newPhone(ctx context.Context, in Input) (*Problem, error) {
	phone, err := CanonicalPhone(in.Phone)
	if err != nil {
		return problem(ProblemPhoneBad), nil
	}
	if p, err := r.free(ctx, identifier{"phone", phone}); p != nil || err != nil {
		return p, err
	}
	r.flow.Phone = phone
	return nil, nil
}

// free refuses an address that is this account's already. Whether it is
// somebody else's is not told before the code sent there came back.
func (r *run) free(_ context.Context, id identifier) (*Problem, error) {
	if slices.Contains(r.account.identifiers(), id) {
		return problem(ProblemSameAddress), nil
	}
	return nil, nil
}

// somebody takes another person's name: one who may vouch, or whose case an
// administrator opens (then an id will do).
func (r *run) somebody(ctx context.Context, in Input) (*Problem, error) {
	name := strings.TrimSpace(in.Name)
	a, err := r.Find(ctx, name)
	if errors.Is(err, ErrNoAccount) && r.flow.Kind == KindOpenCase && len(name) == idSize {
		a, err = r.Engine.account(ctx, name)
	}
	if errors.Is(err, ErrNoAccount) || err == nil && a.State == StateDisabled {
		return problem(ProblemContactUnknown), nil
	}
	if err != nil {
		return nil, err
	}
	if a.ID == r.account.ID {
		if r.flow.Kind == KindOpenCase {
			return problem(ProblemNotYourself), nil
		}
		return problem(ProblemContactSelf), nil
	}
	if r.flow.Kind == KindOpenCase && !r.helpable(a) {
		return problem(ProblemNotAvailable), nil // nothing can be sent or shown: the operator's rescue is left
	}
	r.flow.Person, r.flow.Called = a.ID, a.Name
	return nil, nil
}

// forWhom takes whom a case is for, and why, from the form on that person's
// page: what is wrong with it is said there, before a proof is asked.
func (r *run) forWhom(ctx context.Context, in Input) (*Problem, error) {
	for _, need := range []Need{admin, settled} {
		if _, missing := need(r.facts()); missing {
			return nil, nil // said by the flow, whoever was named
		}
	}
	if in.Name == "" {
		return nil, nil // asked in its turn
	}
	return r.takeCase(ctx, in)
}

// Driller is a method whose credential can be tried without using it up.
type Driller interface {
	Try(a *Account, typed string, now time.Time) bool
}

// drill tries a recovery code. It is counted like the real thing.
func (r *run) drill(ctx context.Context, in Input) (*Problem, error) {
	m := r.Methods.Get(RecoveryCode)
	d, ok := m.(Driller)
	if !ok {
		return problem(ProblemNotAvailable), nil
	}
	if in.Code == "" {
		return problem(ProblemMissing), nil
	}
	meters := r.meters(m.Traits())
	if err := r.charge(ctx, meters); err != nil {
		return nil, err
	}
	if !d.Try(r.account, string(in.Code), r.Now()) {
		return problem(ProblemDrillWrong), nil
	}
	r.refund(ctx, resettable(meters))
	r.flow.Reason = "right"
	return nil, nil
}

// changeContact takes a proved address in. The old one goes on counting, and
// is told, until the new one counts (MF-19).
func (end ending) changeContact(a *Account) {
	channel, to := ChannelMail, end.flow.Mail
	if end.flow.Kind == KindChangePhone {
		channel, to = ChannelSMS, end.flow.Phone
	}
	a.replaceContact(Contact{Channel: channel, Address: to, Counts: end.now.Add(end.policy.Lifetimes.NewContact)}, end.now)
}

// replaceContact lets the one before go on until the new one counts.
func (a *Account) replaceContact(c Contact, now time.Time) {
	a.Contacts = slices.DeleteFunc(a.Contacts, func(x Contact) bool { return x.Channel == c.Channel && now.Before(x.Counts) })
	for i := range a.Contacts {
		if a.Contacts[i].Channel == c.Channel {
			a.Contacts[i].Until = c.Counts
		}
	}
	a.Contacts = append(a.Contacts, c)
}

// undoContacts takes back every address and number that does not count yet, and
// gives those they were to replace their place again. What was replaced longer
// ago stays replaced.
func (a *Account) undoContacts(now time.Time) {
	a.Contacts = slices.DeleteFunc(a.Contacts, func(c Contact) bool { return now.Before(c.Counts) })
	for i := range a.Contacts {
		if now.Before(a.Contacts[i].Until) {
			a.Contacts[i].Until = time.Time{}
		}
	}
}

// keepCodes remembers the codes that counted before a change, for 72 hours and
// for opening an account that a notice has frozen. A second change within that
// time does not push out the first one's; one made with a recovery code keeps
// none, and neither does one before which there were none.
func (end ending) keepCodes(a *Account) {
	if a.Before == nil || !end.now.Before(a.Before.Until) {
		a.Before = &Before{Until: end.now.Add(end.policy.Lifetimes.RecoveredBan)}
		if c := a.Credential(RecoveryCode); c != nil {
			a.Before.Codes = slices.Clone(c.Data)
		}
	}
	if end.flow.Has(RecoveryCode) {
		a.Before.Codes = nil
	}
}

// freeze closes an account because of a notice sent at the time told, and
// decides which recovery codes could open it again: never any that the change,
// or another shortly before it, could have put there, and none at all when a
// code was used lately, for then somebody else may hold the sheet. With it goes
// all else that could decide about opening: new addresses, people who may
// vouch, a PIN or question. Freezing again loosens nothing.
func (a *Account) freeze(told, now time.Time, l Lifetimes) {
	lately := told.Add(-l.RecoveredBan)
	if a.State != StateFrozen {
		a.Thaw = nil
		c := a.Credential(RecoveryCode)
		switch {
		case now.Before(a.CodeUsed.Add(l.Notice)):
		case a.Before != nil && now.Before(a.Before.Until):
			a.Thaw = &Before{Until: a.Before.Until, Codes: slices.Clone(a.Before.Codes)}
		case c != nil && (c.Initial || c.Created.Before(lately)):
			a.Thaw = &Before{Codes: slices.Clone(c.Data)}
		}
	}
	a.undoContacts(now)
	a.Vouchers = slices.DeleteFunc(a.Vouchers, func(v Voucher) bool { return !v.Since.Before(lately) })
	a.Credentials = slices.DeleteFunc(a.Credentials, func(c Credential) bool {
		return (c.Method == PIN || c.Method == SecurityQuestion) && !c.Created.Before(lately)
	})
	a.State = StateFrozen
	a.raise()
	a.forget()
}

// addVoucher names somebody who may vouch.
func (end ending) addVoucher(a *Account) {
	v := Voucher{ID: end.flow.Person, Name: end.flow.Called, Since: end.now}
	a.Vouchers = slices.DeleteFunc(a.Vouchers, func(x Voucher) bool { return x.ID == v.ID })
	a.Vouchers = append(a.Vouchers, v)
	if over := len(a.Vouchers) - maxVouchers; over > 0 {
		a.Vouchers = a.Vouchers[over:]
	}
}

const maxVouchers = 5

package recovery

import "slices"

// addVoucher adds a person who may vouch.
func (end End) addVoucher(a *Account) {
	v := Voucher{ID: end.Flow.Person, Name: end.Flow.Called, Since: end.Now}
	a.Vouchers = slices.DeleteFunc(a.Vouchers, func(x Voucher) bool { return x.ID == v.ID })
	a.Vouchers = append(a.Vouchers, v)
	if over := len(a.Vouchers) - maxVouchers; over > 0 {
		a.Vouchers = a.Vouchers[over:]
	}
}

const maxVouchers = 5

// somebody needs the name of another person here.
func somebody(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Method: string(KindAddContact)}, f.Flow.Person == ""
}

// request needs the code of a pending request to vouch.
func request(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Method: "approve"}, f.Flow.Vouch == ""
}

// consent needs the final confirmation.
func consent(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Method: "vouch"}, f.Flow.Reason == ""
}

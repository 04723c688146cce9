package recovery

// unlocking asks for one proof that a stranger at the sign-in page does not
// have.
func unlocking(f Facts) (Step, bool) {
	if len(f.Flow.Proofs) > 0 {
		return Step{}, false
	}
	var offered []string
	for _, m := range []string{MailLink, RecoveryCode} {
		if f.Methods.offered(m) {
			offered = append(offered, m)
		}
	}
	return ask(f, offered), true
}

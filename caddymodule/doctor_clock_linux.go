package caddymodule

import "syscall"

// clockLeft tells that nothing sets the clock of this machine, as far as its kernel
// knows. It changes nothing.
func clockLeft() bool {
	const unsynchronized = 0x40 // STA_UNSYNC of adjtimex(2)
	var t syscall.Timex
	_, err := syscall.Adjtimex(&t)
	return err == nil && t.Status&unsynchronized != 0
}

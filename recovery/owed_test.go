package recovery_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

func owed(name recovery.EventName, to ...string) recovery.Owed {
	o := recovery.Owed{ID: string(name), Event: name, At: time.Unix(0, 0)}
	for _, x := range to {
		o.To = append(o.To, recovery.Recipient{Channel: recovery.ChannelMail, Value: x})
	}
	return o
}

// TestOwe_JoinsTheSameEvent: whoever was to hear of the first hears of both.
func TestOwe_JoinsTheSameEvent(t *testing.T) {
	var a recovery.Account
	a.Owe(owed(recovery.EventContactChanged, "old@example.org"))
	a.Owe(owed(recovery.EventNewDevice, "old@example.org"))
	a.Owe(owed(recovery.EventContactChanged, "new@example.org", "old@example.org"))
	if len(a.Owed) != 2 || len(a.Owed[1].To) != 2 {
		t.Errorf("got %+v, want two notices, the newer to both addresses", a.Owed)
	}
	a.Owe(owed(recovery.EventFrozen))
	if len(a.Owed) != 2 {
		t.Error("a notice to nobody is owed")
	}
}

// TestOwe_IsBounded: however much happens, 16 notices and 8 KiB, and a notice
// of a recovery, a factor or an address is not pushed out by harmless ones.
func TestOwe_IsBounded(t *testing.T) {
	grave := []recovery.EventName{
		recovery.EventPasswordReset, recovery.EventFactorReset, recovery.EventBothReset, recovery.EventFactorAdded, recovery.EventContactChanged,
	}
	for _, size := range []int{1, 500} {
		var a recovery.Account
		to := strings.Repeat("x", size) + "@example.org"
		for _, name := range grave {
			a.Owe(owed(name, to))
		}
		for i := range 50 {
			a.Owe(owed(recovery.EventName(fmt.Sprint("harmless ", i)), to))
		}
		text, err := json.Marshal(a.Owed)
		if err != nil || len(a.Owed) > 16 || len(text) > 8<<10 {
			t.Errorf("got %d notices, %d bytes (%v)", len(a.Owed), len(text), err)
		}
		for _, name := range grave {
			if !slices.ContainsFunc(a.Owed, func(o recovery.Owed) bool { return o.Event == name }) {
				t.Errorf("%s was pushed out", name)
			}
		}
		if last := a.Owed[len(a.Owed)-1].Event; last != "harmless 49" {
			t.Errorf("got %s last, want the newest", last)
		}
	}
}

package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// TestKY07_ARekeyKeepsNamesFromOthers: no account says of a name that it was given up.
func TestKY07_ARekeyKeepsNamesFromOthers(t *testing.T) {
	t.Parallel()
	x := newRotation(t)
	edit(t, x.w, "bruno", recovery.Edit{Do: recovery.ActionRename, Name: "bruna"})
	both, err := x.use(x.w.Driver, x.b, x.a)
	if err != nil {
		t.Fatal(err)
	}
	x.w.Clock.Move(time.Hour)
	if _, err := rekey(t, both); err != nil {
		t.Fatal(err)
	}
	if _, _, err := both.AddUser(t.Context(), recovery.NewAccount{Name: "bruno"}); !errors.Is(err, recovery.ErrNameTaken) {
		t.Errorf("got %v, want ErrNameTaken", err)
	}
}

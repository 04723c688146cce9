package caddymodule

import (
	"path/filepath"
	"testing"
)

// Root, who has no data folder, means that of the system's service.
func TestWhoseDataFolder(t *testing.T) {
	t.Parallel()
	there, none := t.TempDir(), filepath.Join(t.TempDir(), "none")
	for _, tt := range []struct{ own, service, want string }{{there, "/", there}, {none, there, there}, {none, none + "2", none}} {
		if got := whichFolder(tt.own, tt.service); got != tt.want {
			t.Errorf("%s, %s: got %s", tt.own, tt.service, got)
		}
	}
	s := new(RedisStore)
	if s.keptIn(there); s.Folder() != there {
		t.Errorf("got %s", s.Folder())
	}
}

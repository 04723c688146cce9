package engine_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// An access key that an administrator made for somebody is used as theirs: once a
// day, for each such key. One's own leaves no record.
func TestAU01_AKeyThatAnAdministratorMadeIsUsedAsTheirs(t *testing.T) {
	t.Parallel()
	w, boss, bob := withPeople(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.AdminKeys = true }))
	_, theirs, err := w.Engine.MakeKeyFor(t.Context(), engine.Administrator(boss), bob.ID, recovery.AccessKey{Name: "backup"}, "for the nightly backup")
	if err != nil {
		t.Fatal(err)
	}
	_, own, err := w.Engine.MakeKey(engine.By(t.Context(), engine.Actor{ID: bob.ID, Name: bob.Name}), bob.ID, recovery.AccessKey{Name: "calendar"}, recovery.Client{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for range 3 {
			for _, id := range []string{theirs.ID, own.ID} {
				if err := w.Engine.UseKey(t.Context(), bob.ID, id); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.Clock.Move(25 * time.Hour)
	}
	writeTrail(t, w.Engine)
	got := entries(t, w.Engine, engine.TrailQuery{Account: bob.ID, Events: []recovery.EventName{recovery.EventKeyUsed}})
	if len(got) != 2 || got[0].Who != boss.ID || got[0].By != boss.Name || got[0].Whom != bob.ID || got[0].Detail != theirs.ID {
		t.Errorf("got %+v, want a use a day of the key that the administrator made", got)
	}
	made := entries(t, w.Engine, engine.TrailQuery{Account: boss.ID, Events: []recovery.EventName{recovery.EventKeyMade}})
	if len(made) != 1 || made[0].Detail != theirs.ID+" for the nightly backup" {
		t.Errorf("got %+v, want who made it, and why", made)
	}
}

package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

// Choices about access keys; behind the last two stands an id.
const (
	makeKey   = "make_key"
	revokeKey = "revoke:"
	resumeKey = "resume:"
)

// keyLives are how long a key may live that is made on a page; empty: as long as it
// does by default.
func keyLives() map[string]time.Duration {
	const day = 24 * time.Hour
	return map[string]time.Duration{"30d": 30 * day, "90d": 90 * day, "365d": 365 * day, "": recovery.KeyLife}
}

// typedKey is the access key that a form describes.
func (x *exchange) typedKey() (recovery.AccessKey, *recovery.Problem) {
	f := x.r.PostForm.Get
	life, ok := keyLives()[f("expires")]
	if !ok {
		return recovery.AccessKey{}, recovery.NewProblem(recovery.ProblemMissing)
	}
	return recovery.AccessKey{Name: f("label"), Hosts: typedWords(f("hosts")), Paths: typedWords(f("paths")), End: x.Engine.Now().Add(life)}, nil
}

// changeKeys does what the buttons of one's own access keys say. Nothing is made or
// switched on within a day of a recovery, nor in a browser that another one let in; who
// wants to end one may do so always.
func (x *exchange) changeKeys(a *recovery.Account, s *recovery.Session, choice string) {
	id, revokes := strings.CutPrefix(choice, revokeKey)
	if !revokes && !a.OnProbation(s, x.Engine.Now()).IsZero() {
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemProbation)
		return
	}
	if !x.ownFresh(a, s) {
		return
	}
	if choice == makeKey {
		x.makeOwnKey(a, s)
		return
	}
	done, err := "key_revoked", error(nil)
	if revokes {
		err = x.Engine.RevokeOwnKey(x.r.Context(), a.ID, id, x.client)
	} else {
		done, err = "key_resumed", x.Engine.ResumeKey(x.r.Context(), a.ID, strings.TrimPrefix(choice, resumeKey), x.client)
	}
	switch {
	case errors.Is(err, recovery.ErrNoKey), errors.Is(err, recovery.ErrNotAllowed):
		x.notChanged("account/keys", recovery.ProblemNotAvailable)
	case err != nil:
		x.unavailable(err)
	default:
		x.redirect(x.ownURL("account/keys", done))
	}
}

func (x *exchange) makeOwnKey(a *recovery.Account, s *recovery.Session) {
	k, wrong := x.typedKey()
	var key string
	var err error
	if wrong == nil {
		key, k, err = x.Engine.MakeKey(x.r.Context(), a.ID, k, x.client)
		wrong = wrongWith(err)
	}
	switch {
	case wrong != nil:
		typed, c, f := x.r.PostForm.Get, x.keysPage(a, s), x.mine()
		c.Label, c.Hosts, c.Paths, c.Expires = typed("label"), typed("hosts"), typed("paths"), typed("expires")
		f.Problem = text(wrong)
		x.page(http.StatusUnprocessableEntity, f, c)
	case errors.Is(err, recovery.ErrFull):
		x.notChanged("account/keys", recovery.ProblemFull)
	case errors.Is(err, recovery.ErrNotAllowed):
		x.notChanged("account/keys", recovery.ProblemNotAvailable)
	case err != nil:
		x.unavailable(err)
	default:
		x.page(http.StatusOK, x.mine(), templates.KeysPage{Code: key, Key: templates.Key{Name: k.Name, End: k.End}})
	}
}

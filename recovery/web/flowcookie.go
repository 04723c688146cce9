package web

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// The flow cookie holds up to four values with a dot between them, newest
// first. Each is signed by itself, so that a damaged one takes no other tab
// along, and holds the time it was written and the token of one tab's flow.
const (
	maxFlows      = 4 // tabs at once; each flow has a token of its own
	maxFlowCookie = 1024
	flowSeparator = "." // is in no base64url

	flowLife = time.Hour       // since the cookie was last written
	flowSkew = 5 * time.Minute // between the clocks of several Caddys

	stampSize = 4 // bytes: seconds of Unix time, good until 2106
)

// readFlows takes the tokens that were written here within the hour. Anything
// else in the cookie is as if it had not been sent.
func (x *exchange) readFlows() {
	v := x.cookie(flowCookie)
	if v == "" || len(v) > maxFlowCookie {
		return
	}
	values := strings.Split(v, flowSeparator)
	for _, value := range values[:min(len(values), maxFlows)] {
		token, written, ok := x.openFlow(value)
		if !ok {
			continue
		}
		x.client.Flows = append(x.client.Flows, token)
		if end := written.Add(flowLife); end.After(x.flowEnds) {
			x.flowEnds = end
		}
	}
}

// openFlow reads one value. A time that has not come yet is of a clock that
// was put back; accepting it would let the value live longer than it may.
func (x *exchange) openFlow(value string) (token string, written time.Time, ok bool) {
	if x.unstamped(value) {
		return value, time.Time{}, true
	}
	plain, ok := x.Engine.Keys.OpenCookie(flowCookie, value)
	if !ok || len(plain) <= stampSize {
		return "", time.Time{}, false
	}
	written = time.Unix(int64(binary.BigEndian.Uint32(plain)), 0)
	age := x.Engine.Now().Truncate(time.Second).Sub(written)
	return base64.RawURLEncoding.EncodeToString(plain[stampSize:]), written, age <= flowLife && age >= -flowSkew
}

// signFlow is the reverse of openFlow. The random bytes are written, not their
// letters: that saves a seventh of the cookie.
func (x *exchange) signFlow(token string) string {
	if x.unstamped(token) {
		return token
	}
	random, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		panic(err) // the engine makes them so, and openFlow
	}
	stamp := binary.BigEndian.AppendUint32(nil, uint32(x.Engine.Now().Unix()))
	return x.Engine.Keys.SignCookie(flowCookie, append(stamp, random...))
}

// unstamped tells whether a value is of the form before: random letters and a
// MAC, both of which are the flow's token, and no time. Such a value is read as
// it is and written back so: the flow's record holds the sum of all of it. A
// browser keeps the form for an hour after an update; nothing makes it any more.
func (x *exchange) unstamped(value string) bool {
	const random, mac = 43, 22
	if len(value) != random+mac {
		return false
	}
	for _, m := range x.Engine.Keys.MACs("flow token", value[:random]) {
		if subtle.ConstantTimeCompare([]byte(secret.Sum(string(m))[:mac]), []byte(value[random:])) == 1 {
			return true
		}
	}
	return false
}

// writeFlows writes all tokens with the time of now: like the browser's own
// clock for the cookie, the hour begins anew.
func (x *exchange) writeFlows() {
	if len(x.client.Flows) == 0 {
		x.set(flowCookie, "", -time.Second)
		return
	}
	var values []string
	for _, token := range x.client.Flows {
		values = append(values, x.signFlow(token))
	}
	x.set(flowCookie, strings.Join(values, flowSeparator), flowLife)
}

// addFlow puts a new token in front. Tokens are always made here: one that
// somebody planted stays beside it and opens nothing (SE-01).
func (x *exchange) addFlow(token string) {
	t := append([]string{token}, x.client.Flows...)
	x.client.Flows = t[:min(len(t), maxFlows)]
	x.writeFlows()
}

// keepFlow writes the cookie anew if it would end before a flow does, as one
// does that waits for people.
func (x *exchange) keepFlow(f *recovery.Flow) {
	if x.flowEnds.Before(f.Expires) {
		x.writeFlows()
	}
}

// dropFlow removes the token of a flow that has finished; other tabs keep
// theirs.
func (x *exchange) dropFlow(f *recovery.Flow) {
	x.client.Flows = slices.DeleteFunc(slices.Clone(x.client.Flows), func(t string) bool { return secret.Sum(t) == f.Binding })
	x.writeFlows()
}

// askedLife is for how long a token has to be good that a question of the sign-in
// page is bound to.
const askedLife = 10 * time.Minute

// holdToken sees to it that the cookie has a token for a while. One that it has had
// before is left as it is: another tab may be about to get a new one.
func (x *exchange) holdToken(token string) {
	switch {
	case !slices.Contains(x.client.Flows, token):
		x.addFlow(token)
	case x.flowEnds.Before(x.Engine.Now().Add(askedLife)):
		x.writeFlows()
	}
}

package recovery

import (
	"crypto/subtle"
	"slices"
	"strings"
	"time"
)

// Numbers of a request (DV-02).
const (
	deviceLife     = 5 * time.Minute
	DeviceCodeLife = 3 * time.Minute
	deviceTries    = 5
	deviceAlone    = 2 * time.Minute // how long only the same network may replace it
	devicePause    = time.Hour
	maxTurned      = 20
)

// Admission is what the browser that was asked has answered.
type Admission struct {
	Factor bool     // a second factor or recovery code was shown there
	There  []string // all methods that were
	By     string   // id of that browser
}

// DeviceState is what has become of a request.
type DeviceState string

// The states. Only an approved one lets a browser in.
const (
	DeviceGone     DeviceState = "" // expired, or another one has taken its place
	DeviceWaiting  DeviceState = "waiting"
	DeviceCoded    DeviceState = "coded" // a code was made, which nobody has typed yet
	DeviceApproved DeviceState = "approved"
	DeviceNotMe    DeviceState = "not_me"
	DeviceWrong    DeviceState = "wrong_number"
	DeviceUsed     DeviceState = "used"
)

// DeviceRequest is the one request of an account to let a new browser in. It is
// made by a flow that holds a proof of that account, and names nothing else.
type DeviceRequest struct {
	ID      string `json:"id"`
	Flow    string `json:"flow"`
	Account string `json:"account"`
	For     Kind   `json:"for,omitempty"`  // of that flow
	Goal    Goal   `json:"goal,omitempty"` // and what it replaces, as far as that is known
	// Replaces tells that it makes something new in place of what was lost.
	Replaces bool        `json:"replaces,omitempty"`
	State    DeviceState `json:"state"`
	Number   string      `json:"number"` // two digits, which the new browser shows
	Browser  string      `json:"browser"`
	Network  string      `json:"network"`
	Host     string      `json:"host"`
	Return   string      `json:"return,omitempty"` // where the person was going
	Device   string      `json:"device,omitempty"` // id of the browser that asks, where it is known
	At       time.Time   `json:"at"`
	Expires  time.Time   `json:"expires"`
	Others   bool        `json:"others,omitempty"` // another request came in meanwhile

	By        string    `json:"by,omitempty"` // id of the browser that answered
	Factor    bool      `json:"factor,omitempty"`
	There     []string  `json:"there,omitempty"`
	Code      string    `json:"code,omitempty"`
	CodeUntil time.Time `json:"code_until,omitzero"`
	Tries     int       `json:"tries,omitempty"`

	Turned []Turned `json:"turned,omitempty"` // networks whose requests were turned down lately
}

// Turned is a request that the owner has turned down.
type Turned struct {
	Network string    `json:"network"`
	Until   time.Time `json:"until"`
	NotMe   bool      `json:"not_me,omitempty"`
}

// Live tells whether the request can still be answered or used.
func (q *DeviceRequest) Live(now time.Time) bool {
	switch q.State {
	case DeviceWaiting, DeviceCoded, DeviceApproved:
		return now.Before(q.Expires)
	case DeviceGone, DeviceNotMe, DeviceWrong, DeviceUsed:
	}
	return false
}

// Paused is how long no request from a network is taken: one that its owner has
// turned down, or two numbers that were wrong.
func (q *DeviceRequest) Paused(network string, now time.Time) time.Duration {
	var end time.Time
	wrong := 0
	for _, t := range q.Turned {
		if t.Network != network || !now.Before(t.Until) {
			continue
		}
		if wrong++; t.NotMe || wrong > 1 {
			end = t.Until
		}
	}
	return max(end.Sub(now), 0)
}

// Replace puts a newer request in the place of this one. A live one gives way to
// its own network at once, and to others after two minutes: wait is how much of
// that is left. Either way its page says that another one came in.
func (q *DeviceRequest) Replace(next DeviceRequest, now time.Time) (wait time.Duration) {
	live := q.Live(now) && q.Flow != next.Flow
	if wait = q.At.Add(deviceAlone).Sub(now); live && q.Network != next.Network && wait > 0 {
		q.Others = true
		return wait
	}
	next.Turned = slices.DeleteFunc(q.Turned, func(t Turned) bool { return !now.Before(t.Until) })
	next.State, next.Others = DeviceWaiting, live
	next.At, next.Expires = now, now.Add(deviceLife)
	*q = next
	return 0
}

// Turn ends the request: it is not the owner's, or the number was wrong.
func (q *DeviceRequest) Turn(to DeviceState, now time.Time) {
	q.State, q.Code = to, ""
	q.Turned = append(q.Turned, Turned{Network: q.Network, Until: now.Add(devicePause), NotMe: to == DeviceNotMe})
	if over := len(q.Turned) - maxTurned; over > 0 {
		q.Turned = q.Turned[over:]
	}
}

// Told tells whether the number is that of the request.
func (q *DeviceRequest) Told(number string) bool {
	return q.Number != "" && subtle.ConstantTimeCompare([]byte(strings.TrimSpace(number)), []byte(q.Number)) == 1
}

// Answer is that of the known browser: a code, or letting in at once.
func (q *DeviceRequest) Answer(is Admission, code string, now time.Time) {
	q.State, q.By, q.Factor, q.There = DeviceApproved, is.By, is.Factor, is.There
	if code != "" {
		q.State, q.Code, q.CodeUntil = DeviceCoded, code, now.Add(DeviceCodeLife)
		q.Expires = q.CodeUntil
	}
}

// Admission is the answer that was given.
func (q *DeviceRequest) Admission() *Admission {
	return &Admission{Factor: q.Factor, There: q.There, By: q.By}
}

// Try counts a code that was typed, and compares it. A tap needs none.
func (q *DeviceRequest) Try(code string, now time.Time) bool {
	if q.State == DeviceApproved {
		return q.Live(now)
	}
	if q.State != DeviceCoded || !q.Live(now) || q.Tries >= deviceTries {
		return false
	}
	q.Tries++
	if q.Code != "" && subtle.ConstantTimeCompare([]byte(code), []byte(q.Code)) == 1 {
		q.State, q.Code = DeviceApproved, ""
		return true
	}
	if q.Tries >= deviceTries {
		q.State, q.Code = DeviceGone, ""
	}
	return false
}

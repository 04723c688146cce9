package engine

import "time"

// TrailLine is a record as programs get it: a line of JSON each.
type TrailLine struct {
	Time    time.Time `json:"time"`
	Event   string    `json:"event"`
	Account string    `json:"account,omitempty"`
	User    string    `json:"user,omitempty"` // empty with an account: that is gone
	By      string    `json:"by,omitempty"`
	ByID    string    `json:"by_account,omitempty"`
	Method  string    `json:"method,omitempty"`
	IP      string    `json:"client_ip,omitempty"`
	Browser string    `json:"browser,omitempty"`
	Detail  string    `json:"detail,omitempty"`
	Flow    string    `json:"flow,omitempty"`
	Count   int       `json:"count,omitempty"`
	Node    string    `json:"node"`
	ID      string    `json:"id"`
	Hidden  bool      `json:"hidden,omitempty"` // what was private of it cannot be read any more
}

// Line is the record for programs.
func (x TrailEntry) Line() TrailLine {
	by := x.As
	if x.Who != "" {
		by = x.By
	}
	return TrailLine{
		Time: x.At, Event: string(x.Event), Account: x.Whom, User: x.Name, By: by, ByID: x.Who, Method: x.Method, IP: x.Network, Browser: x.Browser,
		Detail: x.Detail, Flow: x.Flow, Count: x.Count, Node: x.Node, ID: x.ID, Hidden: x.Hidden,
	}
}

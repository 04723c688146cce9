package caddymodule

import (
	"fmt"
	"time"
)

// level tells whether a check found something to do.
type level string

const (
	levelOK      level = "ok"
	levelWarning level = "warning" // works, and somebody should look at it
	levelFault   level = "fault"   // does not work, or lets others in
)

// check is one thing that doctor looked at.
type check struct {
	Subject string `json:"subject"`
	Level   level  `json:"level"`
	Text    string `json:"text"`
	Remedy  string `json:"remedy,omitempty"`
	Line    *line  `json:"line,omitempty"` // of a channel, while Caddy runs
}

// line is what became of the messages of a channel since the configuration was
// loaded.
type line struct {
	Waiting     int       `json:"waiting"`
	Sent        int       `json:"sent"`
	Failed      int       `json:"failed"`
	LastError   string    `json:"last_error,omitempty"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
}

func fine(subject, format string, args ...any) check {
	return check{Subject: subject, Level: levelOK, Text: fmt.Sprintf(format, args...)}
}

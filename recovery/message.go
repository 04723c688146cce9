package recovery

import "time"

// Message is sent to a person outside the browser. The engine only names the
// template and its values; rendering, retry and transport are the notifier's.
type Message struct {
	ID       string            // random, shared with the log
	Channel  string            // ChannelMail, …
	To       string            // an address, with ChannelPush and ChannelHook the account's name; empty: prepare everything, deliver to nobody (a decoy)
	Template string            // "recover-code", "sms-code", "mail-code", "invite", "notice"
	Lang     string            // language of the person, "en" when unknown
	Vars     map[string]string // code, link, minutes, browser, event, …
	Secret   bool              // holds a secret that helps to get in: never to a shared channel
	Expires  time.Time         // not sent and not retried afterwards
	// Done is called once, with what became of the message. It may take as long
	// as a write. Nil: nobody asks.
	Done func(Delivery) `json:"-"`
}

// Delivery is what became of a message.
type Delivery int

// The deliveries. The zero value is none.
const (
	Dropped   Delivery = iota // not sent: the line was full, the process ends, time is over
	Refused                   // the server will not take it as it is: a wrong address, or wrong credentials of ours
	Delivered                 // the server took it
)

// Channels a message can take. The first two reach a person at their own
// address. The others are the operator's and may have any readers: they carry
// one notice of each event, and no code or link.
const (
	ChannelMail = "mail"
	ChannelSMS  = "sms"
	ChannelPush = "push"
	ChannelHook = "webhook"
)

// Notifier takes messages off the request path.
type Notifier interface {
	// Queue takes the message and returns at once. It never tells whether it
	// was delivered: the answer to a visitor must not depend on that. A full
	// queue drops and logs.
	Queue(Message)
	// Has reports whether messages for the channel can be sent at all.
	Has(channel string) bool
}

// Package notify carries messages to people: by mail (SMTP), through an SMS
// gateway (HTTP), or into a folder (File). It tells the operator of what
// happened through a push or chat service (Push) or a signed request (Webhook).
//
// Queue sits between the engine and the senders. It takes a message and
// returns at once, because how long an answer takes must not tell a visitor
// whether a message was sent. Behind it every channel has its own line and its
// own workers, so that a mail server that hangs does not hold up text messages.
//
// What is not promised: messages wait in memory only, and what waits when the
// process ends is lost here: who must know asks by Message.Done (of codes, the
// person asks again; they live for minutes). A message may arrive twice, when the connection breaks after
// the server took it and before it said so.
//
// Nothing here logs an address in full, the text of a message, a code or a
// link, and no error holds a password, a gateway's URL or its headers.
package notify

package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
)

// Fault is what kind of thing went wrong with a letter, for whoever has to
// mend it. The words of an error are for reading; this is for choosing a remedy.
type Fault string

// The faults. An error of a Sender has one of them or none: see [FaultOf].
const (
	FaultName       Fault = "name"       // the server's name is not known
	FaultConnection Fault = "connection" // nobody listens there, or there is no route
	FaultDropped    Fault = "dropped"    // the connection broke before the end
	FaultTimeout    Fault = "timeout"    // no answer in time
	FaultTLS        Fault = "tls"        // no encryption, or a certificate that does not verify
	FaultSetting    Fault = "setting"    // an option does not fit the server; the error says which, and what to write
	FaultSignOn     Fault = "sign_on"    // name, password or key refused
	FaultSender     Fault = "sender"     // the server does not take mail from our address
	FaultRecipient  Fault = "recipient"  // the address or number is not one it sends to
	FaultBusy       Fault = "busy"       // refused for now: a mail server's 4xx, or 429
	FaultRefused    Fault = "refused"    // the message or the request refused: 4xx of a gateway, 5xx of a mail server
	FaultBroken     Fault = "broken"     // 5xx of a gateway
	FaultRedirect   Fault = "redirect"   // the gateway answered with another address, which is not followed
	FaultBudget     Fault = "budget"     // see ErrBudget
	FaultFolder     Fault = "folder"     // the folder cannot be written
)

// FaultOf tells the fault of an error of a Sender or of [Queue.Trial]; empty
// when it is not known.
func FaultOf(err error) Fault {
	var m markedError
	switch {
	case errors.Is(err, ErrBudget):
		return FaultBudget
	case errors.As(err, &m):
		return m.fault
	}
	return faultOfConnection(err)
}

// markedError is an error that knows its fault.
type markedError struct {
	error
	fault Fault
}

func (m markedError) Unwrap() error { return m.error }

// marked gives an error a fault; the words stay as they are.
func marked(fault Fault, err error) error {
	if fault == "" || err == nil {
		return err
	}
	return markedError{err, fault}
}

// faultOfConnection tells what went wrong below the protocol.
func faultOfConnection(err error) Fault {
	var dns *net.DNSError
	var untrusted *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var network net.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &untrusted), errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return FaultTLS
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return FaultTimeout
	case errors.As(err, &dns):
		return FaultName
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return FaultConnection
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return FaultDropped
	}
	return ""
}

// faultOfStatus is what an HTTP status that is not 2xx says.
func faultOfStatus(status int) Fault {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		return FaultSignOn
	case status == http.StatusTooManyRequests:
		return FaultBusy
	case status == http.StatusRequestTimeout:
		return FaultTimeout
	case status/100 == 3:
		return FaultRedirect
	case status/100 == 4:
		return FaultRefused
	}
	return FaultBroken
}

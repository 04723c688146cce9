package method

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// This file is all that knows the library. It reads what browsers send and checks
// signatures; challenges, their time and the rows are ours.

// maxAnswer is more than any browser answers (bytes).
const maxAnswer = 16 << 10

// askFor is how long the browser's own window stays open (milliseconds). What counts
// is the challenge's own end, on our clock.
const askFor = 120_000

const credProps = "credProps"

var (
	errNowhere = errors.New("no passkeys at this address")
	errLarge   = errors.New("answer of a browser is too large")
	errOrigin  = errors.New("passkey was made or shown on another page")
)

// algorithms are those that authenticators have: ES256, EdDSA, RS256.
func algorithms() []protocol.CredentialParameter {
	var out []protocol.CredentialParameter
	for _, a := range []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256} {
		out = append(out, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: a})
	}
	return out
}

// PasskeyCreation is what navigator.credentials.create is given. held are not to be
// made once more on the same device.
func PasskeyCreation(at recovery.RelyingParty, challenge []byte, a *recovery.Account, held []OwnedPasskey) json.RawMessage {
	return pack(protocol.PublicKeyCredentialCreationOptions{
		RelyingParty:          protocol.RelyingPartyEntity{ID: at.ID, CredentialEntity: protocol.CredentialEntity{Name: at.Site}},
		User:                  protocol.UserEntity{ID: protocol.URLEncodedBase64(a.ID), DisplayName: a.Name, CredentialEntity: protocol.CredentialEntity{Name: a.Name}},
		Challenge:             challenge,
		Parameters:            algorithms(),
		Timeout:               askFor,
		CredentialExcludeList: descriptors(held),
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
		Attestation: protocol.PreferNoAttestation,
		Extensions:  protocol.AuthenticationExtensions{CredProps: true},
	})
}

// PasskeyRequest is what navigator.credentials.get is given. Without a list the
// browser offers what it has for the domain. alone asks for one that stands for both
// factors.
func PasskeyRequest(at recovery.RelyingParty, challenge []byte, list []OwnedPasskey, alone bool) json.RawMessage {
	o := protocol.PublicKeyCredentialRequestOptions{
		Challenge: challenge, Timeout: askFor, RelyingPartyID: at.ID, AllowedCredentials: descriptors(list), UserVerification: protocol.VerificationPreferred,
	}
	if alone {
		o.UserVerification = protocol.VerificationRequired
	}
	return pack(o)
}

func descriptors(list []OwnedPasskey) []protocol.CredentialDescriptor {
	var out []protocol.CredentialDescriptor
	for _, p := range list {
		d := protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: p.Row.ID}
		for _, t := range p.Row.Transports {
			d.Transport = append(d.Transport, protocol.AuthenticatorTransport(t))
		}
		out = append(out, d)
	}
	return out
}

// library is set up for one place. Its times are off: challenges end on our clock.
func library(at recovery.RelyingParty) (*webauthn.WebAuthn, error) {
	if !at.Here() {
		return nil, errNowhere
	}
	return webauthn.New(&webauthn.Config{
		RPID: at.ID, RPDisplayName: at.ID, RPOrigins: []string{at.Origin},
		// Password managers say more than they were asked. None of it is read.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
}

// session is what the library would have kept of the beginning.
func session(at recovery.RelyingParty, challenge []byte, account string) webauthn.SessionData {
	return webauthn.SessionData{
		Challenge: base64.RawURLEncoding.EncodeToString(challenge), RelyingPartyID: at.ID, Origin: at.Origin, UserID: []byte(account),
		UserVerification: protocol.VerificationPreferred, Extensions: protocol.SessionExtensions{Requested: []string{credProps}}, CredParams: algorithms(),
	}
}

// created checks the answer of navigator.credentials.create.
func created(at recovery.RelyingParty, challenge []byte, account, answer string) (PasskeyRow, error) {
	lib, err := library(at)
	if err != nil {
		return PasskeyRow{}, err
	}
	if len(answer) > maxAnswer {
		return PasskeyRow{}, errLarge
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return PasskeyRow{}, err
	}
	if parsed.Response.CollectedClientData.Origin != at.Origin { // the library ignores paths, case and default ports
		return PasskeyRow{}, errOrigin
	}
	c, err := lib.CreateCredential(owner{id: account}, session(at, challenge, account), parsed)
	if err != nil {
		return PasskeyRow{}, err
	}
	var by []string
	for _, t := range c.Transport {
		by = append(by, string(t))
	}
	return PasskeyRow{
		ID: c.ID, Key: c.PublicKey, RP: at.ID, Model: model(c.Authenticator.AAGUID), Count: c.Authenticator.SignCount, Transports: transports(by),
		Eligible: c.Flags.BackupEligible, Copied: c.Flags.BackupState, Verified: c.Flags.UserVerified,
		Discoverable: c.Extensions.RK != nil && *c.Extensions.RK,
	}, nil
}

// seen is what an assertion says, whose signature is right.
type seen struct {
	credential                 OwnedPasskey
	count                      uint32
	eligible, copied, verified bool
}

// shown checks the answer of navigator.credentials.get against the passkeys of an
// account.
func shown(at recovery.RelyingParty, challenge []byte, a *recovery.Account, answer string) (seen, error) {
	lib, err := library(at)
	if err != nil {
		return seen{}, err
	}
	if len(answer) > maxAnswer {
		return seen{}, errLarge
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return seen{}, err
	}
	if parsed.Response.CollectedClientData.Origin != at.Origin {
		return seen{}, errOrigin
	}
	flags := parsed.Response.AuthenticatorData.Flags
	who := owner{id: a.ID}
	for _, p := range passkeysAt(a, at) {
		// The library refuses a changed BE. That is ours to judge, see judgePasskey.
		who.list = append(who.list, webauthn.Credential{ID: p.Row.ID, PublicKey: p.Row.Key, Flags: webauthn.CredentialFlags{BackupEligible: flags.HasBackupEligible()}})
	}
	c, err := lib.ValidateLogin(who, session(at, challenge, a.ID), parsed)
	if err != nil {
		return seen{}, err
	}
	for _, p := range passkeysAt(a, at) {
		if string(p.Row.ID) == string(c.ID) {
			return seen{p, parsed.Response.AuthenticatorData.Counter, flags.HasBackupEligible(), flags.HasBackupState(), flags.HasUserVerified()}, nil
		}
	}
	return seen{}, errOrigin
}

// PasskeyOwner reads out of an answer whose passkey it says it is: the id of an
// account. Nothing of it is believed yet. Empty: it says nothing.
func PasskeyOwner(answer string) string {
	if len(answer) == 0 || len(answer) > maxAnswer || answer[0] != '{' {
		return ""
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return ""
	}
	return string(parsed.Response.UserHandle)
}

// challengeOf reads out of an answer to which challenge it is. Nothing of it is
// believed yet. nil: to none.
func challengeOf(answer string) []byte {
	if len(answer) > maxAnswer {
		return nil
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return nil
	}
	challenge, err := base64.RawURLEncoding.DecodeString(parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return nil
	}
	return challenge
}

// lacks tells whether an answer is by a passkey of this place that the account does
// not have: it was removed, or ended by a recovery.
func lacks(at recovery.RelyingParty, a *recovery.Account, answer string) bool {
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil || parsed.Response.CollectedClientData.Origin != at.Origin {
		return false
	}
	place := sha256.Sum256([]byte(at.ID))
	return bytes.Equal(parsed.Response.AuthenticatorData.RPIDHash, place[:]) &&
		!slices.ContainsFunc(Passkeys(a), func(p OwnedPasskey) bool { return bytes.Equal(p.Row.ID, parsed.RawID) })
}

// PasskeyUnknown is what a browser is told with the Signal API of a passkey that was
// shown in vain, so that it is not offered any more; empty: there is none in the answer.
func PasskeyUnknown(at recovery.RelyingParty, answer string) string {
	if len(answer) > maxAnswer {
		return ""
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return ""
	}
	return string(pack(map[string]any{"rpId": at.ID, "credentialId": protocol.URLEncodedBase64(parsed.RawID)}))
}

// PasskeysHeld is what a browser is told with the Signal API of all passkeys that an
// account has at a place, so that it forgets others. Empty: there are none there.
func PasskeysHeld(at recovery.RelyingParty, a *recovery.Account) string {
	if !at.Here() {
		return ""
	}
	ids := []protocol.URLEncodedBase64{}
	for _, p := range passkeysAt(a, at) {
		ids = append(ids, p.Row.ID)
	}
	return string(pack(map[string]any{"rpId": at.ID, "userId": protocol.URLEncodedBase64(a.ID), "allAcceptedCredentialIds": ids}))
}

// owner is an account as the library asks for one.
type owner struct {
	id   string
	list []webauthn.Credential
}

func (o owner) WebAuthnID() []byte                         { return []byte(o.id) }
func (o owner) WebAuthnName() string                       { return o.id }
func (o owner) WebAuthnDisplayName() string                { return o.id }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.list }

// SPDX-License-Identifier: AGPL-3.0-or-later

// Package passkey speaks Web Authentication for the identity room.
package passkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
)

// Ceremonies implements identity.Ceremonies.
type Ceremonies struct{ party *webauthn.WebAuthn }

var _ identity.Ceremonies = (*Ceremonies)(nil)

// New makes the ceremonies of a server that people reach at an address. Native apps
// say origins of their own, like android:apk-key-hash:…; they are compared as they
// stand.
func New(publicURL string, appOrigins []string) (*Ceremonies, error) {
	at, err := url.Parse(publicURL)
	if err != nil {
		return nil, err
	}
	settings := &webauthn.Config{
		RPID: at.Hostname(), RPDisplayName: "Hora", RPOrigins: []string{at.Scheme + "://" + at.Host},
		AttestationPreference: protocol.PreferNoAttestation,
	}
	for _, origin := range appOrigins {
		if protocol.IsOpaqueOrigin(origin) {
			settings.RPOpaqueOrigins = append(settings.RPOpaqueOrigins, origin)
		} else {
			settings.RPOrigins = append(settings.RPOrigins, origin)
		}
	}
	party, err := webauthn.New(settings)
	return &Ceremonies{party}, err
}

// user is a person as the library wants to see one. The handle that devices keep is
// the person's id, which says nothing about them.
type user struct {
	identity.Person
	keys []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return u.ID[:] }
func (u user) WebAuthnDisplayName() string                { return u.DisplayName }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.keys }
func (u user) WebAuthnName() string {
	if u.Email == "" {
		return u.DisplayName
	}
	return u.Email
}

func userOf(who identity.Person, known []identity.Passkey) (user, error) {
	u := user{Person: who}
	for _, k := range known {
		var key webauthn.Credential
		if err := json.Unmarshal(k.Record, &key); err != nil {
			return u, fmt.Errorf("passkey %s: %w", k.ID, err)
		}
		u.keys = append(u.keys, key)
	}
	return u, nil
}

// refused hides why an answer does not hold from whoever sent it.
func refused(err error) error { return domain.NewError(identity.PasskeyRefused, "").Because(err) }

// BeginRegistration implements identity.Ceremonies.
func (c *Ceremonies) BeginRegistration(who identity.Person, known []identity.Passkey) (options, state []byte, err error) {
	u, err := userOf(who, known)
	if err != nil {
		return nil, nil, err
	}
	creation, session, err := c.party.BeginRegistration(u,
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		}),
		webauthn.WithExclusions(webauthn.Credentials(u.keys).CredentialDescriptors()))
	if err != nil {
		return nil, nil, err
	}
	return encoded(creation.Response, session)
}

// encoded writes what a device is handed, and what the server remembers.
func encoded(options any, session *webauthn.SessionData) (handed, state []byte, err error) {
	handed, err = json.Marshal(options)
	state, err2 := json.Marshal(session)
	return handed, state, errors.Join(err, err2)
}

// FinishRegistration implements identity.Ceremonies.
func (c *Ceremonies) FinishRegistration(who identity.Person, known []identity.Passkey, state, answer []byte) (credential, record []byte, err error) {
	u, err := userOf(who, known)
	if err != nil {
		return nil, nil, err
	}
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return nil, nil, err
	}
	read, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, nil, refused(err)
	}
	made, err := c.party.CreateCredential(u, session, read)
	if err != nil {
		return nil, nil, refused(err)
	}
	record, err = json.Marshal(made)
	return made.ID, record, err
}

// BeginSignIn implements identity.Ceremonies.
func (c *Ceremonies) BeginSignIn() (options, state []byte, err error) {
	assertion, session, err := c.party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, nil, err
	}
	return encoded(assertion.Response, session)
}

// errCloned is a passkey whose counter went back: somebody copied it.
var errCloned = errors.New("the counter went back")

// FinishSignIn implements identity.Ceremonies.
func (c *Ceremonies) FinishSignIn(state, answer []byte, passkeysOf func(domain.ID) (identity.Person, []identity.Passkey, error)) (identity.Passkey, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return identity.Passkey{}, err
	}
	read, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return identity.Passkey{}, refused(err)
	}
	var known []identity.Passkey
	var ours error // a failure of the database is not the caller's
	_, key, err := c.party.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		id, err := uuid.FromBytes(handle)
		if err != nil {
			return nil, err
		}
		who, all, err := passkeysOf(id)
		if err != nil {
			if !errors.Is(err, domain.NotFound) {
				ours = err
			}
			return nil, err
		}
		known = all
		return userOf(who, all)
	}, session, read)
	switch {
	case ours != nil:
		return identity.Passkey{}, ours
	case err != nil:
		return identity.Passkey{}, refused(err)
	case key.Authenticator.CloneWarning:
		return identity.Passkey{}, refused(errCloned)
	}
	for _, used := range known {
		if bytes.Equal(used.Credential, key.ID) {
			used.Record, err = json.Marshal(key)
			return used, err
		}
	}
	return identity.Passkey{}, refused(domain.NotFound)
}

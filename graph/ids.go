// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"encoding/base64"

	"github.com/hora-coop/hora/domain"
)

// idKind is the first byte of an opaque id: what type of object it names.
type idKind byte

const (
	personID       idKind = 'P'
	sessionID      idKind = 'D'
	communityID    idKind = 'C'
	memberID       idKind = 'M'
	listingID      idKind = 'L'
	exchangeID     idKind = 'X'
	accountID      idKind = 'A'
	transferID     idKind = 'T'
	entryID        idKind = 'E'
	serviceTypeID  idKind = 'S'
	notificationID idKind = 'N'
	chequeID       idKind = 'Q'
	batchID        idKind = 'B'
	deviceKeyID    idKind = 'K'
	groupSessionID idKind = 'G'
	activityID     idKind = 'Y'
	photoID        idKind = 'F'
	cycleID        idKind = 'y'
	projectID      idKind = 'J'
	claimID        idKind = 'k'
	planID         idKind = '5'
	splitID        idKind = '6'
	subscriptionID idKind = 'h'
	redemptionID   idKind = '7'
	thanksID       idKind = 'H'
	starID         idKind = 'U'
	endorsementID  idKind = 'W'
	milestoneID    idKind = 'Z'
	passkeyID      idKind = 'p'
	webhookID      idKind = 'w'
	deliveryID     idKind = 'd'
	threadID       idKind = 't'
	messageID      idKind = 'm'
	announcementID idKind = 'a'
	badgeID        idKind = 'b'
	issuedBadgeID  idKind = 'i'
	reportID       idKind = 'r'
	measureID      idKind = 'u'
	decisionID     idKind = 'V'
	delegationID   idKind = 'v'
	complaintID    idKind = 'c'
	appealID       idKind = 'e'
	vettingID      idKind = 'n'
	suggestionID   idKind = 's'
	dutyTemplateID idKind = '1'
	dutyShiftID    idKind = '2'
	dutyBookingID  idKind = '3'
	dutyEntryID    idKind = '4'
	dutyLeaveID    idKind = '8'
	dutySwapID     idKind = '9'
	commentID      idKind = 'o'
)

// object is what an opaque id carries: type, community and key. The community
// in it is a place to look, never a right to see.
type object struct {
	kind      idKind
	community domain.ID
	key       domain.ID
	code      string // of a service type
}

func globalID(kind idKind, community, key domain.ID) string {
	raw := [1 + 2*len(key)]byte{byte(kind)}
	copy(raw[1:], community[:])
	copy(raw[1+len(community):], key[:])
	var text [(len(raw)*8 + 5) / 6]byte
	base64.RawURLEncoding.Encode(text[:], raw[:])
	return string(text[:])
}

func serviceTypeGlobalID(code string) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{byte(serviceTypeID)}, code...))
}

// parseID reads any id; ok is false for what we never wrote.
func parseID(id string) (o object, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(raw) < 2 {
		return o, false
	}
	o.kind = idKind(raw[0])
	if o.kind == serviceTypeID {
		o.code = string(raw[1:])
		return o, len(raw) <= 16
	}
	if len(raw) != 33 {
		return o, false
	}
	copy(o.community[:], raw[1:17])
	copy(o.key[:], raw[17:])
	return o, true
}

// want reads an id of one type. An id of another type is as good as none.
func want(kind idKind, id, field string) (object, error) {
	o, ok := parseID(id)
	if !ok || o.kind != kind {
		return o, domain.NewError(domain.NotFound, field)
	}
	return o, nil
}

// wantIn reads an optional id of an object in a community; absent gives Nowhere.
func wantIn(community domain.ID, kind idKind, id *string, field string) (domain.ID, error) {
	if id == nil {
		return domain.Nowhere, nil
	}
	o, err := want(kind, *id, field)
	if err == nil && o.community != community {
		err = domain.NewError(domain.NotFound, field)
	}
	return o.key, err
}

// wantType reads an optional service type; absent gives "".
func wantType(id *string, field string) (string, error) {
	if id == nil {
		return "", nil
	}
	o, err := want(serviceTypeID, *id, field)
	return o.code, err
}

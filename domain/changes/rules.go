// SPDX-License-Identifier: AGPL-3.0-or-later

package changes

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/recognition"
)

// seeing are the permissions that show more than every member sees, each a bit
// of a Sight. A new one is added at the end.
var seeing = []domain.Permission{domain.AdmitMembers, domain.ApproveListings, domain.SeeEveryExchange, domain.SeeEveryAccount, domain.ApproveActivities, domain.RunCycles, domain.IssueBadges}

func sightOf(standing domain.Standing) (sight Sight) {
	for i, p := range seeing {
		if standing.May(p) {
			sight |= 1 << i
		}
	}
	return sight
}

// apartOf tells one set of members from whom blocks keep somebody from another, in
// whatever order they come.
func apartOf(standing domain.Standing) (sum uint32) {
	for _, id := range standing.Apart {
		sum += crc32.ChecksumIEEE(id[:])
	}
	return sum
}

func (s Sight) has(p domain.Permission) bool {
	i := slices.Index(seeing, p)
	return i >= 0 && s&(1<<i) != 0
}

// touch is an object that an event changed, and whom that can concern. What
// they are shown is decided when the object itself has been read.
type touch struct {
	Object
	ofOwner    bool              // the ID is the owner's, of an account
	ofExchange bool              // the ID is that of the exchange that a cheque settled
	ofBatch    bool              // the ID is that of the pile that cheques were keyed in with
	parties    []domain.ID       // empty: every member
	seen       domain.Permission // who holds it is concerned as well
	untilNow   domain.ID         // the member whose it is; every member may have seen it until this event
	oneOf      bool              // the event does not say of which kind its subject is
}

// direct says whether a touch names its object itself.
func (t touch) direct() bool { return !t.ofOwner && !t.ofExchange && !t.ofBatch }

// about is what payloads tell of who is concerned.
type about struct {
	Member   domain.ID    `json:"member"`
	Members  []domain.ID  `json:"members"`
	Provider domain.ID    `json:"provider"`
	Receiver domain.ID    `json:"receiver"`
	Guardian domain.ID    `json:"guardian"`
	Giver    domain.ID    `json:"giver"`
	Legs     []ledger.Leg `json:"legs"`
	About    struct {
		Members  []domain.ID     `json:"members"`
		Provider domain.ID       `json:"provider"`
		Receiver domain.ID       `json:"receiver"`
		Cheque   exchange.Action `json:"cheque"`
	} `json:"about"`
}

// touches says which objects an event changed. Kinds go by their first word, so
// that a new event of a known area needs nothing here; ok is false for one of an
// area that nobody has thought of.
func touches(e domain.RecordedEvent) (all []touch, ok bool, err error) {
	var told about
	if len(e.Payload) > 0 && string(e.Payload) != "null" {
		if err := json.Unmarshal(e.Payload, &told); err != nil {
			return nil, true, fmt.Errorf("event %d of %s: %w", e.Position, e.Community, err)
		}
	}
	area, _, _ := strings.Cut(string(e.Kind), "_")
	switch area {
	case "COMMUNITY", "CHARTER":
		all = []touch{{Object: Object{Community, e.Subject}}}
	case "MEMBER", "ROLE":
		all = memberTouches(e)
	case "LISTING":
		all = []touch{{Object: Object{Listing, e.Subject}}}
	case "EXCHANGE":
		all = exchangeTouches(e.Subject, told)
	case "TRANSFER":
		all = []touch{{Object: Object{Transfer, e.Subject}}}
	case "ACCOUNT", "BALANCE":
		all = []touch{{Object: Object{Account, e.Subject}}}
	case "CYCLE", "ALLOCATION":
		all = []touch{{Object: Object{Cycle, e.Subject}}}
	case "DECISION":
		all = []touch{{Object: Object{Decision, e.Subject}}}
	case "PROJECT":
		all = []touch{{Object: Object{Project, e.Subject}}}
	case "CLAIM":
		all = []touch{{Object: Object{Claim, e.Subject}}}
	case "BUDGET": // a ballot is sealed, and its voter knows it
	case "HELPER", "CARD", "PARTICIPATION", "GOVERNANCE", "ORIENTATION", "CAPITAL":
		all = []touch{{Object: Object{Member, e.Subject}}}
	case "VETTING", "DUTY":
		if told.Member == domain.Nowhere {
			break // shifts and templates are no objects that a device keeps
		}
		all = []touch{{Object: Object{Member, told.Member}}}
	case "MINOR", "GUARDIAN": // nobody else learns that there is something
		all = []touch{{Object: Object{Member, told.Member}, parties: []domain.ID{told.Member, told.Guardian}, seen: domain.AdmitMembers}}
	case "SESSION":
		all = []touch{{Object: Object{Session, e.Subject}}}
	case "ACTIVITY":
		all = []touch{{Object: Object{Activity, e.Subject}, parties: []domain.ID{told.Member}, seen: domain.ApproveActivities}}
	case "TIME":
		all = chequeTouches(e, told)
	case "THANKS", "STAR", "SKILL", "ENDORSEMENT", "RECOGNITION", "MILESTONE", "BADGE":
		all = recognitionTouches(e, told)
	case "DEVICE", "HOUSEHOLD", "MESSAGE", "ANNOUNCEMENT",
		"PLAN", "NOTICE", "REPORT", "MEASURE", "APPEAL", "COMPLAINT", "ADMISSION", "SPLIT", "WEBHOOK", "SHARE", "SHARES", "SHAREHOLDER", "DELEGATION", "DORMANT", "SUGGESTION": // nothing that a device keeps, but for what their legs say
	case "HOURS", "CROSSING": // their legs say it
	default:
		return nil, false, nil
	}
	for _, leg := range told.Legs {
		all = append(all, touch{Object: Object{Transfer, leg.ID}},
			touch{Object: Object{Account, leg.Debit}}, touch{Object: Object{Account, leg.Credit}})
	}
	return all, true, nil
}

// memberTouches: an application is for those who admit; whoever comes, goes or
// pauses has an account that follows.
func memberTouches(e domain.RecordedEvent) []touch {
	member := touch{Object: Object{Member, e.Subject}}
	account := touch{Object: Object{Account, e.Subject}, ofOwner: true, parties: []domain.ID{e.Subject}, seen: domain.SeeEveryAccount}
	switch e.Kind {
	case membership.Applied, membership.NotAdmitted:
		member.parties, member.seen = []domain.ID{e.Subject}, domain.AdmitMembers
		return []touch{member}
	case membership.Welcomed, membership.Gone:
		return []touch{member, account}
	default:
		return []touch{member}
	}
}

// exchangeTouches: accepting and ending change what the sides have promised.
func exchangeTouches(id domain.ID, told about) []touch {
	sides := []domain.ID{told.Provider, told.Receiver}
	if told.About.Provider != domain.Nowhere {
		sides = []domain.ID{told.About.Provider, told.About.Receiver}
	}
	all := []touch{{Object: Object{Exchange, id}, parties: sides, seen: domain.SeeEveryExchange}}
	if told.About.Cheque != "" {
		all = append(all, touch{Object: Object{Cheque, id}, ofExchange: true, parties: sides, seen: domain.SeeEveryExchange})
	}
	for _, side := range sides {
		all = append(all, touch{Object: Object{Account, side}, ofOwner: true, parties: []domain.ID{side}, seen: domain.SeeEveryAccount})
	}
	return all
}

// chequeTouches: what settles a cheque is told by its exchange.
func chequeTouches(e domain.RecordedEvent, told about) []touch {
	if e.Kind == cheque.BatchIsUndone {
		return []touch{{Object: Object{Cheque, e.Subject}, ofBatch: true, parties: slices.Concat(told.Members, told.About.Members), seen: domain.SeeEveryExchange}}
	}
	return []touch{{Object: Object{Cheque, e.Subject}, parties: []domain.ID{told.Provider, told.Receiver}, seen: domain.SeeEveryExchange}}
}

// received are the kinds of recognition that their member hides and shows.
var received = []Kind{Thanks, Star, Endorsement, Milestone, IssuedBadge}

// recognitionTouches: what begins hidden is told to the two of them alone, so that
// nobody else learns that there is something.
func recognitionTouches(e domain.RecordedEvent, told about) []touch {
	two := []domain.ID{told.Giver, told.Member}
	switch e.Kind {
	case recognition.Starred:
		return []touch{{Object: Object{Star, e.Subject}, parties: two}}
	case recognition.MilestoneReached:
		return []touch{{Object: Object{Milestone, e.Subject}, parties: two}}
	case recognition.BadgeIssued:
		return []touch{{Object: Object{IssuedBadge, e.Subject}, parties: two, seen: domain.IssueBadges}}
	case recognition.BadgeRevoked:
		return []touch{{Object: Object{IssuedBadge, e.Subject}}}
	case recognition.BadgeDefined, recognition.BadgeRevised:
		return []touch{{Object: Object{Badge, e.Subject}}}
	case recognition.Hid, recognition.Showed:
		var all []touch
		for _, kind := range received {
			t := touch{Object: Object{kind, e.Subject}, oneOf: true}
			if e.Kind == recognition.Hid {
				t.untilNow = told.Member
			}
			all = append(all, t)
		}
		return all
	case recognition.Thanked:
		return []touch{{Object: Object{Thanks, e.Subject}}}
	default:
		return []touch{{Object: Object{Endorsement, e.Subject}}}
	}
}

// concerns says whether a touch may show somebody something.
func (c Cursor) concerns(t touch) bool {
	return len(t.parties) == 0 || slices.Contains(t.parties, c.Member) || (t.seen != "" && c.Sight.has(t.seen))
}

// Wakes says whether an event may bring the cursor's holder something of some
// kinds (none: of any), or end what they see.
func (c Cursor) Wakes(e domain.RecordedEvent, kinds ...Kind) bool {
	if e.Subject == c.Member {
		return true
	}
	all, _, err := touches(e)
	return err != nil || slices.ContainsFunc(all, func(t touch) bool { return c.concerns(t) && wanted(t.Kind, kinds) })
}

func wanted(kind Kind, kinds []Kind) bool { return len(kinds) == 0 || slices.Contains(kinds, kind) }

// Touched says which objects an event changed, for whoever tells of events outside;
// what is known by something else's id alone is left out.
func Touched(e domain.RecordedEvent) ([]Object, error) {
	all, _, err := touches(e)
	var objects []Object
	for _, t := range all {
		if t.direct() && !t.oneOf && !slices.Contains(objects, t.Object) {
			objects = append(objects, t.Object)
		}
	}
	return objects, err
}

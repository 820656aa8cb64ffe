// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// scene is a town where something of everything has happened, so that every
// mutation of the contract can be called.
type scene struct {
	*town
	anna, bruno *person // they exchange
	clara       *person // a member with no part in it, and no role
	dario       *person // asked to join
	elsewhere   *person // coordinates another town
	treasurer   *person // once the town has shares
	nobody      *person // signed in, a member of nothing
	question    string  // on which members vote
	turn        int     // counts the calls, so that each is another
	hook        string  // told of what happens
}

func newScene(w *town, elsewhere *person) *scene {
	w.t.Helper()
	s := &scene{town: w, elsewhere: elsewhere}
	s.anna, s.bruno, s.clara = w.welcome("Anna "+w.slug, "fr"), w.welcome("Bruno "+w.slug, "en"), w.welcome("Clara "+w.slug, "fr")
	s.dario, s.nobody = w.register("Dario "+w.slug, "fr"), w.register("Noa "+w.slug, "en")
	s.dario.applies()
	return s
}

// twoScenes are the same in two towns of one program.
func twoScenes(t *testing.T) (port, hill *scene) {
	t.Helper()
	w := newTown(t)
	other := w.program.town("Accorderie de la Colline", "colline")
	return newScene(w, other.founder), newScene(other, w.founder)
}

// call is a mutation as somebody sends it who may.
type call struct {
	by *person
	in input
}

// calls makes, for each mutation, a call that works. Each is about something of
// its own, and fills in as much as it can.
var calls = map[string]func(s *scene) call{
	"register": func(s *scene) call {
		return call{s.stranger(), input{
			"email": s.another("jeanne") + "@example.org", "password": secret, "displayName": "Jeanne", "locale": "fr-CA", "deviceName": "téléphone",
		}}
	},
	"signIn": func(s *scene) call {
		return call{s.stranger(), input{"email": s.anna.email, "password": secret, "deviceName": "tablette"}}
	},
	"refreshSession": func(s *scene) call {
		return call{s.stranger(), input{"refreshToken": s.anna.onAnotherDevice().tokens.RefreshToken}}
	},
	"signOut": func(s *scene) call { return call{s.anna.onAnotherDevice(), input{"clientMutationId": "1"}} },
	"revokeSession": func(s *scene) call {
		return call{s.anna, input{"sessionId": s.anna.onAnotherDevice().session()}}
	},
	"requestSignInLink": func(s *scene) call {
		return call{s.stranger(), input{"email": s.register(s.another("Lea"), "fr").email, "deviceName": "téléphone"}}
	},
	"signInWithLink": func(s *scene) call {
		p := s.register(s.another("Lea"), "fr")
		return call{s.stranger(), input{"token": p.link().token, "deviceName": "téléphone"}}
	},
	"beginPasskeyRegistration": func(s *scene) call {
		return call{s.register(s.another("Lea"), "fr"), input{"name": "téléphone"}}
	},
	"finishPasskeyRegistration": func(s *scene) call {
		p := s.register(s.another("Lea"), "fr")
		_, in := p.makesPasskey()
		return call{p, in}
	},
	"beginPasskeySignIn": func(s *scene) call { return call{s.stranger(), input{"clientMutationId": "1"}} },
	"finishPasskeySignIn": func(s *scene) call {
		key := s.register(s.another("Lea"), "fr").passkey()
		return call{s.stranger(), with(key.signs(s.stranger()), "deviceName", "téléphone")}
	},
	"removePasskey": func(s *scene) call {
		p := s.register(s.another("Lea"), "fr")
		key := p.passkey()
		p.take(p.does("finishPasskeySignIn", key.signs(p)))
		return call{p, input{"passkeyId": key.id}}
	},
	"createWebhook": func(s *scene) call {
		// A community may have twenty; those of earlier calls make room.
		ask[int](s.program, `WITH w AS (UPDATE webhook SET removed_at = created_at WHERE removed_at IS NULL AND id <> $1 RETURNING 1) SELECT count(*)::int FROM w`, keyOf(s.webhook()))
		return call{s.founder, s.unheard()}
	},
	"rotateWebhookSecret": func(s *scene) call { return call{s.founder, input{"webhookId": s.webhook()}} },
	"enableWebhook":       func(s *scene) call { return call{s.founder, input{"webhookId": s.webhook()}} },
	"removeWebhook": func(s *scene) call {
		return call{s.founder, input{"webhookId": s.founder.does("createWebhook", s.unheard()).text("webhook.id")}}
	},
	"testWebhook":      func(s *scene) call { return call{s.founder, input{"webhookId": s.webhook()}} },
	"redeliverWebhook": func(s *scene) call { return call{s.founder, input{"deliveryId": s.delivery()}} },
	"createCommunity": func(s *scene) call {
		return call{s.clara, input{
			"name": s.another("Accorderie"), "slug": s.another("ville"), "preset": "accorderie", "locale": "fr-CA", "timeZone": "America/Toronto",
			"latitude": 45.5, "longitude": -73.6, "idempotencyKey": newKey(),
		}}
	},
	"amendCharter": func(s *scene) call {
		s.turn++
		s.t.Helper() // the founder may, as long as the town is young
		ask[int](s.program, `WITH w AS (UPDATE charter SET body = jsonb_set(body, '{founding,members}', '1000') RETURNING 1) SELECT count(*)::int FROM w`)
		return call{s.founder, input{
			"communityId": s.id, "changes": input{"listings": input{"expiryDays": 100 + s.turn, "review": false}}, "reason": s.another("Essai"), "idempotencyKey": newKey(),
		}}
	},
	"simulateCharter": func(s *scene) call {
		return call{s.anna, input{"communityId": s.id, "changes": input{"levy": input{"basisPoints": 500, "pool": "PROJECTS"}}, "months": 6}}
	},
	"applyToJoin": func(s *scene) call {
		return call{s.register(s.another("Jo"), "fr"), input{"communityId": s.id, "message": "Bonjour !", "idempotencyKey": newKey()}}
	},
	"admitMember": func(s *scene) call {
		return call{s.founder, input{"memberId": s.applicant(), "idempotencyKey": newKey()}}
	},
	"declineApplication": func(s *scene) call { return call{s.founder, input{"memberId": s.applicant(), "reason": "Au complet."}} },
	"registerMember": func(s *scene) call {
		return call{s.founder, input{
			"communityId": s.id, "displayName": s.another("Mme Roy"), "kind": "PERSON", "email": s.another("roy") + "@example.org", "idempotencyKey": newKey(),
		}}
	},
	"pauseMembership": func(s *scene) call { return call{s.newcomer(), input{"communityId": s.id}} },
	"resumeMembership": func(s *scene) call {
		p := s.newcomer()
		p.does("pauseMembership", input{"communityId": s.id})
		return call{p, input{"communityId": s.id}}
	},
	"leaveCommunity": func(s *scene) call { return call{s.newcomer(), input{"communityId": s.id, "idempotencyKey": newKey()}} },
	"grantRole": func(s *scene) call {
		return call{s.founder, input{"memberId": s.anna.member, "role": "FACILITATOR", "until": s.now().Add(day), "idempotencyKey": newKey()}}
	},
	"revokeRole": func(s *scene) call {
		s.founder.does("grantRole", input{"memberId": s.anna.member, "role": "FACILITATOR"})
		return call{s.founder, input{"memberId": s.anna.member, "role": "FACILITATOR"}}
	},
	"createListing": func(s *scene) call {
		return call{s.anna, input{
			"communityId": s.id, "kind": "OFFER", "title": s.another("Pain"), "description": "Au levain.", "serviceTypeId": s.types()["102-A-1"],
			"level": "INDIVIDUAL", "language": "fr", "place": input{"latitude": 45.5, "longitude": -73.6}, "radiusKm": 5, "remote": false,
			"availability": []string{"MONDAY"}, "visibility": "COMMUNITY", "idempotencyKey": newKey(),
		}}
	},
	"updateListing": func(s *scene) call {
		return call{s.anna, input{
			"listingId": s.anna.offers(s.another("Pain")), "version": 1, "title": "Pain et brioche", "description": "Le samedi.", "language": "fr",
			"serviceTypeId": s.types()["102-A-1"],
		}}
	},
	"renewListing": func(s *scene) call {
		return call{s.anna, input{"listingId": s.anna.offers(s.another("Pain")), "idempotencyKey": newKey()}}
	},
	"markListingMet": func(s *scene) call { return call{s.anna, input{"listingId": s.anna.offers(s.another("Pain"))}} },
	"archiveListing": func(s *scene) call { return call{s.anna, input{"listingId": s.anna.offers(s.another("Pain"))}} },
	"approveListing": func(s *scene) call {
		return call{s.founder, input{"listingId": s.underReview()}}
	},
	"sendListingBack": func(s *scene) call {
		return call{s.founder, input{"listingId": s.underReview(), "reason": s.another("Dites où et quand"), "idempotencyKey": newKey()}}
	},
	"submitListing": func(s *scene) call {
		back := s.underReview()
		s.founder.sendsBack(back)
		return call{s.anna, input{"listingId": back, "idempotencyKey": newKey()}}
	},
	"proposeExchange": func(s *scene) call {
		return call{s.bruno, input{
			"communityId": s.id, "providerId": s.anna.member, "receiverId": s.bruno.member, "serviceTypeId": s.types()["102-A-1"], "minutes": 15,
			"travelMinutes": 1, "preparationMinutes": 2, "scheduledAt": s.now().Add(day), "place": "Chez Anna", "costs": "Farine : 2 $",
			"message": s.another("Bonjour"), "idempotencyKey": newKey(),
		}}
	},
	"reviseExchange": func(s *scene) call {
		return call{s.anna, input{
			"exchangeId": s.bruno.asks(s.anna, 15), "minutes": 30, "travelMinutes": 1, "preparationMinutes": 2, "scheduledAt": s.now().Add(day),
			"place": "Chez Bruno", "costs": "Sucre : 1 $", "message": "Plutôt chez vous.", "idempotencyKey": newKey(),
		}}
	},
	"acceptExchange": func(s *scene) call {
		return call{s.anna, input{"exchangeId": s.bruno.asks(s.anna, 15), "idempotencyKey": newKey()}}
	},
	"declineExchange": func(s *scene) call {
		return call{s.anna, input{"exchangeId": s.bruno.asks(s.anna, 15), "reason": "Absente.", "idempotencyKey": newKey()}}
	},
	"cancelExchange": func(s *scene) call {
		return call{s.bruno, input{"exchangeId": s.bruno.asks(s.anna, 15), "reason": "Grippe.", "idempotencyKey": newKey()}}
	},
	"completeExchange": func(s *scene) call {
		x := s.bruno.asks(s.anna, 15)
		s.anna.accepts(x)
		return call{s.anna, input{"exchangeId": x, "minutes": 15, "idempotencyKey": newKey()}}
	},
	"confirmExchange": func(s *scene) call {
		return call{s.bruno, input{"exchangeId": s.anna.gave(s.bruno, 15), "minutes": 15, "idempotencyKey": newKey()}}
	},
	"disputeExchange": func(s *scene) call {
		return call{s.bruno, input{"exchangeId": s.anna.gave(s.bruno, 15), "reason": "Pas fini.", "idempotencyKey": newKey()}}
	},
	"resolveDispute": func(s *scene) call {
		x := s.anna.gave(s.bruno, 15)
		s.bruno.does("disputeExchange", input{"exchangeId": x, "reason": "Pas fini."})
		return call{s.founder, input{"exchangeId": x, "outcome": "CONFIRM", "minutes": 15, "reason": "Entendu.", "idempotencyKey": newKey()}}
	},
	"recordSponsorHours": func(s *scene) call {
		return call{s.founder, input{
			"communityId": s.id, "poolId": s.poolFor("PROJECTS"), "minutes": 60, "sponsor": s.another("Ville du Port"), "note": "Une heure d’atelier.", "idempotencyKey": newKey(),
		}}
	},
	"openEarmark": func(s *scene) call {
		return call{s.founder, input{"communityId": s.id, "for": s.another("Les enfants du quartier"), "idempotencyKey": newKey()}}
	},
	"giveHours": func(s *scene) call {
		return call{s.anna, input{
			"from": s.anna.account(), "to": s.bruno.account(), "minutes": 1, "message": s.another("Merci"), "idempotencyKey": newKey(),
		}}
	},
	"takeBackHours": func(s *scene) call {
		gift := s.anna.does("giveHours", input{"from": s.anna.account(), "to": s.projectPool(0), "minutes": 1, "idempotencyKey": newKey()})
		return call{s.anna, input{"transferId": gift.text("transfer.id"), "idempotencyKey": newKey()}}
	},
	"reverseTransfer": func(s *scene) call {
		gift := s.anna.does("giveHours", input{"from": s.anna.account(), "to": s.bruno.account(), "minutes": 1, "idempotencyKey": newKey()})
		return call{s.founder, input{"transferId": gift.text("transfer.id"), "reason": "Par erreur.", "idempotencyKey": newKey()}}
	},
	"correctTransfer": func(s *scene) call {
		gift := s.anna.does("giveHours", input{"from": s.anna.account(), "to": s.bruno.account(), "minutes": 1, "idempotencyKey": newKey()})
		return call{s.founder, input{"transferId": gift.text("transfer.id"), "minutes": 2, "reason": "Une minute de trop peu.", "idempotencyKey": newKey()}}
	},
	"allowBelowFloor": func(s *scene) call {
		return call{s.founder, input{"accountId": s.anna.account(), "minutes": 30, "reason": "Convenu.", "idempotencyKey": newKey()}}
	},
	"setAccountLimits": func(s *scene) call {
		s.turn++
		return call{s.founder, input{"accountId": s.anna.account(), "floor": -600 - s.turn, "softFloor": -300, "ceiling": 3000, "reason": "Convenu.", "idempotencyKey": newKey()}}
	},
	"writeTimeCheque": func(s *scene) call {
		return call{s.bruno, input{
			"communityId": s.id, "providerId": s.anna.member, "minutes": 15, "serviceTypeId": s.types()["102-A-1"],
			"description": s.another("Merci"), "idempotencyKey": newKey(),
		}}
	},
	"depositTimeCheque": func(s *scene) call {
		return call{s.anna, input{"cheque": s.brunosPhone().signs(s.anna, 15, s.now()), "idempotencyKey": newKey()}}
	},
	"settleTimeCheque": func(s *scene) call {
		return call{s.anna, input{"timeChequeId": s.waitingCheque(), "idempotencyKey": newKey()}}
	},
	"withdrawTimeCheque": func(s *scene) call {
		return call{s.anna, input{"timeChequeId": s.waitingCheque(), "idempotencyKey": newKey()}}
	},
	"enterTimeCheques": func(s *scene) call {
		return call{s.founder, input{"communityId": s.id, "cheques": []input{s.slip(s.anna, s.bruno, 15)}, "idempotencyKey": newKey()}}
	},
	"undoTimeCheques": func(s *scene) call {
		batch := s.founder.does("enterTimeCheques", input{"communityId": s.id, "cheques": []input{s.slip(s.anna, s.bruno, 15)}, "idempotencyKey": newKey()})
		return call{s.founder, input{"batchId": batch.text("batch.id"), "reason": "Mauvaise pile.", "idempotencyKey": newKey()}}
	},
	"registerDeviceKey": func(s *scene) call {
		return call{s.anna, input{
			"communityId": s.id, "publicKey": newDeviceKey(), "name": s.another("Téléphone"), "idempotencyKey": newKey(),
		}}
	},
	"revokeDeviceKey": func(s *scene) call {
		return call{s.anna, input{"deviceKeyId": s.anna.registersPhone().id}}
	},
	"scheduleSession": func(s *scene) call {
		return call{s.anna, input{
			"communityId": s.id, "title": s.another("Pain"), "description": "Apportez un bol.", "serviceTypeId": s.types()["102-A-1"],
			"startsAt": s.now().Add(day).Truncate(time.Second), "place": "Salle verte", "capacity": 8, "preparationMinutes": 60, "animationMinutes": 180,
			"bearer": "PARTICIPANTS", "idempotencyKey": newKey(),
		}}
	},
	"joinSession": func(s *scene) call {
		return call{s.bruno, input{"sessionId": s.anna.hosts(8, 15), "idempotencyKey": newKey()}}
	},
	"leaveSession": func(s *scene) call {
		session := s.anna.hosts(8, 15)
		s.bruno.does("joinSession", input{"sessionId": session})
		return call{s.bruno, input{"sessionId": session, "idempotencyKey": newKey()}}
	},
	"cancelSession": func(s *scene) call {
		return call{s.anna, input{"sessionId": s.anna.hosts(8, 15), "reason": "Four en panne.", "idempotencyKey": newKey()}}
	},
	"settleSession": func(s *scene) call {
		session := s.anna.hosts(8, 15)
		s.bruno.does("joinSession", input{"sessionId": session})
		return call{s.anna, input{
			"sessionId": session, "attendedIds": []string{s.bruno.member}, "preparationMinutes": 0, "animationMinutes": 15, "idempotencyKey": newKey(),
		}}
	},
	"logActivity": func(s *scene) call {
		return call{s.anna, input{
			"communityId": s.id, "activityKind": "FRONT_DESK", "minutes": 30, "description": s.another("Permanence"), "costs": "Timbres : 2 $",
			"date": s.date(day), "idempotencyKey": newKey(),
		}}
	},
	"approveActivity": func(s *scene) call {
		return call{s.founder, input{"activityId": s.anna.logs("FRONT_DESK", 60), "minutes": 30, "idempotencyKey": newKey()}}
	},
	"declineActivity": func(s *scene) call {
		return call{s.founder, input{"activityId": s.anna.logs("FRONT_DESK", 60), "reason": "Déjà noté.", "idempotencyKey": newKey()}}
	},
	"nameHelper": func(s *scene) call {
		return call{s.anna, input{
			"communityId": s.id, "helperId": s.clara.member, "until": s.now().Add(30 * day).Truncate(time.Second), "consent": s.another("De vive voix"), "idempotencyKey": newKey(),
		}}
	},
	"withdrawHelper": func(s *scene) call {
		s.anna.does("nameHelper", input{"communityId": s.id, "helperId": s.bruno.member, "until": s.now().Add(30 * day)})
		return call{s.anna, input{"memberId": s.anna.member, "helperId": s.bruno.member}}
	},
	"giveCard":   func(s *scene) call { return call{s.founder, input{"memberId": s.withoutEmail()}} },
	"revokeCard": func(s *scene) call { return call{s.founder, input{"memberId": s.withCard().text("member.id")}} },
	"signInWithNumber": func(s *scene) call {
		given := s.withCard()
		return call{s.stranger(), input{"communitySlug": s.slug, "number": given.int("member.number"), "pin": given.text("pin"), "deviceName": "Kiosque"}}
	},
	"signInWithCard": func(s *scene) call {
		return call{s.stranger(), input{"card": s.withCard().text("card"), "deviceName": "Kiosque"}}
	},
	"requestUpload": func(s *scene) call {
		s.turn++
		return call{s.anna, input{"communityId": s.id, "kind": "LISTING_PHOTO", "size": 1000 + s.turn, "contentType": "image/jpeg", "idempotencyKey": newKey()}}
	},
	"confirmUpload": func(s *scene) call { return call{s.anna, input{"photoId": s.anna.sends(sunset), "alt": "Un pain"}} },
	"reclaimDormantHours": func(s *scene) call {
		p := s.newcomer()
		p.quietly("CONTACTED", 0)
		return call{p, input{"communityId": s.id, "idempotencyKey": newKey()}}
	},
	"useDormantHours": func(s *scene) call {
		s.turn++
		s.newcomer().quietly("HELD", 1000)
		s.founder.does("giveHours", input{"from": s.projectPool(1000), "to": s.apartAccount(), "minutes": 1000, "idempotencyKey": newKey()})
		return call{s.founder, input{"communityId": s.id, "poolId": s.projectPool(1), "minutes": s.turn, "idempotencyKey": newKey()}}
	},
	"openCycle": func(s *scene) call {
		s.turn++
		return call{s.founder, input{
			"communityId": s.id, "poolId": s.projectPool(1000 + s.turn), "title": s.another("Printemps"), "minutes": 100 + s.turn, "method": "EQUAL_SHARES", "utility": "PER_MINUTE",
			"quorum": 0, "twoApproversAbove": 30, "calendar": input{"feasibilityAt": s.now().Add(7 * day)}, "idempotencyKey": newKey(),
		}}
	},
	"cancelCycle": func(s *scene) call { return call{s.founder, input{"cycleId": s.cycle(), "reason": "Reporté."}} },
	"planCycles": func(s *scene) call {
		return call{s.founder, input{
			"communityId": s.id, "poolId": s.projectPool(1), "title": s.another("Chaque printemps"), "minutes": 100, "keptMinutes": 1, "method": "EQUAL_SHARES",
			"utility": "PER_MINUTE", "quorum": 0, "twoApproversAbove": 30,
			"phases":  input{"callDays": 20, "reviewDays": 5, "voteDays": 10, "challengeDays": 7, "payDays": 90, "reportDays": 30},
			"firstOn": s.inDays(30), "rhythm": "YEARLY", "hour": 8, "idempotencyKey": newKey(),
		}}
	},
	"planInflow": func(s *scene) call { return call{s.founder, s.inflow()} },
	"planSplit": func(s *scene) call {
		return call{s.founder, input{
			"communityId": s.id, "poolId": s.projectPool(1), "title": s.another("Le partage"), "minutes": 100, "keptMinutes": 1, "preset": "ASSOCIATION",
			"key":     []input{{"use": "RESERVE", "basisPoints": 4000}, {"use": "SOLIDARITY", "basisPoints": 6000}},
			"firstOn": s.inDays(30), "rhythm": "YEARLY", "hour": 8, "idempotencyKey": newKey(),
		}}
	},
	"endPlan":      func(s *scene) call { return call{s.founder, input{"planId": s.plan(), "reason": "Plus besoin."}} },
	"proposeSplit": func(s *scene) call { return call{s.anna, s.splitBetween(s.anna, s.bruno)} },
	"reviseSplit": func(s *scene) call {
		return call{s.anna, input{"splitId": s.split(), "parts": []input{{"memberId": s.anna.member, "basisPoints": 10_000}}}}
	},
	"signSplit": func(s *scene) call {
		return call{s.bruno, input{"splitId": s.anna.does("proposeSplit", s.splitBetween(s.anna, s.bruno)).text("split.id"), "version": 1}}
	},
	"refuseSplit": func(s *scene) call {
		return call{s.bruno, input{"splitId": s.anna.does("proposeSplit", s.splitBetween(s.anna, s.bruno)).text("split.id"), "version": 1, "reason": "Pas ainsi."}}
	},
	"settleSplit": func(s *scene) call {
		return call{s.clara, input{"splitId": s.split(), "minutes": 15, "description": s.another("Un atelier"), "idempotencyKey": newKey()}}
	},
	"suggestProject": func(s *scene) call {
		s.listens()
		return call{s.register(s.another("Sofia"), "fr"), with(with(idea(s.cycle(), s.another("Un banc")), "maximumMinutes", 90), "idempotencyKey", newKey())}
	},
	"withdrawSuggestion": func(s *scene) call {
		by, id := s.suggestion()
		return call{by, input{"suggestionId": id}}
	},
	"adoptSuggestion": func(s *scene) call {
		_, id := s.suggestion()
		return call{s.anna, input{
			"suggestionId": id, "title": s.another("Le banc"), "body": "Un banc à l’ombre, bâti ensemble.", "minimumMinutes": 60, "maximumMinutes": 90,
			"milestones": []input{{"title": "Le dossier", "minutes": 30}}, "idempotencyKey": newKey(),
		}}
	},
	"declineSuggestion": func(s *scene) call {
		_, id := s.suggestion()
		return call{s.founder, input{"suggestionId": id, "reason": s.another("Trop bruyant")}}
	},
	"removeSuggestion": func(s *scene) call {
		_, id := s.suggestion()
		return call{s.founder, input{"suggestionId": id, "reason": s.another("Injurieux")}}
	},
	"submitProject": func(s *scene) call { return call{s.anna, s.proposal(s.cycle())} },
	"reviewProject": func(s *scene) call {
		return call{s.founder, input{"projectId": s.project(), "feasible": false, "reason": "Trop loin."}}
	},
	"withdrawProject": func(s *scene) call { return call{s.anna, input{"projectId": s.project()}} },
	"castBudgetBallot": func(s *scene) call {
		cycle, project := s.votedOn()
		return call{s.bruno, input{"cycleId": cycle, "entries": []input{{"projectId": project, "value": 5}}}}
	},
	"challengeAllocation": func(s *scene) call {
		cycle, _ := s.granted()
		return call{s.clara, input{"cycleId": cycle, "reason": s.another("Je voudrais être sûre du décompte."), "idempotencyKey": newKey()}}
	},
	"claimPayout": func(s *scene) call {
		_, project := s.payable()
		return call{s.anna, input{"projectId": project, "milestone": 1, "minutes": 10, "proof": s.another("Photo du four, terminé"), "idempotencyKey": newKey()}}
	},
	"approveClaim": func(s *scene) call { return call{s.founder, input{"claimId": s.claim()}} },
	"declineClaim": func(s *scene) call { return call{s.founder, input{"claimId": s.claim(), "reason": "Pas encore fait."}} },
	"openDecision": func(s *scene) call {
		return call{s.anna, input{
			"communityId": s.id, "type": "ROLE_CANDIDACY", "title": s.another("Qui tient l’accueil ?"), "body": "Pour un an.",
			"options": []input{{"label": "Anna", "memberId": s.anna.member}, {"label": "Bruno", "memberId": s.bruno.member}}, "ballot": "RANKED", "ranking": "SCHULZE",
			"seats": 1, "effect": input{"kind": "GRANT_MANDATE", "role": "FACILITATOR", "until": s.now().Add(365 * day)}, "opensAt": s.now().Add(8 * day),
			"closesAt": s.now().Add(20 * day), "idempotencyKey": newKey(),
		}}
	},
	"openDraft": func(s *scene) call { return call{s.anna, input{"decisionId": s.drafted()}} },
	"castBallot": func(s *scene) call {
		return call{s.bruno, input{"decisionId": s.voted(), "choice": "NO", "reason": "Trop tôt."}}
	},
	"declareConflict": func(s *scene) call {
		return call{s.bruno, input{"decisionId": s.agreement(), "reason": "C’est mon atelier."}}
	},
	"delegateVote": func(s *scene) call { // each to somebody else, and for another type than the last: one carries two, and the next ends the last
		s.turn++
		kinds := []string{"HOUSE_AGREEMENT", "COMMON_RULES", "RECALL", "EXCLUSION", "STATUTES"}
		return call{s.anna, input{
			"communityId": s.id, "toId": s.withoutEmail(), "type": kinds[s.turn%len(kinds)],
			"until": s.now().Add(30 * day).Truncate(time.Second), "idempotencyKey": newKey(),
		}}
	},
	"revokeDelegation": func(s *scene) call {
		return call{s.bruno, input{"delegationId": s.bruno.entrusts(s.clara, input{"type": "ANNUAL_ACCOUNTS"})}}
	},
	"withdrawDecision": func(s *scene) call { return call{s.anna, input{"decisionId": s.agreement(), "reason": "Mal posée."}} },
	"commentOnDecision": func(s *scene) call {
		return call{s.bruno, input{"decisionId": s.voted(), "body": s.another("Et le dimanche ?"), "idempotencyKey": newKey()}}
	},
	"setOutcome": func(s *scene) call {
		return call{s.anna, input{"decisionId": s.counted(), "text": "Affichée à l’entrée.", "ownerId": s.bruno.member, "reviewAt": s.now().Add(90 * day).Truncate(time.Second)}}
	},
	"giveThanks": func(s *scene) call {
		p, x := s.helped()
		return call{p, input{"subjectId": x, "message": s.another("Merci"), "idempotencyKey": newKey()}}
	},
	"hideThanks": func(s *scene) call {
		p, x := s.helped()
		return call{s.anna, input{"thanksId": p.thanks(x)}}
	},
	"awardStar": func(s *scene) call {
		return call{s.newcomer(), input{"memberId": s.anna.member, "category": "CARE", "reason": s.another(why), "idempotencyKey": newKey()}}
	},
	"endorseSkill": func(s *scene) call {
		p, _ := s.helped()
		return call{p, input{"memberId": s.anna.member, "serviceTypeId": s.types()["102-A-1"], "idempotencyKey": newKey()}}
	},
	"withdrawEndorsement": func(s *scene) call {
		p, _ := s.helped()
		return call{p, input{"endorsementId": p.endorses(s.anna)}}
	},
	"showRecognition": func(s *scene) call {
		return call{s.anna, input{"recognitionId": s.newcomer().stars(s.anna), "shown": true}}
	},
	"defineBadge": func(s *scene) call {
		return call{s.founder, input{
			"communityId": s.id, "name": s.another("Passeuse de savoirs"), "description": "Transmet ce qu’elle sait.",
			"criteria": "Trois ateliers animés.", "validDays": 730, "idempotencyKey": newKey(),
		}}
	},
	"reviseBadge": func(s *scene) call {
		return call{s.founder, input{"badgeId": s.founder.defines(s.another("Accueil"), 0), "version": 1, "criteria": "Cinq ateliers.", "validDays": 365}}
	},
	"issueBadge": func(s *scene) call {
		return call{s.founder, input{
			"memberId": s.anna.member, "badgeId": s.founder.defines(s.another("Accueil"), 0), "evidence": s.another("Trois ateliers"), "idempotencyKey": newKey(),
		}}
	},
	"revokeBadge": func(s *scene) call {
		return call{s.founder, input{"issuedBadgeId": s.founder.issues(s.anna, s.founder.defines(s.another("Accueil"), 0)), "reason": "Remis par erreur."}}
	},
	"reportContent": func(s *scene) call {
		return call{s.newcomer(), input{"subjectId": s.anna.member, "reason": "OTHER", "details": s.another("Voyez vous-même"), "idempotencyKey": newKey()}}
	},
	"resolveReport": func(s *scene) call {
		return call{s.founder, input{
			"reportId": s.newcomer().reports(s.anna.offers(s.another("Pain")), "SPAM"), "action": "HIDE", "statement": "Trop de fois.", "rule": "Charte, article 3",
			"days": 3, "idempotencyKey": newKey(),
		}}
	},
	"noteHandedOver": func(s *scene) call { return call{s.founder, input{"measureId": s.warned(s.bruno)}} },
	"undoMeasure": func(s *scene) call {
		return call{s.founder, input{"measureId": s.warned(s.bruno), "reason": "Par erreur."}}
	},
	"recordVetting": func(s *scene) call {
		return call{s.founder, input{
			"memberId": s.newcomer().member, "kind": "RECORD_CHECK", "seenOn": s.date(day), "expiresOn": s.inDays(300), "idempotencyKey": newKey(),
		}}
	},
	"withdrawVetting": func(s *scene) call {
		return call{s.founder, input{"vettingId": s.founder.vets(s.anna, 300), "reason": "Vu par erreur."}}
	},
	"recordMinor": func(s *scene) call {
		return call{s.founder, input{"memberId": s.newcomer().member, "comesOfAgeOn": s.date(-300 * day), "idempotencyKey": newKey()}}
	},
	"removeMinor": func(s *scene) call { return call{s.founder, input{"memberId": s.underAge().member}} },
	"recordGuardianConsent": func(s *scene) call {
		return call{s.founder, input{
			"memberId": s.underAge().member, "guardianId": s.newcomer().member, "covers": s.another("Ateliers"), "seenOn": s.date(day), "idempotencyKey": newKey(),
		}}
	},
	"withdrawGuardianConsent": func(s *scene) call {
		minor := s.underAge()
		s.founder.consents(minor, input{"guardianName": "Mme Roy"})
		return call{s.founder, input{"memberId": minor.member, "reason": "La mère a téléphoné."}}
	},
	"createDutyTemplate": func(s *scene) call {
		s.duties()
		return call{s.founder, input{
			"communityId": s.id, "title": s.another("Caisse"), "place": "Magasin", "week": 2, "weekday": 3, "hour": 9, "minute": 30, "minutes": 180, "places": 3,
			"serviceTypeId": s.types()["102-A-1"], "leadId": s.clara.member, "idempotencyKey": newKey(),
		}}
	},
	"endDutyTemplate": func(s *scene) call {
		template, _ := s.turnsOfDuty()
		return call{s.founder, input{"templateId": template, "reason": "Travaux."}}
	},
	"cancelDutyShift": func(s *scene) call {
		_, shifts := s.turnsOfDuty()
		return call{s.founder, input{"shiftId": shifts[0], "reason": "Inventaire."}}
	},
	"closeDutyDay": func(s *scene) call {
		s.duties()
		s.turn++
		return call{s.founder, input{"communityId": s.id, "date": s.inDays(100 + s.turn%600), "reason": "Jour férié."}}
	},
	"setDutyPattern": func(s *scene) call {
		template, _ := s.turnsOfDuty()
		return call{s.founder, input{"communityId": s.id, "templateId": template, "onBehalfOf": s.newcomer().member}}
	},
	"bookDuty": func(s *scene) call {
		_, shifts := s.turnsOfDuty()
		return call{s.founder, input{"shiftId": shifts[0], "onBehalfOf": s.newcomer().member, "idempotencyKey": newKey()}}
	},
	"cancelDuty": func(s *scene) call {
		_, shifts := s.turnsOfDuty()
		p := s.newcomer()
		return call{p, input{"bookingId": p.books(shifts[1]), "points": 0}}
	},
	"recordAttendance": func(s *scene) call {
		_, shifts := s.turnsOfDuty()
		p := s.newcomer()
		p.books(shifts[0])
		return call{s.founder, input{"shiftId": s.begun(shifts[0]), "attendance": []input{{"memberId": p.member, "outcome": "ATTENDED"}}}}
	},
	"correctDutyEntry": func(s *scene) call {
		p := s.onTurn("MISSED")
		return call{s.founder, input{"entryId": p.onDuty().text("entries.nodes.0.id"), "reason": "Elle était là.", "idempotencyKey": newKey()}}
	},
	"extendDuty": func(s *scene) call {
		return call{s.founder, input{"memberId": s.onTurn("MISSED").member, "until": s.now().Add(170 * day), "reason": "Malade.", "idempotencyKey": newKey()}}
	},
	"swapDuty": func(s *scene) call {
		_, shifts := s.turnsOfDuty()
		p := s.newcomer()
		return call{p, input{"bookingId": p.books(shifts[0]), "toId": s.newcomer().member, "idempotencyKey": newKey()}}
	},
	"acceptDutySwap": func(s *scene) call {
		_, shifts := s.turnsOfDuty()
		p, q := s.newcomer(), s.newcomer()
		return call{s.founder, input{"swapId": p.offersTurn(shifts[0]), "bookingId": q.books(shifts[1]), "onBehalfOf": q.member, "idempotencyKey": newKey()}}
	},
	"withdrawDutySwap": func(s *scene) call {
		_, shifts := s.turnsOfDuty()
		p := s.newcomer()
		return call{p, input{"swapId": p.offersTurn(shifts[0])}}
	},
	"requestLeave": func(s *scene) call {
		s.duties()
		return call{s.founder, input{
			"communityId": s.id, "kind": "ILLNESS", "from": s.inDays(30), "until": s.inDays(60), "reason": "Opération.", "onBehalfOf": s.newcomer().member, "idempotencyKey": newKey(),
		}}
	},
	"decideLeave": func(s *scene) call {
		return call{s.founder, input{"leaveId": s.newcomer().asksLeave(), "grant": true, "statement": "Bon rétablissement."}}
	},
	"endLeave": func(s *scene) call {
		p := s.newcomer()
		return call{p, input{"leaveId": p.asksLeave()}}
	},
	"giveDutyPoints": func(s *scene) call {
		return call{s.founder, input{"communityId": s.id, "points": 1, "onBehalfOf": s.onTurn("ATTENDED").member, "idempotencyKey": newKey()}}
	},
	"grantDutyPoints": func(s *scene) call {
		s.onTurn("ATTENDED").does("giveDutyPoints", input{"communityId": s.id, "points": 1})
		return call{s.founder, input{"memberId": s.newcomer().member, "points": 1, "reason": "Malade.", "idempotencyKey": newKey()}}
	},
	"blockMember": func(s *scene) call { return call{s.newcomer(), input{"memberId": s.newcomer().member}} },
	"unblockMember": func(s *scene) call {
		p, other := s.newcomer(), s.newcomer()
		p.blocks(other)
		return call{p, input{"memberId": other.member}}
	},
	"appealMeasure": func(s *scene) call {
		return call{s.bruno, input{
			"measureId": s.warned(s.bruno), "reason": s.another("Ce n’était pas moi"), "idempotencyKey": newKey(),
		}}
	},
	"decideAppeal": func(s *scene) call {
		moderator := s.newcomer()
		s.founder.does("grantRole", input{"memberId": moderator.member, "role": "MODERATOR"})
		return call{moderator, input{"appealId": s.bruno.appeals(s.warned(s.bruno)), "outcome": "UPHELD", "statement": "Les faits sont là.", "idempotencyKey": newKey()}}
	},
	"fileComplaint": func(s *scene) call {
		return call{s.newcomer(), input{
			"communityId": s.id, "memberId": s.anna.member, "details": s.another("Il s’est passé ceci."), "mayName": true, "idempotencyKey": newKey(),
		}}
	},
	"openComplaint": func(s *scene) call {
		return call{s.founder, input{"complaintId": s.newcomer().complains(s.anna, true), "reason": s.another("Pour y répondre"), "idempotencyKey": newKey()}}
	},
	"breakGlass": func(s *scene) call {
		return call{s.founder, input{"complaintId": s.newcomer().complains(s.anna, true), "reason": s.another("Quelqu’un est en danger"), "idempotencyKey": newKey()}}
	},
	"closeComplaint": func(s *scene) call {
		return call{s.founder, input{
			"complaintId": s.readByTwo(), "outcome": "SETTLED", "statement": s.another("Nous en avons parlé ensemble"), "idempotencyKey": newKey(),
		}}
	},
	"reopenComplaint": func(s *scene) call {
		complaint := s.readByTwo()
		s.founder.does("closeComplaint", input{"complaintId": complaint, "outcome": "UNFOUNDED", "statement": "Rien n’a été constaté."})
		return call{s.founder, input{"complaintId": complaint, "reason": s.another("Un témoin s’est annoncé"), "idempotencyKey": newKey()}}
	},
	"noteHousehold": func(s *scene) call {
		return call{s.founder, input{"memberIds": []string{s.newcomer().member, s.newcomer().member}}}
	},
	"actOnMembers": func(s *scene) call {
		return call{s.founder, input{
			"communityId": s.id, "memberIds": []string{s.newcomer().member, s.newcomer().member}, "act": "SET_ACCOUNT_LIMITS", "reason": s.another("Décidé ensemble"),
			"minutes": 15, "floor": -600, "softFloor": -300, "ceiling": 1200, "idempotencyKey": newKey(),
		}}
	},
	"noteOrientation": func(s *scene) call { return call{s.founder, input{"memberId": s.newcomer().member}} },
	"applyForCoOwnership": func(s *scene) call {
		return call{s.eligible(), input{"communityId": s.id, "statutesVersion": 1, "idempotencyKey": newKey()}}
	},
	"objectToAdmission": func(s *scene) call {
		return call{s.anna, input{"memberId": s.candidate().member, "reason": s.another("Pas encore")}}
	},
	"decideAdmission": func(s *scene) call {
		p := s.candidate()
		s.anna.does("objectToAdmission", input{"memberId": p.member, "reason": "Pas encore."})
		return call{s.founder, input{"memberId": p.member, "admit": true, "reasons": "Entendu par l’assemblée."}}
	},
	"subscribeShares": func(s *scene) call {
		s.treasury()
		return call{s.newcomer(), input{
			"communityId": s.id, "quantity": 3, "instalments": 2, "lowIncome": true, "texts": []input{{"code": "STATUTES", "version": "1"}}, "idempotencyKey": newKey(),
		}}
	},
	"acceptShareTerms": func(s *scene) call {
		s.treasury()
		return call{s.newcomer(), input{"communityId": s.id, "texts": []input{{"code": "STATUTES", "version": "1"}}}}
	},
	"confirmSharePayment": func(s *scene) call {
		_, subscription := s.subscriber(2)
		return call{s.treasury(), input{"subscriptionId": subscription, "reference": s.another("VIR"), "idempotencyKey": newKey()}}
	},
	"transferShares": func(s *scene) call {
		return call{s.shareholder(2), input{"communityId": s.id, "toId": s.shareholder(1).member, "quantity": 1, "gift": true, "idempotencyKey": newKey()}}
	},
	"redeemShares": func(s *scene) call {
		return call{s.shareholder(2), input{"communityId": s.id, "quantity": 1, "idempotencyKey": newKey()}}
	},
	"confirmShareRedemption": func(s *scene) call {
		p := s.shareholder(2)
		return call{s.treasury(), input{"redemptionId": p.redeems(1), "reference": s.another("VIR"), "idempotencyKey": newKey()}}
	},
	"withdrawShareRequest": func(s *scene) call {
		p, subscription := s.subscriber(2)
		return call{p, input{"requestId": subscription}}
	},
	"noteShareholder": func(s *scene) call {
		return call{s.treasury(), input{"memberId": s.newcomer().member, "category": "WORKER", "lowIncome": true}}
	},
	"markRead": func(s *scene) call {
		return call{s.anna, input{"notificationIds": []string{s.news()}, "threadId": s.bruno.writes(s.anna.member, s.another("Bonjour")).text("thread.id")}}
	},
	"sendMessage": func(s *scene) call {
		newcomer := s.newcomer() // nothing else of theirs waits for Anna, so she is told
		thread := s.anna.writes(newcomer.member, s.another("Bonjour")).text("thread.id")
		return call{newcomer, input{"threadId": thread, "body": s.another("Hello"), "idempotencyKey": newKey()}}
	},
	"announce": func(s *scene) call {
		return call{s.founder, input{"communityId": s.id, "audience": "QUIET", "title": s.another("Fête"), "body": "Samedi.", "idempotencyKey": newKey()}}
	},
}

// apart are calls that fill in a field which, in the usual call, another stands for.
var apart = map[string]func(s *scene) call{
	"sendMessage.to": func(s *scene) call {
		return call{s.newcomer(), input{"to": s.anna.member, "body": s.another("Hello"), "idempotencyKey": newKey()}}
	},
	"signInWithLink.requestToken": typedCode, "signInWithLink.code": typedCode,
	"delegateVote.decisionId": func(s *scene) call {
		return call{s.anna, input{"communityId": s.id, "toId": s.bruno.member, "decisionId": s.agreement(), "idempotencyKey": newKey()}}
	},
	"castBallot.choices": func(s *scene) call {
		return call{s.bruno, input{"decisionId": s.among("APPROVAL"), "choices": []string{"1"}}}
	},
	"castBallot.ranking": func(s *scene) call {
		return call{s.bruno, input{"decisionId": s.among("RANKED"), "ranking": []string{"2", "1"}}}
	},
}

// callFor is a call that fills in a field.
func (s *scene) callFor(mutation, field string) call {
	if other, ok := apart[mutation+"."+field]; ok {
		return other(s)
	}
	return calls[mutation](s)
}

func typedCode(s *scene) call {
	letter := s.register(s.another("Lea"), "fr").link()
	return call{s.stranger(), input{"requestToken": letter.request, "code": letter.code, "deviceName": "téléphone"}}
}

// mutations are the contract's own, sorted; each must be known to calls.
func mutations(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, field := range contract().Mutation.Fields {
		names = append(names, field.Name)
	}
	slices.Sort(names)
	same(t, "mutations that the tests know how to call", slices.Sorted(maps.Keys(calls)), names)
	if t.Failed() {
		t.FailNow()
	}
	return names
}

// another makes a name that nobody had yet.
func (s *scene) another(name string) string {
	s.turn++
	return fmt.Sprintf("%s-%s-%d", name, s.slug, s.turn)
}

func (s *scene) applicant() string {
	p := s.register(s.another("Jo"), "fr")
	p.applies()
	return p.member
}

// helped is a new member to whom Anna gave something, and the exchange.
func (s *scene) helped() (*person, string) {
	s.calms()
	p := s.newcomer()
	x := s.anna.gave(p, 15)
	p.confirms(x, 15)
	return p, x
}

// eligible is a new member who has all it takes to be a co-owner.
func (s *scene) eligible() *person {
	s.calms()
	p := s.newcomer()
	s.owns(p, "FULL")
	s.founder.does("noteOrientation", input{"memberId": p.member})
	return p
}

// candidate is on the published list.
func (s *scene) candidate() *person {
	p := s.eligible()
	p.does("applyForCoOwnership", input{"communityId": s.id, "statutesVersion": 1})
	return p
}

func (s *scene) newcomer() *person { return s.welcome(s.another("Nadia"), "fr") }

// underAge is a newcomer of 17.
func (s *scene) underAge() *person {
	s.t.Helper()
	p := s.newcomer()
	s.founder.does("recordMinor", input{"memberId": p.member, "comesOfAgeOn": s.date(-300 * day)})
	return p
}

// news is something that Anna was told and has not read.
func (s *scene) news() string {
	s.bruno.asks(s.anna, 15)
	return s.anna.told()[0].text("id")
}

func (p *person) onAnotherDevice() *person {
	p.t.Helper()
	there := *p
	there.take(there.does("signIn", input{"email": p.email, "password": secret}))
	return &there
}

// session is the id of the one on this device.
func (p *person) session() string {
	p.t.Helper()
	for _, session := range p.reads(`{ viewer { sessions { id current } } }`, nil).list("viewer.sessions") {
		if session["current"] == true {
			return session.text("id")
		}
	}
	p.t.Fatalf("%s has no session", p.name)
	return ""
}

func (p *person) account() string {
	p.t.Helper()
	return p.sees(p.member, "Member { account { id } }").text("account.id")
}

// warned is a measure of the founder’s against somebody whom a newcomer reported.
func (s *scene) warned(whom *person) string {
	s.t.Helper()
	return s.founder.decides(s.newcomer().reports(whom.member, "OTHER"), "WARN").text("id")
}

// objects are the ids of one thing of each type that Anna may see.
func (s *scene) objects() map[string]string {
	s.t.Helper()
	x := s.anna.gave(s.bruno, 15)
	moved := s.bruno.confirms(x, 15).text("transfers.0.id")
	cycle, project := s.payable()
	neighbour, given := s.helped()
	s.treasury()
	message := s.bruno.writes(x, s.another("Merci"))
	badge := s.founder.defines(s.another("Accueil"), 0)
	report := s.anna.reports(s.newcomer().member, "OTHER")
	_, suggestion := s.suggestion()
	template, shifts := s.turnsOfDuty()
	swap := s.anna.offersTurn(shifts[0])
	booking := s.anna.books(shifts[1])
	work := s.anna.logs("SHARED_TURN", 60)
	s.founder.does("approveActivity", input{"activityId": work})
	return map[string]string{
		"Community": s.id, "Suggestion": suggestion, "Member": s.anna.member, "Listing": s.anna.offers(s.another("Pain")), "Exchange": x, "Transfer": moved,
		"TimeCheque":      s.bruno.does("writeTimeCheque", calls["writeTimeCheque"](s).in).text("timeCheque.id"),
		"TimeChequeBatch": s.founder.does("enterTimeCheques", calls["enterTimeCheques"](s).in).text("batch.id"),
		"DeviceKey":       s.anna.registersPhone().id,
		"GroupSession":    s.anna.hosts(8, 15),
		"Activity":        s.anna.logs("FRONT_DESK", 60),
		"Account":         s.anna.account(), "Notification": s.news(), "ServiceType": s.types()["102-A-1"], "Session": s.anna.session(), "Photo": s.anna.shows(sunset, "Un pain"),
		"Decision": s.voted(), "DecisionComment": s.comment(), "Delegation": s.bruno.entrusts(s.clara, input{"type": "ANNUAL_ACCOUNTS"}), "Cycle": cycle, "Project": project, "Claim": s.anna.claims(project, 10), "ReinvestmentPlan": s.plan(), "SplitAgreement": s.split(),
		"Thanks": neighbour.thanks(given), "Star": neighbour.stars(s.anna), "Endorsement": neighbour.endorses(s.anna), "Milestone": s.anna.milestones()["FIRST_HELP"],
		"ShareSubscription": s.anna.subscribes(1), "ShareRedemption": s.annasRedemption(),
		"Thread": message.text("thread.id"), "Message": message.text("id"), "Announcement": s.founder.does("announce", calls["announce"](s).in).text("announcement.id"),
		"Appeal": s.anna.appeals(s.warned(s.anna)), "Complaint": s.anna.complains(s.bruno, true), "Report": report, "ModerationMeasure": s.warned(s.anna), "Vetting": s.founder.vets(s.anna, 300),
		"DutyTemplate": template, "DutyShift": shifts[0], "DutyBooking": booking, "DutySwap": swap, "DutyLeave": s.anna.asksLeave(), "DutyEntry": s.anna.onDuty().text("entries.nodes.0.id"),
		"Passkey": s.nobody.passkey().id, "Webhook": s.webhook(), "WebhookDelivery": s.delivery(),
		"Badge": badge, "IssuedBadge": s.founder.issues(s.anna, badge),
		"Person": s.anna.reads(`{ viewer { person { id } } }`, nil).text("viewer.person.id"),
	}
}

// keyOf is the key in an opaque id, for statements of the database's owner.
func keyOf(id string) [16]byte {
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(raw) != 33 {
		panic("not an id: " + id)
	}
	return [16]byte(raw[17:])
}

// forged is an id as nobody gave it out: an object of one town as if it stood in another.
func forged(id, town string) string {
	object, _ := base64.RawURLEncoding.DecodeString(id)
	place, _ := base64.RawURLEncoding.DecodeString(town)
	return base64.RawURLEncoding.EncodeToString(slices.Concat(object[:1], place[17:], object[17:]))
}

// with is the input with something in it changed.
func with(in input, field string, value any) input {
	changed := maps.Clone(in)
	changed[field] = value
	return changed
}

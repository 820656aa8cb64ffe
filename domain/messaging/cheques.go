// SPDX-License-Identifier: AGPL-3.0-or-later

package messaging

import (
	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/exchange"
)

// chequeKind tells an exchange that a cheque settled as what people know: a cheque.
func chequeKind(x exchange.Told, otherwise Kind) Kind {
	switch x.Cheque {
	case exchange.Write:
		return ChequeWritten
	case exchange.Deposit, exchange.Enter:
		return ChequeSettled
	default:
		return otherwise
	}
}

// tellCheque: both sides hear of a cheque that waits or is given up, whoever
// brought it.
func tellCheque(e domain.RecordedEvent) (t told, ok bool, err error) {
	var c cheque.Told
	if err := payload(e, &c); err != nil {
		return t, false, err
	}
	return told{
		kind: Kind(e.Kind), members: []domain.ID{c.Provider, c.Receiver}, minutes: c.Minutes,
		about: map[domain.ID]domain.ID{c.Provider: c.Receiver, c.Receiver: c.Provider},
	}, true, nil
}

// tellConcerned: everybody named hears of it.
func tellConcerned(e domain.RecordedEvent) (t told, ok bool, err error) {
	var c cheque.Concerned
	err = said(e, &c)
	return told{kind: Kind(e.Kind), members: c.Members}, err == nil, err
}

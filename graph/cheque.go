// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/graph/model"
)

// chequeWritten decodes the input of writeTimeCheque.
func chequeWritten(input model.WriteTimeChequeInput) (cheque.Write, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return cheque.Write{}, err
	}
	cmd := cheque.Write{Community: c.key, Minutes: input.Minutes, Description: deref(input.Description), Key: input.IdempotencyKey}
	if cmd.Provider, err = wantIn(c.key, memberID, &input.ProviderID, "providerId"); err != nil {
		return cmd, err
	}
	if cmd.OnBehalfOf, err = wantIn(c.key, memberID, input.OnBehalfOf, "onBehalfOf"); err != nil {
		return cmd, err
	}
	cmd.ServiceType, err = wantType(&input.ServiceTypeID, "serviceTypeId")
	return cmd, err
}

// slips decodes the input of enterTimeCheques. An id that cannot be is told with
// its line's other problems, so it is not refused here.
func slips(input model.EnterTimeChequesInput) (cheque.Enter, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return cheque.Enter{}, err
	}
	cmd := cheque.Enter{Community: c.key, Lines: make([]cheque.Line, len(input.Cheques)), Key: input.IdempotencyKey}
	for i, line := range input.Cheques {
		provider, _ := wantIn(c.key, memberID, &line.ProviderID, "")
		receiver, _ := wantIn(c.key, memberID, &line.ReceiverID, "")
		code, _ := wantType(&line.ServiceTypeID, "")
		cmd.Lines[i] = cheque.Line{
			Number: line.Number, Provider: provider, Receiver: receiver, Minutes: line.Minutes, Day: line.Date, ServiceType: code,
		}
	}
	return cmd, nil
}

// onCheque decodes what every act on a cheque names, and does it.
func onCheque(ctx context.Context, id string, onBehalfOf *string, key string,
	do func(context.Context, domain.Actor, cheque.Act) (cheque.Cheque, error),
) (*cheque.Cheque, []model.UserError, error) {
	c, err := want(chequeID, id, "timeChequeId")
	if err != nil {
		return nil, nil, err
	}
	act := cheque.Act{Community: c.community, Cheque: c.key, Key: key}
	if act.OnBehalfOf, err = wantIn(c.community, memberID, onBehalfOf, "onBehalfOf"); err != nil {
		return nil, nil, err
	}
	done, err := do(ctx, actor(ctx), act)
	return answer(ctx, done, err)
}

// settledBy reads the exchange that a cheque settled, for its payload.
func settledBy(ctx context.Context, c *cheque.Cheque) (*exchange.Exchange, error) {
	if c == nil {
		return nil, nil
	}
	return load(ctx, of(ctx).loaders.exchanges, c.Community, c.Exchange)
}

// publicKey reads base64 of either alphabet, padded or not; what cannot be read
// is no key.
func publicKey(text string) []byte {
	plain := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSpace(text)), "=")
	raw, _ := base64.RawStdEncoding.DecodeString(plain)
	return raw
}

func (r *Resolver) timeCheques(ctx context.Context, community domain.ID, f *model.TimeChequeFilter, first *int, after *string, last *int, before *string) (*model.TimeChequeConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	var filter cheque.Filter
	if f != nil {
		filter.States = f.States
		if filter.Member, err = wantIn(community, memberID, f.MemberID, "filter.memberId"); err != nil {
			return nil, err
		}
		if filter.Batch, err = wantIn(community, batchID, f.BatchID, "filter.batchId"); err != nil {
			return nil, err
		}
	}
	s, err := r.Cheques.List(ctx, actor(ctx), community, filter, p)
	if err != nil {
		return nil, err
	}
	upcoming(ctx, s.Items, of(ctx).loaders.expectCheque)
	edges, nodes, info := connect(ctx, s, p, func(c string, n *cheque.Cheque) *model.TimeChequeEdge {
		return &model.TimeChequeEdge{Cursor: c, Node: n}
	})
	return &model.TimeChequeConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}

func (r *Resolver) chequeBatches(ctx context.Context, community domain.ID, first *int, after *string, last *int, before *string) (*model.TimeChequeBatchConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, err := r.Cheques.Batches(ctx, actor(ctx), community, p)
	if err != nil {
		return nil, err
	}
	upcoming(ctx, s.Items, of(ctx).loaders.expectBatch)
	edges, nodes, info := connect(ctx, s, p, func(c string, n *cheque.Batch) *model.TimeChequeBatchEdge {
		return &model.TimeChequeBatchEdge{Cursor: c, Node: n}
	})
	return &model.TimeChequeBatchConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}

// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/media"
	"github.com/hora-coop/hora/graph/model"
)

// Where the server takes pictures in and gives them out.
const (
	UploadPath = "/media/uploads/"
	PhotoPath  = "/media/photos/"
)

// wantPhotos reads the ids of pictures in a community; nil stays nil.
func wantPhotos(community domain.ID, ids []string) ([]domain.ID, error) {
	if ids == nil {
		return nil, nil
	}
	keys := make([]domain.ID, len(ids))
	for i, id := range ids {
		key, err := wantIn(community, photoID, &id, "photoIds")
		if err != nil {
			return nil, err
		}
		keys[i] = key
	}
	return keys, nil
}

func orAbsent[V comparable](v V) *V {
	var none V
	if v == none {
		return nil
	}
	return &v
}

func (r *Resolver) requestUpload(ctx context.Context, input model.RequestUploadInput) (*model.UploadTicket, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return nil, err
	}
	cmd := media.Request{Community: c.key, Kind: input.Kind, Bytes: input.Size, Type: input.ContentType, Key: deref(input.IdempotencyKey)}
	if cmd.OnBehalfOf, err = wantIn(c.key, memberID, input.OnBehalfOf, "onBehalfOf"); err != nil {
		return nil, err
	}
	p, ticket, err := r.Photos.Request(ctx, actor(ctx), cmd)
	if err != nil {
		return nil, err
	}
	return &model.UploadTicket{
		PhotoID: globalID(photoID, p.Community, p.ID), URL: r.PublicURL + UploadPath + ticket, ExpiresAt: p.ExpiresAt,
	}, nil
}

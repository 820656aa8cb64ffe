// SPDX-License-Identifier: AGPL-3.0-or-later

package live

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	// keepAlive is how often an idle connection shows that it lives: below the
	// minute after which mobile networks forget one, and no more often, for batteries.
	keepAlive = 25 * time.Second
	// slow is how long a reader may leave a message untaken. Meanwhile nothing
	// piles up: what they follow is read from the journal when they are ready again.
	slow = 10 * time.Second
)

// operation carries, through the context, what a stream's resolver cannot return:
// why it ended.
type operation struct {
	mu  sync.Mutex
	err error
}

type operationKey struct{}

// Streaming says whether answers may come one after another: it is false over
// plain HTTP, where a subscription would never be answered.
func Streaming(ctx context.Context) bool {
	_, ok := ctx.Value(operationKey{}).(*operation)
	return ok
}

// Fail says why the subscription of this context ends. Its resolver then closes
// its channel.
func Fail(ctx context.Context, err error) {
	if o, ok := ctx.Value(operationKey{}).(*operation); ok && err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.err = err
	}
}

// perform runs one operation and hands each answer to next, which must be done
// with it when it returns. It answers the errors of a request that could not be
// begun, or that ended before its time: nothing follows them.
//
// It calls begun as soon as a subscription misses nothing any more.
func perform(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams, begun func(), next func(*graphql.Response) error) (refused *graphql.Response, err error) {
	started := graphql.Now()
	params.ReadTime = graphql.TraceTiming{Start: started, End: started}
	o := &operation{}
	ctx = context.WithValue(graphql.StartOperationTrace(ctx), operationKey{}, o)
	opCtx, problems := exec.CreateOperationContext(ctx, params)
	if len(problems) > 0 {
		return exec.DispatchError(graphql.WithOperationContext(ctx, opCtx), problems), nil
	}
	responses, ctx := exec.DispatchOperation(ctx, opCtx)
	begun()
	for {
		response := responses(ctx)
		if response == nil {
			break
		}
		if response.Data == nil && len(response.Errors) > 0 {
			return response, nil
		}
		if err := next(response); err != nil {
			return nil, err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(o.err)}), nil
	}
	return nil, nil
}

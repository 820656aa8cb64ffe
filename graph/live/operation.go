// SPDX-License-Identifier: AGPL-3.0-or-later

package live

import (
	"context"
	"encoding/json"
	"io"
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
// that there is something to take, and why it ended.
type operation struct {
	ready chan struct{} // holds at most one; nil for what is answered at once
	mu    sync.Mutex
	err   error
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

// Waits says that this context's answers come one after another, and answers how its
// resolver tells, before each and at the end, that one can be taken. Until then
// nobody asks for it: that would be a deep stack for as long as nothing happens.
func Waits(ctx context.Context) (ready func()) {
	o, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		return func() {}
	}
	o.ready = make(chan struct{}, 1)
	return func() {
		select {
		case o.ready <- struct{}{}:
		default:
		}
	}
}

// params reads an operation as it travels; numbers stay as they were written.
func params(from io.Reader) (*graphql.RawParams, error) {
	var p graphql.RawParams
	decoder := json.NewDecoder(from)
	decoder.UseNumber()
	return &p, decoder.Decode(&p)
}

// begun is an operation whose answers can be taken.
type begun struct {
	ctx       context.Context
	exec      graphql.GraphExecutor
	own       *operation
	responses graphql.ResponseHandler
	refused   *graphql.Response // it cannot be begun
}

// begin starts an operation: once it returns, a subscription misses nothing any more.
func begin(ctx context.Context, exec graphql.GraphExecutor, asked *graphql.RawParams) begun {
	started := graphql.Now()
	asked.ReadTime = graphql.TraceTiming{Start: started, End: started}
	b := begun{exec: exec, own: &operation{}}
	ctx = context.WithValue(graphql.StartOperationTrace(ctx), operationKey{}, b.own)
	opCtx, problems := exec.CreateOperationContext(ctx, asked)
	if len(problems) > 0 {
		b.refused = exec.DispatchError(graphql.WithOperationContext(ctx, opCtx), problems)
		return b
	}
	b.responses, b.ctx = exec.DispatchOperation(ctx, opCtx)
	return b
}

// answer hands each answer to next, which must be done with it when it returns. It
// answers the errors of an operation that could not begin, or that ended before
// its time: nothing follows them.
func (b begun) answer(next func(*graphql.Response) error) (refused *graphql.Response, err error) {
	if b.refused != nil {
		return b.refused, nil
	}
	defer func() {
		if cause := recover(); cause != nil {
			refused, err = refuse(b.ctx, b.exec, graphql.GetOperationContext(b.ctx).Recover(b.ctx, cause)), nil
		}
	}()
	for {
		response := b.take()
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
	b.own.mu.Lock()
	defer b.own.mu.Unlock()
	if b.own.err != nil {
		return refuse(b.ctx, b.exec, b.own.err), nil
	}
	return nil, nil
}

// take waits for an answer; nil after the last.
func (b begun) take() (response *graphql.Response) {
	if b.own.ready == nil {
		return b.responses(b.ctx)
	}
	select {
	case <-b.own.ready:
	case <-b.ctx.Done():
	}
	aside(func() { response = b.responses(b.ctx) })
	return response
}

// refuse is an answer that says one error, in the caller's words.
func refuse(ctx context.Context, exec graphql.GraphExecutor, err error) *graphql.Response {
	return exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)})
}

// aside runs what needs a deep stack, and gives the stack back: whoever then waits
// for hours waits on a small one.
func aside(do func()) {
	var cause any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { cause = recover() }()
		do()
	}()
	if <-done; cause != nil {
		panic(cause)
	}
}

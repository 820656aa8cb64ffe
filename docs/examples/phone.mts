// SPDX-License-Identifier: AGPL-3.0-or-later

// A phone on a bad network. Everything it knows is in one file, so that nothing is
// lost when it is switched off: what it keeps of a community, up to which cursor, and
// what its person drafted, each draft with the key it will be sent with however often.
// Node 22.18 or newer runs it as it stands; it needs nothing else.
//   export HORA_EMAIL=anna@example.org HORA_PASSWORD=…
//   node phone.mts my.json begin https://hora.example port      reads the community
//   node phone.mts my.json propose LISTING MINUTES              drafts; needs no network
//   node phone.mts my.json confirm EXCHANGE MINUTES             likewise
//   node phone.mts my.json sync                                 sends the drafts, asks what changed
//   node phone.mts my.json show
// It exits with 0 when all is done, with 2 when the network failed: nothing is lost
// then, sync again.

import { randomUUID } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'

type Json = { [name: string]: any }
type Draft = { key: string, mutation: 'proposeExchange' | 'confirmExchange', input: Json, refused?: string[] }
type Memory = {
  server: string, slug: string, community: string
  accessToken: string, refreshToken: string
  cursor: string
  things: { [id: string]: Json } // what is kept, by global id
  outbox: Draft[]
}

// A server that answers, but not as hoped. Waiting does not help, somebody must look.
class Refused extends Error {
  readonly code: string
  readonly retryAfter: number
  constructor(error: Json) {
    super(`${error.extensions?.code}: ${error.message}`)
    this.code = error.extensions?.code
    this.retryAfter = error.extensions?.retryAfter ?? 1
  }
}

// No whole answer came. Whether the server did what was asked is not known.
class Offline extends Error {}

// What this phone shows, and keeps of it. A type that it does not know is left alone.
const shown = (thing: Json): boolean => thing.__typename === 'Listing' ? thing.is === 'PUBLISHED' : ['Member', 'Exchange', 'Account'].includes(thing.__typename)
const THING = `fragment Thing on Node { __typename id
  ... on Member { displayName participation }
  ... on Listing { title is: state }
  ... on Exchange { state version minutes { estimated settled } provider { id } receiver { id } }
  ... on Account { balance held } }`

const [file, command, ...rest] = process.argv.slice(2)
if (!file || !command) throw new Error('say which file, and what to do: begin, propose, confirm, sync or show')

// Both the objects and the cursor that goes with them, in one step: a file that is
// half written never takes the place of a whole one.
function keep(memory: Memory): void {
  writeFileSync(`${file}.new`, JSON.stringify(memory, null, 1))
  renameSync(`${file}.new`, file)
}
const remembered = (): Memory => JSON.parse(readFileSync(file, 'utf8'))

async function post(server: string, query: string, variables: Json, token?: string): Promise<Json> {
  const { data, errors } = await fetch(`${server}/graphql`, {
    method: 'POST', body: JSON.stringify({ query, variables }), signal: AbortSignal.timeout(20_000),
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
  }).then((answer) => answer.json()).catch(() => { throw new Offline() }) as Json
  if (errors) throw new Refused(errors[0])
  return data
}

// ask asks as the phone's person. An access token lives ten minutes: when it is over
// it is refreshed once, and the new pair is kept before it is used.
async function ask(memory: Memory, query: string, variables: Json): Promise<Json> {
  for (let refreshed = false; ;) {
    try {
      return await post(memory.server, query, variables, memory.accessToken)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      if (error.code === 'RATE_LIMITED') {
        await new Promise((resolve) => setTimeout(resolve, error.retryAfter * 1000))
        continue
      }
      if (error.code !== 'UNAUTHENTICATED' || refreshed) throw error
      const { refreshSession } = await post(memory.server, `mutation ($input: RefreshSessionInput!) {
        refreshSession(input: $input) { session { accessToken refreshToken } userErrors { code message } } }`,
      { input: { refreshToken: memory.refreshToken } })
      if (!refreshSession.session) throw error // sign in again
      Object.assign(memory, refreshSession.session)
      keep(memory)
      refreshed = true
    }
  }
}

// send empties the outbox, oldest first. A draft leaves it only once the server has
// answered it: an answer that is lost on the way means the same key once more.
async function send(memory: Memory): Promise<void> {
  for (const draft of [...memory.outbox]) {
    if (draft.refused) continue
    const type = draft.mutation[0].toUpperCase() + draft.mutation.slice(1)
    const answer = await ask(memory, `mutation ($input: ${type}Input!) {
      ${draft.mutation}(input: $input) { exchange { ...Thing } userErrors { code message retryable } } } ${THING}`,
    { input: { ...draft.input, idempotencyKey: draft.key } })
    const { exchange, userErrors } = answer[draft.mutation]
    if (exchange) {
      memory.things[exchange.id] = exchange
      memory.outbox.splice(memory.outbox.indexOf(draft), 1)
    } else if (!userErrors[0].retryable) {
      draft.refused = userErrors.map((e: Json) => e.message) // for the person to see and put right
    }
    keep(memory)
  }
}

// follow asks what became different until there is no more.
async function follow(memory: Memory): Promise<void> {
  for (let more = true; more;) {
    const { changes } = await ask(memory, `query ($community: ID!, $since: Cursor) {
      changes(communityId: $community, since: $since, first: 100) {
        nextCursor hasMore resetRequired items { kind objectId node { ...Thing } } } } ${THING}`,
    { community: memory.community, since: memory.cursor })
    for (const { kind, objectId, node } of changes.items) {
      if (objectId === memory.community && kind === 'TOMBSTONE') { // a member no more
        memory.things = {}
        keep(memory)
        return
      }
      if (kind === 'UPSERT' && shown(node)) memory.things[objectId] = node
      else delete memory.things[objectId]
    }
    if (changes.resetRequired) return readAll(memory)
    memory.cursor = changes.nextCursor
    keep(memory)
    more = changes.hasMore
  }
}

// readAll reads the community anew: first a cursor, then every list, so that what
// happens meanwhile comes with the next question.
async function readAll(memory: Memory): Promise<void> {
  const { changes } = await ask(memory, 'query ($community: ID!) { changes(communityId: $community) { nextCursor } }', { community: memory.community })
  const things: Memory['things'] = {}
  const take = (thing: Json | null) => { if (thing) things[thing.id] = thing }
  for (const list of ['members', 'listings', 'exchanges']) {
    for (let page: Json = { hasNextPage: true }, after: string | null = null; page.hasNextPage; after = page.endCursor) {
      const extra = list === 'members' ? 'account { ...Thing }' : ''
      const { node } = await ask(memory, `query ($community: ID!, $after: String) { node(id: $community) { ... on Community {
        ${list}(first: 50, after: $after) { nodes { ...Thing ${extra} } pageInfo { hasNextPage endCursor } } } } } ${THING}`,
      { community: memory.community, after })
      for (const { account, ...thing } of node[list].nodes) {
        take(thing)
        take(account)
      }
      page = node[list].pageInfo
    }
  }
  Object.assign(memory, { things, cursor: changes.nextCursor })
  keep(memory)
}

async function begin(server: string, slug: string): Promise<void> {
  const { signIn } = await post(server, `mutation ($input: SignInInput!) {
    signIn(input: $input) { session { accessToken refreshToken } userErrors { message } } }`,
  { input: { email: process.env.HORA_EMAIL, password: process.env.HORA_PASSWORD, deviceName: 'phone.mts' } })
  if (!signIn.session) throw new Error(signIn.userErrors[0].message)
  const memory: Memory = { server, slug, community: '', ...signIn.session, cursor: '', things: {}, outbox: [] }
  const { community } = await ask(memory, 'query ($slug: String!) { community(slug: $slug) { id } }', { slug })
  memory.community = community.id
  await readAll(memory)
}

// draft keeps what a person decided; the key is drawn now, and never again.
function draft(mutation: Draft['mutation'], input: Json): void {
  const memory = remembered()
  memory.outbox.push({ key: randomUUID(), mutation, input })
  keep(memory)
}

async function sync(): Promise<void> {
  const memory = remembered()
  await send(memory)
  await follow(memory)
}

try {
  const [first, second] = rest
  if (command === 'begin') await begin(first, second)
  else if (command === 'propose') draft('proposeExchange', { communityId: remembered().community, listingId: first, minutes: Number(second) })
  else if (command === 'confirm') draft('confirmExchange', { exchangeId: first, minutes: Number(second) })
  else if (command === 'sync') await sync()
  else if (command !== 'show') throw new Error(`${command} is none of begin, propose, confirm, sync, show`)
  const { things, outbox } = remembered()
  console.log(`${Object.keys(things).length} things, ${outbox.length} drafts`)
  for (const { mutation, refused } of outbox) console.log(`  ${mutation}: ${refused?.join(' ') ?? 'waits'}`)
} catch (error) {
  if (!(error instanceof Offline)) throw error
  console.error('the network failed; nothing is lost')
  process.exitCode = 2
}

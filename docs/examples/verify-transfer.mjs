// SPDX-License-Identifier: AGPL-3.0-or-later

// Checks, with nothing of Hora's, that transfers stand in their community's signed
// journal, and that one checkpoint extends an older one. Node 20 or newer:
//   curl -O https://hora.example/.well-known/hora-checkpoint-keys
//   node verify-transfer.mjs hora-checkpoint-keys answer.json [older-checkpoint.txt]
// answer.json is what the server answered to a query of
//   transfer:   id kind minutes debit { id } credit { id }
//               proof { checkpoint position size at body leaf hashes }
//   community:  ledgerCheckpoint(since: "the older checkpoint, as it was kept") { note consistency }

import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'

const must = (holds, what) => { if (!holds) throw new Error(what) }
const base64 = (text) => Buffer.from(text, 'base64')
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()
const parent = (left, right) => sha256(Buffer.of(1), left, right)
const [half, odd] = [(n) => Math.floor(n / 2), (n) => n % 2 === 1]
const eightBytes = (n) => Buffer.from(BigInt(n).toString(16).padStart(16, '0'), 'hex')

// A line is name+id+key; the id is the beginning of a hash over the other two.
function readKey(line) {
  const [, name, id, text] = line.match(/^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/)
  const key = base64(text)
  must(key[0] === 1 && key.length === 33, `${name} is no Ed25519 key`)
  must(sha256(name, '\n', key).toString('hex', 0, 4) === id, `${name} is not its own id`)
  return { name, id, key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url', 1) }, format: 'jwk' }) }
}

// A note is a text, an empty line, and lines of — name base64(id, signature).
function open(note, keys) {
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1)
  const signed = note.slice(text.length + 1).trimEnd().split('\n').some((line) => {
    const [, name, blob] = line.match(/^— (\S+) (\S+)$/) ?? []
    const bytes = base64(blob ?? '')
    const by = keys.find((k) => k.name === name && k.id === bytes.toString('hex', 0, 4))
    return by && verify(null, Buffer.from(text), by.key, bytes.subarray(4))
  })
  must(text && signed, 'no known key signed the checkpoint')
  const [origin, size, root] = text.split('\n')
  return { origin, size: Number(size), root: base64(root) }
}

// climb walks from a node at an index to the roots of the tree of some size, and of
// the tree that it was the last node of (RFC 9162, 2.1.3.2 and 2.1.4.2).
function climb(start, index, last, hashes) {
  let [old, now] = [start, start]
  for (const hash of hashes) {
    must(last > 0, 'the proof is too long')
    if (odd(index) || index === last) {
      old = parent(hash, old), now = parent(hash, now)
      while (!odd(index) && index > 0) index = half(index), last = half(last)
    } else now = parent(now, hash)
    index = half(index), last = half(last)
  }
  must(last === 0, 'the proof is too short')
  return { old, now }
}

function checkTransfer(t, keys) {
  const { checkpoint, position, at, body, leaf, hashes } = t.proof
  const uuid = (id, from = 17) => Buffer.from(id, 'base64url').toString('hex', from, from + 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  const [seconds, fraction = ''] = at.replace(/Z$/, '').split('.')
  const micros = Date.parse(seconds + 'Z') * 1000 + Number(fraction.padEnd(6, '0'))
  const own = sha256(Buffer.of(0), eightBytes(position), eightBytes(micros), sha256(body))
  must(own.equals(base64(leaf)), 'the leaf is not that of the body, position and moment')
  const signed = open(checkpoint, keys)
  must(signed.origin === 'hora/' + uuid(t.id, 1), "the checkpoint is of another community's journal")
  must(signed.root.equals(climb(own, position - 1, signed.size - 1, hashes.map(base64)).now), 'the hashes do not lead to the signed root')
  const leg = JSON.parse(body).payload.legs.find((l) => l.id === uuid(t.id))
  must(leg?.minutes === t.minutes && leg.kind === t.kind && leg.debit === uuid(t.debit.id) && leg.credit === uuid(t.credit.id), 'the event tells another transfer')
  console.log(`transfer ${leg.id}: ${leg.kind}, ${leg.minutes} minutes, is at position ${position} of the ${signed.size} signed`)
}

function checkExtends(older, { note, consistency }, keys) {
  const [was, is] = [open(older, keys), open(note, keys)]
  must(was.origin === is.origin && was.size <= is.size, `the older checkpoint, of ${was.size} in ${was.origin}, is no part of ${is.size} in ${is.origin}`)
  const whole = Number.isInteger(Math.log2(was.size)) // its root is itself a node of the larger tree
  const [start, ...path] = whole ? [was.root, ...consistency.map(base64)] : consistency.map(base64)
  let [index, last] = [was.size - 1, is.size - 1]
  while (odd(index)) index = half(index), last = half(last)
  const { old, now } = was.size === is.size ? { old: is.root, now: is.root } : climb(start, index, last, path)
  must(old.equals(was.root) && now.equals(is.root), 'the newer checkpoint rewrites what the older one signed')
  console.log(`checkpoint of ${is.size} extends the one of ${was.size} in ${is.origin}`)
}

const find = (o, name) => o === null || typeof o !== 'object' ? [] : [...(o[name] ? [o] : []), ...Object.values(o).flatMap((v) => find(v, name))]
try {
  const [keys, answer, older] = process.argv.slice(2).map((file) => readFileSync(file, 'utf8'))
  const known = keys.trim().split('\n').map(readKey)
  const transfers = find(JSON.parse(answer), 'proof')
  const checkpoints = older ? find(JSON.parse(answer), 'consistency') : []
  must(transfers.length + checkpoints.length > 0, 'the answer holds no proof')
  for (const t of transfers) checkTransfer(t, known)
  for (const c of checkpoints) checkExtends(older, c, known)
} catch (error) {
  console.error('NOT PROVEN:', error.message)
  process.exitCode = 1
}

// SPDX-License-Identifier: AGPL-3.0-or-later
// Signs a time cheque offline (docs/cheque-format.md), with Node's own crypto and nothing of Hora's.
//   node sign-cheque.mjs <seed, 32 bytes hex> <chequePrefix> <provider's number> <minutes> <YYYY-MM-DD> <service code> [description] [serial, hex]
import { createPrivateKey, randomBytes, sign } from 'node:crypto'

const [seed, prefix, provider, minutes, day, service, description = '', serial = randomBytes(12).toString('hex')] = process.argv.slice(2)

const varint = (n) => {
  const bytes = []
  for (; n > 127; n = Math.floor(n / 128)) bytes.push((n % 128) | 128)
  return Buffer.from([...bytes, n])
}
const text = (s) => Buffer.concat([Buffer.from([Buffer.byteLength(s)]), Buffer.from(s)])
const days = Buffer.alloc(2)
days.writeUInt16BE((Date.parse(day) - Date.parse('2020-01-01')) / 86_400_000)

const body = Buffer.concat([
  Buffer.from(prefix, 'base64url'), Buffer.from(serial, 'hex'), varint(Number(provider)), varint(Number(minutes)), days, text(service), text(description),
])
// An Ed25519 seed as PKCS #8: RFC 8410, section 7.
const key = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'hex')]), format: 'der', type: 'pkcs8' })
const signature = sign(null, Buffer.concat([Buffer.from('hora/time-cheque/1'), body]), key)
console.log('HORA1.' + Buffer.concat([body, signature]).toString('base64url'))

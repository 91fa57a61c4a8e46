import { once } from 'node:events'
import { request as send } from 'node:http'
import { readFileSync } from 'node:fs'
import type { Transfer, Transferred } from './run-transfer.ts'

// A client of its own, so that it can be pinned: sends or takes one large body, and prints how long that took.

const [file = ''] = process.argv.slice(2)
const { port, path, headers, direction, bytes }: Transfer = JSON.parse(readFileSync(file, 'utf8'))
const PIECE = Buffer.alloc(65_536, 'x')

const since = performance.now()
const isUp = direction === 'up'
const outgoing = send({
  host: '127.0.0.1',
  port,
  path,
  agent: false,
  method: isUp ? 'POST' : 'GET',
  headers: { ...headers, ...(isUp ? { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes } : {}) },
})
const answered = once(outgoing, 'response')
if (isUp) {
  for (let left = bytes; left > 0; left -= PIECE.length) {
    const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE
    if (!outgoing.write(piece)) await once(outgoing, 'drain')
  }
}
outgoing.end()
const [answer] = await answered
let taken = 0
let text = ''
for await (const piece of answer) {
  taken += piece.length
  if (isUp) text += String(piece)
}
const transferred: Transferred = {
  status: answer.statusCode,
  bytes: isUp ? Number(text) : taken,
  seconds: (performance.now() - since) / 1_000,
}
process.stdout.write(`${JSON.stringify(transferred)}\n`)

import { describe, expect, test } from '@jest/globals'
import { createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { Secret } from '../../../src/config/secret.ts'
import { createSealer } from '../../../src/store/sealing.ts'

const newSecret = () => new Secret(randomBytes(32).toString('base64url'))
const serverKey = newSecret()
const sealer = createSealer({ secrets: [serverKey], namespace: 'coatcheck:one' })
const DAMAGED = { kind: 'damaged' }

describe('a sealed record', () => {
  // H-20
  test('differs every time, though the content is the same', () => {
    const sealed = Array.from({ length: 500 }, () => sealer.seal('grant', 'name', 'same'))
    const nonces = sealed.map((one) =>
      Buffer.from(one.split('.')[2] ?? '', 'base64url')
        .subarray(0, 12)
        .toString('hex'),
    )
    expect(new Set(sealed).size).toBe(500)
    expect(new Set(nonces).size).toBe(500)
  })

  test('opens to what was sealed, whatever it holds', () => {
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(text, text, text, fc.option(text, { nil: undefined }), (purpose, name, plaintext, secret) => {
        expect(sealer.open(purpose, name, sealer.seal(purpose, name, plaintext, secret), secret)).toEqual({
          kind: 'opened',
          plaintext,
        })
      }),
    )
  })

  test('names its format and key, and shows neither content nor secret', () => {
    const sealed = sealer.seal('grant', 'name', 'at_canary', 'session_canary')
    expect(sealed).toMatch(/^1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]+$/)
    const bytes = Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1')
    for (const canary of ['at_canary', 'session_canary', serverKey.reveal()]) expect(sealed + bytes).not.toContain(canary)
  })

  // H-20
  test('does not open as another record, for another purpose, or in another namespace', () => {
    const sealed = sealer.seal('grant', '{a}:grant', 'content', 'secret')
    expect(sealer.open('grant', '{a}:grant', sealed, 'secret')).toEqual({ kind: 'opened', plaintext: 'content' })
    expect(sealer.open('grant', '{b}:grant', sealed, 'secret')).toEqual(DAMAGED)
    expect(sealer.open('session', '{a}:grant', sealed, 'secret')).toEqual(DAMAGED)
    const elsewhere = createSealer({ secrets: [serverKey], namespace: 'coatcheck:two' })
    expect(elsewhere.open('grant', '{a}:grant', sealed, 'secret')).toEqual(DAMAGED)
  })

  test('does not open without its extra secret, nor with another, nor with one that it was sealed without', () => {
    const sealed = sealer.seal('grant', 'name', 'content', 'right')
    expect(sealer.open('grant', 'name', sealed)).toEqual(DAMAGED)
    expect(sealer.open('grant', 'name', sealed, 'wrong')).toEqual(DAMAGED)
    expect(sealer.open('grant', 'name', sealed, '')).toEqual(DAMAGED)
    expect(sealer.open('about', 'name', sealer.seal('about', 'name', 'content'), 'right')).toEqual(DAMAGED)
    expect(sealer.open('about', 'name', sealer.seal('about', 'name', 'content'), '')).toEqual(DAMAGED)
  })

  test('does not open once any part of it was changed', () => {
    const sealed = sealer.seal('grant', 'name', 'content', 'secret')
    const [format, keyId, content = ''] = sealed.split('.')
    const bytes = Buffer.from(content, 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8((changed.readUInt8(at) + 1) % 256, at)
      expect(sealer.open('grant', 'name', `${format}.${keyId}.${changed.toString('base64url')}`, 'secret')).toEqual(DAMAGED)
    }
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length).toString('base64url')
      expect(sealer.open('grant', 'name', `${format}.${keyId}.${cut}`, 'secret')).toEqual(DAMAGED)
    }
  })

  test('is damaged, and nothing worse, when it is rubbish', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (rubbish) => sealer.open('grant', 'name', rubbish).kind !== 'opened'))
    for (const rubbish of ['', '.', '..', '1..', '1.x.', '...', 'a.b.c.d', `1.x.${'A'.repeat(10)}\n`]) {
      expect(sealer.open('grant', 'name', rubbish)).toEqual(DAMAGED)
    }
  })
})

describe('server keys', () => {
  const [older, newer] = [newSecret(), newSecret()]
  const before = createSealer({ secrets: [older], namespace: 'n' })
  const adding = createSealer({ secrets: [older, newer], namespace: 'n' })
  const moved = createSealer({ secrets: [newer, older], namespace: 'n' })
  const after = createSealer({ secrets: [newer], namespace: 'n' })
  const opened = { kind: 'opened', plaintext: 'content' }

  test('rotate in two deploys, and every record opens on every instance on the way', () => {
    for (const [one, next] of [
      [before, adding],
      [adding, moved],
    ] as const) {
      for (const [writer, reader] of [
        [one, next],
        [next, one],
      ] as const) {
        expect(reader.open('grant', 'name', writer.seal('grant', 'name', 'content', 's'), 's')).toEqual(opened)
      }
    }
    expect(after.open('grant', 'name', moved.seal('grant', 'name', 'content', 's'), 's')).toEqual(opened)
  })

  test('that are not known here are told apart from damage, and so is a newer format', () => {
    const sealed = before.seal('grant', 'name', 'content')
    expect(after.open('grant', 'name', sealed)).toEqual({ kind: 'unknown_key' })
    expect(before.open('grant', 'name', sealed.replace(/^1/, '2'))).toEqual({ kind: 'unknown_key' })
  })

  test('open nothing that was sealed with a session`s secret, though one knows how keys are derived', () => {
    const sealed = sealer.seal('grant', 'name', 'the access token', randomBytes(32).toString('base64url'))
    const [, keyId, content = ''] = sealed.split('.')
    const bytes = Buffer.from(content, 'base64url')
    const extracted = createHmac('sha256', 'coatcheck records').update(serverKey.reveal()).digest()
    const expand = (...info: string[]) =>
      createHmac('sha256', extracted)
        .update(`${info.join('\0')}\u0001`)
        .digest()
    // The derivation is right: it names the key.
    expect(expand('key id').subarray(0, 6).toString('base64url')).toBe(keyId)

    const derivable = ['alone', 'with secret'].map((kind) => expand(kind, '1', 'coatcheck:one', 'grant'))
    const guesses = derivable.flatMap((key) => [
      key,
      createHmac('sha256', key).update('').digest(),
      createHmac('sha256', key).update('name').digest(),
    ])
    for (const key of guesses) {
      const opening = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
      opening.setAAD(Buffer.from('1\0grant\0name'))
      opening.setAuthTag(bytes.subarray(-16))
      const guessed = opening.update(bytes.subarray(12, -16)).toString('utf8')
      expect(() => opening.final()).toThrow()
      expect(guessed).not.toContain('token')
    }
  })
})

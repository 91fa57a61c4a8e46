import { spawnSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import { SourceTextModule } from 'node:vm'
import { describe, expect, test } from '@jest/globals'
import { loadClient } from '../../../src/pages/assets.ts'
import { ROOT } from '../../support/documents.ts'

const MOST_BYTES = 5_000

describe('the client as it is served', () => {
  const { body } = loadClient()

  test('is made from the sources as they are (node bin/write-client.ts writes it)', () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['bin/write-client.ts', '--print'], { cwd: ROOT, encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: body.toString(), stderr: '' })
  })

  test('costs a page less than 5 kB', () => expect(gzipSync(body).length).toBeLessThan(MOST_BYTES))

  test('is a module that needs nothing beside it, and offers one thing', async () => {
    const client = new SourceTextModule(body.toString())
    await client.link(() => Promise.reject(new Error('It imports something.')))
    await client.evaluate()
    expect(Object.keys(client.namespace)).toEqual(['createCoatcheck'])
  })

  test('runs nothing that a strict policy forbids, and stores nothing', () => {
    expect(body.toString()).not.toMatch(/\beval\b|new Function|localStorage|sessionStorage|indexedDB|document\.cookie|innerHTML/)
  })
})

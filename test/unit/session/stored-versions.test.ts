import { expect, test } from '@jest/globals'
import { createStoredVersions } from '../../../src/session/stored-versions.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'

test('the versions of stored grants are read in their order, without opening them, and undefined where there is none', async () => {
  const { keys, seals, now } = sessionParts()
  const store = createMemoryStore({ mostRecords: 10, now })
  const [one, none, other] = [makeSession({ version: 1 }), makeSession(), makeSession({ version: 12 })]
  for (const { ticket, grant } of [one, other]) {
    await store.write(keys.grant(ticket.id), seals.sealGrant(ticket, grant), 1_000)
  }
  const storedVersions = createStoredVersions(store, keys)
  expect(await storedVersions([other, none, one].map(({ ticket }) => ticket.id))).toEqual([12, undefined, 1])
})

import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { describeStore } from '../../support/store-contract.ts'

describeStore('the memory store', async () => {
  const store = createMemoryStore({ mostRecords: 10_000, now: Date.now })
  return { store, other: store, close: () => store.close() }
})

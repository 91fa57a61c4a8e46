type Payload = Readonly<Record<string, unknown>> & { consumed?: number }

interface StoredRecord {
  readonly model: string
  readonly id: string
  readonly payload: Payload
  readonly expiresAt: number
}

const OF_A_GRANT = ['AccessToken', 'AuthorizationCode', 'RefreshToken']

/** Where a provider of the tests keeps what it issued: as long as the provider lives, whatever keys it has. An `adapter` of `oidc-provider`. */
export function createProviderRecords() {
  const records = new Map<string, StoredRecord>()

  function live(record: StoredRecord | undefined): Payload | undefined {
    return record !== undefined && record.expiresAt > Date.now() ? record.payload : undefined
  }

  function findWhere(condition: (record: StoredRecord) => boolean): Payload | undefined {
    return live([...records.values()].find(condition))
  }

  return function adapterOf(model: string) {
    const keyOf = (id: string) => `${model}:${id}`
    return {
      upsert: async (id: string, payload: Payload, expiresIn?: number) => {
        const expiresAt = expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000
        records.set(keyOf(id), { model, id, payload, expiresAt })
      },
      find: async (id: string) => live(records.get(keyOf(id))),
      findByUid: async (uid: string) => findWhere((record) => record.model === model && record.payload['uid'] === uid),
      findByUserCode: async () => undefined,
      destroy: async (id: string) => {
        records.delete(keyOf(id))
      },
      consume: async (id: string) => {
        const payload = live(records.get(keyOf(id)))
        if (payload) payload.consumed = Math.floor(Date.now() / 1000)
      },
      revokeByGrantId: async (grantId: string) => {
        for (const [key, record] of records) {
          if (OF_A_GRANT.includes(record.model) && record.payload['grantId'] === grantId) records.delete(key)
        }
      },
    }
  }
}

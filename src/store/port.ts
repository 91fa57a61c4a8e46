/**
 * Records with a lifetime: the one thing that everything remembered here is written through.
 *
 * Keys and values are opaque strings; lifetimes are whole milliseconds, above zero. Every method rejects with
 * `GatewayError('store_unavailable')` when the store did not answer within its deadline or refused the command; it never
 * waits longer than that, and never answers "absent" when it does not know. A write that rejects may have happened all the same.
 */
export interface Store {
  /** The values of `keys`, in their order. What was read is watched: a later change by anyone is told to `watch`. */
  read(keys: readonly string[]): Promise<readonly (string | undefined)[]>
  /** Writes a record. `when` makes it conditional; the answer says whether it was written. */
  write(key: string, value: string, lifetimeMilliseconds: number, when?: 'absent' | 'present'): Promise<boolean>
  /** Writes several records or none, all of them under one session's hash tag. */
  writeAll(records: readonly StoredRecord[]): Promise<void>
  /** Reads and removes in one step: of many callers at the same instant exactly one gets the value. */
  take(key: string): Promise<string | undefined>
  /** Removes records; the answer says how many there were. */
  remove(keys: readonly string[]): Promise<number>
  /**
   * Removes records and leaves `trace` in their place, in one step; nothing is left where nothing was removed, nor where there is no
   * room for it. Answers how many there were.
   */
  removeLeaving(keys: readonly string[], trace: StoredRecord): Promise<number>
  /**
   * Lets records go by and by, in one step: where all of `kept` are there, `trace` is written, `kept` live for `milliseconds` more at
   * most, and `removed` are removed. Answers whether they are on their way: true also where `trace` stood already, which changes nothing.
   */
  retire(going: Going, trace: StoredRecord): Promise<boolean>
  /** Gives existing records a new lifetime; absent ones stay absent. */
  keep(keys: readonly string[], lifetimeMilliseconds: number): Promise<void>
  /**
   * Compare-and-set on a versioned record (`<version>:<content>`): writes `next` if the record still has version `expected`,
   * and keeps its remaining lifetime. Never creates a record.
   */
  swap(key: string, expected: number, next: string): Promise<'written' | 'conflict' | 'absent'>
  /**
   * Takes a lease or renews it: writes `owner` for `lifetimeMilliseconds`, unless somebody else's name stands there. Asked again by
   * the same owner it answers the same, so that an answer that was lost costs nothing. A store without room refuses even the owner;
   * but the lease then lives on all the same, since what it is held for may be waiting for that room.
   */
  lease(key: string, owner: string, lifetimeMilliseconds: number): Promise<boolean>
  /** Gives a lease back; what somebody else holds stays. */
  release(key: string, owner: string): Promise<void>
  /** Adds `by` (which may be negative) to a counter that lives for the window in which it was begun; answers its value, which is never below zero. */
  count(key: string, by: number, windowMilliseconds: number): Promise<number>
  /** Adds a member to a set ordered by deadline (epoch milliseconds), drops those whose deadline has passed and, above `most`, the earliest. */
  addMember(key: string, member: string, deadline: number, most: number): Promise<void>
  /** The members whose deadline has not passed. */
  members(key: string): Promise<readonly string[]>
  removeMember(key: string, member: string): Promise<void>
  /**
   * Tells of every change to a record that was read here, by anyone; `undefined` means any record may have changed. A change
   * made here is told before it is confirmed. The listener must not throw.
   */
  watch(listener: (key: string | undefined) => void): void
  readonly link: StoreLink
  close(): Promise<void>
}

export interface StoredRecord {
  readonly key: string
  readonly value: string
  readonly lifetimeMilliseconds: number
}

/** Records on their way out, all of them under one session's hash tag. */
export interface Going {
  readonly kept: readonly string[]
  readonly milliseconds: number
  readonly removed: readonly string[]
}

/** What is known of the way to the store. */
export interface StoreLink {
  /** True while changes are certain to be heard: a heartbeat was answered in time. Always true for the memory store. */
  readonly live: boolean
  /** Epoch milliseconds at which the last answered heartbeat was sent; `Infinity` for the memory store. */
  readonly certainAt: number
  /** Epoch milliseconds at which the store was found again after it had been lost; `-Infinity` where it never was. */
  readonly foundAgainAt: number
  /** Whether changes are told at all; without it, nothing read may be kept for longer than a second. */
  readonly tells: boolean
}

import { inspect } from 'node:util'

const HIDDEN = '[secret]'

/** A value that cannot print itself: only `reveal()` gives it, and that word can be searched for. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}

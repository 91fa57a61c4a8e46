import { formsOf } from './secret-finder.ts'

/** The length of the pieces by which forms are found; no form is shorter. */
const PIECE = 12
const LEAST_LENGTH = 16

/** Where a secret stands in a text. */
export interface Sighting<Name extends string> {
  readonly name: Name
  /** Of `formsOf`. */
  readonly form: string
}

/** Thousands of secrets, each of which can be found in a text in one pass, in any of its forms. */
export interface SecretIndex<Name extends string> {
  /** Takes one up; of two names for the same secret the first stays. Texts too short to be told from chance are none. */
  readonly learn: (name: Name, secret: string | null | undefined) => void
  readonly sightings: (text: string) => readonly Sighting<Name>[]
  /** The names of those it knows. */
  readonly names: () => readonly Name[]
}

interface Sought<Name extends string> extends Sighting<Name> {
  readonly text: string
}

export function createSecretIndex<Name extends string>(): SecretIndex<Name> {
  const names = new Map<string, Name>()
  const byBeginning = new Map<string, Sought<Name>[]>()

  return {
    learn(name, secret) {
      if (secret === null || secret === undefined || secret.length < LEAST_LENGTH || names.has(secret)) return
      names.set(secret, name)
      const forms = new Map(
        formsOf(secret)
          .map(([form, text]) => [text, form] as const)
          .toReversed(),
      )
      for (const [text, form] of forms) {
        const beginning = text.slice(0, PIECE)
        const others = byBeginning.get(beginning)
        if (others === undefined) byBeginning.set(beginning, [{ name, form, text }])
        else others.push({ name, form, text })
      }
    },
    sightings(text) {
      const found: Sighting<Name>[] = []
      for (let at = 0; at + PIECE <= text.length; at += 1) {
        for (const sought of byBeginning.get(text.slice(at, at + PIECE)) ?? [])
          if (text.startsWith(sought.text, at)) found.push(sought)
      }
      return found
    },
    names: () => [...names.values()],
  }
}

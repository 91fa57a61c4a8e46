import type { Attacked } from './attacked.ts'
import { createSecretIndex } from './secret-index.ts'
import { learnSecretsOf, type SecretKind } from './secrets-of-attack.ts'
import { type Surface, surfacesOf } from './surfaces-of-attack.ts'

/**
 * The search for secrets in everything that gateways under attack have said, kept or written down. Its worlds may share sessions,
 * provider and API: the secrets of each are sought in all. What is where it does not belong is answered by kind, form and place,
 * each with the first text in which it stands.
 */
export interface SecretSearch {
  /** Looks through what has come since it was last asked. */
  readonly misplaced: (worlds: readonly Attacked[]) => Promise<readonly string[]>
  /** Looks through all of it once more, by now for secrets too that nobody knew of when it was said; answers what was not answered before. */
  readonly misplacedBefore: (worlds: readonly Attacked[]) => Promise<readonly string[]>
}

export function createSecretSearch(): SecretSearch {
  const index = createSecretIndex<SecretKind>()
  const lookedThrough = new Set<string>()
  const answered = new Set<string>()

  async function learnAndGather(worlds: readonly Attacked[]): Promise<readonly Surface[]> {
    for (const world of worlds) learnSecretsOf(world, index.learn)
    return (await Promise.all(worlds.map(surfacesOf))).flat()
  }

  function isNew({ text, belongs }: Surface): boolean {
    const { size } = lookedThrough
    return lookedThrough.add(`${belongs.join()} ${text}`).size > size
  }

  /** What is misplaced, with an example. */
  function findIn(surfaces: readonly Surface[]): ReadonlyMap<string, string> {
    const found = surfaces.flatMap(({ where, text, belongs }) =>
      index
        .sightings(text)
        .filter(({ name }) => !belongs.includes(name))
        .map(({ name, form }) => [`${name} (${form}) in ${where}`, text.slice(0, 300)] as const),
    )
    return new Map(found.toReversed())
  }

  return {
    async misplaced(worlds) {
      const found = findIn((await learnAndGather(worlds)).filter(isNew))
      for (const what of found.keys()) answered.add(what)
      return [...found].map((each) => each.join(': '))
    },
    async misplacedBefore(worlds) {
      const found = findIn(await learnAndGather(worlds))
      return [...found].filter(([what]) => !answered.has(what)).map((each) => each.join(': '))
    },
  }
}

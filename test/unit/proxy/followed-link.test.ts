import { describe, expect, test } from '@jest/globals'
import { isFollowedLink } from '../../../src/proxy/followed-link.ts'

describe('a link of an upstream', () => {
  test.each([
    '<https://x>; rel=preload',
    '<https://x>; REL = "PRELOAD"',
    '</x>; rel="next preconnect"',
    '</x>; rel="next, preload"',
    '</x>; rel="next\\" preload"',
    '</x>; rel="pre\\load"',
    '</x>; rel="next preload',
    '</1>; rel=next, </2>; rel=dns-prefetch',
    '</1?rel="a>; rel=preload',
    '</x>; as=style; rel=preload; title="a"',
  ])('that a browser follows by itself is known: %s', (link) => {
    expect(isFollowedLink(link)).toBe(true)
  })

  test.each([
    '</api/manifests?page=2>; rel="next"',
    '</1>; rel=next, </manifest>; rel=prev',
    '</x>; title="preload"',
    '</x>',
    '',
  ])('that waits for a script is none of those: %s', (link) => {
    expect(isFollowedLink(link)).toBe(false)
  })

  test.each(['rel=', 'rel="', 'rel = ', '\\', 'rel="\\', ' '])('is judged at once, however long it is: %j', (piece) => {
    // A million characters: what needs time by their square never ends here.
    expect(isFollowedLink(`rel=${piece.repeat(1_000_000 / piece.length)}`)).toBe(false)
  })
})

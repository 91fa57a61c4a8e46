import { describe, expect, test } from '@jest/globals'
import { nearestName } from '../../../src/config/nearest-name.ts'
import { parseDuration, writeDuration } from '../../../src/config/parse-duration.ts'
import { parseSentinelUrl } from '../../../src/config/parse-sentinel-url.ts'
import { parseSize } from '../../../src/config/parse-size.ts'
import { isLoopback } from '../../../src/config/is-loopback.ts'
import { isFolderOnDisk } from '../../../src/config/read-text-file.ts'

describe('a folder', () => {
  test.each(['.', '/'])('is one where there is one: %s', (path) => expect(isFolderOnDisk(path)).toBe(true))

  test.each([
    ['there is nothing', './nowhere'],
    ['there is a file', import.meta.filename],
    ['there is a file on the way', `${import.meta.filename}/x`],
    ['its name holds a NUL', 'a\0b'],
    ['its name is too long', 'x'.repeat(5_000)],
    ['it has no name', ''],
  ])('is none where %s', (_, path) => expect(isFolderOnDisk(path)).toBe(false))
})

describe('a duration', () => {
  test.each([
    ['0s', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['1d', 86_400_000],
  ])('%s is %i milliseconds, and is written so again', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
    if (milliseconds > 0) expect(parseDuration(writeDuration(milliseconds))).toBe(milliseconds)
  })

  test.each(['', '5', '5 s', '5S', 's', '-5s', '+5s', '5s ', '1h30m', '١s', '1e3s', '0x5s', '5min', '9999999999999s'])(
    '%s is none',
    (text) => {
      expect(parseDuration(text)).toMatchObject({ refused: 'is not a duration.' })
    },
  )
})

describe('a size', () => {
  test.each([
    ['0B', 0],
    ['512kB', 512_000],
    ['10MB', 10_000_000],
    ['2GB', 2_000_000_000],
    ['1KiB', 1024],
    ['1MiB', 1_048_576],
    ['1GiB', 1_073_741_824],
  ])('%s is %i bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  test.each(['', '10', '10mb', '10M', '1.5MB', '-1MB', '10 MB', 'MB'])('%s is none', (text) => {
    expect(parseSize(text)).toMatchObject({ refused: 'is not a size.' })
  })
})

describe('a suggestion', () => {
  const known = ['idleTimeout', 'absoluteTimeout', 'mostCached', 'COATCHECK_ISSUER']

  test.each([
    ['idleTimeuot', 'idleTimeout'],
    ['idle_timeout', 'idleTimeout'],
    ['idle-timeout', 'idleTimeout'],
    ['IDLETIMEOUT', 'idleTimeout'],
    ['mostCache', 'mostCached'],
    ['COATCHECK_ISUSER', 'COATCHECK_ISSUER'],
  ])('for %s is %s', (written, meant) => expect(nearestName(written, known)).toBe(meant))

  test.each(['', 'x', 'timeout', 'colour', 'a'.repeat(100_000)])('is not made where nothing is near', (written) => {
    expect(nearestName(written, known)).toBeUndefined()
  })
})

describe('this machine', () => {
  test.each(['localhost', '[::1]', '::1', '127.0.0.1', '127.255.0.9'])('is %s', (host) => expect(isLoopback(host)).toBe(true))

  test.each([
    'localhost.',
    'localhost.evil.example',
    'xlocalhost',
    '127.0.0.1.evil.example',
    '128.0.0.1',
    '0.0.0.0',
    '[::2]',
    'a.localhost',
  ])('is not %s', (host) => expect(isLoopback(host)).toBe(false))
})

describe('a URL with sentinels', () => {
  test.each([
    ['redis+sentinel://one:26379/main', 'redis://primary.invalid/0', [{ host: 'one', port: 26_379 }]],
    [
      'rediss+sentinel://app:p%40ss@one.example.com:1,[::1]:2,10.0.0.1:3/my-main.1/4',
      'rediss://app:p%40ss@primary.invalid/4',
      [
        { host: 'one.example.com', port: 1 },
        { host: '::1', port: 2 },
        { host: '10.0.0.1', port: 3 },
      ],
    ],
    ['redis+sentinel://:pw@one:1/main/', undefined, []],
  ])('%s', (text, url, addresses) => {
    const parsed = parseSentinelUrl(text)
    if (url === undefined) expect(parsed).toMatchObject({ refused: expect.any(String) })
    else expect(parsed).toMatchObject({ url, sentinel: { addresses } })
  })
})

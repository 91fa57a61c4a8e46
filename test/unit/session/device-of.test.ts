import { describe, expect, test } from '@jest/globals'
import { deviceOf } from '../../../src/session/device-of.ts'

describe('a device', () => {
  test.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
      { browser: 'Microsoft Edge', system: 'Windows', kind: 'desktop' },
    ],
    [
      'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
      { browser: 'Chrome', system: 'Android', kind: 'mobile' },
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      { browser: 'Firefox', system: 'Linux', kind: 'desktop' },
    ],
    ['', { browser: undefined, system: undefined, kind: undefined }],
  ])('is named as its browser tells: %s', (userAgent, device) => {
    expect(deviceOf(userAgent)).toEqual(device)
  })

  test('is never shown in words that a client chose', () => {
    for (const text of ['<script>alert(1)</script>/1.0', 'x'.repeat(256), '(((((((((((((((', '/'.repeat(256), 'Firefox/<b>1</b>'])
      expect(JSON.stringify(deviceOf(text))).not.toMatch(/[<>(]|xxx/)
  })
})

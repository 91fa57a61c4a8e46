import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { html, textOf } from '../../../src/pages/html.ts'

describe('a value in a page', () => {
  test('is text, in content and in attributes of either quote', () => {
    const evil = `<script>"'&lt;`
    const escaped = '&lt;script&gt;&quot;&#39;&amp;lt;'
    expect(textOf(html`<a title="${evil}">${evil}</a>`)).toBe(`<a title="${escaped}">${escaped}</a>`)
  })

  test('is markup only where it was made here', () => {
    expect(textOf(html`<p>${html`<b>${'<i>'}</b>`}</p>`)).toBe('<p><b>&lt;i&gt;</b></p>')
  })

  test('never holds a character that could end it, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expect(textOf(html`${text}`)).not.toMatch(/[<>"']/)))
  })
})

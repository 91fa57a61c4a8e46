import { describe, expect, test } from '@jest/globals'
import { errorPage } from '../../../demo/provider/render.ts'
import { signInPage } from '../../../demo/provider/sign-in-page.ts'

describe("the sign-in service's pages", () => {
  test('never take text for markup', () => {
    expect(errorPage('x', `<script>alert("1")</script>`)).not.toContain('<script>alert')
    expect(signInPage({ action: '/sign-in/"><b>', app: '<b>' })).not.toContain('<b>"')
  })

  test('hold no inline script and no inline style', () => {
    const page = signInPage({ action: '/sign-in/x', app: 'the app' })
    expect(page).not.toMatch(/<style|<script(?![^>]+src=)|\son\w+=|\sstyle=/)
  })
})

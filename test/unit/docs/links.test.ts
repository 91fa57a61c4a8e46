import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readDocument, readDocuments, ROOT } from '../../support/documents.ts'

const LINK = /!?\[[^\]]*\]\(([^)\s]+)\)/g

function linksOf(prose: string): readonly string[] {
  return [...prose.matchAll(LINK)].flatMap(([, target = '']) => target)
}

function isBroken(path: string, link: string): boolean {
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? path : normalize(join(dirname(path), file))
  if (!existsSync(ROOT + target)) return true
  return anchor !== undefined && !(target.endsWith('.md') && readDocument(target).anchors.includes(anchor))
}

describe('the documentation', () => {
  test.each(readDocuments().map(({ path, prose }) => [path, prose] as const))(
    '%s links to files and headlines that are there',
    (path, prose) => {
      const relative = linksOf(prose).filter((link) => !/^[a-z]+:/.test(link))
      expect(relative.filter((link) => isBroken(path, link))).toEqual([])
    },
  )

  test.each(readDocuments().map(({ path, prose }) => [path, prose] as const))('%s links elsewhere by https only', (_, prose) => {
    const elsewhere = linksOf(prose).filter((link) => /^[a-z]+:/.test(link))
    expect(elsewhere.filter((link) => !URL.canParse(link) || !link.startsWith('https://'))).toEqual([])
  })

  test('costs a reader little to load', () => {
    const pictures = readDocuments().flatMap(({ path, prose }) =>
      [...prose.matchAll(/!\[[^\]]{40,}\]\(([^)]+)\)/g)].map(([, file = '']) => join(dirname(path), file)),
    )
    expect(pictures.length).toBeGreaterThanOrEqual(2)
    expect(pictures.filter((file) => statSync(ROOT + file).size > 150_000)).toEqual([])
  })

  test('shows a picture that says what it shows to those who do not see it', () => {
    const picture = readFileSync(`${ROOT}docs/shape.svg`, 'utf8')
    expect(picture).toMatch(/<svg[^>]* role="img" aria-labelledby="shape-title shape-desc"/)
    expect(picture).toMatch(/<title id="shape-title">[^<]+<\/title>\s*<desc id="shape-desc">[^<]{100,}<\/desc>/)
    expect(picture).toContain('prefers-color-scheme: dark')
    expect(picture).not.toMatch(/https?:(?!\/\/www\.w3\.org\/2000\/svg")/)
    expect(readDocument('README.md').text).toMatch(/!\[[^\]]{40,}\]\(docs\/shape\.svg\)/)
  })
})

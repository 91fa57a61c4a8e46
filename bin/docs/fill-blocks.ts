/** Renders one block; the name stands in the document: `<!-- begin errors -->` … `<!-- end errors -->`. */
export type Blocks = Readonly<Record<string, () => string | Promise<string>>>

const BLOCK = /(<!-- begin ([a-z-]+) -->\n)[\s\S]*?(<!-- end \2 -->)/g

/** The document with every block rendered anew; all else is left as it is. Throws for a block that nobody renders. */
export async function fillBlocks(document: string, blocks: Blocks): Promise<string> {
  const rendered = new Map<string, string>()
  for (const [, , name = ''] of document.matchAll(BLOCK)) {
    const render = blocks[name]
    if (render === undefined) throw new Error(`Nothing renders the block ${name}.`)
    // oxlint-disable-next-line no-await-in-loop -- a handful of blocks
    rendered.set(name, await render())
  }
  return document.replaceAll(BLOCK, (_, begin: string, name: string, end: string) => `${begin}\n${rendered.get(name)}\n\n${end}`)
}

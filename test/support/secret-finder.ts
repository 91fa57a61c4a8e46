/** Whether a text holds a secret, in plain or in any encoding that anybody could undo. */
export function createFinder(secret: string): (text: string) => boolean {
  const forms = new Set(encodingsOf(secret))
  return (text) => {
    for (const form of forms) if (text.includes(form)) return true
    return false
  }
}

function encodingsOf(secret: string): readonly string[] {
  const plain = [
    secret,
    encodeURIComponent(secret),
    encodeURIComponent(encodeURIComponent(secret)),
    JSON.stringify(secret).slice(1, -1),
  ]
  // Within a longer text that is encoded, a secret begins at the first, second or third of the three bytes that become four characters.
  const shifted = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]).toString('base64')
    return encoded.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + Buffer.byteLength(secret)) * 4) / 3) - 1)
  })
  const urlSafe = shifted.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))
  const escaped = shifted.map((form) => encodeURIComponent(form))
  return [...plain, ...shifted, ...urlSafe, ...escaped, Buffer.from(secret).toString('hex')]
}

/** The names of the secrets that stand in a text, in any form. */
export function findSecrets(secrets: ReadonlyMap<string, string>, text: string): readonly string[] {
  return [...secrets].filter(([, secret]) => createFinder(secret)(text)).map(([name]) => name)
}

/** Whether a text holds a secret, in plain or in any encoding that anybody could undo. */
export function createFinder(secret: string): (text: string) => boolean {
  const forms = new Set(formsOf(secret).map(([, form]) => form))
  return (text) => {
    for (const form of forms) if (text.includes(form)) return true
    return false
  }
}

/** A secret as it may stand in a text: what was made of it, and how that reads. */
export type SecretForm = readonly [form: string, text: string]

/** Every encoding that anybody could undo. */
export function formsOf(secret: string): readonly SecretForm[] {
  const shifted = shiftedInBase64(secret)
  return [
    ['plain', secret],
    ['URL-encoded', encodeURIComponent(secret)],
    ['URL-encoded twice', encodeURIComponent(encodeURIComponent(secret))],
    ['JSON', JSON.stringify(secret).slice(1, -1)],
    ...shifted.map((form): SecretForm => ['base64', form]),
    ...shifted.map((form): SecretForm => ['base64url', form.replaceAll('+', '-').replaceAll('/', '_')]),
    ...shifted.map((form): SecretForm => ['base64, URL-encoded', encodeURIComponent(form)]),
    ['hexadecimal', Buffer.from(secret).toString('hex')],
  ]
}

/** Within a longer text that is encoded, a secret begins at the first, second or third of the three bytes that become four characters. */
function shiftedInBase64(secret: string): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]).toString('base64')
    return encoded.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + Buffer.byteLength(secret)) * 4) / 3) - 1)
  })
}

/** The names of the secrets that stand in a text, in any form. */
export function findSecrets(secrets: ReadonlyMap<string, string>, text: string): readonly string[] {
  return [...secrets].filter(([, secret]) => createFinder(secret)(text)).map(([name]) => name)
}

import { createHmac } from 'node:crypto'

/** A token with no signature, or with a MAC made of any text as key: what an attacker can make without the provider. */
export function forge(claims: object, header: object, macKey?: string): string {
  const signed = `${encode(header)}.${encode(claims)}`
  return `${signed}.${macKey === undefined ? '' : createHmac('sha256', macKey).update(signed).digest('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

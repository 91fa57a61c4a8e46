/** Phrases that no random text of this length holds by chance; found anywhere, in any case and with any separators. */
const PLACEHOLDERS = [
  'changeme changethis changeit replaceme replacethis replacewith placeholder insertyour putyour yoursecret',
  'yourclientsecret yourownsecret mysecret clientsecret sessionsecret cookiesecret supersecret topsecret',
  'keyboardcat notsecret notasecret verysecret dummysecret testsecret demosecret examplesecret secretkey password',
  'abcdefghijkl 0123456789 1234567890 9876543210',
  'passw0rd correcthorse letmein qwertyuiop loremipsum 256bitsecret development coatcheck deadbeefdeadbeef',
].flatMap((line) => line.split(' '))

/** Values that are printed in standards and manuals: random once, known to all since. */
const WELL_KNOWN = new Set([
  'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  'E9Melhoa2OwvFrEMTJGuCHaoeK1t8URWbuGJSstw-cM',
  'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
  'OQINaROshtE9TcZkNAm-5Zs2Pv3xaWytBmc5W7sPX7w=',
  'ZXhhbXBsZS1hcHAtc2VjcmV0',
  'a-string-secret-at-least-256-bits-long',
])

/** What makes a secret guessable, as the rest of a sentence that begins with its name; undefined if nothing does. */
export function findWeakness(secret: string, leastLength: number, leastVariety: number): string | undefined {
  if (secret === '') return 'is empty.'
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(secret)) {
    return 'holds white space at an end, a line break or a character outside ASCII.'
  }
  if (/^<.*>$|^\$\{.*\}$/.test(secret)) return 'is a placeholder.'
  const folded = secret.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  if (PLACEHOLDERS.some((phrase) => folded.includes(phrase))) return 'is a placeholder or holds a well-known phrase.'
  if (WELL_KNOWN.has(secret)) return 'is a well-known example that everybody can look up.'
  if (secret.length < leastLength) return `is shorter than ${leastLength} characters.`
  if (new Set(secret).size < leastVariety) return 'has too little variety: too few different characters.'
  if (repeats(secret)) return 'has too little variety: it repeats itself.'
  return undefined
}

/** Whether the text is a shorter one over and over; such a text is found in itself doubled before its own length. */
function repeats(text: string): boolean {
  return (text + text).indexOf(text, 1) <= text.length / 2 || /(.)\1{7}/.test(text)
}

import { writeFileSync } from 'node:fs'
import { startBenchProvider } from '../sign-in.ts'

// A provider in a process of its own, so that it can be pinned: writes where it is to the file that it is given.
//
// The first so many that sign in get tokens that last; those of all others end soon, and never two at once: what is refreshed together
// today is not refreshed together for ever.

const [file = '', lasting = '0', least = '0', most = '0'] = process.argv.slice(2)
const LASTING_SECONDS = 3_600
/** Is over before the first turn, so that its first calls refresh them all. */
const FIRST_SECONDS = 2

let signedIn = 0
const { env, accessToken } = await startBenchProvider((grantType) => {
  if (grantType === 'refresh_token') return Math.round(Number(least) + Math.random() * (Number(most) - Number(least)))
  signedIn += 1
  return signedIn <= Number(lasting) ? LASTING_SECONDS : FIRST_SECONDS
})
writeFileSync(file, JSON.stringify({ env, accessToken }))

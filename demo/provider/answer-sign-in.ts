import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { OidcProvider } from './oidc-provider.ts'
import { findPerson } from './people.ts'
import { errorPage } from './render.ts'
import { sendPage } from './send.ts'
import { signInPage } from './sign-in-page.ts'

const MOST_FORM_BYTES = 4096

interface Steps {
  readonly provider: OidcProvider
  /** The app's host, as people see it in their address bar. */
  readonly appHost: string
}

/**
 * Answers `/sign-in/…`: GET shows the people, POST goes on as one of them or tells the app that nobody wanted to. Whoever is known
 * already goes on at once: the page that they once clicked on told what the app will learn, so that click was the consent.
 */
export function createAnswerSignIn({ provider, appHost }: Steps) {
  return async function answerSignIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { uid, prompt } = await provider.interactionDetails(request, response)
      if (prompt.name === 'consent') {
        await provider.interactionFinished(request, response, CONSENTED, { mergeWithLastSubmission: true })
        return
      }
      if (request.method !== 'POST') {
        sendPage(response, 200, signInPage({ action: `/sign-in/${uid}`, app: `the Coatcheck demo at ${appHost}` }))
        return
      }
      const person = findPerson(await readChoice(request))
      const result = person === undefined ? CANCELLED : { login: { accountId: person.id }, ...CONSENTED }
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
    } catch (error) {
      if (!isForgotten(error)) throw error
      sendPage(response, 400, errorPage('interaction_expired', 'This sign-in is over, or began in another browser.'))
    }
  }
}

/** OpenID Connect Core §3.1.2.6: the person said no. */
const CANCELLED = { error: 'access_denied', error_description: 'The person cancelled.' }

const CONSENTED = { consent: {} }

async function readChoice(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? Infinity) > MOST_FORM_BYTES) return undefined
  return new URLSearchParams(await text(request)).get('person') ?? undefined
}

function isForgotten(error: unknown): boolean {
  return error instanceof Error && error.name === 'SessionNotFound'
}

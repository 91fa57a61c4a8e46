import type { SchemaName } from './contract-schemas.ts'

/** What a request shows besides its cookie; docs/http.md, "Proof". */
export type Proof = 'none' | 'header' | 'form' | 'same-origin' | 'navigation' | 'transaction' | 'logout-token'

/** What one status of an answer means. */
export interface Answer {
  readonly says: string
  /** Of its body in JSON; left out where it has none, or a page. */
  readonly schema?: SchemaName
  /** Of a body that is no JSON. */
  readonly type?: string
}

/** One method of an endpoint, for machines: `GET /bff/openapi.json` is made of it. */
export interface Operation {
  readonly summary: string
  readonly proof: Proof
  /** Whether a session is needed, or makes a difference. */
  readonly session?: 'needed' | 'told'
  readonly query?: Readonly<Record<string, string>>
  readonly answers: Readonly<Record<number, Answer>>
}

type Contract = Readonly<Record<string, Readonly<Partial<Record<'get' | 'post' | 'delete', Operation>>>>>

const PAGE = { says: 'A page.', type: 'text/html' }
const SESSION = { says: 'Who is signed in, and until when.', schema: 'Session' } as const
const TO_PROVIDER = { says: 'On to the provider.' }

/** Every endpoint below the prefix. One that is not here cannot be mounted. */
export const CONTRACT = {
  '/login': {
    get: {
      summary: 'Starts a sign-in.',
      proof: 'navigation',
      query: {
        returnTo: 'Where to end: a path of the base URL.',
        prompt: 'Passed on to the provider.',
        loginHint: 'Passed on to the provider.',
        acrValues: 'Passed on to the provider.',
        maxAge: 'Passed on to the provider.',
        uiLocales: 'Passed on to the provider.',
        remember: 'Whether the session is to outlive the browser, where that is offered.',
      },
      answers: { 200: PAGE, 303: TO_PROVIDER },
    },
  },
  '/login/continue': {
    get: { summary: 'Leads on to a carried address.', proof: 'none', query: { returnTo: 'Where to.' }, answers: { 200: PAGE } },
  },
  '/callback': {
    get: {
      summary: 'Takes what the provider answers.',
      proof: 'transaction',
      answers: { 303: { says: 'Back to the application, signed in.' } },
    },
  },
  '/session': {
    get: { summary: 'Says who is signed in. Extends nothing.', proof: 'header', session: 'told', answers: { 200: SESSION } },
  },
  '/session/extend': {
    post: { summary: 'Somebody is still there.', proof: 'header', session: 'needed', answers: { 200: SESSION } },
  },
  '/events': {
    get: {
      summary: 'Tells a page what becomes of its session.',
      proof: 'same-origin',
      session: 'needed',
      answers: {
        200: { says: 'Server-sent events: ended, expiring, extended, claims-changed, user-changed.', type: 'text/event-stream' },
      },
    },
  },
  '/logout': {
    get: { summary: 'A page that asks. Changes nothing.', proof: 'none', answers: { 200: PAGE } },
    post: {
      summary: 'Ends the session.',
      proof: 'form',
      session: 'told',
      answers: { 200: { says: 'Where to go on.', schema: 'Continue' } },
    },
  },
  '/logout/continue': {
    get: {
      summary: "Leads on to the provider's logout.",
      proof: 'navigation',
      query: { handle: 'From POST /logout, good once.' },
      answers: { 303: TO_PROVIDER },
    },
  },
  '/logout/callback': { get: { summary: 'The last page.', proof: 'none', answers: { 200: PAGE } } },
  '/backchannel-logout': {
    post: {
      summary: "Takes the provider's word that a session has ended.",
      proof: 'logout-token',
      answers: { 200: { says: 'Done.' } },
    },
  },
  '/frontchannel-logout': {
    get: {
      summary: "Takes the provider's word, by a frame.",
      proof: 'none',
      query: { iss: 'The issuer.', sid: "The provider's session." },
      answers: { 200: PAGE },
    },
  },
  '/sessions': {
    get: {
      summary: 'Lists my sessions.',
      proof: 'header',
      session: 'needed',
      answers: { 200: { says: 'The newest first.', schema: 'Sessions' } },
    },
    delete: {
      summary: 'Ends all others.',
      proof: 'header',
      session: 'needed',
      query: { all: '`true`: this one too.' },
      answers: { 200: { says: 'How many.', schema: 'Ended' } },
    },
  },
  '/sessions/:handle': {
    delete: { summary: 'Ends one.', proof: 'header', session: 'needed', answers: { 204: { says: 'Done.' } } },
  },
  '/client.js': {
    get: { summary: 'The browser client.', proof: 'none', answers: { 200: { says: 'A module.', type: 'text/javascript' } } },
  },
  '/openapi.json': {
    get: { summary: 'This document.', proof: 'none', answers: { 200: { says: 'OpenAPI 3.1.', type: 'application/json' } } },
  },
  '/assets/:name': {
    get: {
      summary: 'Style, script and picture of the few pages.',
      proof: 'none',
      answers: { 200: { says: 'The file.', type: '*/*' } },
    },
  },
} as const satisfies Contract

/** A path below the prefix that the contract knows. */
export type ContractPath = keyof typeof CONTRACT

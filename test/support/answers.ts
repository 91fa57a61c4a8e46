import type { ServerResponse } from 'node:http'

/** Answers a request in any way at all, `answers` has the usual ones; what is not a function is sent as JSON with 200. */
export type Answer = (response: ServerResponse) => void

/** Answers that no honest provider gives. */
export const answers = {
  status:
    (status: number, headers: Readonly<Record<string, string>> = {}): Answer =>
    (response) =>
      void response.writeHead(status, headers).end(),
  json:
    (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer =>
    (response) =>
      void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body)),
  text:
    (status: number, type: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Answer =>
    (response) =>
      void response.writeHead(status, { 'content-type': type, ...headers }).end(body),
  html:
    (status = 200): Answer =>
    (response) =>
      void response.writeHead(status, { 'content-type': 'text/html' }).end('<!doctype html><h1>Maintenance</h1>'),
  redirect:
    (location: string, status = 302): Answer =>
    (response) =>
      void response.writeHead(status, { location }).end(),
  /** Never answers. */
  hang: (): Answer => () => undefined,
  /** Headers, half a body, and then nothing. */
  stall: (): Answer => (response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"access_'),
  /** Cuts the connection. */
  reset: (): Answer => (response) => void response.socket?.destroy(),
  /** JSON of so many bytes. */
  huge:
    (bytes: number): Answer =>
    (response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(`{"x":"${'x'.repeat(bytes)}"}`),
} as const

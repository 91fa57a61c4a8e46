import { IncomingMessage, ServerResponse } from 'node:http'
import express, { type Request, type Response } from 'express'
import { parseSetCookie, type Cookie } from './cookie-jar.ts'
import { fakeRequest } from './fake-request.ts'

/** A request and its response as Express would hand them on, without a connection. */
export interface Exchange {
  readonly request: Request
  readonly response: Response
  /** What the response sets so far. */
  readonly setCookies: () => readonly Cookie[]
}

export function makeExchange(
  headers: Readonly<Record<string, string>> = {},
  target: Parameters<typeof fakeRequest>[1] = {},
  origin = 'https://app.example.com',
): Exchange {
  const plain = fakeRequest(headers, target)
  const request: unknown = Object.setPrototypeOf(plain, express.request)
  const response: unknown = Object.setPrototypeOf(new ServerResponse(plain), express.response)
  if (!isRequest(request) || !isResponse(response)) throw new Error('Express has changed.')
  return {
    request,
    response,
    setCookies: () =>
      [response.getHeader('set-cookie') ?? []].flat().map((line) => parseSetCookie(new URL(origin), String(line))),
  }
}

function isRequest(value: unknown): value is Request {
  return value instanceof IncomingMessage && 'get' in value
}

function isResponse(value: unknown): value is Response {
  return value instanceof ServerResponse && 'cookie' in value
}

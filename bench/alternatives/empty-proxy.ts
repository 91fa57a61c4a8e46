import { createServer, type ServerResponse } from 'node:http'
import { Pool, type Dispatcher } from 'undici'
import { readSetting } from './read-setting.ts'

// The limit of Node: the leanest proxy that these libraries allow. It has no session, checks nothing and bounds nothing.

const pool = new Pool(readSetting('UPSTREAM'), { connections: 64, pipelining: 1, allowH2: false })
const authorization = `Bearer ${readSetting('ACCESS_TOKEN')}`
const KEPT_BACK = new Set(['cookie', 'connection', 'keep-alive', 'transfer-encoding'])

/** Passes an answer on as it comes, and says nothing of what goes wrong but 502. */
class Answering implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[]>): void {
    for (const name of KEPT_BACK) delete headers[name]
    this.#response.writeHead(status, headers)
    this.#response.on('drain', () => controller.resume())
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#response.write(chunk)) controller.pause()
  }

  onResponseEnd(): void {
    this.#response.end()
  }

  onResponseError(): void {
    if (this.#response.headersSent) this.#response.destroy()
    else this.#response.writeHead(502).end()
  }
}

createServer((request, response) => {
  const headers: Record<string, string | string[]> = { authorization }
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !KEPT_BACK.has(name)) headers[name] = value
  }
  const path = (request.url ?? '/').slice('/api'.length)
  pool.dispatch({ path, method: 'GET', headers }, new Answering(response))
}).listen(Number(readSetting('PORT')), '127.0.0.1')

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scope } from '@tiebeam/testing'
import { waitFor } from '@tiebeam/testing'
import type { ObjectMeta } from '../src/index.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What the server does with one request. */
export type Step = (response: ServerResponse, asked: Asked) => void | Promise<void>

/** An HTTP server that does with each request what the test says, and keeps what it was asked. */
export class FaultServer {
  readonly url: string
  readonly asked: Asked[] = []
  readonly #steps: Step[] = []

  constructor(url: string) {
    this.url = url
  }

  /** The next requests, one after the other, are answered so. The last step answers all that follow. */
  script(...steps: readonly Step[]): void {
    this.#steps.splice(0, Number.POSITIVE_INFINITY, ...steps)
  }

  /** Waits until so many requests have come. */
  async askedTimes(count: number): Promise<void> {
    await waitFor(() => this.asked.length >= count, {
      what: () => `${count} requests; there were ${JSON.stringify(this.asked, null, 1)}`,
    })
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', this.url)
    let body = ''
    for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString()
    const asked: Asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body,
    }
    this.asked.push(asked)
    const step = this.#steps.length > 1 ? this.#steps.shift() : this.#steps[0]
    if (step === undefined) throw new Error('The fault server has no script.')
    await step(response, asked)
  }
}

export async function startFaultServer(scope: Scope): Promise<FaultServer> {
  const http = createServer((request, response) => {
    // A client that leaves early is part of the tests.
    faults.answer(request, response).catch(() => response.destroy())
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  scope.after(() => {
    http.closeAllConnections()
    http.close()
  })
  const faults = new FaultServer(`http://127.0.0.1:${(http.address() as AddressInfo).port}`)
  return faults
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Step {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
}

export function failure(code: number, reason: string, headers?: Readonly<Record<string, string>>): Step {
  return json(code, { kind: 'Status', status: 'Failure', reason, code, message: `no: ${reason}` }, headers)
}

/** A list at a version, of objects by name and version. */
export function list(resourceVersion: string, objects: Readonly<Record<string, string>>, token?: string): Step {
  const items = Object.entries(objects).map(([name, version]) => item(name, version))
  return json(200, { kind: 'List', metadata: { resourceVersion, ...(token && { continue: token }) }, items })
}

export function item(name: string, resourceVersion: string): { metadata: ObjectMeta } {
  return { metadata: { name, namespace: 'shop', uid: `uid of ${name}`, resourceVersion } }
}

/** One line of a watch. */
export function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`
}

/** The head of a watch, and these pieces of its body, each in a packet of its own. It stays open. */
export function stream(...pieces: readonly (string | Buffer)[]): Step {
  return async (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    for (const piece of pieces) {
      response.write(piece)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

/** The connection is reset, after these pieces. */
export function reset(...pieces: readonly string[]): Step {
  return async (response, asked) => {
    if (pieces.length > 0) await stream(...pieces)(response, asked)
    response.socket?.resetAndDestroy()
  }
}

/** Nothing is ever answered. */
export function silence(): void {}

/** A stream that ends in order, after these pieces. */
export function ended(...pieces: readonly string[]): Step {
  return async (response, asked) => {
    await stream(...pieces)(response, asked)
    response.end()
  }
}

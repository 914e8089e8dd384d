import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random, Scope } from '@tiebeam/testing'

/** What becomes of one request. */
export type Fault =
  | 'none'
  /** It arrives late, but in time. */
  | 'delay'
  /** The connection ends before the request has gone on. */
  | 'resetBefore'
  /** It goes on, and the connection ends before the answer. */
  | 'resetAfter'
  /** It never arrives, and no answer comes. */
  | 'dropRequest'
  /** It goes on, and the answer never arrives. */
  | 'dropAnswer'
  /** It goes on only when nobody waits for it any more. */
  | 'tooLate'
  /** Half of the answer comes. */
  | 'cutAnswer'
  /** It goes on twice, and the second answer comes. */
  | 'repeat'
  /** It goes on a second time when nobody thinks of it any more. */
  | 'echo'
  /** 503 from something in between, before it has gone on. */
  | 'unavailableBefore'
  /** 504 from something in between, after it has gone on. */
  | 'unavailableAfter'
  /** 429, before it has gone on. */
  | 'tooMany'

const faults: readonly Fault[] = [
  'delay',
  'resetBefore',
  'resetAfter',
  'dropRequest',
  'dropAnswer',
  'tooLate',
  'cutAnswer',
  'repeat',
  'echo',
  'unavailableBefore',
  'unavailableAfter',
  'tooMany',
]

export interface FaultProxyInit {
  /** URL of the server. */
  readonly target: string
  /** PEM, for a server with TLS. */
  readonly ca?: string
  /** For how long those who ask wait for an answer, in ms. */
  readonly patienceMs: number
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

const DELAY_MS_MAX = 40

/** Stands between the authority and its server, and mistreats requests. */
export class FaultProxy {
  readonly url: string
  /** How often each fault was met. */
  readonly met = new Map<Fault, number>()
  readonly #init: FaultProxyInit
  readonly #late = new Set<Promise<unknown>>()
  /** What to do with the next request. */
  choose: (request: IncomingMessage) => Fault = () => 'none'

  /** Runs before a request goes on. */
  before: (request: IncomingMessage) => Promise<void> = async () => {}

  /** What becomes of the text of an answer. */
  give: (text: string) => string = (text) => text

  constructor(url: string, init: FaultProxyInit) {
    this.url = url
    this.#init = init
  }

  /** Mistreats a part of all requests. */
  disturb(random: Random, share: number): void {
    this.choose = () => (random.chance(share) ? random.pick(faults) : 'none')
  }

  /** From now on all goes well. Resolves when nothing that was held back can arrive any more. */
  async calm(): Promise<void> {
    this.choose = () => 'none'
    while (this.#late.size > 0) await Promise.allSettled(this.#late)
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    await this.before(request)
    const fault = this.choose(request)
    this.met.set(fault, (this.met.get(fault) ?? 0) + 1)
    await this.#mistreat(fault, request, response, Buffer.concat(chunks))
  }

  async #mistreat(fault: Fault, request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    const pass = (): Promise<Answer> => this.#pass(request, body)
    switch (fault) {
      case 'dropRequest':
        return
      case 'resetBefore':
        response.destroy()
        return
      case 'unavailableBefore':
        response.writeHead(503).end('no server')
        return
      case 'tooMany':
        response.writeHead(429).end('too many')
        return
      case 'tooLate':
        this.#later(pass)
        return
      case 'echo':
        give(response, await pass())
        this.#later(pass)
        return
      case 'repeat':
        await pass()
        give(response, await pass())
        return
      case 'delay':
        await sleep(Math.random() * DELAY_MS_MAX)
        give(response, await pass())
        return
      case 'none':
        give(response, await pass())
        return
      case 'dropAnswer':
        await pass()
        return
      case 'resetAfter':
        await pass()
        response.destroy()
        return
      case 'unavailableAfter':
        await pass()
        response.writeHead(504).end('no answer')
        return
      case 'cutAnswer':
        cut(response, await pass())
        return
    }
  }

  #later(pass: () => Promise<Answer>): void {
    const late = sleep(this.#init.patienceMs * (0.5 + Math.random() * 2))
      .then(pass)
      .catch(() => {})
      .finally(() => this.#late.delete(late))
    this.#late.add(late)
  }

  async #pass({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    const { target, ca } = this.#init
    const { connection: _connection, host: _host, ...kept } = headers
    const to = new URL(url ?? '/', target)
    const asked = (to.protocol === 'https:' ? httpsRequest : httpRequest)(to, {
      method,
      headers: kept,
      agent: false,
      ...(ca !== undefined && { ca }),
    })
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk)
    return {
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      body: Buffer.from(this.give(Buffer.concat(chunks).toString())),
    }
  }
}

export async function startFaultProxy(scope: Scope, init: FaultProxyInit): Promise<FaultProxy> {
  let proxy: FaultProxy | undefined
  const server = createServer((request, response) => {
    response.on('error', () => {})
    proxy?.handle(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.after(() => {
    server.closeAllConnections()
    server.close()
  })
  proxy = new FaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, init)
  return proxy
}

function give(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headersOf(headers, body)).end(body)
}

function cut(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headersOf(headers, body))
  response.write(body.subarray(0, body.length >> 1), () => response.destroy())
}

/** Without what is between the proxy and the server alone. */
function headersOf(headers: IncomingMessage['headers'], body: Buffer): OutgoingHttpHeaders {
  const { connection: _connection, trailer: _trailer, 'transfer-encoding': _encoding, ...kept } = headers
  return { ...kept, 'content-length': body.length }
}

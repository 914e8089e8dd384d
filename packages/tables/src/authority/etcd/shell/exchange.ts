import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { EtcdTls } from '../settings.ts'

export interface ExchangeInit {
  readonly endpoint: URL
  readonly path: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly tls: EtcdTls
  readonly signal: AbortSignal
  /** Time until there is a connection, in ms; with `isRead` until there is an answer. */
  readonly attemptMs: number
  readonly isRead: boolean
}

export interface Answer {
  readonly status: number
  readonly text: string
}

/** No answer. */
export class ExchangeError extends Error {
  /** Whether the request may have reached the server. */
  readonly isSent: boolean

  constructor(message: string, isSent: boolean, cause: unknown) {
    super(message, { cause })
    this.isSent = isSent
  }
}

const ANSWER_BYTES_MAX = 4 * 1024 * 1024

/**
 * One request over a connection of its own. Calls of the authority are rare, and with a connection that was kept open nobody could tell
 * whether a request that met its end was sent.
 * @throws ExchangeError
 */
export function exchange(init: ExchangeInit): Promise<Answer> {
  const { endpoint, path, body, headers, tls, signal, attemptMs, isRead } = init
  const isSecure = endpoint.protocol === 'https:'
  return new Promise((resolve, reject) => {
    let isSent = false
    const request = (isSecure ? httpsRequest : httpRequest)(new URL(path, endpoint), {
      ...tls,
      method: 'POST',
      agent: false,
      signal,
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    })
    const fail = (cause: Error): void => {
      clearTimeout(timer)
      reject(new ExchangeError(`${endpoint.host}: ${cause.message}`, isSent, cause))
    }
    const timer = setTimeout(() => {
      request.destroy(new Error(`no ${isSent ? 'answer' : 'connection'} within ${Math.round(attemptMs)} ms`))
    }, attemptMs)
    request.once('socket', (socket) => {
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        isSent = true
        if (!isRead) clearTimeout(timer)
      })
    })
    request.once('error', fail)
    request.once('response', (response) => {
      textOf(response).then((text) => {
        clearTimeout(timer)
        resolve({ status: response.statusCode ?? 0, text })
      }, fail)
    })
    request.end(body)
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`an answer of more than ${ANSWER_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

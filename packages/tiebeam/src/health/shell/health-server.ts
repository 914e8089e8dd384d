import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from '@tiebeam/distribution'
import { TiebeamError } from '../../errors.ts'
import { type Answer, answerOf, type Health } from '../answer.ts'

interface Metrics {
  readonly contentType: string
  metrics(): Promise<string>
}

export interface HealthServerInit {
  readonly host: string
  readonly port: number
  /** Whether any other port will do when this one is taken. */
  readonly givesWay: boolean
  readonly health: Health
  readonly metrics: Metrics
  readonly logger: Logger
}

/** A request must be complete by then, in ms. */
const REQUEST_MS = 10_000
const CONNECTIONS_MAX = 100

/** Serves `/healthz`, `/readyz` and `/metrics` over HTTP. */
export class HealthServer {
  readonly #server: Server

  /** @throws TiebeamError `HTTP_LISTEN_FAILED` */
  static async start(init: HealthServerInit): Promise<HealthServer> {
    const { host, port, givesWay, logger } = init
    const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
      const path = (request.url ?? '').split('?')[0] ?? ''
      const answer = answerOf(request.method ?? '', path, init.health)
      if (answer === undefined) void sendMetrics(init, response)
      else send(response, answer)
    })
    server.maxConnections = CONNECTIONS_MAX
    try {
      await listen(server, host, port)
    } catch (cause) {
      if (!givesWay || (cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw listenFailed(host, port, cause)
      await listen(server, host, 0).catch((again: unknown) => {
        throw listenFailed(host, 0, again)
      })
      logger.info({ host, port }, `The port ${port} for health and metrics is taken; another one is used.`)
    }
    const started = new HealthServer(server)
    logger.info({ host, port: started.port }, `Health and metrics: http://${started.#authority}/metrics`)
    return started
  }

  private constructor(server: Server) {
    this.#server = server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0
  }

  get #authority(): string {
    const { address, family, port } = this.#server.address() as AddressInfo
    return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }
}

async function sendMetrics({ metrics, logger }: HealthServerInit, response: ServerResponse): Promise<void> {
  try {
    const body = await metrics.metrics()
    send(response, { status: 200, contentType: metrics.contentType, body })
  } catch (error) {
    logger.error({ err: error }, 'The metrics could not be collected.')
    send(response, {
      status: 500,
      contentType: 'text/plain; charset=utf-8',
      body: 'the metrics could not be collected\n',
    })
  }
}

function send(response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' })
  response.end(body)
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function listenFailed(host: string, port: number, cause: unknown): TiebeamError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const message = `Health and metrics cannot be served at ${host}, port ${port} (${why}). Give another TIEBEAM_HTTP_PORT, or off.`
  return new TiebeamError('HTTP_LISTEN_FAILED', message, { cause })
}

import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeConfig } from '../../config/kube-config.ts'
import { type LoadConfigInit, loadConfig } from '../../config/shell/load.ts'
import { type Credential, CredentialSource } from '../../credentials/shell/credential-source.ts'
import { KubernetesError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import type { KubernetesObject } from '../../resources/object.ts'
import type { Resource } from '../../resources/resource.ts'
import { type ClientSettings, clientSettings, type KubernetesClientInit } from '../client-init.ts'
import { failureOf } from '../failure.ts'
import { type Query, queryString } from '../path.ts'
import { retryDelayMs } from '../retry.ts'
import { readJson, readText } from './body.ts'
import { Deadline, unlessAborted } from './deadline.ts'
import { ResourceClient } from './resource-client.ts'
import { Transport } from './transport.ts'

export interface KubernetesRequest {
  /** Default GET. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Such as `/api/v1/namespaces/default/pods`. */
  readonly path: string
  readonly query?: Query
  /** Sent as JSON. */
  readonly body?: unknown
  /** Default `application/json`; a patch has others. */
  readonly contentType?: string
  /** Default: that of the client, in ms. */
  readonly timeoutMs?: number
  /** How often it is sent in all, when it may be repeated. Default: that of the client. */
  readonly attemptsMax?: number
  /** Ends the request; it rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** An answer whose body is still to be read; `finish` must be called in the end. */
export interface OpenResponse {
  readonly request: string
  readonly response: IncomingMessage
  finish(): void
}

/** Of an answer that is no success. */
const FAILURE_BYTES_MAX = 1024 * 1024

/** A client of one API server. */
export class KubernetesClient {
  readonly config: KubeConfig
  readonly logger: Logger | undefined
  readonly #settings: ClientSettings
  readonly #credentials: CredentialSource
  readonly #transport: Transport
  readonly #closing = new AbortController()

  /** @throws KubernetesError `OPTION_INVALID` */
  constructor(config: KubeConfig, init: KubernetesClientInit = {}) {
    this.config = config
    this.logger = init.logger
    this.#settings = clientSettings(init)
    this.#credentials = new CredentialSource(config, { rereadMs: this.#settings.rereadMs, logger: init.logger })
    this.#transport = new Transport(config)
  }

  /**
   * A client of the cluster that `kubectl` would speak to, or of the one that this pod runs in.
   * @throws KubernetesError `CONFIG_MISSING`, `CONFIG_INVALID`, `OPTION_INVALID`
   */
  static async load(init: KubernetesClientInit = {}, where: LoadConfigInit = {}): Promise<KubernetesClient> {
    return new KubernetesClient(await loadConfig(where), init)
  }

  /** The objects of one kind, in one namespace: by default that of the configuration; `null` is all namespaces. */
  resource<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | null = this.config.namespace,
  ): ResourceClient<T> {
    return new ResourceClient(this, resource, namespace ?? undefined)
  }

  /**
   * Sends a request and reads its answer.
   *
   * A GET is repeated after lost connections, 429, 500, 502, 503 and 504, anything else only after a 429 with Retry-After; all within
   * `timeoutMs`. After a 401 the credential is renewed and the request sent once more.
   *
   * @returns the answer, parsed
   * @throws KubernetesError, or the reason of the signal when that aborts
   */
  async request<T = unknown>(init: KubernetesRequest): Promise<T> {
    const { method = 'GET', timeoutMs = this.#settings.timeoutMs } = init
    const retry = { ...this.#settings, attemptsMax: init.attemptsMax ?? this.#settings.attemptsMax }
    const name = `${method} ${init.path}`
    const deadline = this.#deadline(init.signal, timeoutMs, name)
    const endsAtMs = performance.now() + timeoutMs
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const response = await this.#send(init, name, deadline.signal)
          return (await readJson(response, name, this.#settings.responseBytesMax, deadline.signal)) as T
        } catch (error) {
          if (!(error instanceof KubernetesError) || deadline.signal.aborted) throw error
          const waitMs = retryDelayMs(retry, { method, attempt, error, random: Math.random() })
          if (waitMs === undefined || performance.now() + waitMs >= endsAtMs) throw error
          this.logger?.debug({ err: error, waitMs }, `${name} failed and is sent again: ${error.message}`)
          await sleep(waitMs, undefined, { signal: deadline.signal }).catch(() => deadline.signal.throwIfAborted())
        }
      }
    } finally {
      deadline.clear()
    }
  }

  /**
   * Sends a request once, and resolves when the head of a successful answer has come. `timeoutMs` counts until then.
   * @throws KubernetesError, or the reason of the signal when that aborts
   */
  async open(init: KubernetesRequest): Promise<OpenResponse> {
    const { method = 'GET', timeoutMs = this.#settings.timeoutMs } = init
    const name = `${method} ${init.path}`
    const deadline = this.#deadline(init.signal, timeoutMs, name)
    try {
      const response = await this.#send(init, name, deadline.signal)
      deadline.stopClock()
      return {
        request: name,
        response,
        finish: () => {
          deadline.clear()
          response.destroy()
        },
      }
    } catch (error) {
      deadline.clear()
      throw error
    }
  }

  /** Aborts when the client is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal
  }

  /** Ends all requests, with `CLIENT_CLOSED`, and all watches, and closes the connections. */
  close(): void {
    this.#closing.abort(new KubernetesError('CLIENT_CLOSED', 'The Kubernetes client was closed.'))
    this.#transport.close()
  }

  #deadline(signal: AbortSignal | undefined, timeoutMs: number, name: string): Deadline {
    return new Deadline(
      [signal, this.#closing.signal],
      timeoutMs,
      () => new KubernetesError('TIMEOUT', `${name}: no complete answer of ${this.config.server} in ${timeoutMs} ms.`),
    )
  }

  /** One attempt, or two: a credential that was refused may have been replaced meanwhile. */
  async #send(init: KubernetesRequest, name: string, signal: AbortSignal): Promise<IncomingMessage> {
    const credential = await unlessAborted(this.#credentials.current(), signal)
    const response = await this.#sendOnce(init, credential, signal)
    if (response.statusCode !== 401) return this.#successful(response, name, signal)
    response.resume()
    this.#credentials.expire(credential)
    const renewed = await unlessAborted(this.#credentials.current(), signal)
    return this.#successful(await this.#sendOnce(init, renewed, signal), name, signal)
  }

  #sendOnce(init: KubernetesRequest, credential: Credential, signal: AbortSignal): Promise<IncomingMessage> {
    const { method = 'GET', path, query = {}, body, contentType = 'application/json' } = init
    return this.#transport.send({
      method,
      path: path + queryString(query),
      headers: {
        accept: 'application/json',
        'user-agent': this.#settings.userAgent,
        ...(body !== undefined && { 'content-type': contentType }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      credential,
      signal,
    })
  }

  async #successful(response: IncomingMessage, name: string, signal: AbortSignal): Promise<IncomingMessage> {
    const httpStatus = response.statusCode ?? 0
    if (httpStatus >= 200 && httpStatus < 300) return response
    const text = await readText(response, name, FAILURE_BYTES_MAX, signal)
    throw failureOf({ request: name, httpStatus, retryAfter: response.headers['retry-after'], text })
  }
}

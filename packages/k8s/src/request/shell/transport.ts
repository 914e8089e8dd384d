import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { KubeConfig } from '../../config/kube-config.ts'
import type { Credential } from '../../credentials/shell/credential-source.ts'
import { KubernetesError, messageOf } from '../../errors.ts'

export interface HttpRequest {
  readonly method: string
  /** With its query, as the API has it; a path of the server's URL is put before it. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly credential: Credential
  /** Ends the request and, until it is read, the response. */
  readonly signal: AbortSignal
}

/** A socket says after this time without traffic that it is still there, so that a peer which vanished is noticed. */
const KEEP_ALIVE_MS = 10_000
/** Idle connections are closed before the server would do so (90 s), and a request meets a closing one. */
const IDLE_MS = 30_000

/** Connections to one API server. */
export class Transport {
  readonly #config: KubeConfig
  readonly #url: URL
  readonly #pathPrefix: string
  #agent: HttpAgent
  #madeWith: Credential | undefined

  /** @throws KubernetesError `OPTION_INVALID` */
  constructor(config: KubeConfig) {
    this.#config = config
    const url = URL.canParse(config.server) ? new URL(config.server) : undefined
    if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
      throw new KubernetesError(
        'OPTION_INVALID',
        `server is ${JSON.stringify(config.server)}; it must be a URL with http or https.`,
      )
    }
    this.#url = url
    this.#pathPrefix = url.pathname.replace(/\/+$/, '')
    this.#agent = new HttpAgent(agentOptions)
  }

  /**
   * Resolves when the head of the response has come.
   * @throws KubernetesError `CONNECTION_FAILED`, `TLS_FAILED`; the reason of the signal when that aborts.
   */
  send(request: HttpRequest): Promise<IncomingMessage> {
    const { method, path, headers, body, credential, signal } = request
    const secure = this.#url.protocol === 'https:'
    const options: RequestOptions = {
      method,
      host: this.#url.hostname.replace(/^\[|\]$/g, ''),
      port: this.#url.port || (secure ? 443 : 80),
      path: this.#pathPrefix + path,
      agent: secure ? this.#secureAgent(credential) : this.#agent,
      headers: {
        ...headers,
        ...(credential.authorization !== undefined && { authorization: credential.authorization }),
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      },
    }
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const outgoing = this.#request(options, secure)
      const abort = (): void => void outgoing.destroy(signal.reason as Error)
      signal.addEventListener('abort', abort, { once: true })
      outgoing.once('close', () => signal.removeEventListener('abort', abort))
      // Stays on: a connection that is lost while the response is read tells the response as well.
      outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : connectionFailure(this.#url, error)))
      outgoing.once('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS))
      outgoing.once('response', resolve)
      outgoing.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  /** What cannot be sent at all is thrown at once by Node, and not emitted. */
  #request(options: RequestOptions, secure: boolean): ClientRequest {
    try {
      return secure ? httpsRequest(options) : httpRequest(options)
    } catch (error) {
      throw unsendable(this.#url, error)
    }
  }

  /** Connections are made with a certificate and an authority: others need others. Those in use live on until they are idle. */
  #secureAgent(credential: Credential): HttpAgent {
    const last = this.#madeWith
    const same =
      last !== undefined &&
      last.certificateAuthority === credential.certificateAuthority &&
      last.clientCertificate === credential.clientCertificate &&
      last.clientKey === credential.clientKey
    if (same) return this.#agent
    const { tlsServerName, insecureSkipTlsVerify } = this.#config
    this.#madeWith = credential
    this.#agent = new HttpsAgent({
      ...agentOptions,
      ...(tlsServerName !== undefined && { servername: tlsServerName }),
      rejectUnauthorized: insecureSkipTlsVerify !== true,
      ...(credential.certificateAuthority !== undefined && { ca: credential.certificateAuthority }),
      ...(credential.clientCertificate !== undefined && { cert: credential.clientCertificate }),
      ...(credential.clientKey !== undefined && { key: credential.clientKey }),
    })
    return this.#agent
  }
}

const agentOptions = { keepAlive: true, timeout: IDLE_MS, scheduling: 'lifo' } as const

/** The error that a failing connection means. */
function connectionFailure(url: URL, error: unknown): KubernetesError {
  const code = String((error as NodeJS.ErrnoException)?.code ?? '')
  if (/CERT|^ERR_(TLS|SSL|OSSL)|SELF_SIGNED|VERIFY|^EPROTO$/.test(code)) {
    return new KubernetesError(
      'TLS_FAILED',
      `${url.origin}: ${messageOf(error)}. Check the certificate authority and the client certificate of the configuration.`,
      { cause: error },
    )
  }
  return new KubernetesError('CONNECTION_FAILED', `${url.origin} cannot be reached: ${messageOf(error)}.`, {
    cause: error,
  })
}

function unsendable(url: URL, error: unknown): KubernetesError {
  switch ((error as NodeJS.ErrnoException)?.code) {
    case 'ERR_INVALID_CHAR':
      return new KubernetesError(
        'CREDENTIAL_UNAVAILABLE',
        'The credential, or the user agent, holds a character that no HTTP header may have. Is the token file really one?',
      )
    case 'ERR_UNESCAPED_CHARACTERS':
      return new KubernetesError('OPTION_INVALID', 'The path of a request must be escaped (encodeURIComponent).', {
        cause: error,
      })
    default:
      return connectionFailure(url, error)
  }
}

import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { DistributionError } from '../errors.ts'
import { clientTlsOptions, type TlsInit } from './tls.ts'

export interface DialInit {
  /** An IP address. */
  readonly address: string
  readonly port: number
  /** The host part of the node's name: for SNI, and for the check of its certificate. Default: the address. */
  readonly host?: string
  readonly tls?: TlsInit | undefined
  /** Until the connection, and TLS on it, stands. Default 7,000, as in OTP. */
  readonly timeoutMs?: number
  /** Ends the attempt. */
  readonly signal?: AbortSignal | undefined
  /** What to say in errors. Default: address and port. */
  readonly what?: string
}

const TIMEOUT_MS = 7_000

/**
 * Opens a connection to a node, over TCP or TLS, without Nagle's delay.
 * @throws DistributionError `CONNECT_REFUSED`, `CONNECT_TIMEOUT`, `CONNECT_FAILED`, `HOST_NOT_FOUND`, `TLS_FAILED`
 */
export function dial(init: DialInit): Promise<Socket> {
  const { address, port, tls, signal, timeoutMs = TIMEOUT_MS } = init
  const what = init.what ?? `${address}:${port}`
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new DistributionError('CONNECT_FAILED', `The attempt to reach ${what} was called off.`))
      return
    }
    const socket: Socket =
      tls === undefined
        ? connectTcp({ host: address, port, noDelay: true })
        : connectTls({ host: address, port, ...clientTlsOptions(tls, init.host ?? address) })
    const end = (error: DistributionError | undefined): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.off('error', onError).off('close', onClose)
      if (error === undefined) {
        resolve(socket)
        return
      }
      // Without a listener, a late error of the abandoned socket would end the process.
      socket.on('error', () => {})
      socket.destroy()
      reject(error)
    }
    const onError = (cause: Error): void => end(dialError(cause, what, tls !== undefined))
    const onClose = (): void =>
      end(new DistributionError('CONNECTION_CLOSED', `${what} closed the connection at once. Does it use TLS?`))
    const onAbort = (): void =>
      end(new DistributionError('CONNECT_FAILED', `The attempt to reach ${what} was called off.`))
    const timer = setTimeout(() => {
      const text = `${what} did not answer within ${timeoutMs} ms. Is the host up, and the port open between the two?`
      end(new DistributionError('CONNECT_TIMEOUT', text))
    }, timeoutMs)
    signal?.addEventListener('abort', onAbort)
    socket.on('error', onError).on('close', onClose)
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      // tls.connect takes no such option.
      socket.setNoDelay(true)
      end(undefined)
    })
  })
}

function dialError(cause: Error, what: string, tls: boolean): DistributionError {
  const code = (cause as NodeJS.ErrnoException).code ?? ''
  switch (code) {
    case 'ECONNREFUSED':
      return new DistributionError('CONNECT_REFUSED', `Nothing listens at ${what}: the node is not running there.`, {
        cause,
      })
    case 'ETIMEDOUT':
      return new DistributionError('CONNECT_TIMEOUT', `${what} does not answer. Is the host up?`, { cause })
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new DistributionError('HOST_NOT_FOUND', `The host of ${what} has no address.`, { cause })
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return new DistributionError('CONNECT_FAILED', `${what} cannot be reached from here (${code}).`, { cause })
    default: {
      if (!tls)
        return new DistributionError('CONNECT_FAILED', `Connecting to ${what} failed: ${cause.message}`, { cause })
      const advice = 'Does it use TLS, with a certificate of an authority that both sides know, made out to that host?'
      return new DistributionError('TLS_FAILED', `TLS with ${what} failed: ${cause.message}. ${advice}`, { cause })
    }
  }
}

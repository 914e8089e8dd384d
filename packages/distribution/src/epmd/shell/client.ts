import { connect, type Socket } from 'node:net'
import { DistributionError } from '../../errors.ts'
import {
  decodeAliveResponse,
  decodeNamesResponse,
  decodePortResponse,
  EPMD_PORT,
  type EpmdNode,
  encodeAliveRequest,
  encodeNamesRequest,
  encodePortPleaseRequest,
} from '../codec.ts'
import { isLocalAddress } from './local-addresses.ts'

export interface EpmdAddress {
  /** An IP address. */
  readonly address: string
  /** Default 4369. */
  readonly port?: number | undefined
  /** For the whole exchange. Default 5,000. */
  readonly timeoutMs?: number | undefined
  /** Ends the exchange. */
  readonly signal?: AbortSignal | undefined
}

/** A name that is registered for as long as its connection lives. */
export interface EpmdRegistration {
  /** Given by EPMD. */
  readonly creation: number
  /** Resolves when the registration is over, whoever ended it. */
  readonly closed: Promise<void>
  /** Unregisters. */
  close(): Promise<void>
}

const TIMEOUT_MS = 5_000
const RESPONSE_BYTES_MAX = 1024 * 1024

/**
 * Asks an EPMD where a node listens. When nothing listens at that address although it is one of this host, EPMD is asked at loopback:
 * an EPMD that erl started may listen there alone.
 * @param name what stands before the `@`
 * @throws DistributionError `EPMD_NODE_UNKNOWN`, `EPMD_UNREACHABLE`, `EPMD_PROTOCOL`
 */
export async function lookupNode(name: string, epmd: EpmdAddress): Promise<EpmdNode> {
  const request = encodePortPleaseRequest(name)
  let node: EpmdNode | 'unknown'
  try {
    node = await exchange(epmd, request, decodePortResponse)
  } catch (error) {
    const loopback = loopbackOf(epmd.address)
    if (!isRefused(error) || epmd.address === loopback || !isLocalAddress(epmd.address)) throw error
    node = await exchange({ ...epmd, address: loopback }, request, decodePortResponse)
  }
  if (node !== 'unknown') return node
  throw new DistributionError(
    'EPMD_NODE_UNKNOWN',
    `EPMD at ${where(epmd)} knows no node ${name}: it is not running, or is registered elsewhere.`,
  )
}

/**
 * All nodes that an EPMD knows.
 * @throws DistributionError `EPMD_UNREACHABLE`, `EPMD_PROTOCOL`
 */
export function listNodes(epmd: EpmdAddress): Promise<{ name: string; port: number }[]> {
  return exchange(epmd, encodeNamesRequest(), (bytes, ended) => (ended ? decodeNamesResponse(bytes) : undefined))
}

/**
 * Registers a node.
 * @throws DistributionError `EPMD_NAME_TAKEN`, `EPMD_UNREACHABLE`, `EPMD_PROTOCOL`
 */
export async function registerNode(node: EpmdNode, epmd: EpmdAddress): Promise<EpmdRegistration> {
  let registered: Socket | undefined
  const response = await exchange(epmd, encodeAliveRequest(node), decodeAliveResponse, (socket) => {
    registered = socket
  })
  const socket = registered as Socket
  if (response.result !== 0) {
    socket.destroy()
    throw new DistributionError(
      'EPMD_NAME_TAKEN',
      `EPMD at ${where(epmd)} did not register ${node.name}: the name is most likely taken by another node of this host, be it at ` +
        'another address. Choose another name before the @, or give the node a fixed port and no EPMD.',
    )
  }
  socket.setKeepAlive(true)
  const closed = new Promise<void>((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })
  return {
    creation: response.creation,
    closed,
    close: () => {
      socket.destroy()
      return closed
    },
  }
}

/** The address at which erl looks for the EPMD of its host. */
export function loopbackOf(address: string): string {
  return address.includes(':') ? '::1' : '127.0.0.1'
}

/** Whether an error of this module means that nothing listens there. */
export function isRefused(error: unknown): boolean {
  return (
    error instanceof DistributionError &&
    error.code === 'EPMD_UNREACHABLE' &&
    (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED'
  )
}

/** Sends a request and reads its answer. The connection is closed after it, unless `keep` takes it. */
function exchange<Answer>(
  epmd: EpmdAddress,
  request: Buffer,
  decode: (bytes: Buffer, ended: boolean) => Answer | undefined,
  keep?: (socket: Socket) => void,
): Promise<Answer> {
  const { signal } = epmd
  return new Promise((resolve, reject) => {
    const socket = connect({ host: epmd.address, port: epmd.port ?? EPMD_PORT })
    let received = Buffer.alloc(0)
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.removeAllListeners()
      socket.on('error', () => {})
    }
    const fail = (error: DistributionError): void => {
      end()
      socket.destroy()
      reject(error)
    }
    const attempt = (ended: boolean): void => {
      try {
        const answer = decode(received, ended)
        if (answer !== undefined) {
          end()
          // What comes after the answer has no meaning, but must be read for the end of the connection to be seen.
          if (keep !== undefined) keep(socket.resume())
          else socket.destroy()
          resolve(answer)
        } else if (ended) {
          fail(unreachable(epmd, 'closed the connection without an answer; does it refuse callers from here?'))
        }
      } catch (error) {
        fail(error as DistributionError)
      }
    }
    const onAbort = (): void => fail(unreachable(epmd, 'was not waited for: the question was called off.'))
    const timer = setTimeout(() => fail(unreachable(epmd, 'did not answer in time.')), epmd.timeoutMs ?? TIMEOUT_MS)
    socket.on('error', (cause) => fail(unreachable(epmd, `cannot be reached: ${cause.message}.`, cause)))
    socket.on('close', () => attempt(true))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (received.length > RESPONSE_BYTES_MAX) fail(unreachable(epmd, 'sends without an end.'))
      else attempt(false)
    })
    socket.write(request)
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort)
  })
}

function unreachable(epmd: EpmdAddress, what: string, cause?: unknown): DistributionError {
  return new DistributionError('EPMD_UNREACHABLE', `EPMD at ${where(epmd)} ${what}`, { cause })
}

function where(epmd: EpmdAddress): string {
  return `${epmd.address}:${epmd.port ?? EPMD_PORT}`
}

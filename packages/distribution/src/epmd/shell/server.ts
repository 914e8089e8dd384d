import type { Socket } from 'node:net'
import { FrameReader } from '../../frames.ts'
import { type Listener, listen } from '../../transport/listen.ts'
import { decodeRequest, EPMD_PORT, EPMD_REQUEST_BYTES_MAX, type EpmdNode, encodePortResponse } from '../codec.ts'
import type { EpmdRegistry } from '../registry.ts'
import { isLocalAddress } from './local-addresses.ts'

export interface EpmdServerInit {
  readonly registry: EpmdRegistry
  readonly address: string
  /** Default 4369. */
  readonly port?: number | undefined
  /** Further connections are closed. Default 1,024. */
  readonly connectionsMax?: number
  /** For a caller to ask. Default 10,000. */
  readonly idleMs?: number
  /** Asked about names that the registry does not hold, such as those that registered with another EPMD of this host. */
  readonly lookupElsewhere?: (name: string) => Promise<EpmdNode | undefined>
}

/** An EPMD at one address. Several may share a registry. */
export interface EpmdServer {
  readonly address: string
  readonly port: number
  /** Closes all connections: who was registered notices, and registers elsewhere. */
  close(): Promise<void>
}

const CONNECTIONS_MAX = 1024
const IDLE_MS = 10_000

/** @throws DistributionError `LISTEN_FAILED` */
export async function serveEpmd(init: EpmdServerInit): Promise<EpmdServer> {
  const sockets = new Set<Socket>()
  const listener: Listener = await listen({
    address: init.address,
    port: init.port ?? EPMD_PORT,
    onConnection: (socket) => {
      socket.on('error', () => {})
      if (sockets.size >= (init.connectionsMax ?? CONNECTIONS_MAX)) {
        socket.destroy()
        return
      }
      sockets.add(socket)
      socket.once('close', () => {
        sockets.delete(socket)
        init.registry.closed(socket)
      })
      serve(socket, init, listener)
    },
  })
  return {
    address: listener.address,
    port: listener.port,
    close: async () => {
      // First the port: who loses its registration here asks for it, or takes it, at once.
      const closed = listener.close()
      for (const socket of sockets) socket.destroy()
      await closed
      for (const socket of sockets) init.registry.closed(socket)
    },
  }
}

function serve(socket: Socket, init: EpmdServerInit, listener: Listener): void {
  const { registry } = init
  const reader = new FrameReader({ lengthBytes: 2, frameBytesMax: EPMD_REQUEST_BYTES_MAX })
  socket.setTimeout(init.idleMs ?? IDLE_MS, () => socket.destroy())
  const answer = (bytes: Buffer, start: number, end: number): void => {
    if (socket.destroyed || socket.writableEnded) return
    const request = bytes.subarray(start, end)
    const elsewhere = unknownName(request, init)
    if (elsewhere !== undefined) {
      void elsewhere.then((node) => socket.end(encodePortResponse(node)))
      return
    }
    const reply = registry.receive(socket, request, isLocalAddress(socket.remoteAddress ?? ''), listener.port)
    switch (reply.type) {
      case 'sendAndKeep':
        socket.setTimeout(0)
        socket.setKeepAlive(true)
        socket.write(reply.bytes)
        return
      case 'sendAndClose':
        socket.end(reply.bytes)
        return
      case 'close':
        socket.destroy()
        return
      case 'nothing':
    }
  }
  socket.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk, answer)
    } catch {
      // A request that is too long: not one of EPMD's protocol.
      socket.destroy()
    }
  })
}

function unknownName(request: Buffer, init: EpmdServerInit): Promise<EpmdNode | undefined> | undefined {
  if (init.lookupElsewhere === undefined || request.length === 0) return undefined
  const decoded = decodeRequest(request)
  if (decoded.type !== 'portPlease' || init.registry.has(decoded.name)) return undefined
  return init.lookupElsewhere(decoded.name).catch(() => undefined)
}

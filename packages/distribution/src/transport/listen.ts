import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { DistributionError } from '../errors.ts'
import { serverTlsOptions, type TlsInit } from './tls.ts'

export interface ListenInit {
  /** The IP address to listen at; `0.0.0.0` or `::` for all of this host. */
  readonly address: string
  /** Default 0: one that is free. */
  readonly port?: number
  readonly tls?: TlsInit | undefined
  /** Called for each connection, over TLS when its TLS handshake is done. Must attach a listener for errors at once. */
  readonly onConnection: (socket: Socket) => void
  /** Told about TLS handshakes that failed, each from its remote address. Default: nothing is done. */
  readonly onTlsError?: (error: Error, remoteAddress: string | undefined) => void
  /** Connections in the middle of their TLS handshake; further ones are closed. Default 256. */
  readonly tlsHandshakesMax?: number
}

export interface Listener {
  readonly address: string
  readonly port: number
  /** Takes no more connections; those that were handed on live on. */
  close(): Promise<void>
}

const TLS_HANDSHAKES_MAX = 256

/**
 * Listens for connections, over TCP or TLS, without Nagle's delay.
 * @throws DistributionError `LISTEN_FAILED`, with advice; the cause has the system's code
 */
export function listen(init: ListenInit): Promise<Listener> {
  const server = init.tls === undefined ? createTcpServer({ noDelay: true }) : tlsServer(init, init.tls)
  server.on(init.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    socket.setNoDelay(true)
    init.onConnection(socket)
  })
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, init)))
    server.listen({ host: init.address, port: init.port ?? 0, exclusive: true }, () => {
      // A failed accept (no file descriptors left) is passing: the server goes on.
      server.removeAllListeners('error').on('error', () => {})
      const { port } = server.address() as AddressInfo
      resolve({ address: init.address, port, close: () => close(server) })
    })
  })
}

function tlsServer(init: ListenInit, tls: TlsInit): Server {
  const server = createTlsServer(serverTlsOptions(tls))
  const handshakesMax = init.tlsHandshakesMax ?? TLS_HANDSHAKES_MAX
  const pending = new Set<Socket>()
  // Raw connections come first: until TLS stands, nobody else counts or ends them.
  server.prependListener('connection', (socket: Socket) => {
    if (pending.size >= handshakesMax) {
      socket.destroy()
      return
    }
    pending.add(socket)
    socket.once('close', () => pending.delete(socket))
  })
  server.on('secureConnection', (socket) => {
    // The raw socket below a TLSSocket of a server is not public; its end points tell which it is.
    for (const raw of pending) {
      if (raw.remotePort === socket.remotePort && raw.remoteAddress === socket.remoteAddress) pending.delete(raw)
    }
  })
  server.on('tlsClientError', (error, socket) => {
    init.onTlsError?.(error, socket.remoteAddress)
    socket.destroy()
  })
  server.once('close', () => {
    for (const socket of pending) socket.destroy()
  })
  return server
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // Server.close waits for the connections as well, which belong to others now; 'listening' is over at once.
    server.close()
    setImmediate(resolve)
  })
}

function listenError(cause: NodeJS.ErrnoException, init: ListenInit): DistributionError {
  const where = `${init.address}:${init.port ?? 0}`
  return new DistributionError('LISTEN_FAILED', `Cannot listen at ${where}: ${advice(cause, init)}`, { cause })
}

function advice(cause: NodeJS.ErrnoException, init: ListenInit): string {
  switch (cause.code) {
    case 'EADDRINUSE':
      return 'the port is taken. Choose another one, or end what uses it.'
    case 'EADDRNOTAVAIL':
      return init.address.startsWith('127.')
        ? `this host has no such address. On macOS: sudo ifconfig lo0 alias ${init.address}`
        : 'this host has no such address. Name the node after an address of this host, or say where to listen.'
    case 'EACCES':
      return 'the system forbids this port. Choose one above 1023.'
    default:
      return cause.message
  }
}

import { once } from 'node:events'
import type { ListenOptions, Server, Socket } from 'node:net'
import { type ChildInit, type ChildSpec, childInitOf } from '../../child-spec.ts'
import { drainMsOf } from '../drain.ts'
import { resourceChild } from './resource.ts'

/** What a Node server has; those of `node:http` and `node:https` also have `closeIdleConnections`. */
export type NodeServer = Server & { closeIdleConnections?(): void }

export interface ServerInit extends ChildInit {
  /** Makes a server that does not listen yet: `() => http.createServer(handler)`. Called anew for every restart. */
  readonly create: () => NodeServer
  /** Where it listens, as for `server.listen`: `{ port: 8080 }`. */
  readonly listen: ListenOptions
  /** On shutdown, open connections have so long to finish; then they are cut. Less than `shutdownMs`. Default 4,000, or 80 % of it. */
  readonly drainMs?: number
}

const IDLE_CHECK_MS = 50

/**
 * A server of `node:http`, `node:https`, `node:http2` or `node:net` as a child. It is started when it listens; its event `error` ends it,
 * with the error as the reason; on shutdown it takes no more connections, and ends when the last one is closed.
 */
export function serverChild(init: ServerInit): ChildSpec {
  const { create, listen } = init
  const drainMs = drainMsOf(init)
  return resourceChild({
    ...childInitOf(init),
    start: async (signal) => {
      const server = create()
      const sockets = new Set<Socket>()
      server.on('connection', (socket) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
      })
      server.listen(listen)
      try {
        await once(server, 'listening', { signal })
      } catch (error) {
        server.close()
        throw error
      }
      return {
        ended: new Promise((_, reject) => {
          server.on('error', reject)
          server.once('close', () => reject(new Error('The server was closed.')))
        }),
        stop: ({ forced }) => close(server, sockets, forced ? 0 : drainMs),
      }
    },
  })
}

async function close(server: NodeServer, sockets: ReadonlySet<Socket>, drainMs: number): Promise<void> {
  const closeIdle = (): void => server.closeIdleConnections?.()
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  // A connection that is kept alive becomes idle when its answer is sent.
  const idleTimer = setInterval(closeIdle, IDLE_CHECK_MS)
  const cutTimer = setTimeout(cut, drainMs)
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  if (drainMs === 0) cut()
  else closeIdle()
  await closed
  clearInterval(idleTimer)
  clearTimeout(cutTimer)
}

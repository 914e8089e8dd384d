import { chmod } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { type Logger, silentLogger } from '@tiebeam/distribution'
import type { About } from '../protocol.ts'
import { checkSocketPath } from '../socket-path.ts'
import { ControlSession } from './control-session.ts'
import { clearPath, makeFolder } from './socket-files.ts'

export interface ControlServerInit {
  /** Of the socket, mostly `socketPathOf(runDirectory)`. Its folder is made with mode 0700 when there is none. */
  readonly path: string
  /** What code of `remote` and `eval` finds by name, such as `app` and `node`. */
  readonly context: Readonly<Record<string, unknown>>
  /** What `tiebeam stop` does. */
  readonly stop: () => Promise<void>
  /** What `tiebeam status` needs to ask the node as others do. */
  readonly about?: Pick<About, 'node' | 'cookie' | 'epmdPort'>
  readonly logger?: Logger
  /** Connections at the same time; further ones are refused. Default 16. */
  readonly connectionsMax?: number
}

const CONNECTIONS_MAX = 16

/**
 * Answers `tiebeam remote`, `eval` and `stop` on a Unix socket that only its own user (and root) can open. Whoever can open it can do
 * whatever the process can.
 */
export class ControlServer {
  readonly path: string
  readonly #server: Server
  readonly #sockets: Set<Socket>

  /** @throws TiebeamError `RUN_DIRECTORY_UNUSABLE` */
  static async start(init: ControlServerInit): Promise<ControlServer> {
    const { path, logger = silentLogger, connectionsMax = CONNECTIONS_MAX } = init
    checkSocketPath(path)
    await makeFolder(dirname(path))
    await clearPath(path)
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      // A client may vanish at any moment; `close` follows.
      socket.on('error', () => {})
      const session = new ControlSession({ ...init, socket, logger })
      if (sockets.size >= connectionsMax) {
        session.refuse(`${connectionsMax} connections are open already`)
        return
      }
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      session.start()
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    // The folder lets nobody else in, so nobody could come before this.
    await chmod(path, 0o600)
    server.on('error', (error) => logger.error({ err: error, path }, 'The control socket failed.'))
    server.unref()
    logger.debug({ path }, 'The control socket is open.')
    return new ControlServer(path, server, sockets)
  }

  private constructor(path: string, server: Server, sockets: Set<Socket>) {
    this.path = path
    this.#server = server
    this.#sockets = sockets
  }

  /** Ends all connections and removes the socket. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

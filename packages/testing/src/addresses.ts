import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Systems give whoever asks for any port one above these (from 32,768 on Linux, 49,152 elsewhere), and that to each connection, too. So
 * nobody but another `freePort` takes one of these before it is used.
 */
const firstPort = 10_000
const lastPort = 32_767

/** A TCP port that was free a moment ago on this address, and at large: EPMD and OTP nodes listen on all addresses. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(firstPort, lastPort + 1)
    if ((await canListen({ port })) && (await canListen({ port, host: address }))) return port
  }
}

async function canListen(where: { readonly port: number; readonly host?: string }): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(where)
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false
    throw error
  }
  server.close()
  await once(server, 'close')
  return true
}

/**
 * The `index`-th (1 … 254) loopback address of this process. Test files run at the same time in processes of their own
 * get different ones, none in 127.0.0.0/16. On Linux all of 127.0.0.0/8 can be bound; see `requirePeer(t, 'loopback')`.
 */
export function loopback(index: number, pid: number = process.pid): string {
  if (!(index >= 1 && index <= 254)) throw new RangeError(`loopback address ${index}: must be 1 to 254`)
  return `127.${1 + (Math.floor(pid / 254) % 254)}.${1 + (pid % 254)}.${index}`
}

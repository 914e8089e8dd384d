import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

/** A TCP port that was free on this address a moment ago (and, like all such ports, may be taken by the next). */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  const server = createServer()
  server.listen(0, address)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/**
 * The `index`-th (1 … 254) loopback address of this process. Test files run at the same time in processes of their own
 * get different ones, none in 127.0.0.0/16. On Linux all of 127.0.0.0/8 can be bound; see `requirePeer(t, 'loopback')`.
 */
export function loopback(index: number, pid: number = process.pid): string {
  if (!(index >= 1 && index <= 254)) throw new RangeError(`loopback address ${index}: must be 1 to 254`)
  return `127.${1 + (Math.floor(pid / 254) % 254)}.${1 + (pid % 254)}.${index}`
}

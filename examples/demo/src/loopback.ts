import { once } from 'node:events'
import { createServer } from 'node:net'

/** Linux and Windows let a program listen on all of 127.0.0.0/8; macOS on 127.0.0.1 alone, until told otherwise. */
export async function unbindable(addresses: readonly string[]): Promise<string[]> {
  const missing: string[] = []
  for (const address of addresses) {
    const server = createServer()
    try {
      server.listen(0, address)
      await once(server, 'listening')
    } catch {
      missing.push(address)
    } finally {
      server.close()
    }
  }
  return missing
}

/** One line for a shell that makes the addresses usable until the next boot. */
export function addressCommand(addresses: readonly string[], platform: NodeJS.Platform): string {
  return addresses
    .map((address) =>
      platform === 'linux' ? `sudo ip address add ${address}/8 dev lo` : `sudo ifconfig lo0 alias ${address} up`,
    )
    .join(' && ')
}

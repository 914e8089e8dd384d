import { Resolver } from 'node:dns/promises'
import { ClusterError, codeOf, messageOf } from '../../errors.ts'
import type { AddressResolver, NameServer, ServiceResolver } from '../resolver.ts'

export interface DnsResolverInit {
  /** Name servers to ask instead of the system's. */
  readonly servers: readonly NameServer[]
  /** How long one query waits for an answer before it is sent again, in ms. The second wait is longer. */
  readonly timeoutMs: number
  /** How often a query is sent to each name server. */
  readonly tries: number
}

/**
 * Asks name servers directly, past the C library: `getaddrinfo` waits in libuv's four threads, cannot be cancelled, and with a dead
 * name server would hold up all file access of the process.
 */
export class DnsResolver implements AddressResolver, ServiceResolver {
  readonly #init: DnsResolverInit
  readonly #servers: readonly string[]

  constructor(init: DnsResolverInit) {
    this.#init = init
    this.#servers = init.servers.map(({ address, port = 53 }) =>
      address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
    )
  }

  resolve(name: string, family: 4 | 6, signal: AbortSignal): Promise<readonly string[]> {
    if (family === 4) return this.#ask('A', name, signal, (resolver) => resolver.resolve4(name))
    return this.#ask('AAAA', name, signal, (resolver) => resolver.resolve6(name))
  }

  async resolveService(name: string, signal: AbortSignal): Promise<readonly string[]> {
    const records = await this.#ask('SRV', name, signal, (resolver) => resolver.resolveSrv(name))
    return records.map((record) => record.name)
  }

  async #ask<Record>(
    type: 'A' | 'AAAA' | 'SRV',
    name: string,
    signal: AbortSignal,
    send: (resolver: Resolver) => Promise<readonly Record[]>,
  ): Promise<readonly Record[]> {
    signal.throwIfAborted()
    // A new one each time: cancelling ends this query alone, and the system's name servers are read anew when they change.
    const resolver = new Resolver({ timeout: this.#init.timeoutMs, tries: this.#init.tries })
    if (this.#servers.length > 0) resolver.setServers(this.#servers)
    const cancel = (): void => resolver.cancel()
    signal.addEventListener('abort', cancel, { once: true })
    try {
      return await send(resolver)
    } catch (error) {
      const code = codeOf(error)
      // NXDOMAIN and NODATA: the name server knows that there is no such record.
      if (code === 'ENOTFOUND' || code === 'ENODATA') return []
      if (signal.aborted) throw signal.reason
      throw this.#failure(error, code, `${type} records of ${name}`)
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  #failure(cause: unknown, code: string, records: string): ClusterError {
    const asked = this.#servers.length > 0 ? this.#servers.join(', ') : "the system's name servers"
    const query = `${records} from ${asked}`
    if (code === 'ETIMEOUT') {
      const message = `No answer to the question for ${query}. Check that they can be reached.`
      return new ClusterError('LOOKUP_TIMEOUT', message, { cause })
    }
    return new ClusterError('LOOKUP_FAILED', `Could not get the ${query}: ${messageOf(cause)}.`, { cause })
  }
}

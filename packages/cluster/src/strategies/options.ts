import { isIP } from 'node:net'
import { isNodeName } from '@tiebeam/distribution'
import type { NameServer } from '../dns/resolver.ts'
import { ClusterError } from '../errors.ts'

/** What `setTimeout` can wait. */
const WAIT_MS_MAX = 0x7fffffff

/** The checks that options of several strategies have in common; each throws ClusterError `OPTION_INVALID`. */
export class OptionChecks {
  readonly #kind: string

  /** @param kind name of the strategy, with which each message begins */
  constructor(kind: string) {
    this.#kind = kind
  }

  that(valid: boolean, option: string, value: unknown, allowed: string): void {
    if (valid) return
    throw new ClusterError(
      'OPTION_INVALID',
      `${this.#kind}: ${option} is ${JSON.stringify(value)}; it must be ${allowed}.`,
    )
  }

  basename(option: string, value: unknown): void {
    const valid = typeof value === 'string' && isNodeName(`${value}@10.0.0.1`)
    this.that(valid, option, value, "what stands before the @ of the nodes' names: ASCII letters, digits, _ and -")
  }

  wait(option: string, value: unknown): void {
    const valid = typeof value === 'number' && value > 0 && value <= WAIT_MS_MAX
    this.that(valid, option, value, `a number of milliseconds, more than 0 and at most ${WAIT_MS_MAX}`)
  }

  count(option: string, value: unknown, max: number = Number.MAX_SAFE_INTEGER): void {
    const valid = Number.isInteger(value) && (value as number) > 0 && (value as number) <= max
    const limit = max === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${max}`
    this.that(valid, option, value, `a whole number, more than 0${limit}`)
  }

  /** A name as DNS has it. */
  domain(option: string, value: unknown, allowed: string): void {
    this.that(isDomain(value), option, value, allowed)
  }

  families(option: string, value: readonly (4 | 6)[]): void {
    const valid = Array.isArray(value) && value.length > 0 && value.every((family) => family === 4 || family === 6)
    this.that(valid, option, value, '[4], [6] or [4, 6]')
  }

  nameServers(option: string, servers: readonly NameServer[]): void {
    for (const server of servers) {
      const port = server?.port ?? 53
      const valid = isIP(server?.address ?? '') !== 0 && Number.isInteger(port) && port > 0 && port < 65_536
      this.that(valid, option, server, 'an IP address and a port, such as { address: "10.96.0.10", port: 53 }')
    }
  }
}

const DOMAIN_CHARACTERS_MAX = 253

function isDomain(value: unknown): boolean {
  return (
    typeof value === 'string' && value.length <= DOMAIN_CHARACTERS_MAX && /^[^\s@/:.]+(\.[^\s@/:.]+)*\.?$/.test(value)
  )
}

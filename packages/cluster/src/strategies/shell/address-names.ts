import { readFile } from 'node:fs/promises'
import { candidates, noSearch, parseSearchRules, type SearchRules } from '../../dns/resolv-conf.ts'
import type { AddressResolver, NameServer } from '../../dns/resolver.ts'
import { DnsResolver } from '../../dns/shell/dns-resolver.ts'
import { codeOf } from '../../errors.ts'
import type { ListQuery } from '../../strategy.ts'
import { type AddressesByFamily, addressesOfNodes } from '../families.ts'
import type { OptionChecks } from '../options.ts'

export interface AddressNamesInit {
  /** Name to look up. A short one is completed by the system's search list, unless name servers are given. */
  readonly query: string
  /** What stands before the `@` of every name. */
  readonly basename: string
  readonly resolver: NameServer | readonly NameServer[] | AddressResolver | undefined
  readonly families: readonly (4 | 6)[] | undefined
  readonly timeoutMs: number | undefined
  readonly tries: number | undefined
}

const RESOLV_CONF = '/etc/resolv.conf'

/** One name in DNS, and the nodes at its A and AAAA records. */
export class AddressNames {
  readonly #query: string
  readonly #basename: string
  readonly #families: readonly (4 | 6)[]
  readonly #resolver: AddressResolver
  readonly #usesSystem: boolean
  /** Last answers per family, for when one of the two cannot be had. */
  #last: AddressesByFamily = { 4: [], 6: [] }
  /** The complete name that had records last: asked first, as the search list costs a query per domain. */
  #found: string | undefined

  /** @throws ClusterError `OPTION_INVALID` */
  constructor(init: AddressNamesInit, checks: OptionChecks) {
    const { query, basename, resolver, families = [4, 6], timeoutMs = 500, tries = 2 } = init
    checks.families('families', families)
    checks.count('timeoutMs', timeoutMs)
    checks.count('tries', tries)
    this.#query = query
    this.#basename = basename
    this.#families = [...new Set(families)]
    this.#usesSystem = resolver === undefined
    if (resolver !== undefined && 'resolve' in resolver) {
      this.#resolver = resolver
      return
    }
    const servers = resolver === undefined ? [] : [resolver].flat()
    checks.nameServers('resolver', servers)
    this.#resolver = new DnsResolver({ servers, timeoutMs, tries })
  }

  async list(query: ListQuery): Promise<readonly string[]> {
    const found = await this.#addresses(query.signal)
    const addresses = addressesOfNodes(found, {
      ownHost: query.self.slice(query.self.indexOf('@') + 1),
      localAddresses: query.localAddresses(),
    })
    return addresses.map((address) => `${this.#basename}@${address}`)
  }

  async #addresses(signal: AbortSignal): Promise<AddressesByFamily> {
    const names = candidates(this.#query, this.#usesSystem ? await systemSearchRules() : noSearch)
    if (this.#found !== undefined && names.includes(this.#found)) names.unshift(this.#found)
    let failure: unknown
    for (const name of new Set(names)) {
      const answers = await Promise.allSettled(
        this.#families.map((family) => this.#resolver.resolve(name, family, signal)),
      )
      signal.throwIfAborted()
      const found = this.#combine(answers)
      if (found[4].length + found[6].length > 0) {
        this.#found = name
        this.#last = found
        return found
      }
      failure ??= answers.find((answer) => answer.status === 'rejected')?.reason
      // Name servers that are silent for one name are so for all; asking on would only take longer.
      if (codeOf(failure) === 'LOOKUP_TIMEOUT') break
    }
    // "No records" counts only when every question was answered so.
    if (failure !== undefined) throw failure
    this.#last = { 4: [], 6: [] }
    return this.#last
  }

  #combine(answers: readonly PromiseSettledResult<readonly string[]>[]): AddressesByFamily {
    const found: { 4: readonly string[]; 6: readonly string[] } = { 4: [], 6: [] }
    for (const [index, family] of this.#families.entries()) {
      const answer = answers[index]
      if (answer?.status === 'fulfilled') found[family] = answer.value
    }
    if (found[4].length + found[6].length === 0) return found
    // One family has records and the other had no answer: its nodes are not gone for that.
    for (const [index, family] of this.#families.entries()) {
      if (answers[index]?.status === 'rejected') found[family] = this.#last[family]
    }
    return found
  }
}

async function systemSearchRules(): Promise<SearchRules> {
  try {
    return parseSearchRules(await readFile(RESOLV_CONF, 'utf8'))
  } catch {
    return noSearch
  }
}

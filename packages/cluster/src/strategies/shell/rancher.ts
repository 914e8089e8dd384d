import { ClusterError, messageOf } from '../../errors.ts'
import type { ListQuery, PolledStrategy } from '../../strategy.ts'
import { OptionChecks } from '../options.ts'
import { addressesOfContainers } from '../rancher-containers.ts'

export interface RancherInit {
  /** What stands before the `@` in the names of the nodes, the same for all: `app` makes `app@10.42.0.7` of the address 10.42.0.7. */
  readonly nodeBasename: string
  /** Time between two look-ups when the cluster is complete, in ms. Default 5000. While it is incomplete, look-ups are more frequent. */
  readonly pollingIntervalMs?: number
  /** Where the metadata service is. Default `http://rancher-metadata`. */
  readonly metadataUrl?: string
}

const ANSWER_BYTES_MAX = 4 * 1024 * 1024

/** The containers of our own service, which Rancher's metadata service lists: libcluster's `Cluster.Strategy.Rancher`. */
export class Rancher implements PolledStrategy {
  readonly type = 'polled'
  readonly kind = 'Rancher'
  readonly pollingIntervalMs: number
  readonly #nodeBasename: string
  readonly #url: string

  /** @throws ClusterError `OPTION_INVALID` */
  constructor(init: RancherInit) {
    const { nodeBasename, pollingIntervalMs = 5000, metadataUrl = 'http://rancher-metadata' } = init
    const checks = new OptionChecks(this.kind)
    checks.basename('nodeBasename', nodeBasename)
    checks.wait('pollingIntervalMs', pollingIntervalMs)
    const valid = URL.canParse(metadataUrl) && /^https?:$/.test(new URL(metadataUrl).protocol)
    checks.that(valid, 'metadataUrl', metadataUrl, "a URL, such as 'http://rancher-metadata'")
    this.#nodeBasename = nodeBasename
    this.pollingIntervalMs = pollingIntervalMs
    this.#url = `${metadataUrl.replace(/\/+$/, '')}/latest/self/service`
  }

  async list({ signal }: ListQuery): Promise<readonly string[]> {
    const addresses = addressesOfContainers(await this.#get(signal))
    return addresses.map((address) => `${this.#nodeBasename}@${address}`)
  }

  async #get(signal: AbortSignal): Promise<string> {
    try {
      const response = await fetch(this.#url, { headers: { accept: 'application/json' }, redirect: 'error', signal })
      const text = await readText(response)
      if (response.status === 200) return text
      throw new Error(`it answered with status ${response.status}`)
    } catch (error) {
      signal.throwIfAborted()
      // What went wrong with the connection is the cause of an error that says only that fetching failed.
      const reason = error instanceof Error && error.cause !== undefined ? error.cause : error
      throw new ClusterError(
        'LOOKUP_FAILED',
        `Could not ask Rancher's metadata service at ${this.#url}: ${messageOf(reason)}.`,
        { cause: error },
      )
    }
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`it answered with more than ${ANSWER_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

import type { NodeService, ServiceHost } from '../node-service.ts'

/** The services of a node: started one after the other, stopped in the reverse order. */
export class Services {
  readonly #host: ServiceHost
  /** Those that were started, the last one first. */
  readonly #started: NodeService[] = []

  constructor(host: ServiceHost) {
    this.#host = host
  }

  async start(services: readonly NodeService[]): Promise<void> {
    for (const service of services) {
      await service.start(this.#host)
      this.#started.unshift(service)
    }
  }

  /** Never rejects. */
  async stop(): Promise<void> {
    for (const service of this.#started) {
      try {
        await service.stop?.()
      } catch (error) {
        this.#host.logger.error({ err: error }, 'a service did not stop in order')
      }
    }
  }
}
